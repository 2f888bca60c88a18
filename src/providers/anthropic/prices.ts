// Written by scripts/prices.mjs: do not edit. 16 rows, US dollars for a million tokens.

/** Input, output, cache read; and cache writes for 5 minutes and for an hour, where they are not 1.25 and 2 times input. */
export type RateRow = readonly [number, number, number, number?, number?];

/** What all rates are multiplied by: in fast mode, and for a prompt of more than `above` tokens. */
export interface RateFactors {
  readonly fast?: number;
  readonly above?: number;
  readonly tier?: number;
}

/** Ids after `claude-`, index of the source, rates, factors. */
export type PriceRow = readonly [ids: string, source: number, rates: RateRow, factors?: RateFactors];

/** Where the prices were read, and when. */
export const PRICE_SOURCES: readonly (readonly [source: string, date: string])[] = [
  ["https://platform.claude.com/docs/en/about-claude/pricing", "2026-08-21"],
  ["https://platform.claude.com/docs/en/about-claude/pricing", "2026-10-08"],
  ["https://platform.claude.com/docs/en/release-notes/overview", "2026-11-09"],
  ["@pydantic/genai-prices 0.1.8", "2026-09-23"],
];

/** The prices, newest models first. */
export const PRICE_ROWS: readonly PriceRow[] = [
  ["fable-5-2 mythos-5-2", 2, [8, 40, 0.2]],
  ["fable-5-1 mythos-5-1", 1, [10, 50, 0.25]],
  ["fable-5 mythos-5", 0, [10, 50, 1]],
  ["opus-5-5", 1, [4, 20, 0.2], { fast: 2 }],
  ["opus-5 opus-4-8", 0, [5, 25, 0.5], { fast: 2 }],
  ["opus-4-7 opus-4-6 opus-4-5", 0, [5, 25, 0.5]],
  ["opus-4-1 opus-4", 0, [15, 75, 1.5]],
  ["sonnet-5-5", 1, [2, 10, 0.1]],
  ["sonnet-5", 0, [2, 10, 0.2]],
  ["sonnet-4-6 sonnet-4-5 sonnet-4", 0, [3, 15, 0.3]],
  ["haiku-5-5", 1, [0.1, 0.5, 0.01], { above: 100000, tier: 5 }],
  ["haiku-4-5", 0, [1, 5, 0.1]],
  ["3-5-haiku", 0, [0.8, 4, 0.08]],
  ["3-7-sonnet 3-5-sonnet 3-sonnet", 3, [3, 15, 0.3]],
  ["3-opus", 3, [15, 75, 1.5]],
  ["3-haiku", 3, [0.25, 1.25, 0.03, 0.3, 0.5]],
];
