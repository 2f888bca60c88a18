import { LimitExceededError, MalformedFrameError, type MillraceError } from "../../errors.ts";
import type { FrameReader } from "../../frame/frame-reader.ts";
import { ignore } from "../../http/request.ts";
import { SseReader } from "../../frame/sse-reader.ts";
import { DEEPEST, isDeeper } from "../../json/depth.ts";
import { field, isObject, type JsonObject, stringField, tryParse } from "../../json/object.ts";
import type { Request } from "../../provider/provider.ts";
import { appended, type AppendedDelta, deltaPrefix, type DeltaTarget } from "./delta.ts";
import { errorFromEvent } from "./errors.ts";
import type { AnthropicNative } from "./native.ts";

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

/**
 * Reads the frames of a reply: server-sent events whose data is JSON. Whichever of the two was asked for, and whatever the
 * content type says, it may also be a whole message as JSON.
 */
export class StreamFrames implements FrameReader<AnthropicFrame> {
  readonly #reader: SseReader<DeltaTarget>;
  readonly #refuse: (text: string) => MillraceError;
  #isClean = false;

  /**
   * @param refuse - Makes the error of a reply that is neither.
   * @param runs - Whether like deltas may be read together. The plain way gives the same.
   */
  constructor(frameLimit: number, refuse: (text: string) => MillraceError, runs = true) {
    this.#reader = new SseReader({ frameLimit, runs });
    this.#refuse = refuse;
  }

  push(bytes: Uint8Array): void {
    this.#reader.push(bytes);
  }

  next(): AnthropicFrame | null {
    const reader = this.#reader;
    while (reader.advance()) {
      if (reader.run !== null) return { target: reader.run, texts: reader.values as readonly string[] };
      const frame = reader.event === "ping" ? null : parseFrame(reader);
      if (frame === null || frame.type === "ping") continue;
      const { delta } = frame;
      // Most deltas are followed by others of their kind, and the API writes them all alike.
      if (delta !== null) reader.expect([deltaPrefix(delta.target)], delta.target);
      return frame;
    }
    return reader.unterminated ? this.#whole() : null;
  }

  end(isClean: boolean): void {
    this.#reader.end();
    this.#isClean = isClean;
  }

  /** The frame of a reply that turned out not to consist of events. */
  #whole(): EventFrame | null {
    const text = this.#reader.takeOther();
    const message = tryParse(text);
    if (Array.isArray(field(message, "content")) && !field(message, "error")) return eventFrame(wholeMessage(message));
    if (text === "" || !this.#isClean) return null;
    throw message === undefined && /^\s*\{/.test(text) ? new MalformedFrameError(text) : this.#refuse(text);
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

/**
 * @param name - The type of an event that does not name one itself; it is given that one, since a log has the event alone.
 *   What is called an error is one, whatever its type.
 */
function eventFrame(event: JsonObject, name = ""): EventFrame {
  if (isDeeper(event, DEEPEST)) throw new LimitExceededError("depth");
  const type = name === "error" ? name : (stringField(event, "type") ?? name);
  if (type !== "" && name !== "error") event["type"] = type;
  if (type === "message") return eventFrame(wholeMessage(event));
  return { type, event, delta: type === "content_block_delta" ? appended(event) : null };
}

/** The event that a message comes to that came whole. */
function wholeMessage(message: unknown): JsonObject {
  return { type: "message_start", message };
}

/** Makes the reader of a reply that comes as bytes. */
export const createFrames: Request<AnthropicNative>["createFrames"] = (frameLimit, refuse) =>
  new StreamFrames(frameLimit, refuse);

/** Makes the reader of the events of an SDK client, which has parsed them already. */
export function createEventFrames(): FrameReader<AnthropicFrame, unknown> {
  let frame: AnthropicFrame | null = null;
  return {
    push(event) {
      if (!isObject(event)) throw new MalformedFrameError(typeof event === "string" ? event : "");
      const next = eventFrame(event);
      if (next.type !== "ping") frame = next;
    },
    next() {
      const next = frame;
      frame = null;
      return next;
    },
    end: ignore,
  };
}
