/** The models of the Messages API, from platform.claude.com/docs/en/about-claude/models/overview, read 2026-11-23. */

import type { Open } from "./open.ts";

/** A model id: one that the API serves today, or any other string, since cloud platforms use their own ids. */
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

/** The limit of the first Claude 3 models, and the default for unknown models. */
const SMALLEST_MAX_OUTPUT = 4096;

/** Model ids without their `claude-` prefix, and the output limit that they share. */
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
 * The most tokens that a model can write in one reply. Calls that set no `max_tokens` ask for this many.
 *
 * @param model - A model id from any platform: dated, `-latest`, or with a prefix such as `us.anthropic.`.
 * @returns Tokens; 4096 if the model is unknown.
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

/** Finds a model's row in a table whose first column lists ids without their `claude-` prefix. */
export function rowOf<Row extends readonly [ids: string, ...rest: unknown[]]>(
  rows: readonly Row[],
  model: string,
): Row | undefined {
  const id = canonicalModel(model);
  return id.startsWith(PREFIX) ? rows.find(([ids]) => ids.split(" ").includes(id.slice(PREFIX.length))) : undefined;
}

/** Whether a model predates Claude 4.6. Those models continue a trailing assistant turn and cannot be pinned to a region. */
export function isBefore46(model: string): boolean {
  return /^claude-(\d|\w+-4(-[0-5])?$)/.test(canonicalModel(model));
}

/** Whether a model takes a budget of tokens for its thinking: those up to Claude 4.6 do. */
export function hasThinkingBudget(model: string): boolean {
  return isBefore46(model) || canonicalModel(model).endsWith("-4-6");
}

/** Longer strings are not model ids. */
const LONGEST_ID = 256;

/**
 * A model's id without the parts that dates and platforms add: `us.anthropic.claude-sonnet-4-5-20250929-v1:0` and
 * `claude-sonnet-4-5@20250929` both become `claude-sonnet-4-5`. Ids of other vendors' models are returned unchanged.
 */
export function canonicalModel(model: string): string {
  const start = model.length > LONGEST_ID ? -1 : model.indexOf(PREFIX);
  if (start === -1) return model;
  const [name = ""] = model.slice(start).split(/[@:[]/, 1);
  const words = name.split(/[-.]/);
  while (words.length > 2 && /^(\d{8}|latest|v\d|0)$/.test(words.at(-1) ?? "")) words.pop();
  return words.join("-");
}
