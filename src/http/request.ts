import type { MillraceError } from "../errors.ts";
import { startTimer } from "./timeout.ts";

/** A request, ready to be sent. */
export interface HttpRequest {
  /** Default: `POST`. A `GET` has no body, which is then `""`. */
  readonly method?: "GET" | undefined;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Gives the values in this request that must not be seen in errors. */
  readonly secrets: () => readonly string[];
  /** How long connecting may take, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** A `node:http` or `node:https` Agent; transports other than Node's ignore it. */
  readonly agent: unknown;
}

/** A response whose headers have arrived. */
export interface HttpResponse {
  readonly status: number;
  header(name: string): string | null;
  readonly body: Body;
  /** The error that an SDK client has made of the response already, body and all. */
  readonly error?: MillraceError;
}

/**
 * The pieces of a response, bytes unless a client has read them already, pulled by one reader: nothing is read far ahead of {@link take}.
 *
 * No method calls {@link onReady} before it returns: a reader is never called while it is itself calling.
 */
export interface Body<Piece = unknown> {
  /** What has arrived since the last call. Null if nothing has, or nothing more will: see {@link ended}. */
  take(): Piece | null;
  /** True once nothing more will arrive; what arrived before may still be taken. Read it after {@link take}. */
  ended: boolean;
  /** Why the body ended early, or null. */
  failure: unknown;
  /** Called when {@link take} or {@link ended} may have changed since the reader last looked. */
  onReady: () => void;
  /** The message is complete, and the reader is done: the connection may be used again. */
  finish(): void;
  /** Cuts the connection. The body has then ended, there is nothing to take, and the reader is not called again. */
  close(): void;
}

/** One request on its way. */
export interface Exchange {
  /** Rejects with a ConnectionError, a StreamTimeoutError or a RedirectError. It settles even after {@link close}. */
  readonly response: Promise<HttpResponse>;
  /** Cuts the connection at once, also that of a response which has yet to arrive. */
  close(): void;
}

/** Sends a request. */
export type Transport = (request: HttpRequest) => Exchange;

/** Does nothing: for where a callback is expected, and nothing has to be done. */
export function ignore(): void {}

/** Of a piece that consists of something else. */
const NO_BYTES = new Uint8Array();

/**
 * Reads a body to its end as text. At the limit of bytes, or when the time is over, it closes the body and gives what
 * has arrived.
 */
export async function readText(body: Body, limitBytes: number, timeoutMs = Infinity): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let left = limitBytes;
  let isLate = false;
  let wake = ignore;
  const cancelTimer = startTimer(timeoutMs, () => {
    isLate = true;
    wake();
  });
  while (left > 0 && !isLate) {
    const bytes = body.take();
    if (bytes !== null) {
      const piece = bytes instanceof Uint8Array ? bytes.subarray(0, left) : NO_BYTES;
      text += decoder.decode(piece, { stream: true });
      // Pieces without bytes count as well, or there could be any number of them.
      left -= piece.length || 1;
    } else if (body.ended) {
      break;
    } else {
      await new Promise<void>((resolve) => (body.onReady = wake = resolve));
    }
  }
  cancelTimer();
  if (!body.ended) body.close();
  return text + decoder.decode();
}

/** For how many bytes, and how long, the rest of a finished body is read before its connection is given up. */
const DRAIN_BYTES = 65_536;
const DRAIN_MS = 1_000;

/** Reads the rest of a body, so that its connection may be used again. */
export function drain(body: Body): void {
  if (!body.ended) void readText(body, DRAIN_BYTES, DRAIN_MS);
}
