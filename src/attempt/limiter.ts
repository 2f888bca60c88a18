import type { RateLimit } from "../provider/provider.ts";

/** Decides when the requests of many calls may be sent. */
export interface Limiter {
  /**
   * Queues a request.
   *
   * @param group - The models that share a rate limit with the one that is asked: provider and name.
   * @throws LimiterQueueFullError or LimiterWaitError if the request cannot wait.
   */
  enter(group: string): Admission;
  /**
   * Learns from a response.
   *
   * @param limit - Which models a response has paused, and for how many milliseconds.
   */
  observe(limit: RateLimit): void;
}

/** The place of a request at a limiter. */
export interface Admission {
  /** Settles when the request may be sent; rejects if it has waited too long. */
  readonly ready: Promise<void>;
  /** Gives the place back, whether the request was sent or still waits. */
  leave(): void;
}
