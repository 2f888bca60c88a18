import { type PerTokenKind, perTokenKind, type Price } from "../../cost/price.ts";
import { canonicalModel } from "./models.ts";
import { PRICE_ROWS, PRICE_SOURCES } from "./prices.ts";

/** US dollars; searches that fail are free. platform.claude.com/docs/en/about-claude/pricing, read 2026-10-08. */
export const WEB_SEARCH_PER_1000 = 10;

/**
 * What Anthropic charges for a model, by its public list; regional platforms may charge more.
 *
 * @param model - A model id of any platform: dated, `-latest`, or with a prefix such as `us.anthropic.`.
 * @returns The price with its source and date, or null where it is not known.
 * @example
 * ```ts
 * import { listPrice } from "millrace/anthropic";
 * console.log(listPrice("claude-opus-5")?.output); // 25 US dollars for a million tokens
 * ```
 */
export function listPrice(model: string): Price | null {
  const id = canonicalModel(model);
  const row = PRICE_ROWS.find(([ids]) => ids.split(" ").some((name) => `claude-${name}` === id));
  if (row === undefined) return null;
  const [, place, rates, factors = {}] = row;
  const [source, date] = PRICE_SOURCES[place] ?? [];
  const [input] = rates;
  // A cache write costs 1.25 times the input for five minutes and twice for an hour, where the row does not say more.
  const all = [...rates, input * 1.25, input * 2];
  const times = (factor: number): PerTokenKind => perTokenKind((_, kind) => (all[kind] ?? 0) * factor);
  const { fast, above, tier } = factors;
  return {
    ...times(1),
    ...(fast && { fast: times(fast) }),
    ...(above && tier && { tiers: [{ promptAbove: above, ...times(tier) }] }),
    webSearchPer1000: WEB_SEARCH_PER_1000,
    source,
    date,
  };
}
