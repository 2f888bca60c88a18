import type { Native } from "../provider/native.ts";
import type { Stream } from "../stream/stream.ts";
import type { PairTypes } from "../tool/pair.ts";
import { type AnsweredCall, answered, completeCalls, inputsOf } from "./turn.ts";

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

/** How the model is told that a call may have run; the reason follows. */
const UNKNOWN_OUTCOME = "The outcome of this call is unknown: ";

/** What the model is told of a call that may have run: what it did cannot be taken back. */
export function lostOutput(): Error {
  const problem = `${UNKNOWN_OUTCOME}the server was lost while the tool may have been running.`;
  return new Error(`${problem} It was not called again.`);
}

/** The same, where somebody has left a run that may go on elsewhere. */
export function unseenOutput(): Error {
  return new Error(`${UNKNOWN_OUTCOME}the run was left while the tool may have been running.`);
}

/** The same, where the run was stopped. */
export function interruptedOutput(): Error {
  return new Error(`${UNKNOWN_OUTCOME}the tool was interrupted, since the run was stopped.`);
}

/** Whether the error of a tool says that its outcome is unknown. Neither a log nor a conversation has anything else that tells. */
export function saysUnknown(text: string): boolean {
  return text.startsWith(UNKNOWN_OUTCOME);
}

type Output = [call: AnsweredCall, output: unknown];

/** All outputs of a turn that another process began, if this one has ended before its own could have them all. */
export function withPastOutputs<N extends Native, T extends PairTypes>(
  stream: Stream<N, T>,
  outputs: readonly Output[],
  past: PastTurn,
): Output[] {
  const inputs = inputsOf(stream);
  const known = new Map(past.outputs.map(({ place, output }) => [inputs[place]?.block, output]));
  const arrived = past.arrived.map((place) => inputs[place]?.block);
  return withUnknown(stream, outputs, past.hasEnded, ({ toolCall }, mayHaveRun) => {
    if (known.has(toolCall)) return { output: known.get(toolCall) };
    return mayHaveRun && arrived.includes(toolCall) ? { output: lostOutput() } : null;
  });
}

/**
 * The outputs of a turn, with those of calls that have none, in the order of the calls.
 *
 * @param hasEnded - Whether the reply is whole: before that, only early tools are run.
 * @param outputOf - Gives the output of a call, or null.
 */
export function withUnknown<N extends Native, T extends PairTypes>(
  stream: Stream<N, T>,
  outputs: readonly Output[],
  hasEnded: boolean,
  outputOf: (call: AnsweredCall, mayHaveRun: boolean) => { readonly output: unknown } | null,
): Output[] {
  const given = new Map(outputs.map((output) => [output[0].toolCall, output]));
  const calls = new Map(completeCalls(stream).map((call) => [call.toolCall, call]));
  return inputsOf(stream).flatMap((input): Output[] => {
    const known = given.get(input.block);
    if (known !== undefined) return [known];
    const call = calls.get(input.block);
    const mayHaveRun = call !== undefined && (hasEnded || call["~early"] === true);
    const found = outputOf(call ?? answered(input), mayHaveRun);
    return found === null ? [] : [[call ?? answered(input), found.output]];
  });
}
