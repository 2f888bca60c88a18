/**
 * Time limits of a call, in milliseconds; `Infinity` switches one off.
 *
 * The defaults, and why: `connect` 10,000, since a connection that takes longer will not come; `firstContent` 600,000,
 * since a model may think for minutes before its first word (the official SDKs wait ten minutes as well); `idle`
 * 300,000, since tools that the provider runs are silent for minutes; no `total`, since a long answer is not a fault.
 */
export interface Timeout {
  /**
   * From the request to the end of the TLS handshake, a proxy's `CONNECT` included; with `fetch` or an SDK client, to the
   * response's headers. Time spent in the queue of an agent of yours does not count. Default 10,000.
   */
  readonly connect?: number | undefined;
  /** From the request to the first content. Counts only while a read waits. Default 600,000. */
  readonly firstContent?: number | undefined;
  /**
   * Between two events that change the message; pings and comments are not progress. Counts only while a read waits, so
   * that a slow reader is not taken for a stall. Default 300,000.
   */
  readonly idle?: number | undefined;
  /** The whole call, whether or not a read waits. Default: none. */
  readonly total?: number | undefined;
}

/** Every limit, set. */
export type TimeoutLimits = { readonly [Limit in keyof Timeout]-?: number };

/** The limits of a call that sets none. */
export const defaultTimeout: TimeoutLimits = { connect: 10_000, firstContent: 600_000, idle: 300_000, total: Infinity };

/** A longer one makes setTimeout fire at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Calls back once, after `ms`; never for `Infinity`. Returns what cancels it. */
export function startTimer(ms: number, onEnd: () => void): () => void {
  if (ms === Infinity) return () => {};
  const timer = setTimeout(onEnd, Math.min(ms, LONGEST_TIMER_MS));
  return () => clearTimeout(timer);
}

/**
 * Measures how long reads have waited since the last progress, and calls back when that exceeds the limit. There is one
 * timer at a time, and it checks the wait only when it fires: a stream of thousands of reads starts a handful.
 */
export class StallTimer {
  readonly #onStall: (limitMs: number) => void;
  #limitMs = 0;
  #waitedMs = 0;
  /** When the current wait began; -1 while nothing waits. */
  #since = -1;
  #cancel: (() => void) | null = null;
  #hasGrace = false;

  constructor(onStall: (limitMs: number) => void) {
    this.#onStall = onStall;
  }

  /** A read begins to wait. Together with earlier waits since the last progress it may take `limitMs`. */
  wait(limitMs: number): void {
    if (limitMs !== this.#limitMs) this.stop();
    this.#limitMs = limitMs;
    this.#since = performance.now();
    if (this.#cancel === null) this.#arm(limitMs - this.#waitedMs);
  }

  /** The wait is over, with or without progress. */
  resume(): void {
    if (this.#since !== -1) this.#waitedMs += performance.now() - this.#since;
    this.#since = -1;
    this.#hasGrace = false;
  }

  /** The message grew. */
  progress(): void {
    this.#waitedMs = 0;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#since = -1;
  }

  #arm(ms: number): void {
    this.#cancel = startTimer(ms, () => {
      this.#cancel = null;
      if (this.#since === -1) return;
      const leftMs = this.#limitMs - this.#waitedMs - (performance.now() - this.#since);
      // If this process was busy, what it waits for may have arrived: it is read before the next timer.
      const isLast = leftMs <= 0 && this.#hasGrace;
      this.#hasGrace = leftMs <= 0;
      if (isLast) this.#onStall(this.#limitMs);
      else this.#arm(Math.max(1, Math.ceil(leftMs)));
    });
  }
}
