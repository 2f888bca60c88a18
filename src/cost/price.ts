import { aList, anObject, type Form, type Forms, needed, notNegative } from "../schema/option-form.ts";
import type { Usage } from "./usage.ts";

/** The kinds of tokens that every provider tells apart. A provider may have more: {@link PerKind} holds them too. */
export type SharedKind = "input" | "output" | "cacheRead";

/** A number for each kind of token: counts, rates or costs. */
export type PerKind<K extends string = SharedKind> = Readonly<Record<K, number>>;

/** Rates in US dollars per million tokens, and others for longer prompts, in ascending order of `promptAbove`. */
export type TieredRates<K extends string> = PerKind<K> & {
  readonly tiers?: readonly (PerKind<K> & { readonly promptAbove: number })[] | undefined;
};

/** The cost of one model's part in a call. */
export interface CostItem {
  /** The model's id, as reported. */
  readonly model: string;
  /** What the model did; `message` for the reply itself. */
  readonly kind: string;
  /** Tokens by kind. */
  readonly tokens: PerKind;
  /** US dollars by kind of token; null if the price is unknown. */
  readonly costs: PerKind | null;
  /** US dollars; null if the price is unknown. */
  readonly cost: number | null;
  /** The factor applied to the price: usually 1, and 0 if there is no charge. */
  readonly multiplier: number;
  /** The price, with its source and date; null if unknown. */
  readonly price: object | null;
}

/**
 * What a call cost, itemised. The token counts are sums over {@link items}, so unlike `usage` they include models that
 * worked behind the reply. A provider may add to it: numbers that are totals, since {@link joinCosts} adds them up.
 */
export interface CostMetadata {
  readonly currency: "USD";
  /** US dollars; null if the price of any model is unknown. */
  readonly cost: number | null;
  /** Tokens of prompts that were neither read from the cache nor written to it. */
  readonly inputTokens: number;
  /** Tokens that models wrote, thinking included. */
  readonly outputTokens: number;
  /** Tokens read from the cache. */
  readonly cachedTokens: number;
  /** Each model's part. */
  readonly items: readonly CostItem[];
  /** What went into the cost, beyond the token counts. */
  readonly notes: readonly string[];
}

/** The rates that apply to a prompt of this size, cache reads and writes included. */
export function ratesOf<K extends string>(
  price: TieredRates<NoInfer<K>>,
  tokens: PerKind<K> & PerKind<"output">,
): PerKind<K> {
  const prompt = sumOf(tokens) - tokens.output;
  return price.tiers?.findLast(({ promptAbove }) => prompt > promptAbove) ?? price;
}

/** Whether a value can be used as a count or a rate: sums and products of such numbers are finite. */
export function isAmount(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

/** The form of a count or a rate. */
export const amount: Form = { ...notNegative, holds: isAmount };
const rate = needed(amount);

/** The form of an object with a rate for each of these kinds of tokens, and what else it may have. */
export function ratesForm(kinds: readonly string[], further?: Forms): Form {
  return { ...anObject, keys: { ...Object.fromEntries(kinds.map((kind) => [kind, rate])), ...further } };
}

/**
 * The form of prices by model id.
 *
 * @param kinds - The kinds of tokens that a price needs a rate for.
 * @param further - The forms of what else it may have.
 */
export function pricesForm(kinds: readonly string[], further?: Forms): Form {
  const tiers = { ...aList, each: () => ratesForm(kinds, { promptAbove: rate }) };
  return { ...anObject, each: () => ratesForm(kinds, { tiers, ...further }) };
}

/** What tokens cost at these rates, by kind, in US dollars. */
export function costsOf<K extends string>(tokens: PerKind<K>, rates: PerKind<K>, multiplier: number): PerKind<K> {
  const costs: Partial<Record<K, number>> = {};
  for (const kind in tokens) costs[kind] = (tokens[kind] * rates[kind] * multiplier) / 1e6;
  // A cost for each of the tokens' kinds, which are all.
  return costs as PerKind<K>;
}

/** The sum over all kinds of token. */
export function sumOf(amounts: PerKind<never>): number {
  return Object.values<number>(amounts).reduce((sum, amount) => sum + amount, 0);
}

/** The tokens of one kind in the items of a call. */
export function tokensIn<K extends string>(items: readonly { readonly tokens: PerKind<K> }[], kind: K): number {
  return items.reduce((sum, { tokens }) => sum + tokens[kind], 0);
}

/**
 * Totals the items of a call.
 *
 * @param otherCost - What was charged beside tokens, in US dollars.
 */
export function costMetadata<I extends CostItem, Note extends string>(
  items: readonly I[],
  otherCost: number,
  notes: readonly Note[],
): CostMetadata & { readonly items: readonly I[]; readonly notes: readonly Note[] } {
  return {
    currency: "USD",
    cost: items.reduce<number | null>(
      (sum, { cost }) => (sum !== null && cost !== null ? sum + cost : null),
      otherCost,
    ),
    inputTokens: tokensIn(items, "input"),
    outputTokens: tokensIn(items, "output"),
    cachedTokens: tokensIn(items, "cacheRead"),
    items,
    notes,
  };
}

/** The cost of a reply whose tokens were all of one model; null if its price is unknown. */
export function costOfUsage(
  model: string,
  usage: Usage,
  price: TieredRates<SharedKind> | undefined,
): CostMetadata | null {
  if (price === undefined) return null;
  const tokens = { input: usage.inputTokens, output: usage.outputTokens, cacheRead: usage.cachedTokens };
  const costs = costsOf(tokens, ratesOf<SharedKind>(price, tokens), 1);
  return costMetadata([{ model, kind: "message", tokens, costs, cost: sumOf(costs), multiplier: 1, price }], 0, []);
}

/** Adds up the costs of several requests: all numbers in them, and all lists. Null if one is null. */
export function joinCosts<C extends CostMetadata>(costs: readonly (C | null)[]): C | null {
  return costs.reduce((sum, next) => {
    if (sum === null || next === null) return null;
    const total = { ...sum };
    for (const name in sum) Object.assign(total, { [name]: joined(sum[name], next[name]) });
    return total;
  });
}

function joined(had: unknown, more: unknown): unknown {
  if (Array.isArray(had) && Array.isArray(more)) return [...new Set<unknown>([...had, ...more])];
  if (typeof had !== "number") return had;
  return typeof more === "number" ? had + more : null;
}
