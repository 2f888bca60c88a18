import { InvalidOptionError } from "../errors.ts";
import type { Native } from "../provider.ts";
import type { ToolResult } from "../tool/tool-result.ts";
import type { Attempt } from "./attempt.ts";

/** A call of a tool, whatever its types. */
interface AnyCall {
  readonly id: string;
  readonly toolCall: unknown;
  "~result"(output: unknown): ToolResult;
}

/** What a tool gave: text, JSON, bytes, content parts, or an error, whose message the model is told. */
export type ToolOutput = readonly [call: AnyCall, output: unknown];

/** The message with these results, in a list; an empty list, if there are none. */
export function resultMessages<N extends Native>(
  { plan }: Attempt<N>,
  results: readonly ToolResult[],
): N["messageParam"][] {
  return results.length === 0 ? [] : [plan.provider.toolResults(results)];
}

/**
 * The messages sent, the answer as it may be sent back, and a result for each call in it: a provider refuses a
 * conversation in which one is missing.
 */
export function historyOf<N extends Native>(
  attempt: Attempt<N>,
  sent: readonly N["messageParam"][],
  outputs: readonly ToolOutput[],
): N["messageParam"][] {
  const { messageParam } = attempt;
  const { toolInputs } = attempt.decoder;
  // By their blocks, since some servers give several calls the same id.
  const foreign = outputs.find(([{ toolCall }]) => !toolInputs.some(({ block }) => block === toolCall));
  if (foreign !== undefined) throw new InvalidOptionError("outputs", `the message has no call ${foreign[0].id}.`);
  // Calls that were cut are no part of the answer, and of one that was refused there is none.
  const asked = messageParam === null ? [] : toolInputs.filter(({ state }) => state !== "streaming");
  const results = asked.map(({ id, block, state }): ToolResult => {
    const given = outputs.find(([{ toolCall }]) => toolCall === block);
    if (given !== undefined) return given[0]["~result"](given[1]);
    const error = attempt.toolCalls.find(({ toolCall }) => toolCall === block)?.error?.message;
    const reason = state === "invalid" ? "The input is no JSON object." : "The tool was not run.";
    return { id, content: error ?? reason, isError: true };
  });
  return [...sent, ...(messageParam === null ? [] : [messageParam]), ...resultMessages(attempt, results)];
}
