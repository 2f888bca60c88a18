/** The models of the Messages API; platform.claude.com/docs/en/about-claude/models/overview, read 2026-11-23. */

import type { Open } from "./open.ts";

/** A model id: one of those that answer today, or any other; platforms have names of their own. */
export type AnthropicModel = Open<
  | "claude-fable-5-2"
  | "claude-mythos-5-2"
  | "claude-fable-5-1"
  | "claude-mythos-5-1"
  | "claude-fable-5"
  | "claude-mythos-5"
  | "claude-mythos-preview"
  | "claude-opus-5-5"
  | "claude-opus-5"
  | "claude-opus-4-8"
  | "claude-opus-4-7"
  | "claude-opus-4-6"
  | "claude-opus-4-5"
  | "claude-opus-4-5-20251101"
  | "claude-sonnet-5-5"
  | "claude-sonnet-5"
  | "claude-sonnet-4-6"
  | "claude-sonnet-4-5"
  | "claude-sonnet-4-5-20250929"
  | "claude-haiku-5-5"
  | "claude-haiku-4-5"
  | "claude-haiku-4-5-20251001"
>;

/** What an unknown model is asked for, and the first Claude 3 models: the least that any could write. */
const SMALLEST_MAX_OUTPUT = 4096;

/** Ids after `claude-`, and the most tokens that these models can write in one reply. */
const MAX_OUTPUT: readonly (readonly [ids: string, tokens: number])[] = [
  [
    "fable-5 fable-5-1 fable-5-2 mythos-5 mythos-5-1 mythos-5-2 mythos-preview " +
      "opus-4-6 opus-4-7 opus-4-8 opus-5 opus-5-5 sonnet-4-6 sonnet-5 sonnet-5-5 haiku-5-5",
    128_000,
  ],
  ["opus-4-5 sonnet-4-5 haiku-4-5 sonnet-4 3-7-sonnet", 64_000],
  ["opus-4 opus-4-1", 32_000],
  ["3-5-sonnet 3-5-haiku", 8192],
];

/**
 * The most tokens that a model can write in one reply: what a call asks for that says nothing else.
 *
 * @param model - A model id of any platform: dated, `-latest`, or with a prefix such as `us.anthropic.`.
 * @returns Tokens; 4096 where the model is not known.
 * @example
 * ```ts
 * import { defaultMaxTokens } from "millrace/anthropic";
 * console.log(defaultMaxTokens("claude-haiku-4-5-20251001")); // 64000
 * ```
 */
export function defaultMaxTokens(model: string): number {
  return rowOf(MAX_OUTPUT, model)?.[1] ?? SMALLEST_MAX_OUTPUT;
}

const PREFIX = "claude-";

/** The row of a model, whatever its platform; rows begin with the ids after `claude-`. */
export function rowOf<Row extends readonly [ids: string, ...rest: unknown[]]>(
  rows: readonly Row[],
  model: string,
): Row | undefined {
  const id = canonicalModel(model);
  return id.startsWith(PREFIX) ? rows.find(([ids]) => ` ${ids} `.includes(` ${id.slice(PREFIX.length)} `)) : undefined;
}

/** Whether a model is one before Claude 4.6: they go on from a turn that ends a request, and run at no chosen place. */
export function isBefore46(model: string): boolean {
  return /^claude-(\d|\w+-4(-[0-5])?$)/.test(canonicalModel(model));
}

/**
 * A model's id without what platforms and dates add to it: `us.anthropic.claude-sonnet-4-5-20250929-v1:0` and
 * `claude-sonnet-4-5@20250929` are `claude-sonnet-4-5`. An id that is not Claude's stays as it is.
 */
export function canonicalModel(model: string): string {
  if (model !== known.model) {
    const id = /claude-.+?(?=(-\d{8}|-latest|-v\d|-0)*([@:[].*)?$)/.exec(model)?.[0];
    // Where it comes from a server it may be anything.
    known = { model, id: id?.replaceAll(".", "-") ?? String(model) };
  }
  return known.id;
}

/** The last one: most calls ask the model that the one before them asked. */
let known = { model: "", id: "" };
