/** The text of src/providers/openai-platform/prices.ts. scripts/prices.mjs writes it. */

import { findProvider } from "@pydantic/genai-prices";

/** Models that write text. Ids of fine-tuned models, of retired ones and of other servers are left out. */
const WRITES = /^(gpt-[3-9]|gpt-(chat|audio)|chatgpt|o\d|codex|computer-use)/;
const OTHERS =
  /realtime|image|transcribe|tts|:|\.ft-|^gpt-\d-\d(?!\d)|gpt-35|gpt-3\.5(?!-turbo$)|gpt-4\.5|32k|-vision|-(chat|high)$|^codex-mini$|^gpt-4o-mini-audio$/;
/** An id in the package that stands for all ids that begin so. */
const FULL_IDS = { "computer-use": "computer-use-preview" };
/** What the package has for DeepSeek's hours of higher demand, where prices double, has no place in a table. */
const DEEPSEEK = ["deepseek-v4-flash", "deepseek-v4-pro"];

/** Prompts of more tokens cost twice as much, and what is written then 1.5 times; the same for all models that do so. */
const LONG_PROMPT = { promptAbove: 272_000, input: 2, output: 1.5 };
/** What a cache write costs, as a factor of the input. */
const WRITE = 1.25;

/** @param genai - The release of the package, and its date. */
export function openAIPrices(genai) {
  const sources = [
    [`@pydantic/genai-prices ${genai.version}`, genai.date],
    [`@pydantic/genai-prices ${genai.version}, outside the hours of higher demand`, genai.date],
  ];
  const rows = new Map();
  const add = (model, source) => {
    const rates = ratesOf(model, genai.date);
    const key = JSON.stringify([source, ...rates]);
    rows.set(key, [...(rows.get(key) ?? []), ...idsOf(model)]);
  };
  const models = (providerId) => findProvider({ providerId }).models;
  for (const model of models("openai")) {
    if (WRITES.test(model.id) && idsOf(model).length > 0) add(model, 0);
  }
  for (const model of models("deepseek")) if (DEEPSEEK.includes(model.id)) add(model, 1);
  return render(rows, sources);
}

/** The ids of a row: dated ones only where the undated one has another price. */
function idsOf({ id, match }) {
  const clauses = match.or ?? [match];
  const all = [id, ...clauses.flatMap(({ equals, starts_with }) => equals ?? starts_with ?? [])];
  const ids = [...new Set(all.map((name) => FULL_IDS[name] ?? name.replace(/-$/, "")))].filter(
    (name) => !OTHERS.test(name),
  );
  return ids.filter((name) => !/-\d{4}-\d\d-\d\d$/.test(name) || name === id);
}

/** [input, output, cacheRead, kind, audioInput, audioOutput]; kind 1 has a tier for long prompts, 2 priced cache writes too. */
function ratesOf({ id, prices }, date) {
  const current = Array.isArray(prices) ? prices.filter(isCurrent(date)).at(-1).prices : prices;
  const { input_mtok, output_mtok, cache_read_mtok, cache_write_mtok, input_audio_mtok, output_audio_mtok } = current;
  const base = (rate) => (typeof rate === "object" ? rate.base : rate);
  const isLong = typeof input_mtok === "object";
  for (const [rate, factor] of [
    [input_mtok, LONG_PROMPT.input],
    [output_mtok, LONG_PROMPT.output],
    [cache_read_mtok, LONG_PROMPT.input],
    [cache_write_mtok, LONG_PROMPT.input],
  ]) {
    if (rate === undefined || !isLong) continue;
    const [tier, ...more] = rate.tiers ?? [];
    // The package has "from 271,999 on" for some, which is the same limit, one off.
    const isUsual =
      tier && Math.abs(tier.start - LONG_PROMPT.promptAbove) <= 1 && isNear(tier.price, rate.base * factor);
    if (!isUsual || more.length > 0) throw new Error(`${id}: a row has no place for these tiers`);
  }
  if (cache_write_mtok !== undefined && !(isLong && isNear(base(cache_write_mtok), base(input_mtok) * WRITE))) {
    throw new Error(`${id}: a row has no place for this cache write`);
  }
  const kind = cache_write_mtok === undefined ? Number(isLong) : 2;
  return [
    base(input_mtok),
    base(output_mtok),
    base(cache_read_mtok) ?? 0,
    kind,
    input_audio_mtok ?? 0,
    output_audio_mtok ?? 0,
  ];
}

function isCurrent(date) {
  return ({ constraint }) =>
    constraint === undefined || (constraint.type === "start_date" && constraint.start_date <= date);
}

function isNear(a, b) {
  return Math.abs(a - b) < 1e-9;
}

function render(rows, sources) {
  const lines = [...rows].map(([key, ids]) => {
    const [source, ...rates] = JSON.parse(key);
    const numbers = [...rates, source];
    const last = numbers.findLastIndex((number) => number !== 0);
    return `  [${[JSON.stringify(ids.join(" ")), ...numbers.slice(0, last + 1)].join(", ")}],`;
  });
  return `// Written by scripts/prices.mjs: do not edit. ${lines.length} rows, US dollars for a million tokens.

/**
 * Ids, and their rates. A \`cacheRead\` of 0 stands for the price of input. \`kind\` 1: prompts of more than
 * ${LONG_PROMPT.promptAbove.toLocaleString("en-US")} tokens cost ${LONG_PROMPT.input} times as much, and their replies ${LONG_PROMPT.output} times. \`kind\` 2: the same, and cache writes cost ${WRITE} times
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
${sources.map(([source, date]) => `  ["${source}", "${date}"],`).join("\n")}
];

/** The prices, by id. */
export const PRICE_ROWS: readonly PriceRow[] = [
${lines.join("\n")}
];
`;
}
