import { LimitExceededError, MalformedFrameError, type MillraceError } from "../../errors.ts";
import type { FrameReader } from "../../frame/frame-reader.ts";
import { SseReader } from "../../frame/sse-reader.ts";
import { ignore } from "../../http/request.ts";
import { DEEPEST, isDeeper } from "../../json/depth.ts";
import { isObject, type JsonObject, stringField, tryParse } from "../../json/object.ts";
import type { Request } from "../../provider/provider.ts";
import { errorInLine } from "../openai-platform/errors.ts";
import { PING } from "./message.ts";
import type { OpenAINative } from "./native.ts";
import { frameParts, isInRun, type RunValues, textRun, type TextRun } from "./text-run.ts";

/** How often a run may be expected in vain before that is given up: some servers write no two events alike. */
const MOST_MISSES = 5;

/** One event. */
export interface EventFrame {
  readonly type: string;
  readonly event: JsonObject;
}

/** Events that differ in a text alone, and in their numbers, one after another. */
export interface RunFrame {
  readonly run: TextRun;
  /** What they differ in, event by event. */
  readonly values: RunValues;
}

/** The frames of the Responses API. */
export type OpenAIFrame = EventFrame | RunFrame;

/**
 * Reads the frames of a reply: server-sent events whose data is JSON. Whichever of the two was asked for, and whatever the
 * content type says, it may also be a whole response as JSON.
 */
export class StreamFrames implements FrameReader<OpenAIFrame> {
  readonly #reader: SseReader<TextRun | null>;
  readonly #refuse: (text: string) => MillraceError;
  #isClean = false;
  #run: TextRun | null = null;
  /** The last frame, as long as others like it are not expected: that waits until it was given. */
  #last: EventFrame | null = null;
  /** How often a run was expected in vain, one after another. */
  #misses = 0;

  /**
   * @param refuse - Makes the error of a reply that is neither.
   * @param runs - Whether like events may be read together. The plain way gives the same.
   */
  constructor(frameLimit: number, refuse: (text: string) => MillraceError, runs = true) {
    this.#reader = new SseReader({ frameLimit, runs });
    this.#refuse = refuse;
  }

  push(bytes: Uint8Array): void {
    this.#reader.push(bytes);
  }

  next(): OpenAIFrame | null {
    const reader = this.#reader;
    if (this.#last !== null) this.#expectLike(this.#last);
    this.#last = null;
    while (reader.advance()) {
      if (reader.run !== null) {
        this.#misses = 0;
        return { run: reader.run, values: reader.values };
      }
      const frame = parseFrame(reader);
      if (frame === null) continue;
      this.#last = frame;
      return frame;
    }
    return reader.unterminated ? this.#whole() : null;
  }

  end(isClean: boolean): void {
    this.#reader.end();
    this.#isClean = isClean;
  }

  /** Most events that append to a text are followed by others of their kind, and a server writes them all alike. */
  #expectLike({ type, event }: EventFrame): void {
    const reader = this.#reader;
    const { event: name, data } = reader;
    const isNamed = name === type;
    if (this.#misses > MOST_MISSES || (!isNamed && name !== "")) return;
    if (this.#run !== null && isInRun(this.#run, data)) return;
    const run = textRun(type, event, data);
    if (run === null) return;
    this.#misses++;
    this.#run = run;
    reader.expect(frameParts(run, isNamed), run);
  }

  /** The frame of a reply that turned out not to consist of events, or whose end is an error that is none. */
  #whole(): EventFrame | null {
    const error = errorInLine(this.#reader.bareLine);
    if (error !== null) return eventFrame(error, "error");
    const text = this.#reader.takeOther();
    const body = tryParse(text);
    if (isObject(body) && isResponse(body)) return eventFrame(body);
    if (text === "" || !this.#isClean) return null;
    throw body === undefined && /^\s*\{/.test(text) ? new MalformedFrameError(text) : this.#refuse(text);
  }
}

/** The event in a frame; null if that is blank, or was cut by the end. */
function parseFrame({ event: name, data, unterminated }: SseReader<unknown>): EventFrame | null {
  const event = tryParse(data);
  if (PING.test(name)) return isObject(event) ? { type: name, event } : null;
  if (isObject(event)) return eventFrame(event, name);
  if (unterminated) return null;
  if (name === "error") return { type: name, event: { error: event ?? data } };
  if (/^\s*(\[DONE\])?\s*$/.test(data)) return null;
  throw new MalformedFrameError(data);
}

/**
 * @param name - The type of an event that does not name one itself; it is given that one, since a log has the event alone.
 *   What is called an error is one, whatever its type.
 */
function eventFrame(event: JsonObject, name = ""): EventFrame {
  if (isDeeper(event, DEEPEST)) throw new LimitExceededError("depth");
  if (isResponse(event)) return eventFrame(wholeResponse(event));
  const type = name === "error" ? name : (stringField(event, "type") ?? name);
  if (type !== "" && name !== "error") event["type"] = type;
  return { type: type === "" && event["error"] ? "error" : type, event };
}

function isResponse(body: JsonObject): boolean {
  return !("type" in body) && (body["object"] === "response" || Array.isArray(body["output"]));
}

/** The event that a response comes to that came whole. */
function wholeResponse(response: JsonObject): JsonObject {
  return { type: `response.${stringField(response, "status") ?? "completed"}`, response };
}

/** Makes the reader of a reply that comes as bytes. */
export const createFrames: Request<OpenAINative>["createFrames"] = (frameLimit, refuse) =>
  new StreamFrames(frameLimit, refuse);

/** Makes the reader of the events of an SDK client, which has parsed them already. */
export function createEventFrames(): FrameReader<OpenAIFrame, unknown> {
  let frame: OpenAIFrame | null = null;
  return {
    push(event) {
      if (!isObject(event)) throw new MalformedFrameError(typeof event === "string" ? event : "");
      frame = eventFrame(event);
    },
    next() {
      const next = frame;
      frame = null;
      return next;
    },
    end: ignore,
  };
}
