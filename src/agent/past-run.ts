import type { Native } from "../provider/native.ts";
import type { Stream } from "../stream/stream.ts";
import type { PairTypes } from "../tool/pair.ts";

/** What a run has had already that another process began and was lost with. @internal */
export interface PastRun {
  /** The turns whose replies have begun. Only the last of them may be unfinished. */
  readonly turns: readonly PastTurn[];
  /** What the tools gave that had been approved in the prompt. */
  readonly answers: readonly PastAnswer[];
}

/** The result of a call that stands in the prompt. @internal */
export interface PastAnswer {
  readonly id: string;
  readonly name: string;
  readonly output: unknown;
}

/** One of those turns. Its calls are named by their places among those of the reply. @internal */
export interface PastTurn {
  /** Whether its reply had ended: the model is not asked for any of it again. */
  readonly hasEnded: boolean;
  /** The calls whose input had arrived. */
  readonly arrived: readonly number[];
  readonly outputs: readonly { readonly place: number; readonly output: unknown }[];
  /** Makes a stream that nobody has read begin with what is known of the reply. */
  begin(stream: Stream<Native, PairTypes>): void;
}

/** What the model is told of a call that may have run: what it did cannot be taken back. */
export function lostOutput(): Error {
  const problem = "The outcome of this call is unknown: the server was lost while the tool may have been running.";
  return new Error(`${problem} It was not called again.`);
}
