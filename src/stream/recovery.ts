import type { MillraceError } from "../errors.ts";
import { defined } from "../json/object.ts";
import type { Native } from "../provider.ts";
import type { CallPlan, Target } from "./plan.ts";

/** How a request that failed before its first content is sent again; nothing but `stream.attempts` tells of it. */
export interface RetryOptions {
  /** The most requests to one model, the first included. Default 3. */
  readonly attempts?: number | undefined;
  /** Milliseconds before the second request; before each further one twice as long. Shortened by chance, by up to half. Default 500. */
  readonly delay?: number | undefined;
  /** The longest of these waits, in milliseconds. Default 8,000. */
  readonly maxDelay?: number | undefined;
  /** The longest wait that the provider may ask for, in milliseconds. If it asks for more, the error stands. Default 60,000. */
  readonly maxRetryAfter?: number | undefined;
}

/** What happens when a stream ends after its first content, and before its message does. */
export type Interruption =
  /** The stream ends with the error. */
  | "fail"
  /** The request is sent again, and its stream begins with a pair that says so. */
  | "restart"
  /** The model is asked for the rest. */
  | "continue"
  /** The same, in these words: those of a user's turn after the cut reply. */
  | { readonly continueWith: string };

/** The event of ours that a stream has where another attempt takes over. */
export interface RecoveryEvent {
  /** `restart`: forget what was shown, it begins anew. `continue`: it goes on. */
  readonly type: "restart" | "continue";
  /** The place of the new attempt in `stream.attempts`. */
  readonly attempt: number;
  /** What ended the one before. */
  readonly cause: MillraceError;
}

/** {@link RetryOptions}, complete. */
export interface RetryPolicy {
  readonly attempts: number;
  readonly delay: number;
  readonly maxDelay: number;
  readonly maxRetryAfter: number;
  /** False: what fails before its content has failed. */
  readonly isOn: boolean;
}

const defaultRetry: RetryPolicy = { attempts: 3, delay: 500, maxDelay: 8_000, maxRetryAfter: 60_000, isOn: true };

/** What the option `retry` comes to. */
export function retryPolicy(option: false | RetryOptions = {}): RetryPolicy {
  return { ...defaultRetry, ...(option === false ? { isOn: false } : defined(option)) };
}

/** Whom to ask next, and when; null where the error stands. */
export function nextTry<N extends Native>(
  { retry, targets }: CallPlan<N>,
  asked: readonly Target<N>[],
  { retryable, retryAfterMs = 0, status }: MillraceError,
): { readonly target: Target<N>; readonly waitMs: number } | null {
  const target = asked.at(-1) ?? targets[0];
  const tries = asked.filter((other) => other === target).length;
  if (retryable && tries < retry.attempts && retryAfterMs <= retry.maxRetryAfter) {
    const backoff = Math.min(retry.delay * 2 ** (tries - 1), retry.maxDelay) * (1 - Math.random() / 2);
    return { target, waitMs: retryAfterMs || backoff };
  }
  // A model that is not there may be missed by one model alone.
  const other = retryable || status === 404 ? targets[targets.indexOf(target) + 1] : undefined;
  return other === undefined ? null : { target: other, waitMs: 0 };
}
