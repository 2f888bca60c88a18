import { MalformedFrameError } from "../../errors.ts";
import { isObject, type JsonObject, tryParse } from "../../json/object.ts";
import type { Decoder } from "../../provider.ts";
import type { FrameTemplate } from "../../sse/frame-template.ts";
import type { SseReader } from "../../sse/reader.ts";
import { AnthropicCallResponseChunk } from "./chunk.ts";
import { errorFromEvent } from "./errors.ts";
import { type AppendedField, type DeltaTarget, MessageAccumulator } from "./message.ts";
import type { AnthropicNative } from "./native.ts";
import type { MessageParam } from "./params.ts";
import { assistantTurn } from "./turn.ts";
import type { AnthropicEvent, AnthropicMessage } from "./wire.ts";

type Template = FrameTemplate<DeltaTarget>;

const APPENDED_FIELDS = new Map<unknown, AppendedField>([
  ["text_delta", "text"],
  ["thinking_delta", "thinking"],
  ["input_json_delta", "partial_json"],
]);

/** Frames that did not let themselves be learned, before it is given up. */
const FRUITLESS_LESSONS = 16;

/** Strings that wait to go into the message together. */
const PIECES_KEPT = 256;

/** Turns frames and events of the Messages API into chunks, and accumulates their message. */
export class AnthropicDecoder implements Decoder<AnthropicNative, DeltaTarget> {
  done = false;
  readonly #accumulator = new MessageAccumulator();
  #lessonsLeft = FRUITLESS_LESSONS;
  /** The first delta is not learned from: somebody waits for it. */
  #deltas = 0;

  // The strings of like frames go into the message together, but not ahead of the chunks that were taken: a rope of
  // thousands of pieces, each cut out of a network read, would keep all those reads in memory.
  #template: Template | null = null;
  #run: readonly string[] = [];
  #taken = 0;
  #settled = 0;
  #pieces: string[] = [];
  #runs = 0;

  get message(): AnthropicMessage | null {
    this.#settle();
    return this.#accumulator.message;
  }

  get messageParam(): MessageParam | null {
    return assistantTurn(this.message, (place) => this.#accumulator.input(place));
  }

  get stopped(): boolean {
    return this.#accumulator.stopped;
  }

  get hasContent(): boolean {
    return this.#runs > 0 || this.#accumulator.hasContent;
  }

  get progress(): number {
    return this.#runs + this.#accumulator.progress;
  }

  take(reader: SseReader<DeltaTarget>): AnthropicCallResponseChunk | null {
    const literal = this.#taken < this.#run.length ? this.#run[this.#taken] : undefined;
    if (literal === undefined) return this.#takeFrame(reader);
    this.#taken++;
    return new AnthropicCallResponseChunk(null, this.#template, literal);
  }

  #takeFrame(reader: SseReader<DeltaTarget>): AnthropicCallResponseChunk | null {
    while (!this.done && reader.advance()) {
      if (reader.template !== null) {
        this.#startRun(reader.template, reader.literals);
        return this.take(reader);
      }
      const chunk = this.#readFrame(reader);
      if (chunk !== null) return chunk;
    }
    return null;
  }

  #startRun(template: Template, literals: readonly string[]): void {
    if (template !== this.#template || this.#pieces.length >= PIECES_KEPT) this.#settle();
    else if (this.#settled < this.#taken) this.#pieces.push(this.#takenSinceSettled());
    this.#template = template;
    this.#run = literals;
    this.#taken = 0;
    this.#settled = 0;
    this.#runs++;
  }

  #readFrame(reader: SseReader<DeltaTarget>): AnthropicCallResponseChunk | null {
    if (reader.data === "[DONE]") return null;
    const event = parseFrame(reader);
    if (event === null) return null;
    const { type } = event;
    const chunk = this.#read(typeof type === "string" ? type : reader.event, event);
    if (type === "content_block_delta" && this.#lessonsLeft > 0 && this.#deltas++ > 0) this.#learn(reader, event);
    return chunk;
  }

  #settle(): void {
    if (this.#settled < this.#taken) this.#pieces.push(this.#takenSinceSettled());
    this.#settled = this.#taken;
    if (this.#pieces.length === 0 || this.#template === null) return;
    const { index, field } = this.#template.tag;
    this.#accumulator.append(index, field, this.#pieces.join(""));
    this.#pieces = [];
  }

  #takenSinceSettled(): string {
    return this.#run.slice(this.#settled, this.#taken).join("");
  }

  #read(type: string, event: JsonObject): AnthropicCallResponseChunk | null {
    if (type === "ping") return null;
    // Some servers put an error into a frame without a type.
    if (type === "error" || (type === "" && "error" in event)) throw errorFromEvent(event);
    this.#settle();
    this.#accumulator.apply(type, event);
    this.done = type === "message_stop";
    // The event is what the wire says: of a known type, or one that AnthropicUnknownEvent stands for.
    return new AnthropicCallResponseChunk(event as unknown as AnthropicEvent, null, "");
  }

  #learn(reader: SseReader<DeltaTarget>, event: JsonObject): void {
    const { index, delta } = event;
    if (!isObject(delta) || typeof index !== "number") return;
    const field = APPENDED_FIELDS.get(delta["type"]);
    if (field === undefined || typeof delta[field] !== "string") return;
    this.#lessonsLeft = reader.learn(["delta", field], { index, field }) ? FRUITLESS_LESSONS : this.#lessonsLeft - 1;
  }
}

/** The frame's JSON; null for one that the end of the stream cut. */
function parseFrame(reader: SseReader<DeltaTarget>): JsonObject | null {
  const event = tryParse(reader.data);
  if (isObject(event)) return event;
  if (reader.unterminated) return null;
  throw new MalformedFrameError(reader.data);
}
