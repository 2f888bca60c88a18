import { isObject } from "../../json/object.ts";
import type { Blocks, Decoder, Step } from "../../provider/decoder.ts";
import type { ToolInput } from "../../tool/tool-box.ts";
import { errorFromEvent } from "../openai-platform/errors.ts";
import { CHARACTERS_PER_TOKEN } from "../openai-platform/estimate.ts";
import { chunkInRun, eventChunk } from "./chunk.ts";
import { asksForSomething, commonFinishReason, hasRefusal } from "./finish-reason.ts";
import type { OpenAIFrame } from "./frames.ts";
import type { InputItem } from "./input-item.ts";
import { LABEL, ResponseAccumulator } from "./message.ts";
import type { OpenAINative } from "./native.ts";
import type { RunValues, TextRun } from "./text-run.ts";
import { itemsOf } from "./turn.ts";

/** Turns the events of the Responses API into steps, and builds their message. */
export class OpenAIDecoder extends ResponseAccumulator implements Decoder<OpenAINative> {
  #run: TextRun | null = null;
  #values: RunValues = [];
  #taken = 0;

  /** @param before - The items of a reply that this one continues. */
  constructor(before: readonly object[] = []) {
    super(before.filter(isObject));
  }

  resume(): void {
    this.numbers.isResumed = true;
    // What is left of the last frame may lie behind a gap.
    this.#values = [];
  }

  decode(frame: OpenAIFrame): Step<OpenAINative> | null {
    if ("run" in frame) {
      this.#run = frame.run;
      this.#values = frame.values;
      this.#taken = 0;
      return this.next();
    }
    const { type, event } = frame;
    if (type === "error") {
      // What follows it tells whether the run has failed: asked for more, the API would repeat it.
      this.numbers.take(event["sequence_number"]);
      throw errorFromEvent(LABEL, event);
    }
    if (!this.apply(type, event)) return null;
    return { chunk: eventChunk(event, this), tools: this.updates };
  }

  next(): Step<OpenAINative> | null {
    const run = this.#run;
    const values = this.#values;
    while (run !== null && this.#taken < values.length) {
      const at = this.#taken;
      this.#taken += run.parts.length - 1;
      if (!this.applyInRun(run, values, at)) continue;
      const chunk = chunkInRun(run, values, at, this);
      return { chunk, tools: this.updates };
    }
    return null;
  }

  end(): null {
    return null;
  }

  /** Nothing follows the event that makes the message whole. */
  get isOver(): boolean {
    return this.isWhole;
  }

  get toolInputs(): readonly ToolInput[] {
    const { message } = this;
    return this.replyItems.filter((item) => item.isCall && asksForSomething(item.block, message));
  }

  items(answered?: Blocks): readonly InputItem[] {
    return itemsOf(this.message, this.replyItems, this.isWhole, answered);
  }

  get canContinue(): boolean {
    const { message, replyItems } = this;
    const isOpen = replyItems.some(
      ({ isDone, type, block }) =>
        asksForSomething(block, message) ||
        hasRefusal(block) ||
        (!isDone && type !== "message" && type !== "reasoning"),
    );
    return !isOpen && commonFinishReason(message) !== "content_filter";
  }

  get estimatedTokens(): number {
    return Math.ceil(this.written / CHARACTERS_PER_TOKEN);
  }
}
