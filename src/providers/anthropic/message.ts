import { sumOf } from "../../cost/price.ts";
import { ProtocolError } from "../../errors.ts";
import { field, isObject, type JsonObject, stringField, tryParse } from "../../json/object.ts";
import { getOwn, setOwn } from "../../json/own.ts";
import type { ToolUpdate } from "../../tool/tool-box.ts";
import { type AppendedField, appendedField } from "./delta.ts";
import { commonFinishReason, isStopReason } from "./finish-reason.ts";
import { MessageBlock } from "./message-block.ts";
import { count, readUsage } from "./message-usage.ts";
import { tokensOf } from "./usage.ts";
import type { AnthropicMessage } from "./wire.ts";

/** The keys that only the first `message_start` sets, and usage, which is counted. */
const FIXED = /^(content|id|model|role|type|usage)$/;
/** Why a message ended if the input of a tool may be cut. */
const CUTTING = /^(length|context_exceeded|content_filter)$/;
/** Blocks whose fields are known: a delta for another field contradicts them. */
const KNOWN_BLOCK = /^((redacted_)?thinking|text|compaction|(\w{1,40}_)?tool_(use|result))$/;
/** The block that each of these deltas belongs to. */
const HOME: ReadonlyMap<unknown, string> = new Map(
  Object.entries({ citations_delta: "text", signature_delta: "thinking", compaction_delta: "compaction" }),
);

export const NO_UPDATES: readonly ToolUpdate[] = [];

/**
 * Builds a message out of its events: every key that they carry, and no other.
 *
 * The rules are those of platform.claude.com/docs/en/build-with-claude/streaming. Blocks are placed by `index`,
 * whatever the order they start in; usage is cumulative, so that later counts replace earlier ones.
 */
export class MessageAccumulator {
  /** Rises whenever the message changes. */
  progress = 0;
  /** A stop reason came. */
  isWhole = false;
  hasContent = false;
  /** The provider has reported a count of tokens. */
  hasUsage = false;
  /** How many characters deltas have appended. */
  written = 0;
  #message: (JsonObject & { content: JsonObject[]; readonly usage: JsonObject }) | null = null;
  readonly #blocks: MessageBlock[];
  /** The blocks that events refer to: of an index that was used twice, the later one. */
  readonly #byIndex = new Map<unknown, MessageBlock>();
  readonly #ids = new Set<string>();
  /** Tools whose input waits for the next block or the stop reason. */
  readonly #waiting = new Set<MessageBlock>();
  #latest: MessageBlock | null = null;
  #isOrdered = true;
  #thinkingTokens = 0;
  /** How many blocks at the beginning are those of a reply that this one continues, and how much of the next is its text. */
  #before: number;
  #textBefore = 0;

  /** @param before - The blocks of a reply that this one continues. They come before all others. */
  constructor(before: readonly JsonObject[] = []) {
    this.#before = before.length;
    this.#blocks = before.map((block, place) => {
      const known = new MessageBlock(place - before.length, block);
      known.hasStopped = true;
      known.closeInput();
      return known;
    });
  }

  /** The message so far; null before its first event. */
  get message(): AnthropicMessage | null {
    this.#order();
    // Of the wire's shape: it is made of events.
    return this.#message as AnthropicMessage | null;
  }

  /** Its blocks, in their order. */
  get blocks(): readonly MessageBlock[] {
    this.#order();
    return this.#blocks;
  }

  /** The block that a delta is for. @throws ProtocolError if there is none, or if it has stopped. */
  openBlockAt(index: unknown): MessageBlock {
    const found = this.#blockAt(index);
    if (found.hasStopped) throw new ProtocolError(`a delta came after content block ${shown(index)} stopped.`);
    return found;
  }

  /** Applies an event. Gives what it did to the inputs of tools. Of unknown events nothing counts but their usage. */
  apply(type: string, event: JsonObject): readonly ToolUpdate[] {
    const updates = this.#applied(type, event);
    // The API reports usage in the first two of these places, other servers in any.
    for (const part of [event["message"], event, event["delta"]]) this.#countUsage(field(part, "usage"));
    return updates;
  }

  #applied(type: string, event: JsonObject): readonly ToolUpdate[] {
    switch (type) {
      case "content_block_delta":
        return this.#change(event["index"], event["delta"]);
      case "message_start":
        return this.#start(event["message"]);
      case "content_block_start":
        return this.#startBlock(event["index"], event["content_block"]);
      case "content_block_stop":
        return this.#stopBlock(event["index"]);
      case "message_delta":
        return this.#changeMessage(event);
      default:
        return NO_UPDATES;
    }
  }

  /**
   * Appends to a block's text, thinking or tool input.
   *
   * @throws ProtocolError if the block does not have the field: it would be shown, and then lost.
   */
  append(target: MessageBlock, field: AppendedField, text: string): void {
    const { block } = target;
    const isInput = field === "partial_json";
    const before = isInput ? target.json : block[field];
    const fits = isInput ? target.inputState !== null : typeof before === "string" || block["type"] === field;
    if (!fits) refuseIfKnown(target, field);
    if (isInput) target.inputState ??= "streaming";
    if (text === "") return;
    const after = typeof before === "string" ? before + text : text;
    if (isInput) target.json = after;
    else block[field] = after;
    this.#grow();
  }

  /** Drops characters at the beginning of the text, the first blocks left aside. */
  dropText(length: number): void {
    let kept = this.#textBefore;
    for (const { block } of this.blocks.slice(this.#before)) {
      const { type, text } = block;
      if (type !== "text" || typeof text !== "string") continue;
      block["text"] = text.slice(0, kept) + text.slice(kept + length);
      length -= Math.min(length, text.length - kept);
      kept = 0;
    }
  }

  #blockAt(index: unknown): MessageBlock {
    const found = this.#byIndex.get(index);
    if (found === undefined) throw new ProtocolError(`there is no content block ${shown(index)}.`);
    return found;
  }

  #grow(): void {
    this.progress++;
    this.hasContent = true;
  }

  #start(given: unknown): readonly ToolUpdate[] {
    if (!isObject(given)) throw new ProtocolError("message_start has no message.");
    const { id, content, stop_reason = null } = given;
    const known = this.#message?.["id"];
    // Some gateways start a message twice.
    if (this.#message !== null && (this.hasContent || id !== known)) {
      throw new ProtocolError(`message_start came again: ${shown(id)} after ${shown(known)}.`);
    }
    const blocks = Array.isArray(content) ? content.filter(isObject) : [];
    this.#message ??= { ...given, content: this.#blocks.map(({ block }) => block), usage: {}, stop_reason };
    this.progress++;
    this.#assign(this.#message, given);
    const updates = blocks.flatMap((block, index) => {
      const added = new MessageBlock(index, block);
      // Its text may grow all the same.
      return [...this.#add(added), ...this.#closeInput(added)];
    });
    this.hasContent = blocks.length > 0;
    return [...updates, ...this.#stop(stop_reason)];
  }

  #startBlock(index: unknown, given: unknown): readonly ToolUpdate[] {
    const message = this.#opened("content_block_start");
    if (typeof index !== "number" || !isObject(given))
      throw new ProtocolError("content_block_start has no content_block.");
    const { type, id, to, text, thinking } = given;
    const open = this.#byIndex.get(index);
    // A block of another kind, or another call, is a new one: some servers neither stop blocks nor number them.
    if (open !== undefined && !open.hasStopped && open.block["type"] === type && open.block["id"] === id) {
      // Nothing has changed if it is sent twice.
      if (open.json === "" && JSON.stringify(open.block) === JSON.stringify(given)) return NO_UPDATES;
      throw new ProtocolError(`content block ${index} started again before it stopped.`);
    }
    this.progress++;
    if (type === "fallback" && isObject(to) && "model" in to) message["model"] = to["model"];
    // Text and thinking begin empty; every other block says something as soon as it starts.
    if ((text ?? thinking) !== "") this.hasContent = true;
    return this.#add(new MessageBlock(index, given));
  }

  /** Adds a block. The one before it is complete then, if it only waited for that. */
  #add(block: MessageBlock): readonly ToolUpdate[] {
    if (this.#blocks.length === this.#before) this.#continueText(block.block);
    const before = this.#latest;
    // Some servers do not stop a block whose input is whole.
    const isWhole = before !== null && (before.hasStopped || isObject(tryParse(before.json)));
    this.#latest = block;
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.index > block.index) this.#isOrdered = false;
    this.#blocks.push(block);
    this.#message?.content.push(block.block);
    this.#byIndex.set(block.index, block);
    if (block.inputState !== null) this.#waiting.add(block);
    if (block.isTool) this.#identify(block);
    return isWhole ? this.#close(before) : NO_UPDATES;
  }

  /** Gives a call an id of its own, in other messages of the conversation too: its result is told by that. */
  #identify(block: MessageBlock): void {
    if (block.id === "" || this.#ids.has(block.id)) {
      block.id = `${block.id || "call"}_${Math.random().toString(36).slice(2)}`;
    }
    this.#ids.add(block.id);
  }

  /** Text goes on in the same block. */
  #continueText(block: JsonObject): void {
    const last = this.#blocks.at(-1)?.block;
    const { type, text, citations } = block;
    if (last?.["type"] !== "text" || type !== "text" || typeof text !== "string") return;
    const textBefore = stringField(last, "text") ?? "";
    this.#before--;
    this.#textBefore = textBefore.length;
    this.#blocks.pop();
    this.#message?.content.pop();
    const cited = [last["citations"], citations].flatMap((list: unknown) => (Array.isArray(list) ? list : []));
    Object.assign(block, { text: textBefore + text }, cited.length > 0 && { citations: cited });
  }

  #stopBlock(index: unknown): readonly ToolUpdate[] {
    const block = this.#byIndex.get(index);
    // Nothing is lost if a block stops twice, or one that never started does: the stop reason says what was cut.
    if (block?.hasStopped !== false) return NO_UPDATES;
    block.hasStopped = true;
    this.progress++;
    return this.#closeInput(block);
  }

  #closeInput(block: MessageBlock): readonly ToolUpdate[] {
    // The empty input of a tool may have been cut: that will be known when the next block begins or the message ends.
    return block.isTool && block.text === "" ? NO_UPDATES : this.#close(block);
  }

  /** The input of a block, if it has one, is complete or invalid from now on. */
  #close(block: MessageBlock): readonly ToolUpdate[] {
    this.#waiting.delete(block);
    return block.closeInput() && block.isTool ? [{ input: block, fragment: null }] : NO_UPDATES;
  }

  #change(index: unknown, delta: unknown): readonly ToolUpdate[] {
    if (!isObject(delta)) return NO_UPDATES;
    const { type, estimated_tokens: estimate } = delta;
    // Some servers sign a block that has stopped.
    const target = type === "signature_delta" ? this.#blockAt(index) : this.openBlockAt(index);
    if (typeof estimate === "number" && estimate > this.#thinkingTokens) {
      this.#thinkingTokens = estimate;
      this.#grow();
    }
    const name = appendedField(type);
    const given = name === undefined ? this.#changeBlock(target, delta) : delta[name];
    // Some servers give the input of a tool as it is.
    const text = isObject(given) && name === "partial_json" ? JSON.stringify(given) : given;
    if (name === undefined || typeof text !== "string") return NO_UPDATES;
    this.written += text.length;
    this.append(target, name, text);
    return name === "partial_json" && target.isTool ? [{ input: target, fragment: text }] : NO_UPDATES;
  }

  /** Applies the deltas that come once or rarely. Others change nothing. */
  #changeBlock(target: MessageBlock, { type, ...fields }: JsonObject): void {
    const { block } = target;
    const home = HOME.get(type);
    if (home === undefined) return;
    if (block["type"] !== home) return refuseIfKnown(target, String(type));
    if (type === "signature_delta") {
      // It may come in parts, and whole once more at the end.
      const [known = "", more = ""] = [block, fields].map((part) => stringField(part, "signature") ?? undefined);
      block["signature"] = more.startsWith(known) ? more : known + more;
    } else if (type === "compaction_delta") this.#assign(block, fields);
    else if (Array.isArray(block["citations"])) block["citations"].push(fields["citation"]);
    else block["citations"] = [fields["citation"]];
    this.#grow();
  }

  #changeMessage({ type: _type, delta, ...beside }: JsonObject): readonly ToolUpdate[] {
    const message = this.#opened("message_delta");
    for (const fields of [delta, beside]) if (isObject(fields)) this.#assign(message, fields);
    return this.#stop(message["stop_reason"]);
  }

  /** The inputs that still wait are complete, unless the stop reason may have cut them. */
  #stop(reason: unknown): readonly ToolUpdate[] {
    if (!isStopReason(reason)) return NO_UPDATES;
    this.isWhole = true;
    const blocks = [...this.#waiting];
    this.#waiting.clear();
    if (!CUTTING.test(commonFinishReason(reason))) return blocks.flatMap((block) => this.#close(block));
    // Some servers stop the block that was cut, as if its input were complete.
    if (this.#latest?.inputState === "invalid") blocks.push(this.#latest);
    for (const block of blocks) block.inputState = "truncated";
    return NO_UPDATES;
  }

  #countUsage(usage: unknown): void {
    const message = this.#message;
    if (!isObject(usage) || message === null) return;
    const before = tokensOf(readUsage(message.usage));
    const counts = this.#merge(message, "usage", usage);
    const after = tokensOf(readUsage(counts));
    const prompt = sumOf(before) - before.output;
    const cached = sumOf(after) - after.output - after.input;
    // Some servers count the whole prompt as input, and count again how much of it was cached.
    const isTwice = after.input === before.input ? cached > prompt - before.input : after.input === prompt;
    if (isTwice && after.input > 0) this.#set(counts, "input_tokens", Math.max(0, prompt - cached));
    // Servers that do not count may send zeros.
    this.hasUsage ||= sumOf(after) > 0;
  }

  /** Merges counts into a field, nested ones too. Some servers report a counter once and zeros ever after. */
  #merge(target: JsonObject, name: string, counts: JsonObject): JsonObject {
    const known = getOwn(target, name);
    const merged = isObject(known) ? known : {};
    this.#set(target, name, merged);
    for (const [key, value] of Object.entries(counts)) {
      const before = getOwn(merged, key);
      const isLoss = isCounted(before) ? !isCounted(value) : value === null && before !== undefined;
      if (isObject(value)) this.#merge(merged, key, value);
      else if (!isLoss) this.#set(merged, key, value);
    }
    return merged;
  }

  /**
   * Sets the fields of an event. A null means that nothing new is known: it does not replace a value, except for a
   * block's `content`, and for `stop_` fields other than the reason, which only another reason replaces.
   */
  #assign(target: JsonObject, fields: JsonObject): void {
    for (const [key, value] of Object.entries(fields)) {
      const known = getOwn(target, key);
      const isLoss =
        key === "stop_reason"
          ? isStopReason(known) && !isStopReason(value)
          : value === null && known !== undefined && !/^stop_|content$/.test(key);
      if (!isLoss && (target !== this.#message || !FIXED.test(key))) this.#set(target, key, value);
    }
  }

  #set(target: JsonObject, key: string, value: unknown): void {
    const known = getOwn(target, key);
    if (known === value || JSON.stringify(known) === JSON.stringify(value)) return;
    setOwn(target, key, value);
    this.progress++;
  }

  #opened(type: string): JsonObject {
    if (this.#message === null) throw new ProtocolError(`${type} came before message_start.`);
    return this.#message;
  }

  #order(): void {
    if (this.#isOrdered || this.#message === null) return;
    this.#isOrdered = true;
    this.#blocks.sort((a, b) => a.index - b.index);
    this.#message.content = this.#blocks.map(({ block }) => block);
  }
}

/** What does not fit a block contradicts it, unless its type is not known here. @throws ProtocolError */
function refuseIfKnown({ index, block: { type } }: MessageBlock, part: string): void {
  if (typeof type === "string" && KNOWN_BLOCK.test(type)) {
    throw new ProtocolError(`${part} came for content block ${index}, which is of type ${shown(type)}.`);
  }
}

function isCounted(value: unknown): boolean {
  return (count(value) ?? 0) > 0;
}

/** A received value in an error's message, cut. */
function shown(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value).slice(0, 40) : typeof value;
}
