/**
 * How much a model thinks before it answers: not at all, little, as much as usual, much, or up to so many tokens.
 */
export type Reasoning = "none" | "low" | "medium" | "high" | { readonly maxTokens: number };

/**
 * Parameters of a request that providers share, in words that belong to none of them. A provider that lacks one refuses
 * it.
 *
 * @example
 * ```ts
 * import type { Params } from "millrace";
 * const brief: Params = { maxTokens: 500, temperature: 0.2, reasoning: "low" };
 * ```
 */
export interface Params {
  /** The most tokens to write, thinking included. */
  readonly maxTokens?: number | undefined;
  /** From 0 on: the higher, the more varied the text. */
  readonly temperature?: number | undefined;
  /** Chooses among the likeliest tokens that together have this probability, from 0 to 1. */
  readonly topP?: number | undefined;
  /** Chooses among this many of the likeliest tokens. */
  readonly topK?: number | undefined;
  /** Texts at which the reply ends. They are not part of it. */
  readonly stop?: string | readonly string[] | undefined;
  /** The same seed gives the same reply, as far as the provider can. */
  readonly seed?: number | undefined;
  /** From -2 to 2: how much to avoid tokens the more often they occurred. */
  readonly frequencyPenalty?: number | undefined;
  /** From -2 to 2: how much to avoid tokens that occurred at all. */
  readonly presencePenalty?: number | undefined;
  /** How much the model thinks before it answers. */
  readonly reasoning?: Reasoning | undefined;
}

/** Neutral parameters under a provider's names. */
export interface NativeParams<P> {
  readonly callParams: P;
  /** The parameters that it has no counterpart for. */
  readonly unsupported: readonly (keyof Params)[];
}
