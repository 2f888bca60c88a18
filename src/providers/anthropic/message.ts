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

/** The state of a tool's input that is not in the native message. */
export interface RawInput {
  /** The JSON as received. */
  json: string;
  state: "streaming" | "complete" | "invalid";
}

/**
 * The native message of a stream, as its events build it: every key that they carry, and no other. The only state of a
 * reply; text, tools and usage are views of it.
 *
 * The rules are those of platform.claude.com/docs/en/build-with-claude/streaming. Blocks are placed by `index`,
 * whatever the order they start in; usage is cumulative, so that later counts replace earlier ones.
 */
export class MessageAccumulator {
  /** Rises with every event that changes the message. */
  progress = 0;
  stopped = false;
  hasContent = false;
  #message: (JsonObject & { content: JsonObject[] }) | null = null;
  /** The `index` of each block of the content, in the same order. */
  #indices: number[] = [];
  readonly #inputs = new Map<number, RawInput>();
  #thinkingTokens = 0;

  /** The message so far; null before its first event. */
  get message(): AnthropicMessage | null {
    return this.#message as AnthropicMessage | null;
  }

  /** The input of the block at a place of the content, where it streams one. */
  input(place: number): RawInput | undefined {
    return this.#inputs.get(this.#indices[place] ?? -1);
  }

  /** Appends to a block's text, thinking or tool input. */
  append(index: number, field: AppendedField, text: string): void {
    const block = this.#blockAt(index);
    if (text === "" || !accepts(block, field)) return;
    this.progress++;
    this.hasContent = true;
    if (field === "partial_json") {
      const input = this.#inputs.get(index) ?? { json: "", state: "streaming" };
      input.json += text;
      this.#inputs.set(index, input);
    } else {
      const before = block[field];
      block[field] = typeof before === "string" ? before + text : text;
    }
  }

  /** Applies an event. Unknown ones change nothing. */
  apply(type: string, event: JsonObject): void {
    switch (type) {
      case "message_start":
        return this.#start(event["message"]);
      case "content_block_start":
        return this.#startBlock(indexOf(event), event["content_block"]);
      case "content_block_delta":
        return this.#delta(indexOf(event), event["delta"]);
      case "content_block_stop":
        return this.#stopBlock(indexOf(event));
      case "message_delta":
        return this.#messageDelta(event);
    }
  }

  #start(message: unknown): void {
    if (this.#message !== null) throw new ProtocolError("a second message_start came.");
    if (!isObject(message)) throw new ProtocolError("message_start has no message.");
    const content = Array.isArray(message["content"]) ? message["content"].filter(isObject).map(copyBlock) : [];
    const usage = isObject(message["usage"]) ? { ...message["usage"] } : {};
    this.#message = { ...message, content, usage, stop_reason: message["stop_reason"] ?? null };
    this.#indices = content.map((_, index) => index);
    this.stopped = this.#message["stop_reason"] !== null;
    this.hasContent = content.length > 0;
    this.progress++;
  }

  #startBlock(index: number, contentBlock: unknown): void {
    const message = this.#open("content_block_start");
    if (!isObject(contentBlock)) throw new ProtocolError(`content_block_start ${index} has no block.`);
    const block = copyBlock(contentBlock);
    const place = placeOf(this.#indices, index);
    const replaces = this.#indices[place] === index ? 1 : 0;
    this.#indices.splice(place, replaces, index);
    message.content.splice(place, replaces, block);
    this.#inputs.delete(index);
    if (streamsInput(block)) this.#inputs.set(index, { json: "", state: "streaming" });
    const { to } = block;
    if (block["type"] === "fallback" && isObject(to) && "model" in to) message["model"] = to["model"];
    // Text and thinking begin empty; every other block says something as soon as it starts.
    if ((block["text"] ?? block["thinking"]) !== "") this.hasContent = true;
    this.progress++;
  }

  #delta(index: number, delta: unknown): void {
    if (!isObject(delta)) return;
    switch (delta["type"]) {
      case "text_delta":
        return this.append(index, "text", stringOr(delta["text"]));
      case "thinking_delta":
        this.#countThinking(delta["estimated_tokens"]);
        return this.append(index, "thinking", stringOr(delta["thinking"]));
      case "input_json_delta":
        return this.append(index, "partial_json", stringOr(delta["partial_json"]));
    }
    const block = this.#blockAt(index);
    if (!changeBlock(block, delta)) return;
    this.progress++;
    this.hasContent = true;
  }

  #countThinking(estimate: unknown): void {
    if (typeof estimate !== "number" || estimate <= this.#thinkingTokens) return;
    this.#thinkingTokens = estimate;
    this.progress++;
    this.hasContent = true;
  }

  #stopBlock(index: number): void {
    const block = this.#blockAt(index);
    this.progress++;
    const input = this.#inputs.get(index);
    if (input === undefined) return;
    if (input.json === "") {
      block["input"] ??= {};
      input.state = "complete";
      return;
    }
    const value = tryParse(input.json);
    input.state = isObject(value) ? "complete" : "invalid";
    if (isObject(value)) block["input"] = value;
  }

  #messageDelta(event: JsonObject): void {
    const message = this.#open("message_delta");
    const { type: _type, delta, usage, ...beside } = event;
    if (isObject(delta)) assign(message, delta);
    assign(message, beside);
    if (isObject(usage)) mergeUsage(message, usage);
    if (typeof message["stop_reason"] === "string") this.stopped = true;
    this.progress++;
  }

  #open(type: string): JsonObject & { content: JsonObject[] } {
    if (this.#message === null) throw new ProtocolError(`${type} came before message_start.`);
    return this.#message;
  }

  #blockAt(index: number): JsonObject {
    const place = placeOf(this.#indices, index);
    const block = this.#indices[place] === index ? this.#message?.content[place] : undefined;
    if (block === undefined) throw new ProtocolError(`there is no content block ${index} to change.`);
    return block;
  }
}

/** Whether the input of this block comes in pieces. */
function streamsInput(block: JsonObject): boolean {
  return "input" in block || (typeof block["type"] === "string" && block["type"].endsWith("tool_use"));
}

function accepts(block: JsonObject, field: AppendedField): boolean {
  if (field === "partial_json") return streamsInput(block);
  return block["type"] === field || typeof block[field] === "string";
}

/** Applies the deltas that come once or rarely; false where the delta changes nothing of this block. */
function changeBlock(block: JsonObject, delta: JsonObject): boolean {
  switch (delta["type"]) {
    case "citations_delta":
      if (block["type"] !== "text") return false;
      block["citations"] = [...(Array.isArray(block["citations"]) ? block["citations"] : []), delta["citation"]];
      return true;
    case "signature_delta":
      if (block["type"] !== "thinking") return false;
      block["signature"] = delta["signature"];
      return true;
    case "compaction_delta": {
      if (block["type"] !== "compaction") return false;
      const { type: _type, ...fields } = delta;
      assign(block, fields);
      return true;
    }
  }
  return false;
}

/** Events may be kept by the reader, and must not change under his hands. */
function copyBlock(block: JsonObject): JsonObject {
  return { ...block };
}

/** Sets what the event has. A null does not replace a value: it says that nothing new is known. */
function assign(target: JsonObject, fields: JsonObject): void {
  for (const [key, value] of Object.entries(fields)) {
    if (value !== null || KEPT_NULL.has(key) || target[key] === undefined) target[key] = value;
  }
}

const KEPT_NULL = new Set(["stop_reason", "stop_sequence", "stop_details", "content", "encrypted_content"]);

function mergeUsage(message: JsonObject, usage: JsonObject): void {
  const merged: JsonObject = isObject(message["usage"]) ? message["usage"] : {};
  message["usage"] = merged;
  for (const [key, value] of Object.entries(usage)) {
    if (value === null) continue;
    const before = merged[key];
    // Some servers report a counter once and zeros ever after.
    if (value === 0 && typeof before === "number" && before > 0) continue;
    merged[key] = value;
  }
}

/** Where `index` is in the sorted list, or where it belongs. */
function placeOf(indices: readonly number[], index: number): number {
  let place = indices.length;
  while (place > 0 && (indices[place - 1] ?? 0) >= index) place--;
  return place;
}

function indexOf(event: JsonObject): number {
  const { index } = event;
  if (typeof index !== "number") throw new ProtocolError(`${String(event["type"])} has no index.`);
  return index;
}

function stringOr(value: unknown): string {
  return typeof value === "string" ? value : "";
}
