import type { MillraceError } from "../errors.ts";
import { defined } from "../json/object.ts";
import type { Native } from "../provider/native.ts";
import type { Target } from "./plan.ts";

/** How a request that fails before its first content is sent again. Only `stream.attempts` shows that it was. */
export interface RetryOptions {
  /** The most requests to one model, the first included. Default 3. */
  readonly attempts?: number | undefined;
  /** Milliseconds before the second request, doubled before each further one. Randomly shortened by up to half. Default 500. */
  readonly delay?: number | undefined;
  /** The longest of these delays, in milliseconds. Default 8,000. */
  readonly maxDelay?: number | undefined;
  /** The longest delay that the provider may ask for, in milliseconds. If it asks for more, the error stands. Default 60,000. */
  readonly maxRetryAfter?: number | undefined;
}

/** How to recover if a stream is interrupted after its first content, and before its message is complete. */
export type Interruption =
  /** The stream ends with the error. */
  | "fail"
  /** The request is sent again, and a pair with a `recovery` marks where its reply begins. */
  | "restart"
  /** The model is asked for the rest. */
  | "continue"
  /** The same, in these words, which are sent as the user's next message. */
  | { readonly continueWith: string };

/** {@link RetryOptions}, complete. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly delay: number;
  readonly maxDelay: number;
  readonly maxRetryAfter: number;
  /** False: no request follows one that fails before its first content, whose pairs need not be held until then. */
  readonly isOn: boolean;
}

const defaultRetry: RetryPolicy = { attempts: 3, delay: 500, maxDelay: 8_000, maxRetryAfter: 60_000, isOn: true };

/**
 * Completes the option `retry`.
 *
 * @param hasFallback - Whether there is another model to ask: without retries, each of them is asked once.
 */
export function retryPolicy(option: false | RetryOptions = {}, hasFallback = false): RetryPolicy {
  const off = hasFallback ? { attempts: 1 } : { isOn: false };
  return { ...defaultRetry, ...(option === false ? off : defined(option)) };
}

/** The next request of a call. */
export interface NextTry {
  /** The index of the target. */
  readonly target: number;
  readonly waitMs: number;
}

/**
 * Decides which target to ask next, and when; null if the error stands.
 *
 * @param asked - The indices of the targets that were asked, in order.
 */
export function nextTry<N extends Native>(
  retry: RetryPolicy,
  targets: readonly Target<N>[],
  asked: readonly number[],
  error: MillraceError,
): NextTry | null {
  const { retryable, retryAfterMs = 0, status } = error;
  const target = asked.at(-1) ?? 0;
  const tries = asked.filter((other) => other === target).length;
  if (retryable && tries < retry.attempts && retryAfterMs <= retry.maxRetryAfter) {
    const backoff = Math.min(retry.delay * 2 ** (tries - 1), retry.maxDelay) * (1 - Math.random() / 2);
    return { target, waitMs: retryAfterMs || backoff };
  }
  const next = targets.findIndex(({ when }, place) => {
    // A model that does not exist at one provider may exist at the next.
    return place > target && (when === undefined ? retryable || status === 404 : when(error));
  });
  return next === -1 ? null : { target: next, waitMs: 0 };
}
