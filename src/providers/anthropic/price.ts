import {
  amount,
  type CostItem as AnyCostItem,
  type CostMetadata as AnyCostMetadata,
  type PerKind,
  pricesForm,
  ratesForm,
  ratesOf as ratesFor,
  type SharedKind,
} from "../../cost/price.ts";
import { aText, type Form } from "../../schema/option-form.ts";

/** The kinds of tokens that are priced separately. */
export type TokenKind = SharedKind | "cacheWrite5m" | "cacheWrite1h";

/** A number for each kind of token: counts, rates or costs. */
export interface PerTokenKind extends PerKind<TokenKind> {
  /** Tokens of the prompt that are neither read from the cache nor written to it. */
  readonly input: number;
  /** Tokens that the model writes, thinking included. */
  readonly output: number;
  /** Tokens read from the cache. */
  readonly cacheRead: number;
  /** Tokens written to the cache for five minutes. */
  readonly cacheWrite5m: number;
  /** Tokens written to the cache for an hour. */
  readonly cacheWrite1h: number;
}

/** The rates for all tokens of a call whose prompt, cache reads and writes included, exceeds `promptAbove` tokens. */
export interface PriceTier extends PerTokenKind {
  /** Tokens. The rates are for prompts of more. */
  readonly promptAbove: number;
}

/**
 * What a model's tokens cost, in US dollars per million. A price in which a rate is missing, negative or not finite is an
 * `InvalidOptionError`.
 *
 * @example
 * ```ts
 * import { call } from "millrace/anthropic";
 *
 * const ours = { input: 1.6, output: 8, cacheRead: 0.08, cacheWrite5m: 2, cacheWrite1h: 3.2, source: "our contract" };
 * const recommend = call(
 *   "claude-sonnet-5-5",
 *   { stream: true, prices: { "claude-sonnet-5-5": ours } },
 *   (genre: string) => `Recommend a ${genre} book`,
 * );
 * ```
 */
export interface Price extends PerTokenKind {
  /** Rates for longer prompts, in ascending order of `promptAbove`. */
  readonly tiers?: readonly PriceTier[] | undefined;
  /** The rates of fast mode. Without them, the cost of a fast reply is unknown. */
  readonly fast?: PerTokenKind | undefined;
  /** US dollars per 1000 web searches. Default: the provider's list price. */
  readonly webSearchPer1000?: number | undefined;
  /** Where the price comes from. */
  readonly source?: string | undefined;
  /** When it was looked up: `YYYY-MM-DD`. */
  readonly date?: string | undefined;
}

/** Your own prices by model id, which take precedence over the library's. */
export type Prices = Readonly<Record<string, Price>>;

/**
 * What went into a cost, beyond the token counts.
 *
 * - `batch`: tokens are half price.
 * - `us-inference`: tokens cost 1.1 times as much because they were processed in the US.
 * - `fast`: the rates of fast mode apply.
 * - `priority`: the reply used capacity bought in advance, whose price is unknown. The cost is by the list price.
 * - `declined`: an attempt that refused before it wrote anything is free.
 * - `fallback-credit`: an unreported number of cache writes were charged as reads, so the cost is an upper bound.
 * - `unknown-price`: the price of at least one model is unknown.
 * - `estimated`: the provider has not reported all usage, or none; what is missing is estimated from the text.
 * - `partial`: the reply was interrupted, so the cost is that of what had been reported: a lower bound.
 */
export type CostNote =
  | "batch"
  | "us-inference"
  | "fast"
  | "priority"
  | "declined"
  | "fallback-credit"
  | "unknown-price"
  | "estimated"
  | "partial";

/** The cost of one model's part in a call. */
export interface CostItem extends AnyCostItem {
  /** What the model did: `message`, `compaction`, `advisor_message` or `fallback_message`. */
  readonly kind: string;
  /** Tokens by kind. */
  readonly tokens: PerTokenKind;
  /** US dollars by kind of token; null if the price is unknown. */
  readonly costs: PerTokenKind | null;
  /** The price, with its source and date; null if unknown. */
  readonly price: Price | null;
}

/** What a call cost, itemised. Unlike `usage`, it includes models that worked behind the reply. */
export interface CostMetadata extends AnyCostMetadata {
  /** Tokens written to the cache for five minutes. */
  readonly cacheWrite5mTokens: number;
  /** Tokens written to the cache for an hour. */
  readonly cacheWrite1hTokens: number;
  /** How many web searches the provider made. */
  readonly webSearchRequests: number;
  /** US dollars, included in {@link cost}. */
  readonly webSearchCost: number;
  /** Each model's part. The token counts are sums over them. */
  readonly items: readonly CostItem[];
  /** What went into the cost, beyond the token counts. */
  readonly notes: readonly CostNote[];
}

const KINDS: readonly TokenKind[] = ["input", "output", "cacheRead", "cacheWrite5m", "cacheWrite1h"];

/** The rates that apply to a prompt of this size, or null if they are unknown. */
export function ratesOf(price: Price, tokens: PerTokenKind, isFast: boolean): PerTokenKind | null {
  return isFast ? (price.fast ?? null) : ratesFor(price, tokens);
}

/** The form of the option `prices`. */
export const anthropicPrices: Form = pricesForm(KINDS, {
  fast: ratesForm(KINDS),
  webSearchPer1000: amount,
  source: aText,
  date: aText,
});
