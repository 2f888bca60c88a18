import { StreamAbortedError } from "../errors.ts";
import { inTime } from "../log/in-time.ts";
import { LONGEST_CLOSING_MS } from "../resume/closing.ts";
import { StaleCursorError, runToken } from "./cursor.ts";
import { END, Feed, LATE } from "./feed.ts";
import { codeOf, retryAfterOf, statusOf } from "./public-error.ts";
import { errorTextOf, report, type StreamResponseOptions } from "./response-options.ts";
import type { PairReader } from "./shown-pair.ts";
import type { Wire } from "./wire.ts";

/** A stream that is sent to a browser. */
export interface Sent {
  readonly reader: PairReader;
  readonly wire: Wire;
  /** The name of the run; null if the stream is not kept. */
  readonly run: string | null;
  /** What the end waits for: the program may store the conversation first. Never rejects. */
  readonly told: Promise<void>;
  /** Reads the run again from its beginning, for a page that comes back. Undefined: the stream begins with this response. */
  readonly reopen?: (() => Promise<PairReader>) | undefined;
}

const FIRST_CONTENT_MS = 5_000;
const KEEP_ALIVE_MS = 15_000;
/** So much is sent at once. */
const MOST_AT_ONCE = 8 * 1024;
/** The reader has gone before there was anything to send. Nobody will see it. */
const CLIENT_CLOSED = 499;

/** The response that a stream is sent by. */
export async function streamResponse(sent: Sent, options: StreamResponseOptions<never>): Promise<Response> {
  const { signal, firstContentMs = FIRST_CONTENT_MS } = options;
  const sender = new Sender(sent, options);
  if (signal?.aborted) sender.cut();
  else signal?.addEventListener("abort", sender.cut);
  try {
    // It is not this request that has failed, if a run that a page comes back to has.
    if (sent.reopen === undefined) await sender.feed.hasBegun(firstContentMs);
  } catch (error) {
    sender.leave();
    report(options, error);
    await inTime(sent.told, LONGEST_CLOSING_MS).catch(() => {});
    return failureResponse(error, sent, options);
  }
  const { wire, reader } = sent;
  const run = reader.isPartial ? null : sent.run;
  const headers = headersOf(
    { wire, run },
    { "cache-control": "no-cache, no-transform", "x-accel-buffering": "no" },
    options,
  );
  if (sender.feed.hasLeft) return new Response(null, { status: CLIENT_CLOSED, headers });
  return new Response(sender.body(), { status: options.status ?? 200, headers });
}

/** The response for an error before the first content. */
export function failureResponse(
  error: unknown,
  { wire, run }: Pick<Sent, "wire" | "run">,
  options: StreamResponseOptions<never>,
): Response {
  const message = errorTextOf(options)(error);
  const { hasJsonErrors } = wire;
  const type = hasJsonErrors ? "application/json" : "text/plain; charset=utf-8";
  const headers = headersOf({ wire: null, run }, { "content-type": type, "cache-control": "no-store" }, options);
  const retryAfter = retryAfterOf(error);
  if (retryAfter !== null) headers.set("retry-after", retryAfter);
  const body = hasJsonErrors ? JSON.stringify({ code: codeOf(error), message }) : message;
  return new Response(body, { status: statusOf(error), headers });
}

const RUN_HEADER = "x-millrace-run";

function headersOf(
  { wire, run }: { readonly wire: Wire | null; readonly run: string | null },
  own: Readonly<Record<string, string>>,
  { headers: given }: StreamResponseOptions<never>,
): Headers {
  const headers = new Headers({ ...own, ...wire?.headers });
  for (const [name, value] of new Headers(given)) {
    if (name === "set-cookie") headers.append(name, value);
    else if (wire !== null || name !== "content-type") headers.set(name, value);
  }
  if (run === null) return headers;
  headers.set(RUN_HEADER, runToken(run));
  headers.append("access-control-expose-headers", RUN_HEADER);
  return headers;
}

/** Sends a stream at the pace of its reader. */
class Sender {
  feed: Feed;
  readonly #sent: Sent;
  readonly #options: StreamResponseOptions<never>;
  readonly #encoder = new TextEncoder();
  readonly #keepAliveMs: number;
  #hasStarted = false;
  #isOver = false;
  /** Whether the signal has ended the reading. */
  #isCut = false;
  /** Whether it has done so before the end of a stream that goes on. */
  #isLeft = false;
  #lastSent = -Infinity;

  constructor(sent: Sent, options: StreamResponseOptions<never>) {
    const { keepAliveMs = KEEP_ALIVE_MS } = options;
    this.#sent = sent;
    this.#options = options;
    this.#keepAliveMs = sent.wire.keepAlive === null ? Infinity : keepAliveMs;
    this.feed = new Feed(sent.reader);
  }

  readonly leave = (): void => {
    this.#options.signal?.removeEventListener("abort", this.cut);
    this.feed.leave();
  };

  /** Ends the reading in the reader's place, who is told of it. */
  readonly cut = (): void => {
    this.#isCut = true;
    this.leave();
  };

  /** Nothing is read before it is asked for. */
  body(): ReadableStream<Uint8Array> {
    const source: UnderlyingDefaultSource<Uint8Array> = {
      pull: (controller) => this.#pull(controller),
      cancel: this.leave,
    };
    return new ReadableStream(source, { highWaterMark: 0 });
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      let text = "";
      while (text === "" && !this.#isOver && !this.#isCut) text = await this.#next();
      if (this.#isCut && !this.#isOver) text += this.#cutOff();
      this.#lastSent = performance.now();
      if (text !== "") controller.enqueue(this.#encoder.encode(text));
      if (this.#failure !== null) throw this.#failure;
      if (this.#isOver) this.#close(controller);
    } catch (error) {
      this.leave();
      controller.error(error);
    }
  }

  /** The error that breaks the connection. */
  get #failure(): unknown {
    // A kept stream goes on, so it has no end that a page could be told: it comes back.
    const isLeft = this.#isLeft ? (this.#options.signal?.reason ?? new StreamAbortedError()) : null;
    return this.#sent.wire.failure ?? isLeft;
  }

  #close(controller: ReadableStreamDefaultController<Uint8Array>): void {
    this.leave();
    controller.close();
  }

  /** What there is to send next; `""` if it is nothing. */
  async #next(): Promise<string> {
    const { wire } = this.#sent;
    if (!this.#hasStarted) {
      this.#hasStarted = true;
      wire.start(this.#sent.reader.isPartial);
      return wire.take();
    }
    const start = performance.now();
    let waitMs = this.#keepAliveMs;
    do {
      const item = await this.feed.take(waitMs);
      if (item === LATE) break;
      if (item === END) {
        await inTime(this.#sent.told, LONGEST_CLOSING_MS).catch(() => {});
        this.#end();
      } else if (!(await this.#write(item))) break;
      // Much may come that is not shown: that is silence, too.
      const until = wire.size > 0 ? this.#lastSent + wire.windowMs : start + this.#keepAliveMs;
      waitMs = until - performance.now();
    } while (waitMs > 0 && wire.size < MOST_AT_ONCE && !this.#isOver && !this.#isCut);
    const isQuiet = !this.#isOver && !this.#isCut;
    return wire.take() || (isQuiet ? (wire.keepAlive ?? "") : "");
  }

  /** What is sent last where the signal has ended the reading. */
  #cutOff(): string {
    const { wire, run } = this.#sent;
    this.#isOver = true;
    if (run === null) {
      if (!this.#hasStarted) wire.start(false);
      wire.end({ ...this.feed.ending, outcome: "aborted", error: new StreamAbortedError(), isStopped: true });
    } else this.#isLeft = true;
    return wire.take();
  }

  #end(): void {
    // The reading has ended, not the stream.
    if (this.#isCut) return;
    this.#isOver = true;
    const { ending } = this.feed;
    if (ending.error !== null && !ending.isStopped) report(this.#options, ending.error);
    this.#sent.wire.end(ending);
  }

  /** Gives whether more follows. */
  async #write(pair: Parameters<Wire["pair"]>[0]): Promise<boolean> {
    const { wire, reopen } = this.#sent;
    try {
      wire.pair(pair);
    } catch (error) {
      if (!(error instanceof StaleCursorError)) throw error;
      this.feed.leave();
      if (wire.startOver() && reopen !== undefined) {
        this.feed = new Feed(await reopen());
        if (this.#isCut) this.feed.leave();
      } else this.#isOver = true;
    }
    if (wire.isOver) this.#isOver = true;
    return !this.#isOver;
  }
}
