import { MalformedFrameError } from "../../errors.ts";
import { isObject, type JsonObject, stringField, tryParse } from "../../json/object.ts";
import type { Decoder } from "../../provider.ts";
import type { SseReader } from "../../sse/reader.ts";
import { AnthropicCallResponseChunk } from "./chunk.ts";
import { errorFromEvent } from "./errors.ts";
import { type AppendedField, DELTA_TYPES, type DeltaTarget, MessageAccumulator } from "./message.ts";
import type { AnthropicNative } from "./native.ts";
import type { MessageParam } from "./params.ts";
import { assistantTurn } from "./turn.ts";
import type { AnthropicEvent, AnthropicMessage } from "./wire.ts";

const APPENDED_FIELDS = new Map<string | null, AppendedField>([
  [DELTA_TYPES.text, "text"],
  [DELTA_TYPES.thinking, "thinking"],
  [DELTA_TYPES.partial_json, "partial_json"],
]);

/** Strings that wait to go into the message together. */
const PIECES_KEPT = 256;

/** Turns frames and events of the Messages API into chunks, and accumulates their message. */
export class AnthropicDecoder implements Decoder<AnthropicNative, DeltaTarget> {
  done = false;
  readonly #accumulator = new MessageAccumulator();

  // The strings of like frames go into the message together, but not ahead of the chunks that were taken: a rope of
  // thousands of pieces, each cut out of a network read, would keep all those reads in memory.
  #target: DeltaTarget | null = null;
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

  takeReady(): AnthropicCallResponseChunk | null {
    const text = this.#taken < this.#run.length ? this.#run[this.#taken] : undefined;
    if (text === undefined) return null;
    this.#taken++;
    return new AnthropicCallResponseChunk(null, this.#target, text);
  }

  take(reader: SseReader<DeltaTarget>): AnthropicCallResponseChunk | null {
    return this.takeReady() ?? this.#takeFrame(reader);
  }

  #takeFrame(reader: SseReader<DeltaTarget>): AnthropicCallResponseChunk | null {
    while (!this.done && reader.advance()) {
      if (reader.run !== null) {
        this.#startRun(reader.run, reader.strings);
        return this.takeReady();
      }
      const chunk = this.#readFrame(reader);
      if (chunk !== null) return chunk;
    }
    return null;
  }

  #startRun(target: DeltaTarget, strings: readonly string[]): void {
    if (target !== this.#target || this.#pieces.length >= PIECES_KEPT) this.#settle();
    else if (this.#settled < this.#taken) this.#pieces.push(this.#takenSinceSettled());
    this.#target = target;
    this.#run = strings;
    this.#taken = 0;
    this.#settled = 0;
    this.#runs++;
  }

  #readFrame(reader: SseReader<DeltaTarget>): AnthropicCallResponseChunk | null {
    if (reader.data === "[DONE]") return null;
    const event = parseFrame(reader);
    if (event === null) return null;
    const { type } = event;
    if (type === "content_block_delta") expectMore(reader, event);
    return this.#read(typeof type === "string" ? type : reader.event, event);
  }

  #settle(): void {
    if (this.#settled < this.#taken) this.#pieces.push(this.#takenSinceSettled());
    this.#settled = this.#taken;
    if (this.#pieces.length === 0 || this.#target === null) return;
    const { index, field } = this.#target;
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
    return new AnthropicCallResponseChunk(event as unknown as AnthropicEvent);
  }
}

/** Most deltas are followed by others of their kind, and the API writes them all alike. */
function expectMore(reader: SseReader<DeltaTarget>, { index, delta }: JsonObject): void {
  const type = stringField(delta, "type");
  const field = APPENDED_FIELDS.get(type);
  if (field === undefined || typeof index !== "number") return;
  const event = { type: "content_block_delta", index, delta: { type, [field]: "" } };
  const prefix = `event: content_block_delta\ndata: ${JSON.stringify(event).slice(0, -3)}`;
  reader.expect({ prefix, tag: { index, field } });
}

/** The frame's JSON; null for one that the end of the stream cut. */
function parseFrame(reader: SseReader<DeltaTarget>): JsonObject | null {
  const event = tryParse(reader.data);
  if (isObject(event)) return event;
  if (reader.unterminated) return null;
  throw new MalformedFrameError(reader.data);
}
