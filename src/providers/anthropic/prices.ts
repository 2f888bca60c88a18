// Written by scripts/prices.mjs: do not edit. 16 rows, US dollars for a million tokens.

/** Input, output, cache read, cache write for 5 minutes, cache write for an hour. */
export type RateRow = readonly [number, number, number, number, number];

/** Ids after `claude-`, index of the source, rates, rates of fast mode, size of a long prompt and its rates. */
export type PriceRow = readonly [
  ids: string,
  source: number,
  rates: RateRow,
  fast?: RateRow | null,
  promptAbove?: number,
  longPrompt?: RateRow,
];

/** Where the prices were read, and when. */
export const PRICE_SOURCES: readonly (readonly [source: string, date: string])[] = [
  ["https://platform.claude.com/docs/en/about-claude/pricing", "2026-08-21"],
  ["https://platform.claude.com/docs/en/about-claude/pricing", "2026-10-08"],
  ["https://platform.claude.com/docs/en/release-notes/overview", "2026-11-09"],
  ["@pydantic/genai-prices 0.1.8", "2026-09-23"],
];

/** The prices, newest models first. */
export const PRICE_ROWS: readonly PriceRow[] = [
  ["fable-5-2 mythos-5-2", 2, [8, 40, 0.2, 10, 16]],
  ["fable-5-1 mythos-5-1", 1, [10, 50, 0.25, 12.5, 20]],
  ["fable-5 mythos-5", 0, [10, 50, 1, 12.5, 20]],
  ["opus-5-5", 1, [4, 20, 0.2, 5, 8], [8, 40, 0.4, 10, 16]],
  ["opus-5 opus-4-8", 0, [5, 25, 0.5, 6.25, 10], [10, 50, 1, 12.5, 20]],
  ["opus-4-7 opus-4-6 opus-4-5", 0, [5, 25, 0.5, 6.25, 10]],
  ["opus-4-1 opus-4", 0, [15, 75, 1.5, 18.75, 30]],
  ["sonnet-5-5", 1, [2, 10, 0.1, 2.5, 4]],
  ["sonnet-5", 0, [2, 10, 0.2, 2.5, 4]],
  ["sonnet-4-6 sonnet-4-5 sonnet-4", 0, [3, 15, 0.3, 3.75, 6]],
  ["haiku-5-5", 1, [0.1, 0.5, 0.01, 0.125, 0.2], null, 100000, [0.5, 2.5, 0.05, 0.625, 1]],
  ["haiku-4-5", 0, [1, 5, 0.1, 1.25, 2]],
  ["3-5-haiku", 0, [0.8, 4, 0.08, 1, 1.6]],
  ["3-7-sonnet 3-5-sonnet 3-sonnet", 3, [3, 15, 0.3, 3.75, 6]],
  ["3-opus", 3, [15, 75, 1.5, 18.75, 30]],
  ["3-haiku", 3, [0.25, 1.25, 0.03, 0.3, 0.5]],
];
