import { LimitExceededError, MalformedFrameError, type MillraceError } from "../../errors.ts";
import type { FrameReader } from "../../frame/frame-reader.ts";
import { SseReader } from "../../frame/sse-reader.ts";
import { DEEPEST, isDeeper } from "../../json/depth.ts";
import { errorInLine } from "../openai-platform/errors.ts";
import { frameParts, isInRun, textRun, type TextRun } from "./text-run.ts";
import { type Dialect, OPENAI, UNKNOWN } from "./dialects.ts";
import { field, isObject, type JsonObject, tryParse } from "../../json/object.ts";

/** How often a run may be expected in vain before that is given up: some servers write no two events alike. */
const MOST_MISSES = 5;

/** One event: a chunk, or a reply that came whole. */
export interface EventFrame {
  readonly event: JsonObject;
  /** Whether the server calls it an error. */
  readonly isError: boolean;
}

/** Events that differ in a text alone, one after another. */
export interface RunFrame {
  readonly run: TextRun;
  /** Their texts, or each text and the padding beside it. */
  readonly texts: readonly string[];
}

/** What the decoder has to know of the request. It comes before all events. */
export interface ExpectedFrame {
  readonly expected: Expected;
}

/** What is known of a reply before it comes. */
export interface Expected {
  /** How many choices were asked for. */
  readonly choices: number;
  readonly dialect: Dialect;
}

/** `[DONE]`. */
export interface DoneFrame {
  readonly isDone: true;
}

/** The frames of Chat Completions. */
export type ChatFrame = EventFrame | RunFrame | ExpectedFrame | DoneFrame;

/**
 * Reads the frames of a reply: server-sent events whose data is JSON. Whichever of the two was asked for, and whatever the
 * content type says, it may also be a whole reply as JSON.
 */
export class ChatFrames implements FrameReader<ChatFrame> {
  readonly #reader: SseReader<TextRun | null>;
  readonly #refuse: (text: string) => MillraceError;
  #expected: Expected | null;
  #isClean = false;
  #run: TextRun | null = null;
  /** How often a run was expected in vain, one after another. */
  #misses = 0;

  /**
   * @param refuse - Makes the error of a reply that is neither.
   * @param runs - Whether like events may be read together. The plain way gives the same.
   */
  constructor(frameLimit: number, refuse: (text: string) => MillraceError, expected: Expected, runs = true) {
    this.#reader = new SseReader({ frameLimit, runs });
    this.#refuse = refuse;
    this.#expected = expected;
  }

  push(bytes: Uint8Array): void {
    this.#reader.push(bytes);
  }

  next(): ChatFrame | null {
    const expected = this.#expected;
    if (expected !== null) {
      this.#expected = null;
      return { expected };
    }
    const reader = this.#reader;
    while (reader.advance()) {
      if (reader.run !== null) {
        this.#misses = 0;
        return { run: reader.run, texts: reader.values as readonly string[] };
      }
      const frame = parseFrame(reader);
      if (frame === null) continue;
      if ("event" in frame) this.#expectLike(frame.event);
      return frame;
    }
    return reader.unterminated ? this.#whole() : null;
  }

  end(isClean: boolean): void {
    this.#reader.end();
    this.#isClean = isClean;
  }

  /** Most events that add to a text are followed by others of their kind, and a server writes them all alike. */
  #expectLike(event: JsonObject): void {
    const reader = this.#reader;
    if (this.#run !== null && isInRun(this.#run, reader.data)) return;
    // Whatever else an event says, the next ones may take back.
    this.#run = this.#misses > MOST_MISSES ? null : textRun(event, reader.data);
    if (this.#run !== null) this.#misses++;
    reader.expect(this.#run && frameParts(this.#run), this.#run);
  }

  /** The frame of a reply that turned out not to consist of events, or whose end is an error that is none. */
  #whole(): EventFrame | null {
    const error = errorInLine(this.#reader.bareLine);
    if (error !== null) return eventFrame(error, true);
    const text = this.#reader.takeOther();
    const reply = tryParse(text);
    if (isObject(reply) && Array.isArray(reply["choices"]) && !reply["error"]) return eventFrame(reply);
    if (text === "" || !this.#isClean) return null;
    throw reply === undefined && /^\s*\{/.test(text) ? new MalformedFrameError(text) : this.#refuse(text);
  }
}

/** The frame of an event; null if it is blank, or was cut by the end. */
function parseFrame({ event: name, data, unterminated }: SseReader<unknown>): ChatFrame | null {
  const event = tryParse(data);
  const isError = name === "error";
  if (isObject(event)) return eventFrame(event, isError);
  if (/^\s*\[DONE\]\s*$/.test(data)) return { isDone: true };
  if (isError) return { event: { error: event ?? data }, isError };
  if (unterminated || /^\s*$/.test(data)) return null;
  throw new MalformedFrameError(data);
}

function eventFrame(event: JsonObject, isError = false): EventFrame {
  if (isDeeper(event, DEEPEST)) throw new LimitExceededError("depth");
  return { event, isError };
}

/** @param context - What was expected, after it was JSON. */
export function expectedOf(context: unknown): Expected {
  const { choices = 1, dialect = UNKNOWN } = Object(context) as Partial<Expected>;
  return { choices, dialect: dialect.baseURL === OPENAI.baseURL ? OPENAI : dialect };
}

/**
 * Makes the reader of events that were parsed already.
 *
 * @param isMarked - Whether their clean end stands for `[DONE]`.
 */
export function createEventFrames(expected: Expected, isMarked = false): FrameReader<ChatFrame, unknown> {
  let frame: ChatFrame | null = { expected };
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
    end(isClean) {
      if (isMarked && isClean) frame = { isDone: true };
    },
  };
}

/** What an event tells of a failure; undefined if it is none. */
export function failureIn({ event, isError }: EventFrame): unknown {
  const { choices, error, usage, id, detail, message, object } = event;
  if (isError || error) return event;
  const failed = Array.isArray(choices)
    ? choices.find((choice) => field(choice, "finish_reason") === "error")
    : undefined;
  if (failed !== undefined) {
    const reason = field(failed, "native_finish_reason");
    return {
      error: { message: "The model ended with an error.", code: typeof reason === "string" ? reason : "error" },
    };
  }
  const isReply = choices !== undefined || usage !== undefined || id !== undefined;
  return !isReply && (detail || message || object === "error") ? event : undefined;
}
