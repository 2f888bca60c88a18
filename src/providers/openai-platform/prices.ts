// Written by scripts/prices.mjs: do not edit. 42 rows, US dollars for a million tokens.

/**
 * Ids, and their rates. A `cacheRead` of 0 stands for the price of input. `kind` 1: prompts of more than
 * 272,000 tokens cost 2 times as much, and their replies 1.5 times. `kind` 2: the same, and cache writes cost 1.25 times
 * the input. An audio rate of 0 is not known.
 */
export type PriceRow = readonly [
  ids: string,
  input: number,
  output: number,
  cacheRead?: number,
  kind?: number,
  audioInput?: number,
  audioOutput?: number,
  source?: number,
];

/** Where the prices were read, and when. */
export const PRICE_SOURCES: readonly (readonly [source: string, date: string])[] = [
  ["@pydantic/genai-prices 0.1.8", "2026-09-23"],
  ["@pydantic/genai-prices 0.1.8, outside the hours of higher demand", "2026-09-23"],
];

/** The prices, by id. */
export const PRICE_ROWS: readonly PriceRow[] = [
  ["chatgpt-4o-latest gpt-4o-2024-05-13", 5, 15],
  ["codex-mini-latest", 1.5, 6, 0.375],
  ["computer-use-preview", 3, 12],
  ["gpt-3.5-turbo", 0.5, 1.5],
  ["gpt-4 gpt-4-0314 gpt-4-0613", 30, 60],
  ["gpt-4-turbo gpt-4-turbo-0125-preview gpt-4-0125-preview gpt-4-1106-preview gpt-4-turbo-preview", 10, 30],
  ["gpt-4.1 o3 o4-mini-deep-research", 2, 8, 0.5],
  ["gpt-4.1-mini", 0.4, 1.6, 0.1],
  ["gpt-4.1-nano", 0.1, 0.4, 0.025],
  ["gpt-4o", 2.5, 10, 1.25],
  ["gpt-4o-audio-preview gpt-4o-search-preview", 2.5, 10],
  ["gpt-4o-mini gpt-4o-mini-search-preview", 0.15, 0.6, 0.075],
  ["gpt-4o-mini-2024-07-18.ft", 0.3, 1.2],
  ["gpt-4o-mini-audio-preview", 0.15, 0.6],
  ["gpt-5 gpt-5-chat-latest gpt-5-codex gpt-5.1 gpt-5.1-codex gpt-5.1-codex-max gpt-5.1-chat-latest", 1.25, 10, 0.125],
  ["gpt-5-mini gpt-5.1-codex-mini gpt-5.1-mini", 0.25, 2, 0.025],
  ["gpt-5-nano", 0.05, 0.4, 0.005],
  ["gpt-5-pro", 15, 120],
  ["gpt-5.2 gpt-5.2-chat-latest gpt-5.2-codex gpt-5.3 gpt-5.3-chat-latest gpt-5.3-codex", 1.75, 14, 0.175],
  ["gpt-5.2-pro", 21, 168],
  ["gpt-5.4", 2.5, 15, 0.25, 1],
  ["gpt-5.4-mini", 0.75, 4.5, 0.075],
  ["gpt-5.4-nano", 0.2, 1.25, 0.02],
  ["gpt-5.4-pro gpt-5.5-pro", 30, 180, 0, 1],
  ["gpt-5.5 gpt-5.5-chat-latest gpt-5.5-codex", 5, 30, 0.5, 1],
  ["gpt-5.6-luna", 0.2, 1.2, 0.02, 2],
  ["gpt-5.6-sol gpt-5.6", 4, 20, 0.4, 2],
  ["gpt-5.6-terra", 2, 12, 0.2, 2],
  ["gpt-6-astra", 10, 50, 1, 2],
  ["gpt-6-luna", 0.1, 0.5, 0.01, 2],
  ["gpt-6-sol", 2, 10, 0.2, 2],
  ["gpt-audio gpt-audio-1.5", 2.5, 10, 0, 0, 32, 64],
  ["gpt-audio-mini", 0.6, 2.4, 0, 0, 10, 20],
  ["gpt-chat-latest", 5, 30, 0.5],
  ["o1 o1-preview", 15, 60, 7.5],
  ["o1-mini o3-mini", 1.1, 4.4, 0.55],
  ["o1-pro", 150, 600],
  ["o3-deep-research", 10, 40, 2.5],
  ["o3-pro", 20, 80],
  ["o4-mini", 1.1, 4.4, 0.275],
  ["deepseek-v4-flash", 0.22, 0.66, 0.007, 0, 0, 0, 1],
  ["deepseek-v4-pro", 0.66, 1.98, 0.022, 0, 0, 0, 1],
];
