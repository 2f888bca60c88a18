import type { Blocks, Decoder, Step } from "../../provider/decoder.ts";
import { isObject } from "../../json/object.ts";
import type { ToolInput } from "../../tool/tool-box.ts";
import { deltaChunk, eventChunk } from "./chunk.ts";
import type { DeltaTarget } from "./delta.ts";
import { errorFromEvent, isError } from "./errors.ts";
import { commonFinishReason } from "./finish-reason.ts";
import type { AnthropicFrame, RunFrame } from "./frames.ts";
import { MessageAccumulator, NO_UPDATES } from "./message.ts";
import type { MessageBlock } from "./message-block.ts";
import type { AnthropicNative } from "./native.ts";
import type { MessageParam } from "./params.ts";
import { blocksOf, itemsOf } from "./turn.ts";
import type { AnthropicMessage } from "./wire.ts";

type AnthropicStep = Step<AnthropicNative>;

/** About as many characters as one token has in English text; platform.claude.com/docs/en/about-claude/pricing. */
const CHARACTERS_PER_TOKEN = 4;

/** The most texts of a run that wait to be joined to the message together. */
const MOST_PIECES = 256;

/** Turns the events of the Messages API into steps, and builds their message. */
export class AnthropicDecoder extends MessageAccumulator implements Decoder<AnthropicNative> {
  isOver = false;
  // The texts of a run are joined to the message together, but not before their steps were taken.
  #target: DeltaTarget | null = null;
  #block: MessageBlock | null = null;
  /** The tool whose input the run adds to. */
  #input: ToolInput | null = null;
  #texts: readonly string[] = [];
  #taken = 0;
  // Begins with one: V8 takes an empty list for one of numbers, and compiles everything around it twice.
  readonly #pieces = [""];

  /** @param before - A reply that this one continues. */
  constructor(before: readonly MessageParam[] = []) {
    super(before.flatMap<object>(blocksOf).filter(isObject));
  }

  decode(frame: AnthropicFrame): AnthropicStep | null {
    if ("texts" in frame) {
      this.#beginRun(frame);
      return this.next();
    }
    const { type, event, delta } = frame;
    if (isError(type, event)) throw errorFromEvent(event);
    this.#settle();
    // A run that follows is looked at anew: this event may have stopped its block.
    this.#target = null;
    const { progress } = this;
    const tools = this.apply(type, event);
    this.isOver = type === "message_stop";
    // The start of a block that is sent again changes nothing.
    if (delta === null) return { chunk: eventChunk(this.progress > progress ? type : "", event), tools };
    const { target, text } = delta;
    return { chunk: deltaChunk(this.openBlockAt(target.index), target, text, event), tools };
  }

  next(): AnthropicStep | null {
    const text = this.#taken < this.#texts.length ? this.#texts[this.#taken++] : undefined;
    const target = this.#target;
    if (text === undefined || target === null || this.#block === null) return null;
    this.#pieces.push(text);
    this.written += text.length;
    this.progress += text.length;
    this.hasContent ||= text !== "";
    const tools = this.#input === null ? NO_UPDATES : [{ input: this.#input, fragment: text }];
    return { chunk: deltaChunk(this.#block, target, text), tools };
  }

  end(): null {
    return null;
  }

  override dropText(length: number): void {
    this.#settle();
    super.dropText(length);
  }

  override get blocks(): readonly MessageBlock[] {
    this.#settle();
    return super.blocks;
  }

  get toolInputs(): readonly ToolInput[] {
    return this.blocks.filter(({ isTool }) => isTool);
  }

  override get message(): AnthropicMessage | null {
    this.#settle();
    return super.message;
  }

  items(answered?: Blocks): readonly MessageParam[] {
    return itemsOf(this.message, this.blocks, answered);
  }

  get canContinue(): boolean {
    const isAsking = this.blocks.some(
      ({ block, inputState }) => block["type"] === "tool_use" || inputState === "streaming",
    );
    return !isAsking && commonFinishReason(this.message?.stop_reason) !== "content_filter";
  }

  get estimatedTokens(): number {
    return Math.ceil(this.written / CHARACTERS_PER_TOKEN);
  }

  #beginRun({ target, texts }: RunFrame): void {
    if (target !== this.#target || this.#pieces.length >= MOST_PIECES) this.#settle();
    if (target !== this.#target) {
      const block = this.openBlockAt(target.index);
      // Finds out, before anything is shown, whether the block has such a field.
      this.append(block, target.field, "");
      this.#block = block;
      this.#input = target.field === "partial_json" && block.isTool ? block : null;
    }
    this.#target = target;
    this.#texts = texts;
    this.#taken = 0;
  }

  #settle(): void {
    if (this.#target === null || this.#block === null || this.#pieces.length === 1) return;
    const text = this.#pieces.join("");
    this.#pieces.length = 1;
    this.append(this.#block, this.#target.field, text);
  }
}
