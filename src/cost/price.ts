import { field } from "../json/object.ts";
import type { Usage } from "./usage.ts";

/** The kinds of tokens that are priced separately. */
export type TokenKind = "input" | "output" | "cacheRead" | "cacheWrite5m" | "cacheWrite1h";

/** A number for each kind of token: counts, rates or costs. */
export type PerTokenKind = Readonly<Record<TokenKind, number>>;

/** The rates for all tokens of a call whose prompt, cache reads and writes included, exceeds `promptAbove` tokens. */
export interface PriceTier extends PerTokenKind {
  readonly promptAbove: number;
}

/**
 * What a model's tokens cost, in US dollars per million. A price with a rate that is missing, negative or not finite
 * counts as unknown.
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
 */
export type CostNote =
  | "batch"
  | "us-inference"
  | "fast"
  | "priority"
  | "declined"
  | "fallback-credit"
  | "unknown-price";

/** What one model's part in a call cost. */
export interface CostItem {
  /** The model's id, as reported. */
  readonly model: string;
  /** What the model did: `message`, `compaction`, `advisor_message` or `fallback_message`. */
  readonly kind: string;
  readonly tokens: PerTokenKind;
  /** US dollars by kind of token; null if the price is unknown. */
  readonly costs: PerTokenKind | null;
  /** US dollars; null if the price is unknown. */
  readonly cost: number | null;
  /** The factor applied to the price: usually 1, and 0 if there is no charge. */
  readonly multiplier: number;
  /** The price, with its source and date; null if unknown. */
  readonly price: Price | null;
}

/**
 * What a call cost, itemised. The token counts are sums over {@link items}, so unlike `usage` they include models that
 * worked behind the reply.
 */
export interface CostMetadata {
  readonly currency: "USD";
  /** US dollars; null if the price of any model is unknown. */
  readonly cost: number | null;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cachedTokens: number;
  readonly cacheWrite5mTokens: number;
  readonly cacheWrite1hTokens: number;
  readonly webSearchRequests: number;
  /** US dollars, included in {@link cost}. */
  readonly webSearchCost: number;
  readonly items: readonly CostItem[];
  readonly notes: readonly CostNote[];
}

/** The rates that apply to a prompt of this size, or null if they are unknown. */
export function ratesOf(price: Price, tokens: PerTokenKind, isFast: boolean): PerTokenKind | null {
  if (isFast) return price.fast ?? null;
  const prompt = sumOf(tokens) - tokens.output;
  return price.tiers?.findLast(({ promptAbove }) => prompt > promptAbove) ?? price;
}

const KINDS: readonly TokenKind[] = ["input", "output", "cacheRead", "cacheWrite5m", "cacheWrite1h"];

/** Whether a value can be used as a count or a rate: sums and products of such numbers are finite. */
export function isAmount(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

/** Whether a price has all its rates, and no number in it is unusable. Programs in plain JavaScript may pass anything. */
export function isPrice(value: unknown): value is Price {
  const tiers = field(value, "tiers") ?? [];
  if (!Array.isArray(tiers) || !isAmount(field(value, "webSearchPer1000") ?? 0)) return false;
  const rates: readonly unknown[] = [value, field(value, "fast") ?? value, ...tiers];
  return (
    rates.every((each) => KINDS.every((kind) => isAmount(field(each, kind)))) &&
    tiers.every((tier) => isAmount(field(tier, "promptAbove")))
  );
}

/** Makes a number for each kind of token; `place` is the kind's index in the order of {@link TokenKind}. */
export function perTokenKind(amountOf: (kind: TokenKind, place: number) => number): PerTokenKind {
  const amounts: Partial<Record<TokenKind, number>> = {};
  KINDS.forEach((kind, place) => (amounts[kind] = amountOf(kind, place)));
  return amounts as PerTokenKind;
}

/** What tokens cost at these rates, by kind, in US dollars. */
export function costsOf(tokens: PerTokenKind, rates: PerTokenKind, multiplier: number): PerTokenKind {
  return perTokenKind((kind) => (tokens[kind] * rates[kind] * multiplier) / 1e6);
}

/** The sum over all kinds of token. */
export function sumOf(amounts: PerTokenKind): number {
  return KINDS.reduce((sum, kind) => sum + amounts[kind], 0);
}

/** Totals the items of a call. */
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

/** Adds up the costs of several requests; null if any is unknown. */
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
