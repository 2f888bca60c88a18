import type { Usage } from "./usage.ts";

/** The kinds of tokens that have a price of their own. */
export type TokenKind = "input" | "output" | "cacheRead" | "cacheWrite5m" | "cacheWrite1h";

/** A number for each kind of token: a count, a rate, or a cost. */
export type PerTokenKind = Readonly<Record<TokenKind, number>>;

/** Rates of all tokens, for prompts of more than `promptAbove` tokens, cache reads and writes included. */
export interface PriceTier extends PerTokenKind {
  readonly promptAbove: number;
}

/**
 * What a model's tokens cost, in US dollars for a million.
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
  /** Other rates for long prompts, the longest last. */
  readonly tiers?: readonly PriceTier[] | undefined;
  /** The rates of fast mode. Without them the cost of a fast reply is not known. */
  readonly fast?: PerTokenKind | undefined;
  /** US dollars for 1000 searches on the web. The provider's list price if not given. */
  readonly webSearchPer1000?: number | undefined;
  /** Where the price was read. */
  readonly source?: string | undefined;
  /** When it was read: `YYYY-MM-DD`. */
  readonly date?: string | undefined;
}

/** Your own prices, by model id. They win over the library's. */
export type Prices = Readonly<Record<string, Price>>;

/**
 * What a cost does not say by its numbers alone.
 *
 * - `batch`: the tokens cost half.
 * - `us-inference`: the tokens cost 1.1 times as much, because they were computed in the US.
 * - `fast`: the rates of fast mode.
 * - `priority`: capacity that was bought in advance; what it costs is not known, and the list price stands here.
 * - `declined`: an attempt that refused before it wrote anything costs nothing.
 * - `fallback-credit`: some cache writes were charged as reads, how many is not reported: the cost is an upper bound.
 * - `unknown-price`: a model's price is not known.
 */
export type CostNote =
  | "batch"
  | "us-inference"
  | "fast"
  | "priority"
  | "declined"
  | "fallback-credit"
  | "unknown-price";

/** What one model's work on a call cost. */
export interface CostItem {
  /** The model's id as reported. */
  readonly model: string;
  /** What it was for: `message`, `compaction`, `advisor_message`, `fallback_message`. */
  readonly kind: string;
  readonly tokens: PerTokenKind;
  /** US dollars by kind of token; null where the price is not known. */
  readonly costs: PerTokenKind | null;
  /** US dollars; null where the price is not known. */
  readonly cost: number | null;
  /** What the price was multiplied by: 1 if nothing says otherwise, 0 for what is not charged. */
  readonly multiplier: number;
  /** The price, with its source and date; null where it is not known. */
  readonly price: Price | null;
}

/**
 * What a call costs, itemised. The token counts are sums over {@link items}, so they include models that worked behind
 * the reply, which `usage` leaves out.
 */
export interface CostMetadata {
  readonly currency: "USD";
  /** US dollars; null where the price of one of the models is not known. */
  readonly cost: number | null;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens: number;
  readonly cacheWrite5mTokens: number;
  readonly cacheWrite1hTokens: number;
  readonly webSearchRequests: number;
  /** US dollars, part of {@link cost}. */
  readonly webSearchCost: number;
  readonly items: readonly CostItem[];
  readonly notes: readonly CostNote[];
}

/** The rates that apply to a prompt of this size, or null where they are not known. */
export function ratesOf(price: Price, tokens: PerTokenKind, isFast: boolean): PerTokenKind | null {
  if (isFast) return price.fast ?? null;
  const prompt = sumOf(tokens) - tokens.output;
  return price.tiers?.findLast(({ promptAbove }) => prompt > promptAbove) ?? price;
}

const KINDS: readonly TokenKind[] = ["input", "output", "cacheRead", "cacheWrite5m", "cacheWrite1h"];

/** A number for each kind of token, in this order: input, output, cache read, cache write for 5 minutes, for an hour. */
export function perTokenKind(amountOf: (kind: TokenKind, place: number) => number): PerTokenKind {
  const amounts: Partial<Record<TokenKind, number>> = {};
  KINDS.forEach((kind, place) => (amounts[kind] = amountOf(kind, place)));
  return amounts as PerTokenKind;
}

/** What tokens cost at these rates, in US dollars. */
export function costsOf(tokens: PerTokenKind, rates: PerTokenKind, multiplier: number): PerTokenKind {
  return perTokenKind((kind) => (tokens[kind] * rates[kind] * multiplier) / 1e6);
}

/** Adds up; {@link PerTokenKind} of counts gives a count, of costs a cost. */
export function sumOf(amounts: PerTokenKind): number {
  return KINDS.reduce((sum, kind) => sum + amounts[kind], 0);
}

/** Adds up the items of a call. */
export function costMetadata(
  items: readonly CostItem[],
  webSearchRequests: number,
  webSearchCost: number,
  notes: readonly CostNote[],
): CostMetadata {
  const total = perTokenKind((kind) => items.reduce((sum, { tokens }) => sum + tokens[kind], 0));
  return {
    currency: "USD",
    cost: items.reduce<number | null>(
      (sum, { cost }) => (sum === null || cost === null ? null : sum + cost),
      webSearchCost,
    ),
    inputTokens: total.input,
    outputTokens: total.output,
    cachedTokens: total.cacheRead,
    cacheWrite5mTokens: total.cacheWrite5m,
    cacheWrite1hTokens: total.cacheWrite1h,
    webSearchRequests,
    webSearchCost,
    items,
    notes,
  };
}

/** What a reply costs whose tokens were all of one model; null where its price is not known. */
export function costOfUsage(model: string, usage: Usage, price: Price | undefined): CostMetadata | null {
  if (price === undefined) return null;
  const tokens = {
    input: usage.inputTokens,
    output: usage.outputTokens,
    cacheRead: usage.cachedTokens,
    cacheWrite5m: usage.cacheWrite5mTokens,
    cacheWrite1h: usage.cacheWrite1hTokens,
  };
  const costs = costsOf(tokens, ratesOf(price, tokens, false) ?? price, 1);
  const item = { model, kind: "message", tokens, costs, cost: sumOf(costs), multiplier: 1, price };
  return costMetadata([item], 0, 0, []);
}

/** Adds up what several requests cost; null where that of one is not known. */
export function joinCosts(costs: readonly (CostMetadata | null)[]): CostMetadata | null {
  const known = costs.filter((cost) => cost !== null);
  if (known.length < costs.length) return null;
  if (known.length === 1) return known[0] ?? null;
  return costMetadata(
    known.flatMap(({ items }) => items),
    known.reduce((sum, { webSearchRequests }) => sum + webSearchRequests, 0),
    known.reduce((sum, { webSearchCost }) => sum + webSearchCost, 0),
    [...new Set(known.flatMap(({ notes }) => notes))],
  );
}
