import type { Admission, Limiter } from "../attempt/limiter.ts";
import { MillraceError } from "../errors.ts";
import { startTimer } from "../http/timeout.ts";
import { inspectable } from "../json/inspectable.ts";
import type { RateLimit } from "../provider/provider.ts";
import { checkOptions, notNegative, wholeFrom } from "../schema/option-form.ts";

/** How many requests a limiter lets through, and how long the others wait. */
export interface LimiterOptions {
  /** How many requests may be under way at a time. Default: any number. */
  readonly concurrency?: number | undefined;
  /** How many requests may wait. Default 1,000. */
  readonly queue?: number | undefined;
  /** How long a request may wait, in milliseconds. Default 600,000. */
  readonly maxWait?: number | undefined;
}

/**
 * The queue of a limiter is full. Nothing was sent.
 *
 * @example
 * ```ts
 * import { call, limiter, LimiterQueueFullError } from "millrace/anthropic";
 *
 * const ask = call("claude-sonnet-5-5", { limiter: limiter({ concurrency: 8, queue: 20 }) }, (question: string) => question);
 * await ask("Why is the sky blue?").catch((error: unknown) => {
 *   if (error instanceof LimiterQueueFullError) console.error(`Busy: ${error.waiting} requests wait already.`);
 * });
 * ```
 */
export class LimiterQueueFullError extends MillraceError {
  readonly code = "limiter_queue_full";
  /** How many requests wait. */
  declare readonly waiting: number;
  constructor(waiting: number) {
    super(`The limiter's queue is full: ${waiting} requests wait. Send fewer, or raise queue.`, { waiting });
  }
}

/**
 * A request waited at a limiter for too long, or would have. Nothing was sent.
 *
 * @example
 * ```ts
 * import { call, limiter, LimiterWaitError } from "millrace/anthropic";
 *
 * const ask = call("claude-sonnet-5-5", { limiter: limiter({ maxWait: 5_000 }) }, (question: string) => question);
 * await ask("Why is the sky blue?").catch((error: unknown) => {
 *   if (error instanceof LimiterWaitError) console.error(`No place within ${error.maxWaitMs} ms.`);
 * });
 * ```
 */
export class LimiterWaitError extends MillraceError {
  readonly code = "limiter_wait";
  /** How long a request may wait, in milliseconds. */
  declare readonly maxWaitMs: number;
  /** How many requests were under way. */
  declare readonly running: number;
  constructor(maxWaitMs: number, running: number, problem: string) {
    super(`A request may wait ${maxWaitMs} ms at the limiter (maxWait), and ${problem}.`, { maxWaitMs, running });
  }
}

interface Waiting {
  readonly group: string;
  start(): void;
}

/**
 * Makes the requests of many calls wait for each other, and for the rate limits that providers report. They are sent in
 * the order in which they came, except that none waits for a request whose group of models is paused.
 *
 * @example
 * ```ts
 * import { limiter } from "millrace/anthropic";
 *
 * const shared = limiter({ concurrency: 8 });
 * console.log(shared.running, shared.waiting);
 * ```
 */
export class RequestLimiter implements Limiter {
  readonly #concurrency: number;
  readonly #queueLimit: number;
  readonly #maxWaitMs: number;
  readonly #queue = new Set<Waiting>();
  #running = 0;
  /** Until when nothing of a group is sent: milliseconds since the epoch. */
  readonly #pauses = new Map<string, number>();
  #cancelPause = (): void => {};

  constructor(options: LimiterOptions = {}) {
    checkOptions(options, { concurrency: wholeFrom(1), queue: wholeFrom(0), maxWait: notNegative });
    const { concurrency = Infinity, queue = 1_000, maxWait = 600_000 } = options;
    this.#concurrency = concurrency;
    this.#queueLimit = queue;
    this.#maxWaitMs = maxWait;
    inspectable(this);
  }

  /** How many requests are under way, and how many wait. */
  toJSON(): object {
    const { running, waiting } = this;
    return { running, waiting };
  }

  /** How many requests are under way. */
  get running(): number {
    return this.#running;
  }

  /** How many requests wait. */
  get waiting(): number {
    return this.#queue.size;
  }

  /**
   * Queues a request.
   *
   * @param group - The models that share a rate limit with the one that is asked: provider and name.
   * @throws LimiterQueueFullError; LimiterWaitError if the provider has asked for a pause that is too long.
   */
  enter(group: string): Admission {
    const pauseMs = this.#pauseOf(group);
    if (pauseMs > this.#maxWaitMs) {
      throw new LimiterWaitError(this.#maxWaitMs, this.#running, `the provider asked for a pause of ${pauseMs} ms`);
    }
    const mayGo = this.#running < this.#concurrency && pauseMs === 0;
    if (!mayGo && this.#queue.size >= this.#queueLimit) throw new LimiterQueueFullError(this.#queue.size);
    return this.#wait(group);
  }

  /**
   * Learns from a response.
   *
   * @param limit - Which models a response has paused, and for how many milliseconds.
   */
  observe(limit: RateLimit): void {
    const { group, waitMs } = limit;
    this.#pauses.set(group, Math.max(this.#pauses.get(group) ?? 0, Date.now() + waitMs));
  }

  #wait(group: string): Admission {
    let isRunning = false;
    let leave = (): void => {};
    const ready = new Promise<void>((resolve, reject) => {
      const cancelTimer = startTimer(this.#maxWaitMs, () => {
        leave();
        reject(this.#timeout());
      });
      const place: Waiting = {
        group,
        start: () => {
          cancelTimer();
          isRunning = true;
          this.#running++;
          resolve();
        },
      };
      this.#queue.add(place);
      leave = () => {
        cancelTimer();
        this.#queue.delete(place);
        if (isRunning) this.#running--;
        isRunning = false;
        this.#admit();
      };
    });
    this.#admit();
    return { ready, leave };
  }

  #timeout(): LimiterWaitError {
    const running = `${this.#running} of ${this.#concurrency} requests are under way`;
    const hint = "a tool that asks through the limiter of the stream that called it waits for itself";
    return new LimiterWaitError(this.#maxWaitMs, this.#running, `${running}. Note that ${hint}`);
  }

  #pauseOf(group: string): number {
    const until = this.#pauses.get(group);
    const pauseMs = until === undefined ? 0 : until - Date.now();
    if (until !== undefined && pauseMs <= 0) this.#pauses.delete(group);
    return Math.max(0, pauseMs);
  }

  /** Lets through the requests that may go, and comes back when the next pause ends. */
  #admit(): void {
    this.#cancelPause();
    this.#cancelPause = () => {};
    let nextMs = Infinity;
    for (const place of this.#queue) {
      if (this.#running >= this.#concurrency) return;
      const pauseMs = this.#pauseOf(place.group);
      nextMs = pauseMs > 0 ? Math.min(nextMs, pauseMs) : nextMs;
      if (pauseMs > 0) continue;
      this.#queue.delete(place);
      place.start();
    }
    this.#cancelPause = startTimer(nextMs, () => this.#admit());
  }
}
