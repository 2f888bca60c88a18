import type { FinalState } from "../attempt/lifecycle.ts";
import type { Usage } from "../cost/usage.ts";
import { isMillraceError } from "../errors.ts";
import type { CommonFinishReason } from "../provider/native.ts";
import type { Keepable } from "../resume/keep.ts";
import { outcomeOfFailure } from "../resume/kept-agent.ts";
import { CallStream } from "../stream/call-stream.ts";
import { approvalsOf, type PendingApproval } from "./approvals.ts";

/** How a stream has ended. */
export interface Ending {
  readonly outcome: FinalState;
  /** The error that ended it, or null. */
  readonly error: unknown;
  /** Whether somebody has stopped it, which is no fault. */
  readonly isStopped: boolean;
  readonly finishReasons: readonly string[];
  readonly commonFinishReasons: readonly CommonFinishReason[];
  /** In words that all providers share; null where it is not known. */
  readonly usage: Usage | null;
  /** In US dollars; null where it is not known. */
  readonly cost: number | null;
  readonly model: string | null;
  /** Of an agent: why it has ended; null if it was cut. Undefined for a single call. */
  readonly stopReason: string | null | undefined;
  readonly approvals: readonly PendingApproval[];
}

/** Those figures of an end that a visitor gets. */
export function figuresOf(ending: Ending, names: readonly ("usage" | "cost" | "model")[]): Partial<Ending> {
  return Object.fromEntries(names.map((name) => [name, ending[name]]));
}

/** How a stream has ended that was read to its end. @param failure - What its iteration has thrown, or null. */
export function endingOf(stream: Keepable, failure: unknown): Ending {
  const isCall = stream instanceof CallStream;
  const last = isCall ? stream : (stream.turns.at(-1)?.stream ?? null);
  const error = (isCall ? stream.error : null) ?? failure;
  const outcome = isCall && stream.outcome !== "pending" ? stream.outcome : null;
  return {
    outcome: outcome ?? (error === null ? "complete" : outcomeOfFailure(error)),
    error,
    isStopped: isMillraceError(error) && error.code === "stream_aborted",
    finishReasons: last?.finishReasons ?? [],
    commonFinishReasons: last?.commonFinishReasons ?? [],
    usage: ifKnown(() => stream.commonUsage),
    cost: ifKnown(() => stream.cost),
    model: last?.model ?? null,
    stopReason: isCall ? undefined : stream.stopReason,
    approvals: isCall ? [] : approvalsOf(stream),
  };
}

/** Prices are the user's own and may throw; so does usage, while the code of a provider is not loaded. */
function ifKnown<V>(read: () => V): V | null {
  try {
    return read();
  } catch {
    return null;
  }
}
