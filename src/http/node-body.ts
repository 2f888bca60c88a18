import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type { Body } from "./request.ts";
import { startTimer } from "./timeout.ts";

/** Bytes that may wait for the reader before the socket is paused. */
const READ_AHEAD_BYTES = 32_768;
/** How long a finished body may take to end, before its connection is given up. */
const LINGER_MS = 1_000;

/** A response of `node:http`, pulled. */
export class NodeBody implements Body {
  ended = false;
  failure: unknown = null;
  onReady: () => void = () => {};
  readonly #message: IncomingMessage;
  /** What pauses and resumes the flow. */
  readonly #valve: { pause(): unknown; resume(): unknown };
  #queue: Uint8Array[] = [];
  #size = 0;
  #isPaused = false;

  /** @param decoded - The message decompressed, where it was compressed. Made as the headers come, or bytes are lost. */
  constructor(message: IncomingMessage, decoded?: Readable) {
    this.#message = message;
    this.#valve = decoded ?? message.socket;
    if (decoded === undefined) this.#tap(message);
    else decoded.on("data", (bytes: Uint8Array) => this.#keep(bytes));
    const source = decoded ?? message;
    source.on("error", (error) => this.#end(error));
    source.on("close", () => {
      this.#end(message.complete ? null : (message.errored ?? new Error("The connection was lost.")));
    });
  }

  take(): Uint8Array | null {
    const bytes = this.#queue.shift();
    if (bytes !== undefined) {
      this.#size -= bytes.length;
      return bytes;
    }
    this.#resume();
    return null;
  }

  finish(): void {
    if (this.ended) return;
    const cancel = startTimer(LINGER_MS, () => this.close());
    // The rest is read, so that the connection may be used again.
    this.onReady = () => {
      while (this.take() !== null);
      if (this.ended) cancel();
    };
    this.onReady();
  }

  close(): void {
    this.#message.destroy();
  }

  /** Takes bytes before they get into the message's queue, whose bookkeeping costs more than all that is done here. */
  #tap(message: IncomingMessage): void {
    const { push } = message;
    message.push = (bytes: Uint8Array | null, encoding?: BufferEncoding) => {
      if (bytes !== null) {
        this.#keep(bytes);
        return true;
      }
      push.call(message, null, encoding);
      // From here on the connection may be somebody else's.
      this.#resume();
      if (message.complete) this.#end(null);
      // Its end is told, and its connection free again, only once it is read.
      message.resume();
      return false;
    };
  }

  #keep(bytes: Uint8Array): void {
    this.#queue.push(bytes);
    this.#size += bytes.length;
    if (this.#size >= READ_AHEAD_BYTES) {
      this.#isPaused = true;
      this.#valve.pause();
    }
    this.onReady();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#valve.resume();
  }

  #end(failure: unknown): void {
    if (this.ended) return;
    this.ended = true;
    this.failure = failure;
    this.onReady();
  }
}
