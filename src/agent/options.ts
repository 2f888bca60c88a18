import type { CallMachine } from "../call/call.ts";
import { callForms } from "../call/check-options.ts";
import type { Native } from "../provider/native.ts";
import { aFunction, aSignal, aText, type Forms, positive, wholeFrom } from "../schema/option-form.ts";
import type { ToolOutput } from "../stream/history.ts";
import type { Stream } from "../stream/stream.ts";
import type { PairTypes } from "../tool/pair.ts";
import type { ToolChoice } from "../tool/tool-choice.ts";

/** A call that {@link agent} can repeat. */
export interface Repeatable<N extends Native, Args extends readonly unknown[], T extends PairTypes, Model = never> {
  readonly "~call": CallMachine<N, Args, T, Model>;
}

/** One turn of the conversation: the model's reply, and what its tools gave. */
export interface AgentTurn<out N extends Native = Native, out T extends PairTypes = PairTypes> {
  /** Counts from 0. */
  readonly index: number;
  /** The reply: pairs, content, usage, tools. */
  readonly stream: Stream<N, T>;
  /**
   * The calls of the model, in its order, with their outputs; an `Error` for a tool that failed, was refused or interrupted,
   * does not exist, or had its input cut. Calls with invalid input are only in `stream.tools`.
   */
  readonly outputs: readonly ToolOutput[];
}

/**
 * Why a run ended.
 *
 * - `answer`: the model asked for nothing more.
 * - `length`, `context_exceeded`, `content_filter`: the limit of tokens, the context window or a refusal ended its last
 *   text, which is therefore not an answer. The words are those of `commonFinishReasons`.
 * - `approval`: calls wait until a person has agreed: they are in `run.approvals`.
 * - `cut`: the limit of tokens cut the input of the same tool in two turns, one after the other.
 * - `tool`: the model asked for a tool of `stopAtTool`, or for one in the provider's own format, which the program runs.
 * - `turns`, `tokens`, `cost`, `condition`: one of the options said so.
 */
export type AgentStop =
  | "answer"
  | "length"
  | "context_exceeded"
  | "content_filter"
  | "approval"
  | "cut"
  | "turns"
  | "tool"
  | "tokens"
  | "cost"
  | "condition";

/** The turn that comes next. */
export interface NextTurn<out N extends Native = Native, out T extends PairTypes = PairTypes> {
  /** Counts from 0. */
  readonly index: number;
  /** The turns before it. */
  readonly turns: readonly AgentTurn<N, T>[];
}

/** Options of a single turn. What is left out is as the call says. */
export interface TurnOptions<N extends Native = Native, T extends PairTypes = PairTypes> {
  /** Whether the model may, must or must not use tools in this turn. */
  readonly toolChoice?: ToolChoice<ToolName<T>> | undefined;
  /** Parameters of this turn. They are merged over those of the call, key by key. */
  readonly callParams?: N["callParams"] | undefined;
  /** The model that is asked in this turn. */
  readonly model?: N["model"] | undefined;
}

/** How an agent works. */
export interface AgentOptions<N extends Native = Native, T extends PairTypes = PairTypes> {
  /** The most replies. Default 10. */
  readonly maxTurns?: number | undefined;
  /** How many tools may run at a time. Default 4. */
  readonly parallel?: number | undefined;
  /** Stops before tools of this name run: for a tool that hands something over, say. */
  readonly stopAtTool?: ToolName<T> | readonly ToolName<T>[] | undefined;
  /** Stops after the turn that reaches this many output tokens, in all turns together. */
  readonly maxOutputTokens?: number | undefined;
  /** Stops after the turn that reaches this cost in US dollars, in all turns together. */
  readonly maxCost?: number | undefined;
  /** Stops after a turn for which this gives true. It is asked where the run would go on. */
  readonly stopWhen?: Asked<AgentTurn<N, T>, boolean> | undefined;
  /**
   * Called before a tool runs, with a copy of its `args`: true lets it run; false, or a reason, goes to the model instead of
   * a result. What it throws ends the run. Up to `parallel` calls may be pending at once. For a call that needs a person's
   * approval, it is called after that.
   */
  readonly approve?: Asked<CallableTool<T>, boolean | string> | undefined;
  /** Asked before each turn: its own options, such as a tool that the model must use first. What it throws ends the run. */
  readonly turnOptions?: Asked<NextTurn<N, T>, TurnOptions<N, T> | undefined> | undefined;
  /** Aborts the run: the stream, and the tools through their own signal. That of the call does so, too. */
  readonly signal?: AbortSignal | undefined;
}

/** The forms of {@link TurnOptions}. */
export const turnForms: Forms = { toolChoice: callForms.toolChoice, callParams: callForms.callParams, model: aText };

/** The forms of {@link AgentOptions}. */
export const agentForms: Forms = {
  maxTurns: wholeFrom(1),
  parallel: wholeFrom(1),
  stopAtTool: {
    words: "a tool's name or a list of names",
    holds: (value) => [value].flat().every((name) => typeof name === "string"),
  },
  maxOutputTokens: positive,
  maxCost: positive,
  stopWhen: aFunction,
  approve: aFunction,
  turnOptions: aFunction,
  signal: aSignal,
};

/**
 * A function that is asked something. It is a method's type, whose parameter is compared both ways: TypeScript first
 * looks at the options before it knows the tools of a call that is written in place.
 *
 * @internal
 */
export type Asked<About, Answer> = { ask(about: About): Answer | Promise<Answer> }["ask"];

/** A tool of the pairs whose input is complete. */
export type CallableTool<T extends PairTypes> = Exclude<NonNullable<T["~pair"]>, { readonly state: "streaming" }>;

/** The names of the tools of the pairs. */
export type ToolName<T extends PairTypes> =
  NonNullable<T["~pair"]> extends infer Call
    ? Call extends { readonly name: infer Name extends string }
      ? Name
      : string
    : never;
