import { shortened } from "../errors.ts";
import { stringField } from "../json/object.ts";
import type { CommonFinishReason, Native } from "../provider/native.ts";
import { shownAs } from "../json/inspectable.ts";
import { isToBeAnswered } from "../stream/history.ts";
import type { Stream } from "../stream/stream.ts";
import type { AnyToolCall, PairTypes } from "../tool/pair.ts";
import type { ToolInput } from "../tool/tool-box.ts";
import type { ToolCall } from "../tool/tool-call.ts";
import { jsonData } from "../tool/plain-data.ts";
import { isDeclared } from "../tool/declared.ts";
import { type ToolResult, toolResult } from "../tool/tool-result.ts";
import type { AgentStop } from "./options.ts";

/** A call that the model is given a result for. */
export interface AnsweredCall {
  readonly id: string;
  readonly name: string;
  readonly toolCall: unknown;
  "~result"(output: unknown): ToolResult;
}

/** Makes `console.log` and `JSON.stringify` show a turn as what came of it. */
export function shownTurn<T extends ReadTurn>(turn: T): T {
  const fieldsOf = ({ index, stream, outputs }: T, ofOutput: (output: unknown) => unknown): object => {
    const { outcome, content, tools } = stream;
    const given = outputs.map(([{ id, name }, output]) => ({ id, name, output: ofOutput(output) }));
    return { index, outcome, content, tools, outputs: given };
  };
  const asItIs = (shown: T): object => fieldsOf(shown, (output) => output);
  return shownAs(turn, "AgentTurn", asItIs, (shown) => fieldsOf(shown, jsonData));
}

/** What is shown of a turn. */
interface ReadTurn {
  readonly index: number;
  readonly stream: { readonly outcome: string; readonly content: string; readonly tools: readonly object[] };
  readonly outputs: readonly (readonly [call: AnsweredCall, output: unknown])[];
}

/** The longest name of a tool, and list of them, that a message holds. */
const LONGEST_NAME = 100;
const LONGEST_LIST = 2_000;

/** A call, and what the model is told instead of a result. */
export type Answer = readonly [call: AnsweredCall, error: Error];

/** The calls of tools that do not exist, and what the model is told of each. */
export function missingAnswers(inputs: readonly ToolInput[], tools: readonly object[]): readonly Answer[] {
  const names = tools.map((tool) => ("name" in tool ? String(tool.name) : null));
  // A set of tools in the provider's own shape: its members have names that are not known here.
  if (names.includes(null)) return [];
  const known = new Set<string | null>(names);
  const list = shortened(names.map((name) => `"${name}"`).join(", "), LONGEST_LIST) || "none";
  return inputs
    .filter((input) => isToBeAnswered(input) && !known.has(input.name))
    .map((input) => [
      answered(input),
      new Error(`There is no tool "${shortened(input.name, LONGEST_NAME)}". The tools are: ${list}.`),
    ]);
}

/** Whether a reply asks for a tool in the provider's own format, which the program has to run itself. */
export function asksForNative(inputs: readonly ToolInput[], tools: readonly object[]): boolean {
  const names = tools.flatMap((tool) =>
    isDeclared(tool) ? [] : [stringField(tool, "name") ?? stringField(tool, "type")],
  );
  return inputs.some((input) => isToBeAnswered(input) && names.includes(input.name));
}

/** The calls that the limit of tokens has cut. */
export function cutCalls(inputs: readonly ToolInput[], reasons: readonly CommonFinishReason[]): readonly ToolInput[] {
  return reasons.includes("length") ? inputs.filter(({ state }) => state === "truncated") : [];
}

/** What the model is told of a call that was cut. */
export function cutAnswer(input: ToolInput): Answer {
  const name = shortened(input.name, LONGEST_NAME);
  const problem = `The tool "${name}" did not run: your reply was cut at its limit of tokens before the input was complete.`;
  return [answered(input), new Error(`${problem} Call it again with less input, or do the work in several calls.`)];
}

/** A call without a tool. */
export function answered({ id, name, block }: ToolInput): AnsweredCall {
  return { id, name, toolCall: block, "~result": (output) => toolResult(id, output) };
}

/** The calls of tools, those of tools that were not declared included. */
export function inputsOf<N extends Native, T extends PairTypes>(stream: Stream<N, T>): readonly ToolInput[] {
  return stream["~reply"].shown.decoder.toolInputs;
}

/** The calls of tools that were declared, whose input is whole and fits. */
export function completeCalls<N extends Native, T extends PairTypes>(stream: Stream<N, T>): readonly ToolCall[] {
  // Calls, which `PairTypes` leaves open.
  return (stream.tools as readonly AnyToolCall[]).filter((call) => call.state === "complete");
}

/** The call at a place among those of a reply, with its tool if that is known; null if there is none. */
export function callAt(stream: { readonly "~reply": ShownReply }, place: number): AnsweredCall | null {
  const { decoder, toolCalls } = stream["~reply"].shown;
  const input = decoder.toolInputs[place];
  return input === undefined ? null : (toolCalls.find(({ toolCall }) => toolCall === input.block) ?? answered(input));
}

interface ShownReply {
  readonly shown: {
    readonly decoder: { readonly toolInputs: readonly ToolInput[] };
    readonly toolCalls: readonly AnsweredCall[];
  };
}

/** Why a reply that asks for nothing more has ended. */
export function endOf(reasons: readonly CommonFinishReason[]): AgentStop {
  const ends = ["length", "context_exceeded", "content_filter"] as const;
  return ends.find((end) => reasons.includes(end)) ?? "answer";
}
