/**
 * Writes src/providers/anthropic/prices.ts and src/providers/openai-platform/prices.ts, and prints where the prices of
 * @pydantic/genai-prices differ from ours. With --check it writes nothing, and fails if a file is not what it would write.
 *
 *   node scripts/prices.mjs [--check]
 */

import { readFileSync, writeFileSync } from "node:fs";
import { calcPrice } from "@pydantic/genai-prices";
import { openAIPrices } from "./openai-prices.mjs";

/** The release of @pydantic/genai-prices that the rows without a page of their own come from. */
const GENAI = { version: "0.1.8", date: "2026-09-23" };

const SOURCES = {
  august: ["https://platform.claude.com/docs/en/about-claude/pricing", "2026-08-21"],
  october: ["https://platform.claude.com/docs/en/about-claude/pricing", "2026-10-08"],
  november: ["https://platform.claude.com/docs/en/release-notes/overview", "2026-11-09"],
  genai: [`@pydantic/genai-prices ${GENAI.version}`, GENAI.date],
};

const KINDS = ["input", "output", "cacheRead", "cacheWrite5m", "cacheWrite1h"];

/** What Anthropic's pages say, ids after `claude-`: US dollars for a million tokens, in the order of KINDS. */
const OURS = [
  // The notes give input and output; cache writes are 1.25 and 2 times the input, as for every model since Claude 3.5.
  // What fast mode costs here is not known, so there are no rates for it.
  { ids: "fable-5-2 mythos-5-2", source: "november", rates: [8, 40, 0.2, 10, 16] },
  { ids: "fable-5-1 mythos-5-1", source: "october", rates: [10, 50, 0.25, 12.5, 20] },
  { ids: "fable-5 mythos-5", source: "august", rates: [10, 50, 1, 12.5, 20] },
  { ids: "opus-5-5", source: "october", rates: [4, 20, 0.2, 5, 8], fast: 2 },
  { ids: "opus-5 opus-4-8", source: "august", rates: [5, 25, 0.5, 6.25, 10], fast: 2 },
  { ids: "opus-4-7 opus-4-6 opus-4-5", source: "august", rates: [5, 25, 0.5, 6.25, 10] },
  { ids: "opus-4-1 opus-4", source: "august", rates: [15, 75, 1.5, 18.75, 30] },
  { ids: "sonnet-5-5", source: "october", rates: [2, 10, 0.1, 2.5, 4] },
  { ids: "sonnet-5", source: "august", rates: [2, 10, 0.2, 2.5, 4] },
  { ids: "sonnet-4-6 sonnet-4-5 sonnet-4", source: "august", rates: [3, 15, 0.3, 3.75, 6] },
  {
    ids: "haiku-5-5",
    source: "october",
    rates: [0.1, 0.5, 0.01, 0.125, 0.2],
    tier: { promptAbove: 100_000, factor: 5 },
  },
  { ids: "haiku-4-5", source: "august", rates: [1, 5, 0.1, 1.25, 2] },
  { ids: "3-5-haiku", source: "august", rates: [0.8, 4, 0.08, 1, 1.6] },
];

/** Models that Anthropic's page no longer lists. */
const RETIRED = ["3-7-sonnet", "3-5-sonnet", "3-opus", "3-sonnet", "3-haiku"];

/** Rates that follow from the input by themselves: they stand in a row only where they differ, or others follow them. */
const USUAL = {
  output: (input) => input * 5,
  cacheRead: (input) => input / 10,
  cacheWrite5m: (input) => input * 1.25,
  cacheWrite1h: (input) => input * 2,
};

const rows = [...OURS, ...retiredRows()];
checkVersion();
const texts = {
  "src/providers/anthropic/prices.ts": render(rows),
  "src/providers/openai-platform/prices.ts": openAIPrices(GENAI),
};
report();

for (const [path, text] of Object.entries(texts)) {
  const target = new URL(`../${path}`, import.meta.url);
  if (!process.argv.includes("--check")) {
    writeFileSync(target, text);
  } else if (readFileSync(target, "utf8") !== text) {
    console.error(`${path} is stale: run node scripts/prices.mjs`);
    process.exitCode = 1;
  }
}

/** What the package has for a model: rates in the order of KINDS, or null. */
function genaiRates(id) {
  const timestamp = new Date(GENAI.date);
  const found = calcPrice({}, `claude-${id}`, { providerId: "anthropic", timestamp })?.model_price;
  if (!found) return null;
  return [
    found.input_mtok,
    found.output_mtok,
    found.cache_read_mtok,
    found.cache_write_5m_mtok ?? found.cache_write_mtok,
    found.cache_write_1h_mtok,
  ];
}

function retiredRows() {
  const byRates = new Map();
  for (const id of RETIRED) {
    const rates = genaiRates(id);
    if (rates === null || rates.some((rate) => typeof rate !== "number")) throw new Error(`no flat price for ${id}`);
    const key = JSON.stringify(rates);
    const row = byRates.get(key) ?? { ids: [], source: "genai", rates };
    row.ids.push(id);
    byRates.set(key, row);
  }
  return [...byRates.values()].map((row) => ({ ...row, ids: row.ids.join(" ") }));
}

function checkVersion() {
  const manifest = new URL("../package.json", import.meta.resolve("@pydantic/genai-prices"));
  const { version } = JSON.parse(readFileSync(manifest, "utf8"));
  if (version === GENAI.version) return;
  throw new Error(
    `@pydantic/genai-prices is ${version}: set GENAI to it and to the day of its release, run this again`,
  );
}

function report() {
  for (const { ids, rates, tier } of OURS) {
    for (const id of ids.split(" ")) {
      const theirs = genaiRates(id);
      if (theirs === null) {
        console.log(`claude-${id}: not in @pydantic/genai-prices ${GENAI.version}`);
        continue;
      }
      const differing = KINDS.flatMap((kind, place) =>
        theirs[place] === rates[place] ? [] : [`${kind} ${rates[place]} here, ${JSON.stringify(theirs[place])} there`],
      );
      if (tier && !theirs.some((rate) => rate?.tiers))
        differing.push(`a tier above ${tier.promptAbove} here, none there`);
      if (differing.length > 0) console.log(`claude-${id}: ${differing.join("; ")}`);
    }
  }
}

function render(all) {
  const names = Object.keys(SOURCES);
  const line = ({ ids, source, rates, fast = 0, tier }) => {
    const [input, output, cacheRead, cacheWrite5m, cacheWrite1h] = rates;
    if (output !== USUAL.output(input) || cacheWrite1h !== USUAL.cacheWrite1h(input)) {
      throw new Error(`${ids}: a row has no place for these rates for output or an hour's cache`);
    }
    const numbers = [input, cacheRead, cacheWrite5m, fast, tier?.promptAbove ?? 0, tier?.factor ?? 0];
    const usual = [NaN, USUAL.cacheRead(input), USUAL.cacheWrite5m(input), 0, 0, 0];
    const last = numbers.findLastIndex((number, place) => number !== usual[place]);
    return `  ["${ids}", ${[names.indexOf(source), ...numbers.slice(0, last + 1)].join(", ")}],`;
  };
  return `// Written by scripts/prices.mjs: do not edit. ${all.length} rows, US dollars for a million tokens.

/**
 * Ids after \`claude-\`, and the index of the source. Output costs 5 times the input, a cache write for an hour twice, and
 * where nothing else is said a cache read a tenth and a cache write for 5 minutes 1.25 times. All rates are multiplied
 * by \`fast\` in fast mode, and by \`tier\` for a prompt of more than \`above\` tokens; 0 is none.
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
${names.map((name) => `  ["${SOURCES[name][0]}", "${SOURCES[name][1]}"],`).join("\n")}
];

/** The prices, newest models first. */
export const PRICE_ROWS: readonly PriceRow[] = [
${all.map(line).join("\n")}
];
`;
}
