import type { PerTokenKind, Price } from "../../cost/price.ts";
import { canonicalModel } from "./models.ts";
import { PRICE_ROWS, PRICE_SOURCES, type RateRow } from "./prices.ts";

/** US dollars; searches that fail are free. platform.claude.com/docs/en/about-claude/pricing, read 2026-10-08. */
export const WEB_SEARCH_PER_1000 = 10;

/** Filled when it is first asked. */
const prices = new Map<string, Price>();

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
  if (prices.size === 0) {
    for (const [ids, place, row, fast, promptAbove, longPrompt] of PRICE_ROWS) {
      const [source, date] = PRICE_SOURCES[place] ?? [];
      const price: Price = {
        ...rates(row),
        ...(fast && { fast: rates(fast) }),
        ...(promptAbove && longPrompt && { tiers: [{ promptAbove, ...rates(longPrompt) }] }),
        webSearchPer1000: WEB_SEARCH_PER_1000,
        source,
        date,
      };
      for (const id of ids.split(" ")) prices.set(`claude-${id}`, price);
    }
  }
  return prices.get(canonicalModel(model)) ?? null;
}

function rates([input, output, cacheRead, cacheWrite5m, cacheWrite1h]: RateRow): PerTokenKind {
  return { input, output, cacheRead, cacheWrite5m, cacheWrite1h };
}
