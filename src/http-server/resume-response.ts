import { InvalidOptionError } from "../errors.ts";
import type { CommonMessage } from "../prompt/common-message.ts";
import { checkedLog } from "../log/checked-log.ts";
import type { Log } from "../log/log.ts";
import type { BeforeEnd } from "../resume/closing.ts";
import type { Keepable } from "../resume/keep.ts";
import { checkReadAs, type ReadAs, type ReadOptions, readRun } from "../resume/read.ts";
import type { LoadProvider } from "../resume/run-records.ts";
import { status, stop } from "../resume/run-status.ts";
import { aFunction, checkForm, checkOptions, type Forms } from "../schema/option-form.ts";
import { type Cursor, cursorOf } from "./cursor.ts";
import { publicWords, statusOf, LateLogError, RequestLeftError } from "./public-error.ts";
import { checkHead, report } from "./response-options.ts";
import { failureResponse } from "./response.ts";
import { respond, type ResponseFormat, teller, type UIResponseOptions, wireOf } from "./responses.ts";

/** How a run is sent to a page that comes back. */
export interface ResumeResponseOptions<S extends Keepable = Keepable> extends Omit<
  UIResponseOptions,
  "firstContentMs" | "status" | "onEnd" | "waitUntil"
> {
  /** The format: that of {@link uiMessageResponse} (the default), of {@link eventsResponse}, or of {@link textResponse}. */
  readonly as?: ResponseFormat | undefined;
  /** Goes on with a run whose producer is gone: see `read` of `millrace/resume`. */
  readonly continue?: ((messages: readonly CommonMessage[]) => S) | undefined;
  /**
   * Called with what `continue` has made, and the name of the run, if this response went on with it, once that has ended:
   * the place to store the conversation, as `stream.commonHistory()`. Of many readers, one goes on, and one is told. The
   * run ends for others once it is done, after 10 seconds at most.
   */
  readonly onEnd?: ((stream: S, run: string) => unknown) | undefined;
  /** Keeps the process alive while it goes on with a reply, and until `onEnd` is done: that of a serverless platform. */
  readonly waitUntil?: ((work: Promise<void>) => void) | undefined;
}

/** How a request to stop a run is answered. */
export interface StopResponseOptions {
  /** Told of an error of the log, for your logs. The response is a 500 or 503 then. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

const STOP_FORMS: Forms = { onError: aFunction };
const NO_STORE = { "cache-control": "no-store" };

/** The response to a page that wants the rest of a run, or all of it. */
export async function resume<S extends Keepable>(
  load: LoadProvider,
  log: Log,
  place: string,
  request: Request,
  options: ResumeResponseOptions<S> & { readonly of?: ReadAs | undefined },
): Promise<Response> {
  const { as: format = "ui", of, continue: open, onEnd, waitUntil, ...rest } = options;
  if (!["events", "text", "ui"].includes(format)) {
    throw new InvalidOptionError("as", `it must be "events", "text" or "ui".`);
  }
  checkHead(rest);
  // Also where there is nothing to resume: that is the usual case, and the mistake would show in production.
  checkReadAs({ of, continue: open });
  const successor = successorOf({ continue: open, onEnd, waitUntil, onError: rest.onError });
  const asked = askedFor(request);
  if (asked === null) return refused("The cursor is not one of ours.");
  if (format === "text" && asked.cursor !== null) return refused("Text has no cursors: ask for all of it.");
  const { signal } = request;
  try {
    const run = asked.run ?? (await logAnswer(checkedLog(log).latest(place), signal));
    if (run === null || (await logAnswer(hasAll(log, place, run, asked), signal)))
      return new Response(null, { status: 204, headers: NO_STORE });
    const again = (): Promise<Keepable | null> => {
      const { beforeEnd, ...going } = successor(run);
      return readRun(load, log, place, { of, run, ...going }, beforeEnd);
    };
    const stream = await opened(again(), signal);
    if (stream === null) return new Response(null, { status: 204, headers: NO_STORE });
    const reopen = async (): Promise<Keepable> => (await again()) ?? stream;
    const cursor = asked.cursor?.run === run ? asked.cursor : null;
    const sent = { signal, ...rest };
    return await respond(format, stream, sent, { cursor, reopen });
  } catch (error) {
    if (error instanceof InvalidOptionError) throw error;
    if (!(error instanceof RequestLeftError)) report(rest, error);
    return failureResponse(error, { wire: wireOf(format, null, null, rest), run: null }, rest);
  }
}

/**
 * How one reader goes on with a run, and has the program know of its end.
 *
 * @throws InvalidOptionError
 */
function successorOf<S extends Keepable>(
  options: Pick<ResumeResponseOptions<S>, "continue" | "onEnd" | "onError" | "waitUntil">,
): (run: string) => Pick<ReadOptions, "continue" | "waitUntil"> & { readonly beforeEnd?: BeforeEnd } {
  const { continue: open, onEnd, waitUntil } = options;
  checkForm("onEnd", onEnd, aFunction);
  if (open === undefined || onEnd === undefined) {
    if (onEnd !== undefined)
      throw new InvalidOptionError("onEnd", "pass `continue`, too: without it, no run is gone on with.");
    return () => ({ continue: open, waitUntil });
  }
  return (run) => {
    let made: S | undefined;
    return {
      // Its length says whether it needs the messages.
      continue: open.length === 0 ? () => (made = open([])) : (messages) => (made = open(messages)),
      waitUntil,
      // Called by the one that goes on, and no other.
      beforeEnd: async () => made && teller(made, { ...options, onEnd: (stream) => onEnd(stream, run) })(),
    };
  };
}

function refused(words: string): Response {
  return new Response(words, { status: 400, headers: NO_STORE });
}

/** A reader asks a log that fails again, for longer than it takes to answer. */
const LONGEST_OPENING_MS = 20_000;

/** The stream of a run. One that comes too late is left. */
async function opened(stream: Promise<Keepable | null>, signal: AbortSignal): Promise<Keepable | null> {
  try {
    return await logAnswer(stream, signal, LONGEST_OPENING_MS);
  } catch (error) {
    void stream.then(
      (late) => late?.abort(),
      () => {},
    );
    throw error;
  }
}

/** What a page asks for. */
interface Asked {
  readonly run: string | null;
  readonly cursor: Cursor | null;
  /** The last message that it has. */
  readonly message: string | null;
}

/** Null if its cursor cannot be read. */
function askedFor(request: Request): Asked | null {
  const { searchParams } = new URL(request.url);
  // A browser that reconnects asks for the same address again, and says by the header how far it has come since.
  const id = request.headers.get("last-event-id") || searchParams.get("after") || null;
  const cursor = id === null ? null : cursorOf(id);
  if (id !== null && cursor === null) return null;
  return { run: searchParams.get("run") ?? cursor?.run ?? null, cursor, message: searchParams.get("message") };
}

/** Whether the page has all of a run already. */
async function hasAll(log: Log, place: string, run: string, { message, cursor }: Asked): Promise<boolean> {
  return cursor === null && message === run && (await status(log, place, { run }))?.state === "ended";
}

/** The response to a page that wants a run to stop. */
export async function stopped(
  log: Log,
  place: string,
  request: Request,
  options: StopResponseOptions,
): Promise<Response> {
  checkOptions(options, STOP_FORMS);
  const run = new URL(request.url).searchParams.get("run") ?? undefined;
  try {
    const isTold = await logAnswer(stop(log, place, { run, reason: "stopped by a request" }), request.signal);
    return new Response(null, { status: isTold ? 204 : 404, headers: NO_STORE });
  } catch (error) {
    if (!(error instanceof RequestLeftError)) report(options, error);
    return new Response(publicWords(error), { status: statusOf(error), headers: NO_STORE });
  }
}

/** How long a log may take to answer. */
const LONGEST_MS = 5_000;

/**
 * What a log answers, as long as somebody waits for it.
 *
 * @throws LateLogError, RequestLeftError, or the error of the log.
 */
async function logAnswer<V>(answer: Promise<V>, signal: AbortSignal, ms = LONGEST_MS): Promise<V> {
  let stop: (error: Error) => void = () => {};
  const stopped = new Promise<never>((_resolve, reject) => {
    stop = reject;
  });
  const leave = (): void => stop(new RequestLeftError("The client has closed the request."));
  const timer = setTimeout(() => stop(new LateLogError(`The log has not answered within ${ms} ms.`)), ms);
  signal.addEventListener("abort", leave);
  if (signal.aborted) leave();
  try {
    return await Promise.race([answer, stopped]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", leave);
  }
}
