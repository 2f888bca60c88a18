import { rowOf } from "./models.ts";
import type { PerTokenKind, Price } from "./price.ts";
import { PRICE_ROWS, PRICE_SOURCES } from "./prices.ts";

/** US dollars; failed searches are free. From platform.claude.com/docs/en/about-claude/pricing, read 2026-10-08. */
export const WEB_SEARCH_PER_1000 = 10;

/**
 * What Anthropic charges for a model, according to its public price list. Regional platforms may charge more.
 *
 * @param model - A model id from any platform: dated, `-latest`, or with a prefix such as `us.anthropic.`.
 * @returns The price with its source and date, or null if it is unknown.
 * @example
 * ```ts
 * import { listPrice } from "millrace/anthropic";
 * console.log(listPrice("claude-opus-5")?.output); // 25 US dollars per million tokens
 * ```
 */
export function listPrice(model: string): Price | null {
  const row = rowOf(PRICE_ROWS, model);
  if (row === undefined) return null;
  const [, place, input, cacheRead = input / 10, cacheWrite5m = input * 1.25, fast, above, tier] = row;
  const [source, date] = PRICE_SOURCES[place] ?? [];
  const times = (factor: number): PerTokenKind => ({
    input: input * factor,
    output: input * 5 * factor,
    cacheRead: cacheRead * factor,
    cacheWrite5m: cacheWrite5m * factor,
    cacheWrite1h: input * 2 * factor,
  });
  return {
    ...times(1),
    ...(fast && { fast: times(fast) }),
    ...(above && tier && { tiers: [{ promptAbove: above, ...times(tier) }] }),
    webSearchPer1000: WEB_SEARCH_PER_1000,
    source,
    date,
  };
}
