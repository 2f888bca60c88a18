import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { type Body, drain, ignore } from "./request.ts";

/** Bytes that may wait for the reader before the socket is paused. */
const READ_AHEAD_BYTES = 32_768;

/** A response of `node:http`, pulled. */
export class NodeBody implements Body {
  ended = false;
  failure: unknown = null;
  onReady: () => void = ignore;
  readonly #message: IncomingMessage;
  /** Where the bytes come from: the message, or what decompresses it. */
  readonly #source: Readable;
  /** What pauses and resumes the flow. */
  readonly #valve: { pause(): unknown; resume(): unknown };
  #queue: Uint8Array[] = [];
  #size = 0;
  #isPaused = false;
  /** The reader sees for itself what changes while it takes: an agent's own kind of stream may resume at once. */
  #isTaking = false;

  /**
   * @param decoded - The message decompressed, where it was compressed. To be made when the headers arrive, or bytes are
   *   lost.
   */
  constructor(message: IncomingMessage, decoded?: Readable) {
    this.#message = message;
    this.#source = decoded ?? message;
    this.#valve = decoded ?? message.socket;
    if (decoded === undefined) this.#tap(message);
    else decoded.on("data", (bytes: Uint8Array) => this.#keep(bytes));
    this.#source.on("error", (error) => this.#end(error));
    this.#source.on("close", () => {
      this.#end(message.complete ? null : (message.errored ?? new Error("The connection was lost.")));
    });
  }

  take(): Uint8Array | null {
    if (this.#queue.length === 0) {
      this.#isTaking = true;
      this.#resume();
      this.#isTaking = false;
    }
    const bytes = this.#queue.shift() ?? null;
    if (bytes !== null) this.#size -= bytes.length;
    return bytes;
  }

  finish(): void {
    drain(this);
  }

  close(): void {
    this.ended = true;
    this.onReady = ignore;
    this.#queue = [];
    this.#message.destroy();
    this.#source.destroy();
  }

  /** Takes bytes before they get into the message's queue, whose bookkeeping costs more than everything done here. */
  #tap(message: IncomingMessage): void {
    const { push } = message;
    message.push = (bytes: Uint8Array | null, encoding?: BufferEncoding) => {
      if (bytes !== null) {
        this.#keep(bytes);
        return true;
      }
      push.call(message, null, encoding);
      // From here on the connection may serve another request.
      this.#resume();
      if (message.complete) this.#end(null);
      // Only once a message is read does it say that it ended, and free its connection.
      message.resume();
      return false;
    };
  }

  #keep(bytes: Uint8Array): void {
    if (this.ended) return;
    this.#queue.push(bytes);
    this.#size += bytes.length;
    if (this.#size >= READ_AHEAD_BYTES) {
      this.#isPaused = true;
      this.#valve.pause();
    }
    if (!this.#isTaking) this.onReady();
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
    if (!this.#isTaking) this.onReady();
  }
}
