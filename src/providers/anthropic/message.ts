import { ProtocolError } from "../../errors.ts";
import { isObject, type JsonObject } from "../../json/object.ts";
import { getOwn, isEqual, setOwn } from "../../json/own.ts";
import type { ToolUpdate } from "../../tool/tool-box.ts";
import { type AppendedField, appendedField } from "./delta.ts";
import { MessageBlock } from "./message-block.ts";

/** The keys that only `message_start` sets. */
const FIXED = new Set(["content", "id", "model", "role", "type"]);
/** Stop reasons after which the input of a tool may be cut. */
const CUTTING = new Set(["max_tokens", "model_context_window_exceeded", "refusal"]);
/** Blocks whose fields are known: a delta for another field contradicts them. */
const KNOWN_BLOCK = /^((redacted_)?thinking|text|compaction|(\w{1,40}_)?tool_(use|result))$/;
/** The block that each of these deltas belongs to. */
const HOME: Readonly<Record<string, string>> = {
  citations_delta: "text",
  signature_delta: "thinking",
  compaction_delta: "compaction",
};

const NO_UPDATES: readonly ToolUpdate[] = [];

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
  hasStopped = false;
  hasContent = false;
  /** The provider has reported a count of tokens. */
  hasUsage = false;
  /** How many characters {@link apply} has appended. */
  written = 0;
  #message: (JsonObject & { content: JsonObject[] }) | null = null;
  readonly #blocks: MessageBlock[];
  /** The blocks that events refer to: of an index that was used twice, the later one. */
  readonly #byIndex = new Map<unknown, MessageBlock>();
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
  get message(): (JsonObject & { content: JsonObject[] }) | null {
    this.#order();
    return this.#message;
  }

  /** Its blocks, in their order. */
  get blocks(): readonly MessageBlock[] {
    this.#order();
    return this.#blocks;
  }

  /** The block that a delta is for. @throws ProtocolError if there is none, or if it has stopped. */
  openBlockAt(index: unknown): MessageBlock {
    const found = this.#blockAt(index);
    if (found.hasStopped) throw new ProtocolError(`a delta came after content block ${shown(index)} had stopped.`);
    return found;
  }

  /** Applies an event. Gives what it did to the inputs of tools. Unknown events change nothing. */
  apply(type: string, event: JsonObject): readonly ToolUpdate[] {
    switch (type) {
      case "content_block_delta":
        return this.#change(event["index"], event["delta"]);
      case "message_start":
        return this.#start(event["message"]);
      case "content_block_start":
        return this.#startBlock(event["index"], event["content_block"]);
      case "content_block_stop":
        return this.#stopBlock(this.#blockAt(event["index"]));
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
    if (field === "partial_json") {
      if (target.inputState === null && isKnown(block)) throw misplaced("tool input", target);
      target.inputState ??= "streaming";
      if (text !== "") target.json += text;
    } else {
      const before = block[field];
      if (typeof before !== "string" && block["type"] !== field && isKnown(block)) throw misplaced(field, target);
      if (text !== "") block[field] = typeof before === "string" ? before + text : text;
    }
    if (text !== "") this.#grow();
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
    if (this.#message !== null) throw new ProtocolError("a second message_start came.");
    if (!isObject(given)) throw new ProtocolError("message_start has no message.");
    const { content, usage, stop_reason = null } = given;
    const blocks = Array.isArray(content) ? content.filter(isObject) : [];
    this.#message = { ...given, content: this.#blocks.map(({ block }) => block), usage: {}, stop_reason };
    this.progress++;
    this.#mergeUsage(usage);
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
    if (typeof index !== "number" || !isObject(given)) throw new ProtocolError("content_block_start has no block.");
    const open = this.#byIndex.get(index);
    if (open !== undefined && !open.hasStopped) {
      throw new ProtocolError(`content block ${index} started again before it had stopped.`);
    }
    const updates = this.#add(new MessageBlock(index, given));
    this.progress++;
    const { type, to, text, thinking } = given;
    if (type === "fallback" && isObject(to) && "model" in to) message["model"] = to["model"];
    // Text and thinking begin empty; every other block says something as soon as it starts.
    if ((text ?? thinking) !== "") this.hasContent = true;
    return updates;
  }

  /** Adds a block. The one before it is complete then, if it only waited for that. */
  #add(block: MessageBlock): readonly ToolUpdate[] {
    if (this.#blocks.length === this.#before) this.#continueText(block.block);
    const before = this.#latest;
    const isClosed = before?.hasStopped ? before.closeInput() : (before?.closeWholeInput() ?? false);
    this.#latest = block;
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.index > block.index) this.#isOrdered = false;
    this.#blocks.push(block);
    this.#message?.content.push(block.block);
    this.#byIndex.set(block.index, block);
    if (block.inputState !== null) this.#waiting.add(block);
    return before !== null && isClosed ? this.#closed(before) : NO_UPDATES;
  }

  /** Text goes on in the same block. */
  #continueText(block: JsonObject): void {
    const last = this.#blocks.at(-1)?.block;
    const { type, text, citations } = block;
    if (last?.["type"] !== "text" || type !== "text" || typeof text !== "string") return;
    const textBefore = String(last["text"]);
    this.#before--;
    this.#textBefore = textBefore.length;
    this.#blocks.pop();
    this.#message?.content.pop();
    const cited = [last["citations"], citations].flatMap((list: unknown) => (Array.isArray(list) ? list : []));
    Object.assign(block, { text: textBefore + text }, cited.length > 0 && { citations: cited });
  }

  #stopBlock(block: MessageBlock): readonly ToolUpdate[] {
    if (block.hasStopped) return NO_UPDATES;
    block.hasStopped = true;
    this.progress++;
    return this.#closeInput(block);
  }

  #closeInput(block: MessageBlock): readonly ToolUpdate[] {
    // An empty input may have been cut: that will be known when the next block begins or the message ends.
    return !block.isEmpty && block.closeInput() ? this.#closed(block) : NO_UPDATES;
  }

  /** The input of a block is complete or invalid now. */
  #closed(block: MessageBlock): readonly ToolUpdate[] {
    this.#waiting.delete(block);
    return block.isTool ? [{ input: block, fragment: null }] : NO_UPDATES;
  }

  #change(index: unknown, delta: unknown): readonly ToolUpdate[] {
    if (!isObject(delta)) return NO_UPDATES;
    const { type, estimated_tokens: estimate } = delta;
    const target = this.openBlockAt(index);
    if (typeof estimate === "number" && estimate > this.#thinkingTokens) {
      this.#thinkingTokens = estimate;
      this.#grow();
    }
    const field = appendedField(type);
    if (field === undefined) {
      if (changeBlock(target, delta)) this.#grow();
      return NO_UPDATES;
    }
    const text = delta[field];
    if (typeof text !== "string") return NO_UPDATES;
    this.written += text.length;
    this.append(target, field, text);
    return field === "partial_json" && target.isTool ? [{ input: target, fragment: text }] : NO_UPDATES;
  }

  #changeMessage({ type: _type, delta, usage, ...beside }: JsonObject): readonly ToolUpdate[] {
    const message = this.#opened("message_delta");
    let hasChanged = this.#mergeUsage(usage);
    for (const fields of [delta, beside]) {
      if (isObject(fields)) hasChanged = assign(message, fields, FIXED) || hasChanged;
    }
    if (hasChanged) this.progress++;
    return this.#stop(message["stop_reason"]);
  }

  /** The inputs that still wait are complete, unless the stop reason may have cut them. */
  #stop(reason: unknown): readonly ToolUpdate[] {
    if (!isStopReason(reason)) return NO_UPDATES;
    this.hasStopped = true;
    const updates: ToolUpdate[] = [];
    for (const block of this.#waiting) {
      if (CUTTING.has(reason)) block.truncateInput();
      else if (block.closeInput()) updates.push(...this.#closed(block));
    }
    this.#waiting.clear();
    return updates;
  }

  #mergeUsage(usage: unknown): boolean {
    if (!isObject(usage) || this.#message === null) return false;
    const known = this.#message["usage"];
    const merged: JsonObject = isObject(known) ? known : {};
    this.#message["usage"] = merged;
    const hasChanged = mergeCounts(merged, usage);
    // Servers that do not count may send zeros.
    this.hasUsage ||= ["input_tokens", "output_tokens"].some((key) => isCount(merged[key]) && merged[key] > 0);
    return hasChanged;
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

/** Some servers send an empty one for none. */
export function isStopReason(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** Applies the deltas that come once or rarely; false if the delta changes nothing of this block. */
function changeBlock(target: MessageBlock, { type, ...fields }: JsonObject): boolean {
  const { block } = target;
  const home = typeof type === "string" && Object.hasOwn(HOME, type) ? HOME[type] : undefined;
  if (home === undefined) return false;
  if (block["type"] !== home) {
    if (isKnown(block)) throw misplaced(String(type), target);
    return false;
  }
  if (type === "signature_delta") block["signature"] = fields["signature"];
  else if (type === "compaction_delta") assign(block, fields, new Set(["type"]));
  else if (Array.isArray(block["citations"])) block["citations"].push(fields["citation"]);
  else block["citations"] = [fields["citation"]];
  return true;
}

function isKnown({ type }: JsonObject): boolean {
  return typeof type === "string" && KNOWN_BLOCK.test(type);
}

function misplaced(part: string, { index, block }: MessageBlock): ProtocolError {
  return new ProtocolError(`${part} came for content block ${index}, which is of type ${shown(block["type"])}.`);
}

/**
 * Sets the fields of an event. A null means that nothing new is known: it does not replace a value, except for a block's
 * `content`, and for `stop_` fields other than the reason, which only another reason replaces.
 *
 * @returns whether that changed anything.
 */
function assign(target: JsonObject, fields: JsonObject, fixed: ReadonlySet<string>): boolean {
  let hasChanged = false;
  for (const [key, value] of Object.entries(fields)) {
    const known = getOwn(target, key);
    const isLoss =
      key === "stop_reason"
        ? known != null && !isStopReason(value)
        : value === null && known !== undefined && !/^stop_|content$/.test(key);
    if (fixed.has(key) || isLoss || isEqual(known, value)) continue;
    setOwn(target, key, value);
    hasChanged = true;
  }
  return hasChanged;
}

/** Merges counts, nested ones too. Some servers report a counter once and zeros ever after. */
function mergeCounts(merged: JsonObject, counts: JsonObject): boolean {
  let hasChanged = false;
  for (const [key, value] of Object.entries(counts)) {
    const known = getOwn(merged, key);
    if (isObject(value)) {
      const inner: JsonObject = isObject(known) ? known : {};
      if (inner !== known) setOwn(merged, key, inner);
      hasChanged = mergeCounts(inner, value) || inner !== known || hasChanged;
    } else if (value !== null || known === undefined) {
      const isLoss = isCount(known) && known > 0 && (value === 0 || !isCount(value));
      if (isLoss || isEqual(known, value)) continue;
      setOwn(merged, key, value);
      hasChanged = true;
    }
  }
  return hasChanged;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value < Infinity;
}

/** A received value in an error's message, cut. */
function shown(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value).slice(0, 40) : typeof value;
}
