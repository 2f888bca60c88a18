import type { Body } from "./request.ts";
import { startTimer } from "./timeout.ts";

/** How long a finished body may take to end, before it is given up. */
const LINGER_MS = 1_000;

/** A body that is pulled piece by piece: a web stream's reader, or an async iterator. */
export class PulledBody implements Body {
  ended = false;
  failure: unknown = null;
  onReady: () => void = () => {};
  readonly #pull: () => Promise<{ readonly done?: boolean | undefined; readonly value?: Uint8Array | undefined }>;
  readonly #cancel: () => void;
  #bytes: Uint8Array | null = null;
  #isPulling = false;

  /** @param cancel - Gives the rest up. */
  constructor(
    pull: () => Promise<{ readonly done?: boolean | undefined; readonly value?: Uint8Array | undefined }>,
    cancel: () => void,
  ) {
    this.#pull = pull;
    this.#cancel = cancel;
  }

  take(): Uint8Array | null {
    const bytes = this.#bytes;
    this.#bytes = null;
    if (bytes === null && !this.ended && !this.#isPulling) void this.#read();
    return bytes;
  }

  finish(): void {
    // The rest is read, so that the connection may be used again.
    const cancelTimer = startTimer(LINGER_MS, () => this.close());
    this.onReady = () => {
      if (this.ended) cancelTimer();
      else this.take();
    };
    this.onReady();
  }

  close(): void {
    this.ended = true;
    this.#cancel();
  }

  async #read(): Promise<void> {
    this.#isPulling = true;
    try {
      const { done, value } = await this.#pull();
      if (done === true) this.ended = true;
      else this.#bytes = value ?? null;
    } catch (error) {
      this.failure = error;
      this.ended = true;
    }
    this.#isPulling = false;
    this.onReady();
  }
}
