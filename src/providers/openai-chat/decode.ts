import type { Blocks, Decoder, Step } from "../../provider/decoder.ts";
import type { JsonObject } from "../../json/object.ts";
import type { ToolInput } from "../../tool/tool-box.ts";
import { errorFromEvent } from "../openai-platform/errors.ts";
import { chunkOf } from "./chunk.ts";
import { UNKNOWN } from "./dialects.ts";
import { commonFinishReason } from "./finish-reason.ts";
import { type ChatFrame, type Expected, failureIn } from "./frames.ts";
import { ChatAccumulator } from "./message.ts";
import type { ChatMessageParam } from "./message-param.ts";
import { LABEL, type OpenAIChatNative } from "./native.ts";
import { itemsOf } from "./turn.ts";

type ChatStep = Step<OpenAIChatNative>;

/** About as many characters as one token has in English text; platform.openai.com/tokenizer. */
const CHARACTERS_PER_TOKEN = 4;

/** Turns the events of Chat Completions into steps, and builds their message. */
export class ChatDecoder extends ChatAccumulator implements Decoder<OpenAIChatNative> {
  isWhole = false;
  isOver = false;
  #expected: Expected = { choices: 1, dialect: UNKNOWN };
  #last: JsonObject = {};

  /** @param before - A reply that this one continues. */
  constructor(before: readonly ChatMessageParam[] = []) {
    super();
    const turn = before.find((item) => item.role === "assistant");
    if (turn !== undefined) this.begin(turn);
  }

  decode(frame: ChatFrame): ChatStep | null {
    if ("expected" in frame) {
      this.#expected = frame.expected;
      return null;
    }
    if ("isDone" in frame) {
      this.isOver = true;
      return this.#end(this.#expected.dialect.mayLackReason === true);
    }
    const failure = failureIn(frame);
    if (failure !== undefined) throw errorFromEvent(LABEL, failure);
    this.#last = frame.event;
    this.apply(frame.event);
    this.isWhole ||= this.isFinished && this.count >= this.#expected.choices;
    return { chunk: chunkOf(frame.event, this.content, this.thinking), tools: this.updates };
  }

  next(): null {
    return null;
  }

  end(): ChatStep | null {
    return this.#end(false);
  }

  items(answered?: Blocks): readonly ChatMessageParam[] {
    return itemsOf(this.first, this.#expected.dialect, answered);
  }

  get toolInputs(): readonly ToolInput[] {
    return this.first.calls.list;
  }

  get canContinue(): boolean {
    const { calls, message, native } = this.first;
    const isRefusal = message["refusal"] || commonFinishReason(native["finish_reason"]) === "content_filter";
    return calls.list.length === 0 && !isRefusal && this.count < 2 && message["audio"] === undefined;
  }

  get estimatedTokens(): number {
    return Math.ceil(this.written / CHARACTERS_PER_TOKEN);
  }

  /** @param mayLackReason - Whether this is all that says that the reply has ended. */
  #end(mayLackReason: boolean): ChatStep | null {
    // Servers that do not know of several choices send one.
    this.isWhole ||= this.isFinished || (mayLackReason && this.hasContent && this.first.calls.areWhole);
    if (!this.isWhole) return null;
    const { updates } = this.first;
    updates.length = 0;
    this.first.close(false);
    return updates.length === 0 ? null : { chunk: chunkOf(this.#last, "", ""), tools: updates };
  }
}
