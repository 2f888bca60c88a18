import type { Log } from "../log/log.ts";

/** How long records wait for others, at most: the delay of a reader elsewhere. */
export const BATCH_MS = 50;
/** How many runs are written without a pause: live readers have to wait for it, some 20 µs for each. */
const MOST_AT_ONCE = 100;

/** Logs share no clock: the timers of a Worker end with its request, which has a log of its own. */
const clocks = new WeakMap<Log, BatchClock>();

/**
 * When the runs of a log are written: all of those that have something to write at the same time, since what many do one
 * after another costs far less than what each does by itself. The log can send them together, too.
 */
export class BatchClock {
  /** Those that are written when the time has come. */
  #waiting = new Set<() => void>();
  /** Those whose time has come. */
  #due = new Set<() => void>();
  #timer: ReturnType<typeof setTimeout> | null = null;
  readonly #tick = (): void => this.#writeSome();

  static of(log: Log): BatchClock {
    const clock = clocks.get(log) ?? new BatchClock();
    clocks.set(log, clock);
    return clock;
  }

  /** Calls it after {@link BATCH_MS}, or a little later if there are many, once. */
  add(write: () => void): void {
    this.#waiting.add(write);
    if (this.#timer === null) this.#timer = setTimeout(this.#tick, BATCH_MS);
  }

  /** Calls it no more. */
  delete(write: () => void): void {
    this.#waiting.delete(write);
    this.#due.delete(write);
  }

  #writeSome(): void {
    if (this.#due.size === 0) [this.#due, this.#waiting] = [this.#waiting, this.#due];
    try {
      let count = 0;
      for (const write of this.#due) {
        if (count === MOST_AT_ONCE) break;
        count += 1;
        this.#due.delete(write);
        write();
      }
    } finally {
      // Not before: what is written may have more to write at once.
      const isLeft = this.#due.size > 0;
      const isOver = !isLeft && this.#waiting.size === 0;
      this.#timer = isOver ? null : setTimeout(this.#tick, isLeft ? 0 : BATCH_MS);
    }
  }
}
