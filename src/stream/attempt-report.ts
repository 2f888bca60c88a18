import type { MillraceError } from "../errors.ts";
import type { Attempt } from "../attempt/attempt.ts";
import type { Outcome } from "../attempt/lifecycle.ts";
import type { Native } from "../provider/native.ts";

/** One request of a call, and what came of it. */
export interface AttemptReport<out N extends Native = Native> {
  /** The provider that was asked, such as `"anthropic"`. */
  readonly provider: string;
  /** The model that was asked. */
  readonly model: string;
  /** How the request ended; `pending` while it runs. */
  readonly outcome: Outcome;
  /** What ended it, or null while it is pending or complete. */
  readonly error: MillraceError | null;
  /** The provider's id of the request, or null before it is known. */
  readonly requestId: string | null;
  /** The native message of this request alone; null before its first event. */
  readonly message: N["message"] | null;
  /** What this request used. */
  readonly usage: N["usage"];
  /**
   * The parts of the call that were left out, since this model's provider has nothing like them, or they were made for
   * another provider: `"params.topK"`, `"callParams"`, `"client"`, tools by their names.
   */
  readonly leftOut: readonly string[];
  /** When it began: milliseconds since the epoch, or null. */
  readonly startTime: number | null;
  /** When it ended: milliseconds since the epoch, or null. */
  readonly endTime: number | null;
}

/** The report of an attempt. */
export function reportOf<N extends Native>(attempt: Attempt<N>): AttemptReport<N> {
  const { model, outcome, error, requestId, times } = attempt;
  return {
    provider: attempt.provider.name,
    model,
    outcome,
    error,
    requestId: requestId ?? error?.requestId ?? null,
    message: attempt.decoder.message,
    get usage() {
      return attempt.usage;
    },
    leftOut: attempt.prepared?.leftOut ?? [],
    startTime: times.start,
    endTime: times.end,
  };
}
