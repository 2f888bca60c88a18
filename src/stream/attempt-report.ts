import type { MillraceError } from "../errors.ts";
import type { Attempt } from "../attempt/attempt.ts";
import type { Outcome } from "../attempt/lifecycle.ts";
import type { Native } from "../provider/native.ts";

/** One request of a call, and what came of it. */
export interface AttemptReport<out N extends Native = Native> {
  /** The model that was asked. */
  readonly model: string;
  readonly outcome: Outcome;
  /** What ended it, or null while it is pending or complete. */
  readonly error: MillraceError | null;
  readonly requestId: string | null;
  /** The native message of this request alone; null before its first event. */
  readonly message: N["message"] | null;
  readonly usage: N["usage"];
  /** Milliseconds since the epoch. */
  readonly startTime: number | null;
  readonly endTime: number | null;
}

/** The report of an attempt. */
export function reportOf<N extends Native>(attempt: Attempt<N>): AttemptReport<N> {
  const { model, outcome, error, requestId, usage, times } = attempt;
  return {
    model,
    outcome,
    error,
    requestId: requestId ?? error?.requestId ?? null,
    message: attempt.decoder.message,
    usage,
    startTime: times.start,
    endTime: times.end,
  };
}
