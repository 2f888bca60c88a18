// Written by scripts/prices.mjs: do not edit. 16 rows, US dollars for a million tokens.

/**
 * Ids after `claude-`, and the index of the source. Output costs 5 times the input, a cache write for an hour twice, and
 * where nothing else is said a cache read a tenth and a cache write for 5 minutes 1.25 times. All rates are multiplied
 * by `fast` in fast mode, and by `tier` for a prompt of more than `above` tokens; 0 is none.
 */
export type PriceRow = readonly [
  ids: string,
  source: number,
  input: number,
  cacheRead?: number,
  cacheWrite5m?: number,
  fast?: number,
  above?: number,
  tier?: number,
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
  ["fable-5-2 mythos-5-2", 2, 8, 0.2],
  ["fable-5-1 mythos-5-1", 1, 10, 0.25],
  ["fable-5 mythos-5", 0, 10],
  ["opus-5-5", 1, 4, 0.2, 5, 2],
  ["opus-5 opus-4-8", 0, 5, 0.5, 6.25, 2],
  ["opus-4-7 opus-4-6 opus-4-5", 0, 5],
  ["opus-4-1 opus-4", 0, 15],
  ["sonnet-5-5", 1, 2, 0.1],
  ["sonnet-5", 0, 2],
  ["sonnet-4-6 sonnet-4-5 sonnet-4", 0, 3],
  ["haiku-5-5", 1, 0.1, 0.01, 0.125, 0, 100000, 5],
  ["haiku-4-5", 0, 1],
  ["3-5-haiku", 0, 0.8],
  ["3-7-sonnet 3-5-sonnet 3-sonnet", 3, 3],
  ["3-opus", 3, 15],
  ["3-haiku", 3, 0.25, 0.03, 0.3],
];
