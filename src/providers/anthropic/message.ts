import { ProtocolError } from "../../errors.ts";
import { isObject, type JsonObject } from "../../json/object.ts";
import { type AppendedField, appendedField } from "./delta.ts";
import { MessageBlock } from "./message-block.ts";

/**
 * Builds a message out of its events: every key that they carry, and no other. The only state of a reply; text, tools
 * and usage are views of it.
 *
 * The rules are those of platform.claude.com/docs/en/build-with-claude/streaming. Blocks are placed by `index`,
 * whatever the order they start in; usage is cumulative, so that later counts replace earlier ones.
 */
export class MessageAccumulator {
  /** The message so far; null before its first event. */
  message: (JsonObject & { content: JsonObject[] }) | null = null;
  /** Its blocks, in their order. */
  readonly blocks: MessageBlock[] = [];
  /** Rises with every event that changes the message. */
  progress = 0;
  /** A stop reason came. */
  stopped = false;
  hasContent = false;
  /** How many characters {@link apply} has appended. */
  written = 0;
  #thinkingTokens = 0;

  /** @throws ProtocolError where there is no such block. */
  blockAt(index: unknown): MessageBlock {
    const found = this.blocks.findLast((block) => block.index === index);
    if (found === undefined) throw new ProtocolError(`there is no content block ${String(index)}.`);
    return found;
  }

  /** The same, for a delta. @throws ProtocolError where the block has stopped, too. */
  openBlockAt(index: unknown): MessageBlock {
    const found = this.blockAt(index);
    if (found.hasStopped) throw new ProtocolError(`a delta came after the stop of content block ${String(index)}.`);
    return found;
  }

  /** Applies an event. Unknown ones change nothing. */
  apply(type: string, event: JsonObject): void {
    const { index } = event;
    if (type === "content_block_delta") return this.#change(index, event["delta"]);
    if (type === "message_start") this.#start(event["message"]);
    else if (type === "content_block_start") this.#startBlock(index, event["content_block"]);
    else if (type === "content_block_stop") this.blockAt(index).stop();
    else if (type === "message_delta") this.#changeMessage(event);
    else return;
    this.progress++;
  }

  /** Appends to a block's text, thinking or tool input. */
  append(index: unknown, field: AppendedField, text: unknown): void {
    const target = this.openBlockAt(index);
    const { block } = target;
    if (typeof text !== "string" || text === "") return;
    if (field === "partial_json") {
      if (target.inputState === null) return;
      target.json += text;
    } else {
      const before = block[field];
      if (typeof before !== "string" && block["type"] !== field) return;
      block[field] = typeof before === "string" ? before + text : text;
    }
    this.#grow();
  }

  #grow(): void {
    this.progress++;
    this.hasContent = true;
  }

  #start(given: unknown): void {
    if (this.message !== null) throw new ProtocolError("a second message_start came.");
    if (!isObject(given)) throw new ProtocolError("message_start has no message.");
    const { content, usage, stop_reason = null } = given;
    const blocks = Array.isArray(content) ? content.filter(isObject) : [];
    this.blocks.push(...blocks.map((block, index) => new MessageBlock(index, block)));
    for (const block of this.blocks) block.closeInput();
    this.message = {
      ...given,
      content: this.blocks.map(({ block }) => block),
      usage: isObject(usage) ? { ...usage } : {},
      stop_reason,
    };
    this.stopped = isStopReason(stop_reason);
    this.hasContent = this.blocks.length > 0;
  }

  #startBlock(index: unknown, given: unknown): void {
    const message = this.#opened("content_block_start");
    if (typeof index !== "number" || !isObject(given)) {
      throw new ProtocolError("content_block_start has no block.");
    }
    const block = new MessageBlock(index, given);
    const before = this.blocks.findLastIndex((other) => other.index < index);
    const replaced = this.blocks[before + 1]?.index === index ? 1 : 0;
    this.blocks.splice(before + 1, replaced, block);
    message.content.splice(before + 1, replaced, block.block);
    const { type, to, text, thinking } = given;
    if (type === "fallback" && isObject(to) && "model" in to) message["model"] = to["model"];
    // Text and thinking begin empty; every other block says something as soon as it starts.
    if ((text ?? thinking) !== "") this.hasContent = true;
  }

  #change(index: unknown, delta: unknown): void {
    if (!isObject(delta)) return;
    const { type, estimated_tokens: estimate } = delta;
    if (typeof estimate === "number" && estimate > this.#thinkingTokens) {
      this.#thinkingTokens = estimate;
      this.#grow();
    }
    const field = appendedField(type);
    const text = field && delta[field];
    if (typeof text === "string") this.written += text.length;
    if (field !== undefined) this.append(index, field, text);
    else if (changeBlock(this.openBlockAt(index).block, delta)) this.#grow();
  }

  #changeMessage({ type: _type, delta, usage, ...beside }: JsonObject): void {
    const message = this.#opened("message_delta");
    if (isObject(delta)) assign(message, delta);
    assign(message, beside);
    if (isObject(usage)) message["usage"] = mergedUsage(message["usage"], usage);
    if (isStopReason(message["stop_reason"])) this.stopped = true;
  }

  #opened(type: string): JsonObject & { content: JsonObject[] } {
    if (this.message === null) throw new ProtocolError(`${type} came before message_start.`);
    return this.message;
  }
}

/** Some servers say by an empty one that there is none. */
export function isStopReason(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** Applies the deltas that come once or rarely; false where the delta changes nothing of this block. */
function changeBlock(block: JsonObject, { type, ...fields }: JsonObject): boolean {
  const { type: kind, citations } = block;
  if (type === "citations_delta" && kind === "text") {
    block["citations"] = [...(Array.isArray(citations) ? citations : []), fields["citation"]];
  } else if (type === "signature_delta" && kind === "thinking") {
    block["signature"] = fields["signature"];
  } else if (type === "compaction_delta" && kind === "compaction") {
    assign(block, fields);
  } else {
    return false;
  }
  return true;
}

/** Sets what the event has. A null does not replace a value, with exceptions: it says that nothing new is known. */
function assign(target: JsonObject, fields: JsonObject): void {
  for (const [key, value] of Object.entries(fields)) {
    if (value !== null || /^stop_|content$/.test(key) || target[key] === undefined) target[key] = value;
  }
}

function mergedUsage(before: unknown, usage: JsonObject): JsonObject {
  const merged: JsonObject = isObject(before) ? before : {};
  for (const [key, value] of Object.entries(usage)) {
    const known = merged[key];
    // Some servers report a counter once and zeros ever after.
    if (value !== null && !(value === 0 && typeof known === "number" && known > 0)) merged[key] = value;
  }
  return merged;
}
