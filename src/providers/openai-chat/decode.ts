import type { Blocks, Decoder, Step } from "../../provider/decoder.ts";
import type { JsonObject } from "../../json/object.ts";
import type { ToolInput, ToolUpdate } from "../../tool/tool-box.ts";
import { errorFromEvent } from "../openai-platform/errors.ts";
import { CHARACTERS_PER_TOKEN } from "../openai-platform/estimate.ts";
import { chunkInRun, chunkOf, createChunk } from "./chunk.ts";
import { OPENAI, UNKNOWN } from "./dialects.ts";
import { commonFinishReason } from "./finish-reason.ts";
import { type ChatFrame, type Expected, failureIn } from "./frames.ts";
import { eventInRun, type TextRun } from "./text-run.ts";
import { ChatAccumulator } from "./message.ts";
import type { ChatMessageParam } from "./message-param.ts";
import { LABEL, type OpenAIChatNative } from "./native.ts";
import { itemsOf } from "./turn.ts";
import type { ChatCompletion } from "./wire.ts";

type ChatStep = Step<OpenAIChatNative>;

const NO_UPDATES: readonly ToolUpdate[] = [];

/** The most texts of a run that wait to be joined to the message together. */
const MOST_PIECES = 256;

/** Turns the events of Chat Completions into steps, and builds their message. */
export class ChatDecoder extends ChatAccumulator implements Decoder<OpenAIChatNative> {
  isWhole = false;
  isOver = false;
  #expected: Expected = { choices: 1, dialect: UNKNOWN };
  #last: OpenAIChatNative["chunk"] | null = null;
  // The texts of a run are joined to the message together, but not before their steps were taken.
  #run: TextRun | null = null;
  #texts: readonly string[] = [];
  #taken = 0;
  // Begins with one: V8 takes an empty list for one of numbers, and compiles everything around it twice.
  readonly #pieces = [""];

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
    if ("run" in frame) {
      if (frame.run !== this.#run || this.#pieces.length >= MOST_PIECES) this.#settle();
      this.#run = frame.run;
      this.#texts = frame.texts;
      this.#taken = 0;
      return this.next();
    }
    const failure = failureIn(frame);
    if (failure !== undefined) throw errorFromEvent(LABEL, failure);
    return this.#decodeEvent(frame.event);
  }

  next(): ChatStep | null {
    const run = this.#run;
    const texts = this.#texts;
    const at = this.#taken;
    const text = texts[at];
    if (text === undefined || run === null) return null;
    this.#taken += run.parts.length - 1;
    const chunk = chunkInRun(run, texts, at);
    let tools = NO_UPDATES;
    if (run.field === "arguments") {
      const updates: ToolUpdate[] = [];
      if (!this.first.calls.extend(run.index, text, updates)) return this.#decodeEvent(eventInRun(run, texts, at));
      tools = updates;
    } else if (text !== "") this.#pieces.push(text);
    this.#last = chunk;
    if (text !== "" || run.field === "arguments") {
      this.written += text.length;
      this.progress++;
      this.hasContent = true;
    }
    return { chunk, tools };
  }

  override get message(): ChatCompletion | null {
    this.#settle();
    return super.message;
  }

  override dropText(length: number): void {
    this.#settle();
    super.dropText(length);
  }

  end(): ChatStep | null {
    return this.#end(false);
  }

  items(answered?: Blocks): readonly ChatMessageParam[] {
    this.#settle();
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
    const { choices, dialect } = this.#expected;
    // Servers that do not know of several choices send one: the first.
    const hasAll = this.count >= choices || (dialect !== OPENAI && this.first.isFinished);
    this.isWhole ||= (this.isFinished && hasAll) || (mayLackReason && this.hasContent && this.first.calls.areWhole);
    if (!this.isWhole) return null;
    // The updates of the last step have been given.
    const updates: ToolUpdate[] = (this.first.updates = []);
    this.first.close(false);
    if (updates.length === 0) return null;
    const event = this.#last?.chunk ?? null;
    return { chunk: createChunk({ event, content: "", thinking: "", recovery: null }), tools: updates, isEnd: true };
  }

  #decodeEvent(event: JsonObject): ChatStep {
    this.#settle();
    this.apply(event);
    this.isWhole ||= this.isFinished && this.count >= this.#expected.choices;
    this.#last = chunkOf(event, this.content, this.thinking);
    return { chunk: this.#last, tools: this.updates };
  }

  #settle(): void {
    const run = this.#run;
    if (run === null || run.field === "arguments" || this.#pieces.length === 1) return;
    const text = this.#pieces.join("");
    this.#pieces.length = 1;
    this.first.join(run.field, text);
  }
}
