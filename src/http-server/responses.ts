import { InvalidOptionError, StreamConsumedError } from "../errors.ts";
import { field } from "../json/object.ts";
import type { Keepable } from "../resume/keep.ts";
import { aList, checkOptions, type Form, type Forms } from "../schema/option-form.ts";
import { type Cursor, runToken } from "./cursor.ts";
import { earlierMessage } from "./earlier-message.ts";
import { checkHead, errorTextOf, report, RESPONSE_FORMS, type StreamResponseOptions } from "./response-options.ts";
import { failureResponse, streamResponse } from "./response.ts";
import { isOfRun, PairReader, streamOfPairs } from "./shown-pair.ts";
import { UIEncoder, type UIVersion } from "./ui-encoder.ts";
import { EventsWire, TextWire, UIWire, type Wire } from "./wire.ts";

/** How a stream is sent to `useChat`. */
export interface UIResponseOptions extends StreamResponseOptions {
  /**
   * The messages that the page has sent. If the last one is of the assistant, the stream goes on with it, after an
   * approval say: it keeps its id. For `resumeResponse`, those that you have stored of the chat: a run that began with what
   * became of the last message's calls is sent as that message, with its parts before the run.
   */
  readonly originalMessages?:
    | readonly { readonly id: string; readonly role: string; readonly parts?: readonly unknown[] }[]
    | undefined;
  /**
   * The major version of the AI SDK in the page. Default: what is sent is understood by 5, 6 and 7, but for approvals,
   * which 5 does not have. With 7 a restart takes back what was shown; elsewhere it is an error.
   */
  readonly version?: UIVersion | undefined;
}

/** The form of a response. */
export type ResponseFormat = "events" | "text" | "ui";

const aVersion: Form = { words: "5, 6 or 7", holds: (value) => value === 5 || value === 6 || value === 7 };
const UI_FORMS: Forms = { ...RESPONSE_FORMS, originalMessages: aList, version: aVersion };

/** What a reader of a run has already, and how it is read again. */
export interface Resumed {
  readonly cursor: Cursor | null;
  readonly reopen: () => Promise<Keepable>;
}

/** The response that a stream is sent by, in one of the formats. */
export async function respond(
  format: ResponseFormat,
  stream: Keepable,
  options: UIResponseOptions,
  resumed: Resumed | null = null,
): Promise<Response> {
  checkStream(stream);
  try {
    checkOptions(options, format === "ui" ? UI_FORMS : RESPONSE_FORMS);
    checkHead(options);
    checkRun(stream);
    const run = isOfRun(stream) ? stream.run : null;
    const wire = wireOf(format, run, resumed, options);
    let pairs: Keepable;
    try {
      pairs = await streamOfPairs(stream);
    } catch (error) {
      report(options, error);
      return failureResponse(error, { wire, run }, options);
    }
    const reopen = resumed && (async () => new PairReader(await resumed.reopen()));
    return await streamResponse({ reader: new PairReader(pairs), wire, run, reopen: reopen ?? undefined }, options);
  } catch (error) {
    // Nobody reads it, unless another has it, or it is kept.
    if (!(error instanceof StreamConsumedError) && !isOfRun(stream)) stream.abort(error);
    throw error;
  }
}

/** @throws InvalidOptionError for a name that no header and no id can hold. */
function checkRun(stream: Keepable): void {
  try {
    if (isOfRun(stream)) runToken(stream.run);
  } catch (cause) {
    throw new InvalidOptionError("run", "a name with half a character cannot be sent.", { cause });
  }
}

/** Writes a format. @param run - Null if the stream is not kept. */
export function wireOf(
  format: ResponseFormat,
  run: string | null,
  resumed: Pick<Resumed, "cursor"> | null,
  options: UIResponseOptions,
): Wire {
  const cursor = resumed?.cursor ?? null;
  const errorText = errorTextOf(options);
  if (format === "text") return new TextWire();
  if (format === "events") return new EventsWire(run, cursor, errorText);
  const { originalMessages = [], version } = options;
  const earlier = earlierMessage(originalMessages);
  const own = run ?? crypto.randomUUID();
  const messageId = resumed === null ? (earlier?.id ?? own) : own;
  const isReplay = resumed !== null && cursor === null;
  return new UIWire(run, cursor, new UIEncoder({ messageId, run, version, earlier, isReplay, errorText }));
}

function checkStream(stream: unknown): void {
  const isStream = typeof stream === "object" && stream !== null && Symbol.asyncIterator in stream;
  const isCalled = isStream && (typeof field(stream, "content") === "string" || "turns" in stream);
  if (!isCalled) throw new InvalidOptionError("stream", "it must be the stream of a call, or the run of an agent.");
}
