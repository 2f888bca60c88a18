import { costMetadata, costsOf, sumOf, tokensIn } from "../../cost/price.ts";
import { type Usage as AnyUsage, type UsageSource, UNSURE } from "../../cost/usage.ts";
import { field, isObject, stringField } from "../../json/object.ts";
import { checkForm } from "../../schema/option-form.ts";
import { listPrice, WEB_SEARCH_PER_1000 } from "./list-price.ts";
import {
  type AnthropicUsage,
  type MessageDeltaUsage,
  readUsage,
  type TokenUsage,
  type UsageIteration,
} from "./message-usage.ts";
import { canonicalModel, isBefore46 } from "./models.ts";
import {
  type CostItem,
  type CostMetadata,
  type CostNote,
  anthropicPrices,
  type PerTokenKind,
  type Price,
  type Prices,
  ratesOf,
} from "./price.ts";
import type { AnthropicMessage } from "./wire.ts";

/** What a reply used. Counts are tokens unless noted otherwise. */
export interface Usage extends AnyUsage {
  /** The part of the prompt that was written to the cache. */
  readonly cacheWriteTokens: number;
  /** The part of {@link cacheWriteTokens} that is kept for five minutes. */
  readonly cacheWrite5mTokens: number;
  /** The part of {@link cacheWriteTokens} that is kept for an hour. */
  readonly cacheWrite1hTokens: number;
  /** How many web searches the provider made. */
  readonly webSearchRequests: number;
  /** How many web pages the provider fetched. */
  readonly webFetchRequests: number;
}

/** What the cost of a reply is worked out from. */
export interface AnthropicCostInput {
  /** The model that answered. */
  readonly model: string;
  /**
   * The model that was asked, if another may have taken over. Steps of the usage that name no model are then charged to
   * it. Default: `model`.
   */
  readonly asked?: string | undefined;
  /** Counts that are missing are 0. */
  readonly usage: MessageDeltaUsage;
  /** Your own prices, which take precedence over the library's. */
  readonly prices?: Prices | undefined;
  /** What the message says about a refusal: see {@link refusalOf}. */
  readonly refusal?: { readonly category?: string | null | undefined } | null | undefined;
}

type ReadCostInput = AnthropicCostInput & Pick<AnthropicMessage, "usage">;

/** Since 2026-09-24, refusals in these categories are charged even if nothing was written. */
const CHARGED_REFUSALS: readonly unknown[] = ["bio", "frontier_llm", "reasoning_extraction"];

/** The kinds of step that write the answer. Others, such as compaction, work behind it. */
const ANSWERS: readonly unknown[] = ["message", "fallback_message"];

/** Usage in terms that all providers share. Like Anthropic's own counts, it leaves out models that worked behind the reply. */
export function anthropicUsage(usage: AnthropicUsage, source: UsageSource): Usage {
  const tokens = tokensOf(usage);
  const { cacheWrite5m, cacheWrite1h } = tokens;
  return {
    source,
    inputTokens: tokens.input,
    outputTokens: tokens.output,
    cachedTokens: tokens.cacheRead,
    cacheWriteTokens: cacheWrite5m + cacheWrite1h,
    cacheWrite5mTokens: cacheWrite5m,
    cacheWrite1hTokens: cacheWrite1h,
    thinkingTokens: usage.output_tokens_details?.thinking_tokens ?? null,
    webSearchRequests: usage.server_tool_use?.web_search_requests ?? 0,
    webFetchRequests: usage.server_tool_use?.web_fetch_requests ?? 0,
    totalTokens: sumOf(tokens),
  };
}

/**
 * What a message says about a refusal, whether that ended it or made the first model hand over to another. Undefined if
 * no model refused.
 */
export function refusalOf(message: AnthropicMessage | null): AnthropicCostInput["refusal"] {
  if (field(message, "stop_reason") === "refusal") return readRefusal(field(message, "stop_details")) ?? {};
  const content = field(message, "content");
  const blocks: readonly unknown[] = Array.isArray(content) ? content : [];
  let at = searched.get(blocks) ?? 0;
  while (at < blocks.length && field(blocks[at], "type") !== "fallback") at++;
  searched.set(blocks, at);
  return readRefusal(field(blocks[at], "trigger"));
}

/** How many blocks of a message are known not to hand over. It is looked at after every event, and only grows. */
const searched = new WeakMap<readonly unknown[], number>();

/** An object whose category is unusable is a refusal without one. */
function readRefusal(details: unknown): AnthropicCostInput["refusal"] {
  if (!isObject(details)) return undefined;
  return typeof (details["category"] ?? "") === "string" ? details : {};
}

/**
 * What a reply costs, by the list price or your own; platform.claude.com/docs/en/about-claude/pricing.
 *
 * If the usage has `iterations`, each is charged at its own model's price. If only some of those prices are known, the
 * items have the costs that could be worked out, and the total is null.
 *
 * @param input - The model, the usage, and your own prices if you have some.
 * @returns Null if no price is known.
 * @throws InvalidOptionError if a price of your own lacks a rate, or has one that cannot be used.
 * @example
 * ```ts
 * import { anthropicCost } from "millrace/anthropic";
 * const usage = { input_tokens: 1000, output_tokens: 500 };
 * console.log(anthropicCost({ model: "claude-opus-5", usage })?.cost); // 0.0175 US dollars
 * ```
 */
export function anthropicCost(input: AnthropicCostInput): CostMetadata | null {
  checkForm("prices", input.prices ?? undefined, anthropicPrices);
  return costOf({ ...input, usage: readUsage(input.usage) });
}

/** The same, with usage that was read, and prices that were checked. */
export function costOf(input: ReadCostInput): CostMetadata | null {
  const { usage, prices, refusal } = input;
  // Servers may name anything as their model, and programs in plain JavaScript may pass it on.
  const model = stringField(input, "model") ?? "";
  const asked = stringField(input, "asked") ?? model;
  const items = itemsOf({ model, asked, usage, prices, refusal });
  if (items.every(({ price }) => price === null)) return null;
  const searches = usage.server_tool_use?.web_search_requests ?? 0;
  const webSearchCost =
    searches && (searches * (priceOf(model, prices)?.webSearchPer1000 ?? WEB_SEARCH_PER_1000)) / 1000;
  return {
    ...costMetadata(items, webSearchCost, notesOf(usage, items)),
    cacheWrite5mTokens: tokensIn(items, "cacheWrite5m"),
    cacheWrite1hTokens: tokensIn(items, "cacheWrite1h"),
    webSearchRequests: searches,
    webSearchCost,
  };
}

function itemsOf({ model: served, asked = served, usage, prices, refusal }: ReadCostInput): CostItem[] {
  const steps: readonly (TokenUsage & Partial<UsageIteration>)[] = usage.iterations?.length
    ? usage.iterations
    : [usage];
  const unnamed = steps.some(({ type }) => type === "fallback_message") ? asked : served;
  /** The output of the current attempt so far. */
  let written = 0;
  return steps.map((step, place) => {
    const kind = step.type ?? "message";
    const model = step.model ?? unnamed;
    const tokens = tokensOf(step);
    const price = priceOf(model, prices);
    const next = steps[place + 1];
    const isAnswer = ANSWERS.includes(kind);
    if (kind === "fallback_message") written = 0;
    if (isAnswer) written += tokens.output;
    const isRefused = next === undefined ? refusal != null : next.type === "fallback_message";
    const isDeclined = isAnswer && isRefused && written === 0 && !CHARGED_REFUSALS.includes(refusal?.category);
    const multiplier = isDeclined ? 0 : (usage.service_tier === "batch" ? 0.5 : 1) * (isInUs(usage, model) ? 1.1 : 1);
    // `speed` describes the attempt that answered. Other models ran at their own speed, which is not reported.
    const rates = price && ratesOf(price, tokens, usage.speed === "fast" && model === served);
    const costs = isDeclined ? costsOf(tokens, tokens, 0) : rates && costsOf(tokens, rates, multiplier);
    return { model, kind, tokens, costs, cost: costs && sumOf(costs), multiplier, price };
  });
}

function isInUs(usage: AnthropicUsage, model: string): boolean {
  return usage.inference_geo === "us" && !isBefore46(model);
}

function notesOf(usage: AnthropicUsage, items: readonly CostItem[]): CostNote[] {
  const { service_tier: tier } = usage;
  const notes = [
    tier === "batch" && "batch",
    tier === "priority" && "priority",
    items.some(({ model }) => isInUs(usage, model)) && "us-inference",
    usage.speed === "fast" && "fast",
    items.some(({ multiplier }) => multiplier === 0) && "declined",
    usage.fallback_credit?.status.type === "redeemed" && "fallback-credit",
    items.some(({ cost }) => cost === null) && "unknown-price",
    // Usage as streams have it says how far to trust it.
    UNSURE.find((source) => source === field(usage, "source")) ?? false,
  ] as const;
  return notes.filter((note) => note !== false);
}

function priceOf(model: string, prices: Prices | null | undefined): Price | null {
  const own = [model, canonicalModel(model)].find((name) => Object.hasOwn(prices ?? {}, name));
  return (own && prices?.[own]) || listPrice(model);
}

/** Cache writes whose lifetime is not reported count as kept for five minutes. Compatible servers may omit counts. */
export function tokensOf(usage: TokenUsage): PerTokenKind {
  const cacheWrite1h = usage.cache_creation?.ephemeral_1h_input_tokens ?? 0;
  const known = cacheWrite1h + (usage.cache_creation?.ephemeral_5m_input_tokens ?? 0);
  return {
    input: usage.input_tokens,
    output: usage.output_tokens,
    cacheRead: usage.cache_read_input_tokens ?? 0,
    cacheWrite5m: Math.max(usage.cache_creation_input_tokens ?? 0, known) - cacheWrite1h,
    cacheWrite1h,
  };
}
