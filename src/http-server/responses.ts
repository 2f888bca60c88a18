import { InvalidOptionError, StreamConsumedError, StreamNotStartedError } from "../errors.ts";
import { inTime } from "../log/in-time.ts";
import { field, isObject } from "../json/object.ts";
import type { CommonMessage } from "../prompt/common-message.ts";
import { type BeforeEnd, LONGEST_CLOSING_MS } from "../resume/closing.ts";
import type { Keepable } from "../resume/keep.ts";
import { isKept } from "../resume/kept.ts";
import { aFunction, aList, checkOptions, type Forms } from "../schema/option-form.ts";
import { jsonData } from "../tool/plain-data.ts";
import type { Cursor } from "./cursor.ts";
import { earlierMessage } from "./ui-message/earlier-message.ts";
import {
  checkHead,
  EVENTS_FORMS,
  type EventsResponseOptions,
  report,
  RESPONSE_FORMS,
  shownBy,
  type StreamResponseOptions,
} from "./response-options.ts";
import { failureResponse, streamResponse } from "./response.ts";
import { isOfRun, PairReader, streamOfPairs } from "./shown-pair.ts";
import { type MessageFinish, type MessageStart, UIEncoder, type UIEncoding } from "./ui-message/ui-encoder.ts";
import { aVersion, type UIVersion } from "./ui-message/ui-version.ts";
import { UIWire } from "./ui-message/ui-wire.ts";
import { EventsWire, TextWire, type Wire } from "./wire.ts";

/** How a stream is sent to `useChat`. */
export interface UIResponseOptions<in S extends Keepable = Keepable> extends EventsResponseOptions<S> {
  /**
   * The messages that the page sent. If the last one is the assistant's, as after an approval, the stream continues it, and
   * it keeps its id. For `resumeResponse`, the chat as you have stored it: a run that answers the last message's calls is
   * then sent as part of that message.
   */
  readonly originalMessages?:
    | readonly { readonly id: string; readonly role: string; readonly parts?: readonly unknown[] }[]
    | undefined;
  /**
   * The major version of the AI SDK in the page. Default: what is sent is understood by 5, 6 and 7, but for approvals,
   * which 5 does not have. With 7 a restart takes back what was shown; elsewhere it is an error.
   */
  readonly version?: UIVersion | undefined;
  /** Metadata of your own for the message: asked at its start, and at its end, whatever the outcome. */
  readonly messageMetadata?: ((of: { readonly part: MessageStart | MessageFinish }) => object | undefined) | undefined;
}

/** The form of a response. */
export type ResponseFormat = "events" | "text" | "ui";

const FORMS: { readonly [Format in ResponseFormat]: Forms } = {
  events: EVENTS_FORMS,
  text: RESPONSE_FORMS,
  ui: { ...EVENTS_FORMS, originalMessages: aList, version: aVersion, messageMetadata: aFunction },
};

/** What a reader of a run has already, and how it is read again. */
export interface Resumed {
  readonly cursor: Cursor | null;
  readonly reopen: () => Promise<Keepable>;
}

/** The response that a stream is sent by, in one of the formats. */
export async function respond<S extends Keepable>(
  format: ResponseFormat,
  stream: S,
  options: UIResponseOptions<S>,
  resumed: Resumed | null = null,
): Promise<Response> {
  checkStream(stream);
  try {
    checkOptions(options, FORMS[format]);
    checkHead(options);
    const run = isOfRun(stream) ? stream.run : null;
    const wire = wireOf(format, run, resumed, options, stream);
    let pairs: Keepable;
    try {
      pairs = await streamOfPairs(stream);
    } catch (error) {
      report(options, error);
      await inTime(tellEnd(stream, Promise.resolve(), options), LONGEST_CLOSING_MS).catch(() => {});
      return failureResponse(error, { wire, run }, options);
    }
    const reopen = resumed && (async () => new PairReader(await resumed.reopen()));
    const reader = new PairReader(pairs);
    const told = tellEnd(stream, reader.ended, options);
    return await streamResponse({ reader, wire, run, told, reopen: reopen ?? undefined }, options);
  } catch (error) {
    // Nobody reads it, unless another has it, or it is kept.
    if (!(error instanceof StreamConsumedError) && !isOfRun(stream)) stream.abort(error);
    throw error;
  }
}

/**
 * Tells the program that a stream has ended, before its visitor is told. `onEnd` is not called if there is no conversation
 * to store: the stream ended before its prompt function had run, or the prompt was refused.
 *
 * @param read - Settles once it is not read any more.
 * @returns Settles once `onEnd` is done with a stream that is not kept; a kept one waits for it by itself.
 */
function tellEnd<S extends Keepable>(
  stream: S,
  read: Promise<void>,
  options: Pick<StreamResponseOptions<S>, "onEnd" | "onError" | "waitUntil">,
): Promise<void> {
  const { onEnd, waitUntil } = options;
  const told = Promise.resolve();
  if (onEnd === undefined && waitUntil === undefined) return told;
  const tell = teller(stream, { ...options, onEnd });
  if (!isKept(stream)) {
    const ended = read.then(tell);
    waitUntil?.(ended);
    return ended;
  }
  const { settled } = stream.log;
  const ended = stream["~keeping"].closing.add(tell) ? settled : settled.then(tell);
  waitUntil?.(ended);
  return told;
}

const LATE = `onEnd has not settled within ${LONGEST_CLOSING_MS / 1_000} s: the end of the reply does not wait for it any more.`;

/** Calls `onEnd` with a stream that has ended. */
export function teller<S extends Keepable>(
  stream: S,
  options: Pick<StreamResponseOptions<S>, "onEnd" | "onError">,
): BeforeEnd {
  return async () => {
    const late = setTimeout(() => report(options, new Error(LATE)), LONGEST_CLOSING_MS);
    try {
      if (hasConversation(stream)) await options.onEnd?.(stream);
    } catch (error) {
      report(options, error);
    } finally {
      clearTimeout(late);
    }
  };
}

function hasConversation(stream: Keepable): boolean {
  try {
    stream.commonHistory();
    return true;
  } catch (error) {
    return !(error instanceof StreamNotStartedError);
  }
}

/**
 * Writes a format.
 *
 * @param run - Null if the stream is not kept.
 * @param stream - What is written, if there is a stream.
 */
export function wireOf(
  format: ResponseFormat,
  run: string | null,
  resumed: Pick<Resumed, "cursor"> | null,
  options: UIResponseOptions<never>,
  stream: Keepable | null = null,
): Wire {
  const cursor = resumed?.cursor ?? null;
  const shown = shownBy(options);
  if (format === "text") return new TextWire((stream !== null && isOfRun(stream) && stream["~restartsAhead"]) || 0);
  if (format === "events") return new EventsWire(run, cursor, shown);
  const { originalMessages, version } = options;
  const earlier = earlierMessage(originalMessages ?? []);
  const isNew = originalMessages !== undefined && earlier === null;
  const own = run ?? crypto.randomUUID();
  const messageId = resumed === null ? (earlier?.id ?? own) : own;
  const isReplay = resumed !== null && cursor === null;
  const metadataOf = ownMetadata(options);
  const conversation = () => conversationOf(stream);
  const encoding = { messageId, run, version, earlier, isNew, isReplay, shown, conversation, metadataOf };
  return new UIWire(run, cursor, new UIEncoder(encoding));
}

function conversationOf(stream: Keepable | null): readonly CommonMessage[] {
  try {
    return stream?.commonHistory() ?? [];
  } catch {
    return [];
  }
}

/** The program's own metadata of a message. */
function ownMetadata(options: UIResponseOptions<never>): UIEncoding["metadataOf"] {
  const { messageMetadata } = options;
  return (part) => {
    try {
      const metadata = jsonData(messageMetadata?.({ part }));
      return isObject(metadata) ? metadata : {};
    } catch (error) {
      report(options, error);
      return {};
    }
  };
}

function checkStream(stream: unknown): void {
  const isStream = typeof stream === "object" && stream !== null && Symbol.asyncIterator in stream;
  const isCalled = isStream && ("turns" in stream || typeof field(stream, "content") === "string");
  if (!isCalled) throw new InvalidOptionError("stream", "it must be the stream of a call, or the run of an agent.");
}
