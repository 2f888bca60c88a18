import type { ServerResponse } from "node:http";
import { TLSSocket } from "node:tls";
// Imported, so that a test's fake timers do not stop the server.
import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import { constants, createGzip, type Gzip } from "node:zlib";
import type { ReplyOutcome, ReplyProgress } from "./recorded-request.ts";

/** The progress of a reply, as its writer updates it. */
export type WritableProgress = { -readonly [Key in Exclude<keyof ReplyProgress, "closed">]: ReplyProgress[Key] };

/** How long to let the client read what was sent before a reset. */
const RESET_DELAY_MS = 20;

/** Writes one HTTP response, no faster than the client reads it, and notices when the client goes away. */
export class ResponseWriter {
  readonly progress: WritableProgress = { status: null, eventsWritten: 0, bytesWritten: 0, outcome: "pending" };
  /** Resolves when the response is over, for whatever reason. */
  readonly closed: Promise<void>;

  readonly #response: ServerResponse;
  #gzip: Gzip | null = null;
  #wake: () => void = () => {};
  #spoiled = false;
  /** How many writes are still pending. */
  #writing = 0;
  #whenWritten: () => void = () => {};

  constructor(response: ServerResponse) {
    this.#response = response;
    // Writing to a client that has just gone is not a problem: `close` follows.
    response.on("error", () => {});
    this.closed = new Promise((resolve) => {
      response.once("close", () => {
        this.progress.outcome = this.#outcome();
        this.#gzip?.destroy();
        this.#wake();
        resolve();
      });
    });
  }

  /** Whether nothing more can be written, because the response has ended or the client has gone. */
  get isClosed(): boolean {
    return this.progress.outcome !== "pending";
  }

  /** Sends the status and headers immediately. */
  head(status: number, headers: Readonly<Record<string, string>>, gzip: boolean | undefined): void {
    this.progress.status = status;
    if (gzip === true) {
      this.#gzip = createGzip().on("data", (bytes: Buffer) => this.#send(bytes));
      this.#response.setHeader("content-encoding", "gzip");
    }
    this.#response.writeHead(status, headers);
    this.#response.flushHeaders();
  }

  /** Writes, and resolves when the client can take more. */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.isClosed) return;
    const gzip = this.#gzip;
    if (gzip === null) {
      this.#send(bytes);
    } else {
      gzip.write(bytes);
      await this.#sleep((wake) => gzip.flush(constants.Z_SYNC_FLUSH, wake));
    }
    if (this.#response.writableNeedDrain) await this.#sleep((wake) => this.#response.once("drain", wake));
  }

  /** Resolves after `ms` milliseconds, or when the response is over. 0 means the next turn of the event loop. */
  wait(ms: number): Promise<void> {
    if (this.isClosed) return Promise.resolve();
    if (ms === 0) return new Promise((resolve) => setImmediate(resolve));
    let timer: NodeJS.Timeout | undefined;
    return this.#sleep((wake) => (timer = setTimeout(wake, ms))).finally(() => clearTimeout(timer));
  }

  /** Ends the body. */
  async end(): Promise<void> {
    if (this.isClosed) return;
    const gzip = this.#gzip;
    if (gzip !== null) await this.#sleep((wake) => gzip.once("end", wake).end());
    this.#response.end();
    await this.closed;
  }

  /** Ends the body although it is incomplete. */
  cutOff(): Promise<void> {
    this.#spoiled = true;
    return this.end();
  }

  /** Closes or resets the connection, once everything written so far has been sent. */
  async destroy(reset = false): Promise<void> {
    this.#spoiled = true;
    const { socket } = this.#response;
    await this.#written();
    // Node cannot reset a TLS socket.
    if (reset && socket !== null && !(socket instanceof TLSSocket)) {
      // A reset discards what the client has not read yet.
      if (this.progress.status !== null) await this.wait(RESET_DELAY_MS);
      socket.resetAndDestroy();
    } else {
      this.#response.destroy();
    }
    await this.closed;
  }

  /** Closes the sending side in the middle of the body, and waits for the client to close the other side. */
  async halfClose(): Promise<void> {
    this.#spoiled = true;
    await this.#written();
    this.#response.socket?.end();
    await this.closed;
  }

  /** Resolves when everything written so far has been sent. */
  async #written(): Promise<void> {
    if (this.#writing > 0) await this.#sleep((wake) => (this.#whenWritten = wake));
  }

  #send(bytes: Uint8Array): void {
    this.#writing++;
    this.#response.write(bytes, (error) => {
      if (!error) this.progress.bytesWritten += bytes.length;
      if (--this.#writing === 0) this.#whenWritten();
    });
  }

  /** Waits until `wake` is called, or the response is over. */
  #sleep(begin: (wake: () => void) => void): Promise<void> {
    if (this.isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
      begin(() => resolve());
    });
  }

  #outcome(): ReplyOutcome {
    if (this.#spoiled) return "cut";
    return this.#response.writableFinished ? "complete" : "aborted";
  }
}
