import { ProtocolError } from "../../errors.ts";
import { isObject, type JsonObject, tryParse } from "../../json/object.ts";
import type { AnthropicMessage } from "./wire.ts";

/** The string fields of a block that deltas append to. */
export type AppendedField = "text" | "thinking" | "partial_json";

/** The type of the delta that appends to each field. */
export const DELTA_TYPES = {
  text: "text_delta",
  thinking: "thinking_delta",
  partial_json: "input_json_delta",
} as const;

/** Where a delta of the commonest kind goes. */
export interface DeltaTarget {
  readonly index: number;
  readonly field: AppendedField;
}

/** A block of the message, and what is known of it that the message does not say. */
export interface MessageBlock {
  readonly index: number;
  readonly block: JsonObject;
  /** The JSON of its input as received. */
  json: string;
  /** How its input stands; null for a block that has none. */
  inputState: "streaming" | "complete" | "invalid" | null;
}

/** The native message of a stream, as its events build it: made by {@link accumulate}. */
export interface MessageAccumulator {
  /** The message so far; null before its first event. */
  readonly message: AnthropicMessage | null;
  /** Its blocks, in their order. */
  readonly blocks: readonly MessageBlock[];
  /** @throws ProtocolError where there is no such block. */
  blockAt(index: unknown): MessageBlock;
  /** Rises with every event that changes the message. */
  progress: number;
  stopped: boolean;
  hasContent: boolean;
  /** How many characters {@link apply} has appended. */
  written: number;
  /** Appends to a block's text, thinking or tool input. */
  append(index: number, field: AppendedField, text: string): void;
  /** Applies an event. Unknown ones change nothing. */
  apply(type: string, event: JsonObject): void;
}

/**
 * Builds a message out of its events: every key that they carry, and no other. The only state of a reply; text, tools
 * and usage are views of it.
 *
 * The rules are those of platform.claude.com/docs/en/build-with-claude/streaming. Blocks are placed by `index`,
 * whatever the order they start in; usage is cumulative, so that later counts replace earlier ones.
 */
export function accumulate(): MessageAccumulator {
  let message: (JsonObject & { content: JsonObject[] }) | null = null;
  let blocks: MessageBlock[] = [];
  let thinkingTokens = 0;

  const grow = (): void => {
    self.progress++;
    self.hasContent = true;
  };

  const opened = (type: string): JsonObject & { content: JsonObject[] } => {
    if (message === null) throw new ProtocolError(`${type} came before message_start.`);
    return message;
  };

  const blockAt = (index: unknown): MessageBlock => {
    const found = blocks.findLast((open) => open.index === index);
    if (found === undefined) throw new ProtocolError(`there is no content block ${String(index)}.`);
    return found;
  };

  const start = (given: unknown): void => {
    if (message !== null) throw new ProtocolError("a second message_start came.");
    if (!isObject(given)) throw new ProtocolError("message_start has no message.");
    // Events may be kept by the reader, and must not change under his hands: all that changes is a copy.
    const whole = Array.isArray(given["content"]) ? given["content"].filter(isObject) : [];
    blocks = whole.map((block, index) => open(index, block));
    blocks.forEach(stopBlock);
    const usage = isObject(given["usage"]) ? { ...given["usage"] } : {};
    const stopReason = given["stop_reason"] ?? null;
    message = { ...given, content: blocks.map(({ block }) => block), usage, stop_reason: stopReason };
    self.stopped = stopReason !== null;
    self.hasContent = blocks.length > 0;
  };

  const startBlock = (index: unknown, given: unknown): void => {
    const target = opened("content_block_start");
    if (typeof index !== "number" || !isObject(given)) {
      throw new ProtocolError("content_block_start has no block.");
    }
    const added = open(index, given);
    blocks = [...blocks.filter((other) => other.index !== index), added].sort((a, b) => a.index - b.index);
    target.content.splice(0, Infinity, ...blocks.map(({ block }) => block));
    const { type, to, text, thinking } = given;
    if (type === "fallback" && isObject(to) && "model" in to) target["model"] = to["model"];
    // Text and thinking begin empty; every other block says something as soon as it starts.
    if ((text ?? thinking) !== "") self.hasContent = true;
  };

  const append = (index: unknown, field: AppendedField, text: unknown): void => {
    const target = blockAt(index);
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
    grow();
  };

  const change = (index: unknown, delta: unknown): void => {
    if (!isObject(delta)) return;
    const { type, estimated_tokens: estimate } = delta;
    if (typeof estimate === "number" && estimate > thinkingTokens) {
      thinkingTokens = estimate;
      grow();
    }
    const field = APPENDED_FIELDS.get(type);
    const text = field && delta[field];
    if (typeof text === "string") self.written += text.length;
    if (field !== undefined) append(index, field, text);
    else if (changeBlock(blockAt(index).block, delta)) grow();
  };

  const stopBlock = (target: MessageBlock): void => {
    const { block, json } = target;
    if (target.inputState === null) return;
    const value = json === "" ? block["input"] || {} : tryParse(json);
    target.inputState = isObject(value) ? "complete" : "invalid";
    if (isObject(value)) block["input"] = value;
  };

  const changeMessage = ({ type: _type, delta, usage, ...beside }: JsonObject): void => {
    const target = opened("message_delta");
    if (isObject(delta)) assign(target, delta);
    assign(target, beside);
    if (isObject(usage)) target["usage"] = mergedUsage(target["usage"], usage);
    if (typeof target["stop_reason"] === "string") self.stopped = true;
  };

  const self: MessageAccumulator = {
    get message() {
      // Of the wire's shape: it is made of what the wire sends.
      return message as AnthropicMessage | null;
    },
    get blocks() {
      return blocks;
    },
    progress: 0,
    stopped: false,
    hasContent: false,
    written: 0,
    blockAt,
    append,
    apply(type, event) {
      const { index } = event;
      if (type === "content_block_delta") return change(index, event["delta"]);
      if (type === "message_start") start(event["message"]);
      else if (type === "content_block_start") startBlock(index, event["content_block"]);
      else if (type === "content_block_stop") stopBlock(blockAt(index));
      else if (type === "message_delta") changeMessage(event);
      else return;
      self.progress++;
    },
  };
  return self;
}

/** The field that deltas of a type append to. */
export const APPENDED_FIELDS: ReadonlyMap<unknown, AppendedField> = new Map([
  [DELTA_TYPES.text, "text"],
  [DELTA_TYPES.thinking, "thinking"],
  [DELTA_TYPES.partial_json, "partial_json"],
]);

/** Whether there are to be pieces of input is known by the block's type, or by its having one already. */
function open(index: number, given: JsonObject): MessageBlock {
  const { type, input } = given;
  const isTool = typeof type === "string" && type.endsWith("tool_use");
  // Some servers give the input whole, and as text.
  const json = !isTool || !input || isObject(input) ? "" : typeof input === "string" ? input : JSON.stringify(input);
  return { index, block: { ...given }, json, inputState: isTool || isObject(input) ? "streaming" : null };
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
