import type { Log, RunKey } from "../log/log.ts";
import { BATCH_MS } from "./batch-clock.ts";

/** What is watched. */
export interface QuietWatchOptions {
  readonly log: Pick<Log, "wait">;
  readonly key: RunKey;
  readonly leaseMs: number;
  /** Told again and again. @param isDue - Whether the lease has to be renewed before the next time. */
  readonly onTick: (isDue: boolean) => void;
  /** Asks the log why the run is to stop; null if it is not. */
  readonly ask: () => Promise<string | null>;
  /** Told once, if somebody asks the run to stop. */
  readonly onStop: (reason: string) => void;
  readonly onError: (error: unknown) => void;
}

/** How often a lease is renewed while it is valid. */
const BEATS = 3;
/** How often a run looks whether it has been quiet. Twice as long, and a little, is how late it may learn of a stop. */
const TICK_MS = 150;
/** Why nobody waits any more. Without a reason, an error would be made whose stack is traced. */
const OVER = "there is nothing to wait for";

/**
 * Watches over a run while nothing is written of it: its lease has to be renewed, and it may be asked to stop. The answers to
 * its batches tell of a stop, too, so that a run that is not quiet has nothing to wait for.
 */
export class QuietWatch {
  readonly #options: QuietWatchOptions;
  #tickMs = 0;
  /** Whether the log tells of a stop by itself. */
  #isTold = false;
  #ticks: ReturnType<typeof setInterval> | null = null;
  /** When the last batch was written. */
  #batchAt = 0;
  /** Ends the wait for a stop; null if there is none. */
  #waiting: AbortController | null = null;
  /** Whether {@link QuietWatchOptions.onStop} was called. */
  #hasStopped = false;

  constructor(options: QuietWatchOptions) {
    this.#options = options;
  }

  /** The run has begun. @param isTold - Whether the log tells of a stop by itself. */
  start(isTold: boolean): void {
    this.batch();
    this.#isTold = isTold;
    const beatMs = this.#options.leaseMs / BEATS;
    this.#tickMs = isTold ? beatMs : Math.min(beatMs, TICK_MS);
    this.#ticks = setInterval(() => this.#tick(), this.#tickMs);
  }

  /** A batch is written, which renews the lease. */
  batch(): void {
    this.#batchAt = performance.now();
  }

  /** The run is not quiet. */
  leave(): void {
    this.#waiting?.abort(OVER);
    this.#waiting = null;
  }

  /** The log has told why the run is to stop; null if it is not. */
  learn(stop: string | null): void {
    if (stop === null || this.#hasStopped) return;
    this.#hasStopped = true;
    this.leave();
    this.#options.onStop(stop);
  }

  end(): void {
    if (this.#ticks !== null) clearInterval(this.#ticks);
    this.#ticks = null;
    this.leave();
  }

  #tick(): void {
    const { leaseMs, onTick } = this.#options;
    const quietMs = performance.now() - this.#batchAt;
    onTick(quietMs + this.#tickMs > leaseMs / BEATS);
    if (this.#isTold || quietMs < this.#tickMs || this.#waiting !== null) return;
    if (this.#hasStopped || this.#ticks === null) return;
    this.#waiting = new AbortController();
    void this.#wait(this.#waiting.signal);
  }

  /** Learns of a stop at once, rather than when the lease is renewed. */
  async #wait(signal: AbortSignal): Promise<void> {
    const { log, key, ask, onError } = this.#options;
    while (!signal.aborted) {
      try {
        await log.wait(key, { after: Infinity, stop: false }, signal);
        if (signal.aborted) return;
        this.learn(await ask());
      } catch (error) {
        onError(error);
      }
      // It may settle for nothing, as long as the run is not there yet.
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, BATCH_MS));
    }
  }
}
