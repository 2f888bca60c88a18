import { costMetadata, costsOf, isAmount, sumOf } from "../../cost/price.ts";
import { type Usage, type UsageSource, UNSURE } from "../../cost/usage.ts";
import { defined, field, isObject, type JsonObject, stringField } from "../../json/object.ts";
import { checkForm } from "../../schema/option-form.ts";
import { estimatedPrompt } from "./estimate.ts";
import { canonicalModel } from "./models.ts";
import {
  listPrice,
  type OpenAICostMetadata,
  type OpenAICostNote,
  type OpenAIPerTokenKind,
  type OpenAIPrice,
  openAIPrices,
  type OpenAIPrices,
  type OpenAIRates,
} from "./price.ts";

/** What a reply used. Counts are tokens. */
export interface OpenAIUsage extends Usage {
  /** The part of the prompt that was written to the cache. */
  readonly cacheWriteTokens: number;
}

/** What the cost of a reply is worked out from. */
export interface OpenAICostInput {
  /** The model that answered. */
  readonly model: string;
  /** Usage as either API reports it. Counts that are missing are 0. */
  readonly usage: object;
  /** The tier that served the reply, as it says itself. */
  readonly serviceTier?: string | null | undefined;
  /** Your own prices, which take precedence over the library's. */
  readonly prices?: OpenAIPrices | undefined;
}

/** The names of the two sums in Chat Completions. */
export const CHAT_NAMES = { input: "prompt_tokens", output: "completion_tokens" } as const;
/** The names of the two sums in Responses. */
export const RESPONSES_NAMES = { input: "input_tokens", output: "output_tokens" } as const;

/** A count, which some servers write as text; undefined if it is unusable. */
function count(value: unknown): number | undefined {
  const read = typeof value === "string" && value !== "" ? +value : value;
  return isAmount(read) ? read : undefined;
}

/**
 * Usage as received, but of the right types: sums that are missing or unusable become 0, and unusable details are
 * left out. Undeclared fields are kept.
 *
 * @param estimatedTokens - For `estimated`: how many tokens the text received so far comes to. It stands in for the output
 *   that was not reported.
 * @param body - For `estimated`: the request, which stands in for the input that was not reported.
 */
export function readUsage<Input extends string, Output extends string>(
  received: unknown,
  names: { readonly input: Input; readonly output: Output },
  source: UsageSource,
  estimatedTokens: number,
  body?: object | null,
): SourcedUsage<Input | Output> {
  const usage = isObject(received) ? received : {};
  const sent = count(usage[names.input]) ?? 0;
  const reported = count(usage[names.output]) ?? 0;
  const isEstimated = source === "estimated";
  const input = isEstimated ? Math.max(sent, estimatedPrompt(body)) : sent;
  const output = isEstimated ? Math.max(reported, estimatedTokens) : reported;
  const total = isEstimated ? undefined : count(usage["total_tokens"]);
  const sums: JsonObject = { [names.input]: input, [names.output]: output, total_tokens: total ?? input + output };
  for (const name of [`${names.input}_details`, `${names.output}_details`]) {
    if (name in usage) sums[name] = readDetails(usage[name]);
  }
  // The sums have just been made.
  return defined({ ...usage, ...sums, source }) as SourcedUsage<Input | Output>;
}

/** Usage as a server reports it, and how far to trust it. */
export type SourcedUsage<Sum extends string> = JsonObject &
  Readonly<Record<Sum | "total_tokens", number>> & { readonly source: UsageSource };

/** Undeclared details are kept: those that are declared are all counts. */
function readDetails(details: unknown): JsonObject | undefined {
  if (!isObject(details)) return undefined;
  const kept = Object.entries(details).filter(([name, value]) => !name.endsWith("_tokens") || isAmount(value));
  return Object.fromEntries(kept);
}

/** The counts of a reply, whichever of the two APIs reported them. */
interface Counts {
  readonly tokens: OpenAIPerTokenKind;
  readonly reasoning: number | null;
  /** The whole prompt. */
  readonly prompt: number;
  readonly total: number;
}

/** Cached input is part of the input, and reasoning of the output, but for xAI, which adds reasoning to the output. */
function countsOf(usage: unknown): Counts {
  const read = (part: unknown, ...names: readonly string[]): number | undefined =>
    names.map((name) => count(field(part, name))).find((found) => found !== undefined);
  const inputDetails = field(usage, "prompt_tokens_details") ?? field(usage, "input_tokens_details");
  const outputDetails = field(usage, "completion_tokens_details") ?? field(usage, "output_tokens_details");
  const prompt = read(usage, "prompt_tokens", "input_tokens") ?? 0;
  const completion = read(usage, "completion_tokens", "output_tokens") ?? 0;
  const reasoning = read(outputDetails, "reasoning_tokens") ?? null;
  const isBeside = reasoning && read(usage, "total_tokens") === prompt + completion + reasoning;
  const written = isBeside ? completion + reasoning : completion;
  const cached = read(inputDetails, "cached_tokens") ?? read(usage, "prompt_cache_hit_tokens", "cached_tokens") ?? 0;
  // No part is larger than what is left of the whole.
  const cacheRead = Math.min(cached, prompt);
  const cacheWrite = Math.min(read(inputDetails, "cache_write_tokens") ?? 0, prompt - cacheRead);
  const audioInput = Math.min(read(inputDetails, "audio_tokens") ?? 0, prompt - cacheRead - cacheWrite);
  const audioOutput = Math.min(read(outputDetails, "audio_tokens") ?? 0, written);
  const input = prompt - cacheRead - cacheWrite - audioInput;
  const tokens = { input, output: written - audioOutput, cacheRead, cacheWrite, audioInput, audioOutput };
  return { tokens, reasoning, prompt, total: prompt + written };
}

/** Usage of either API in terms that all providers share. */
export function openAIUsage(usage: unknown, source: UsageSource): OpenAIUsage {
  const { tokens, reasoning, total } = countsOf(usage);
  return {
    source,
    inputTokens: tokens.input + tokens.audioInput,
    outputTokens: tokens.output + tokens.audioOutput,
    cachedTokens: tokens.cacheRead,
    cacheWriteTokens: tokens.cacheWrite,
    thinkingTokens: reasoning,
    totalTokens: total,
  };
}

/**
 * What a reply costs: what the server says it does, else by the list price or your own. Fees of hosted tools are not known
 * to it.
 *
 * @param input - The model, the usage, the tier that served, and your own prices if you have some.
 * @returns Null if no price is known.
 * @throws InvalidOptionError if a price of your own lacks a rate, or has one that cannot be used.
 * @example
 * ```ts
 * import { openAICost } from "millrace/openai";
 * const usage = { input_tokens: 1000, output_tokens: 500 };
 * console.log(openAICost({ model: "gpt-6-sol", usage })?.cost); // 0.007 US dollars
 * ```
 */
export function openAICost(input: OpenAICostInput): OpenAICostMetadata | null {
  checkForm("prices", input.prices ?? undefined, openAIPrices);
  return costOf(input);
}

/** The tiers that do not cost what the list says; `fast` is another name of `priority`. The list has no exact factor for it. */
const TIERS: Readonly<Record<string, readonly [note: OpenAICostNote | false, factor: number]>> = {
  flex: ["flex", 0.5],
  batch: ["batch", 0.5],
  priority: ["priority", 2],
  fast: ["priority", 2],
};

/** The same, with prices that were checked. */
export function costOf(input: OpenAICostInput): OpenAICostMetadata | null {
  const { usage, prices } = input;
  // Servers may name anything as their model, and programs in plain JavaScript may pass it on.
  const model = stringField(input, "model") ?? "";
  const own = [model, canonicalModel(model)].find((name) => Object.hasOwn(prices ?? {}, name));
  const ownPrice = own === undefined ? undefined : prices?.[own];
  const price = ownPrice ?? listPrice(model);
  const reported = ownPrice === undefined ? reportedCost(usage) : undefined;
  if (price === null && reported === undefined) return null;
  const { tokens, prompt } = countsOf(usage);
  const tier = stringField(input, "serviceTier") ?? "";
  const [tierNote, factor] = Object.hasOwn(TIERS, tier) && reported === undefined ? (TIERS[tier] ?? LISTED) : LISTED;
  const rates = price && reported === undefined ? ratesFor(price, tokens, prompt) : null;
  const costs = rates && costsOf(tokens, rates, factor);
  const cost = reported ?? (costs && sumOf(costs));
  const notes: readonly (OpenAICostNote | false)[] = [
    reported !== undefined && "reported",
    tierNote,
    cost === null && "unknown-price",
    // Usage as streams have it says how far to trust it.
    UNSURE.find((source) => source === field(usage, "source")) ?? false,
  ];
  const item = { model, kind: "message", tokens, costs, cost, multiplier: factor, price };
  return {
    ...costMetadata(
      [item],
      0,
      notes.filter((note) => note !== false),
    ),
    cacheWriteTokens: tokens.cacheWrite,
  };
}

const LISTED = [false, 1] as const;

/** The rates for a prompt of this size; null if there was audio, whose rate is unknown. */
function ratesFor(price: OpenAIPrice, tokens: OpenAIPerTokenKind, prompt: number): OpenAIPerTokenKind | null {
  const rates: OpenAIRates = price.tiers?.findLast(({ promptAbove }) => prompt > promptAbove) ?? price;
  const { input, output, cacheRead, cacheWrite = input, audioInput, audioOutput } = rates;
  if ((tokens.audioInput && audioInput === undefined) || (tokens.audioOutput && audioOutput === undefined)) return null;
  return { input, output, cacheRead, cacheWrite, audioInput: audioInput ?? 0, audioOutput: audioOutput ?? 0 };
}

/** xAI counts in units of 10^-10 US dollars; docs.x.ai/developers/cost-tracking. */
const TICKS = 1e10;

/** What the server says that the reply costs, in US dollars: OpenRouter, Perplexity and xAI do. */
function reportedCost(usage: unknown): number | undefined {
  const cost = field(usage, "cost");
  const ticks = count(field(usage, "cost_in_usd_ticks"));
  return count(isObject(cost) ? cost["total_cost"] : cost) ?? (ticks === undefined ? ticks : ticks / TICKS);
}
