import { MillraceError } from "../../errors.ts";
import { startTimer } from "../../http/timeout.ts";
import type { Limiter, Turn } from "../../stream/limiter.ts";
import { retryAfterMs } from "./errors.ts";

/** How many requests a limiter lets through. */
export interface LimiterOptions {
  /** How many requests may be under way at a time. Default: as many as come. */
  readonly concurrency?: number | undefined;
  /** How many requests may wait. Default 1,000. */
  readonly queue?: number | undefined;
}

/** As many requests wait at a limiter as may. Nothing was sent. */
export class LimiterQueueFullError extends MillraceError {
  readonly code = "limiter_queue_full";
  /** How many wait. */
  declare readonly waiting: number;
  constructor(waiting: number) {
    super(`${waiting} requests wait already: the limiter's queue is full. Send fewer, or raise queue.`, { waiting });
  }
}

/** What the API limits by the minute; platform.claude.com/docs/en/api/rate-limits. */
const LIMITED = ["requests", "tokens", "input-tokens", "output-tokens"];

/** A limiter made by {@link limiter}. */
export class AnthropicLimiter implements Limiter {
  readonly #concurrency: number;
  readonly #queueLimit: number;
  /** Whoever waits, first come first served. */
  readonly #queue: (() => void)[] = [];
  #running = 0;
  /** Nothing is sent before this: milliseconds since the epoch. */
  #pausedUntil = 0;
  #cancelPause: (() => void) | null = null;

  /** @internal */
  constructor({ concurrency = Infinity, queue = 1_000 }: LimiterOptions) {
    this.#concurrency = concurrency;
    this.#queueLimit = queue;
  }

  /** How many requests are under way. */
  get running(): number {
    return this.#running;
  }

  /** How many requests wait. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** @throws LimiterQueueFullError */
  enter(): Turn {
    if (this.#queue.length >= this.#queueLimit && !this.#isOpen()) throw new LimiterQueueFullError(this.#queue.length);
    let start = (): void => {};
    let state: "waiting" | "running" | "left" = "waiting";
    const ready = new Promise<void>((resolve) => {
      start = () => {
        state = "running";
        this.#running++;
        resolve();
      };
    });
    this.#queue.push(start);
    this.#admit();
    const leave = (): void => {
      if (state === "waiting") this.#queue.splice(this.#queue.indexOf(start), 1);
      if (state === "running") this.#running--;
      state = "left";
      this.#admit();
    };
    return { ready, leave };
  }

  observe(status: number, header: (name: string) => string | null): void {
    const told = status === 429 ? retryAfterMs(header) : undefined;
    if (told !== undefined) this.#pause(Date.now() + told);
    for (const kind of LIMITED) {
      const remaining = header(`anthropic-ratelimit-${kind}-remaining`);
      const reset = Date.parse(header(`anthropic-ratelimit-${kind}-reset`) ?? "");
      if (remaining !== null && Number(remaining) <= 0 && !Number.isNaN(reset)) this.#pause(reset);
    }
  }

  #pause(until: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, until);
  }

  #isOpen(): boolean {
    return this.#running < this.#concurrency && Date.now() >= this.#pausedUntil;
  }

  /** Lets through whoever may go, and waits for nothing where nobody waits. */
  #admit(): void {
    while (this.#queue.length > 0 && this.#isOpen()) this.#queue.shift()?.();
    this.#cancelPause?.();
    const pauseMs = this.#pausedUntil - Date.now();
    this.#cancelPause = this.#queue.length > 0 && pauseMs > 0 ? startTimer(pauseMs, () => this.#admit()) : null;
  }
}

/**
 * Makes requests wait for each other, and for the rate limits that the API tells of: once one is used up, nothing is sent
 * until the time that the API names. It may be shared by many calls; whoever waits is let through in the order of coming,
 * and stops to wait when his call is aborted.
 *
 * @example
 * ```ts
 * import { call, limiter } from "millrace/anthropic";
 *
 * const shared = limiter({ concurrency: 8 });
 * const recommend = call("claude-sonnet-5-5", { limiter: shared }, (genre: string) => `Recommend a ${genre} book`);
 * const books = await Promise.all(["fantasy", "crime", "poetry"].map((genre) => recommend(genre)));
 * ```
 */
export function limiter(options: LimiterOptions = {}): AnthropicLimiter {
  return new AnthropicLimiter(options);
}
