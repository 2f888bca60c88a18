import type { Attempt } from "../attempt/attempt.ts";
import { InvalidOptionError } from "../errors.ts";
import type { Native } from "../provider/native.ts";
import type { ToolInput } from "../tool/tool-box.ts";
import type { ToolResult } from "../tool/tool-result.ts";

/** A call of a tool, whatever its types. */
interface AnyCall {
  readonly id: string;
  readonly toolCall: unknown;
  "~result"(output: unknown): ToolResult;
}

/** The output of a tool: text, JSON, bytes, content parts, or an error, whose message the model is told. */
export type ToolOutput = readonly [call: AnyCall, output: unknown];

/** The result that the model is sent for a call. */
export function resultOf([call, output]: ToolOutput): ToolResult {
  return { ...call["~result"](output), toolCall: call.toolCall };
}

/** The part of a reply that its history is made of: calls that are not in `toolInputs` have no results. */
export interface AnsweredAttempt<N extends Native> extends Pick<
  Attempt<N>,
  "provider" | "toolCalls" | "sendableItems"
> {
  readonly decoder: { readonly toolInputs: readonly ToolInput[] };
}

/** The items with these results; none, if there are no results. */
export function resultItems<N extends Native>(
  { provider }: Pick<Attempt<N>, "provider">,
  results: readonly ToolResult[],
): readonly N["item"][] {
  return results.length === 0 ? [] : provider.toolResults(results);
}

/**
 * The items sent, the answer as it may be sent back, and a result for each call in it: a provider refuses a conversation
 * in which one is missing.
 */
export function historyOf<N extends Native>(
  attempt: AnsweredAttempt<N>,
  sent: readonly N["item"][],
  outputs: readonly ToolOutput[],
): N["item"][] {
  // By their blocks, since some servers give several calls the same id.
  const given = new Map(outputs.map((output) => [output[0].toolCall, output]));
  const turn = attempt.sendableItems(given);
  const calls = new Map(attempt.toolCalls.map((call) => [call.toolCall, call]));
  const results = attempt.decoder.toolInputs.flatMap((input): readonly ToolResult[] => {
    const { id, block, state } = input;
    const output = given.get(block);
    given.delete(block);
    // Calls that were cut are part of the answer only if they were given an output; one that was refused is not sent back.
    if (turn.length === 0 || !(output || isToBeAnswered(input))) return [];
    if (output) return [resultOf(output)];
    const invalid = state === "invalid" ? "The input is not a JSON object." : "The tool was not run.";
    return [{ id, content: calls.get(block)?.error?.message ?? invalid, isError: true, toolCall: block }];
  });
  const [unknown] = given.values();
  if (unknown !== undefined) throw new InvalidOptionError("outputs", `the message has no call ${unknown[0].id}.`);
  return [...sent, ...turn, ...resultItems(attempt, results)];
}

/** Whether the next request has to give the result of a call. */
export function isToBeAnswered({ state }: ToolInput): boolean {
  return state === "complete" || state === "invalid";
}
