import { LimitExceededError, MalformedFrameError } from "../../errors.ts";
import type { FrameReader } from "../../frame/frame-reader.ts";
import { SseReader } from "../../frame/sse-reader.ts";
import { DEEPEST, isDeeper } from "../../json/depth.ts";
import { isObject, type JsonObject, stringField, tryParse } from "../../json/object.ts";
import { appended, type AppendedDelta, deltaPrefix, type DeltaTarget } from "./delta.ts";
import { errorFromEvent, isError } from "./errors.ts";

/** One event. */
export interface EventFrame {
  readonly type: string;
  readonly event: JsonObject;
  /** Where it appends, and what; null if it does something else. */
  readonly delta: AppendedDelta | null;
}

/** Events that are deltas of the same block, one after another: they differ in their text alone. */
export interface RunFrame {
  readonly target: DeltaTarget;
  readonly texts: readonly string[];
}

/** The frames of the Messages API. */
export type AnthropicFrame = EventFrame | RunFrame;

/** Reads the frames of a streamed reply: server-sent events whose data is JSON. */
export class StreamFrames implements FrameReader<AnthropicFrame> {
  readonly #reader: SseReader<DeltaTarget>;

  /** @param runs - Whether like deltas may be read together. The plain way gives the same. */
  constructor(frameLimit: number, runs = true) {
    this.#reader = new SseReader({ frameLimit, runs });
  }

  push(bytes: Uint8Array): void {
    this.#reader.push(bytes);
  }

  next(): AnthropicFrame | null {
    const reader = this.#reader;
    while (reader.advance()) {
      if (reader.run !== null) return { target: reader.run, texts: reader.strings };
      const frame = reader.event === "ping" ? null : parseFrame(reader);
      if (frame === null || frame.type === "ping") continue;
      const { delta } = frame;
      // Most deltas are followed by others of their kind, and the API writes them all alike.
      if (delta !== null) reader.expect(deltaPrefix(delta.target), delta.target);
      return frame;
    }
    return null;
  }

  end(): void {
    this.#reader.end();
  }
}

/** The event in a frame; null if that is blank, was cut by the end, or is the mark of the end that some servers send. */
function parseFrame({ event: name, data, unterminated }: SseReader<DeltaTarget>): EventFrame | null {
  const event = tryParse(data);
  if (isObject(event)) return eventFrame(event, name);
  if (unterminated) return null;
  if (name === "error") throw errorFromEvent(event ?? data);
  if (/^\s*(\[DONE\])?\s*$/.test(data)) return null;
  throw new MalformedFrameError(data);
}

/** @param name - The type of an event that does not name one itself. What is called an error is one, whatever its type. */
function eventFrame(event: JsonObject, name = ""): EventFrame {
  if (isDeeper(event, DEEPEST)) throw new LimitExceededError("depth");
  const type = name === "error" ? name : (stringField(event, "type") ?? name);
  return { type, event, delta: type === "content_block_delta" ? appended(event) : null };
}

/** Holds the one frame that a piece, or a whole body, comes to. */
class FrameHolder {
  protected frame: AnthropicFrame | null = null;

  next(): AnthropicFrame | null {
    const { frame } = this;
    this.frame = null;
    return frame;
  }
}

/** Reads the events of an SDK client, which has parsed them already. */
export class EventFrames extends FrameHolder implements FrameReader<AnthropicFrame, unknown> {
  push(event: unknown): void {
    if (!isObject(event)) throw new MalformedFrameError(typeof event === "string" ? event : "");
    const frame = eventFrame(event);
    if (frame.type !== "ping") this.frame = frame;
  }

  end(): void {}
}

/** Reads a reply that is not streamed: its message is one event. */
export class WholeFrame extends FrameHolder implements FrameReader<AnthropicFrame> {
  readonly #limitBytes: number;
  readonly #decoder = new TextDecoder();
  #text = "";
  #bytes = 0;

  constructor(limitBytes: number) {
    super();
    this.#limitBytes = limitBytes;
  }

  push(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#limitBytes) throw new LimitExceededError("frame", this.#limitBytes);
    this.#text += this.#decoder.decode(bytes, { stream: true });
  }

  end(): void {
    const text = this.#text + this.#decoder.decode();
    const message = tryParse(text);
    if (!isObject(message)) throw new MalformedFrameError(text);
    this.frame = wholeMessage(message);
  }
}

/** The frame of a reply that came whole. */
export function wholeMessage(message: JsonObject): EventFrame {
  return isError(stringField(message, "type") ?? "", message)
    ? eventFrame(message, "error")
    : eventFrame({ type: "message_start", message });
}
