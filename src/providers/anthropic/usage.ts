import {
  type CostItem,
  costMetadata,
  type CostMetadata,
  type CostNote,
  costsOf,
  type PerTokenKind,
  type Price,
  type Prices,
  ratesOf,
  sumOf,
} from "../../cost/price.ts";
import type { Usage, UsageSource } from "../../cost/usage.ts";
import { listPrice, WEB_SEARCH_PER_1000 } from "./list-price.ts";
import type { AnthropicUsage, TokenUsage, UsageIteration } from "./message-usage.ts";
import { canonicalModel, isBefore46 } from "./models.ts";
import type { AnthropicMessage } from "./wire.ts";

/** What a call's cost is worked out from. */
export interface AnthropicCostInput {
  /** The model that answered. */
  readonly model: string;
  /** The model that was asked, where another may have taken over: steps that name none are its. Default: `model`. */
  readonly asked?: string | undefined;
  readonly usage: AnthropicUsage;
  /** Your own prices. They win over the library's. */
  readonly prices?: Prices | undefined;
  /** What the message says of a refusal: {@link refusalOf}. */
  readonly refusal?: { readonly category?: string | null | undefined } | null | undefined;
}

/** Refusals about these are charged even before anything was written, since 2026-09-24. */
const CHARGED_REFUSAL = /^(bio|frontier_llm|reasoning_extraction)$/;

/** The steps that answer; others, such as compaction, work behind the answer. */
const ANSWER = /^(fallback_)?message$/;

/** Usage in words that all providers share. Models that worked behind the reply are left out, as Anthropic does. */
export function anthropicUsage(usage: AnthropicUsage | undefined, source: UsageSource): Usage {
  const tokens = tokensOf(usage ?? {});
  const { cacheWrite5m, cacheWrite1h } = tokens;
  return {
    source,
    inputTokens: tokens.input,
    outputTokens: tokens.output,
    cachedTokens: tokens.cacheRead,
    cacheWriteTokens: cacheWrite5m + cacheWrite1h,
    cacheWrite5mTokens: cacheWrite5m,
    cacheWrite1hTokens: cacheWrite1h,
    thinkingTokens: usage?.output_tokens_details?.thinking_tokens ?? null,
    webSearchRequests: usage?.server_tool_use?.web_search_requests ?? 0,
    webFetchRequests: usage?.server_tool_use?.web_fetch_requests ?? 0,
    totalTokens: sumOf(tokens),
  };
}

/** What a message says of a refusal: why it ended, or why the first model gave way. Nothing where none refused. */
export function refusalOf(message: AnthropicMessage): AnthropicCostInput["refusal"] {
  if (message.stop_reason === "refusal") return message.stop_details ?? {};
  return message.content.find((block) => block.type === "fallback")?.trigger;
}

/**
 * What a reply costs by the list price, or by your own; platform.claude.com/docs/en/about-claude/pricing.
 *
 * Where the usage has `iterations`, each is priced by its own model. If the price of only some of them is known, the
 * items say what those cost, and the whole cost is null.
 *
 * @returns Null where no price is known.
 * @example
 * ```ts
 * import { anthropicCost } from "millrace/anthropic";
 * const usage = { input_tokens: 1000, output_tokens: 500 };
 * console.log(anthropicCost({ model: "claude-opus-5", usage })?.cost); // 0.0175 US dollars
 * ```
 */
export function anthropicCost(input: AnthropicCostInput): CostMetadata | null {
  const { model, usage, prices } = input;
  const items = itemsOf(input);
  if (items.every(({ price }) => price === null)) return null;
  const searches = usage.server_tool_use?.web_search_requests ?? 0;
  const searchPrice = priceOf(model, prices)?.webSearchPer1000 ?? WEB_SEARCH_PER_1000;
  return costMetadata(items, searches, (searches * searchPrice) / 1000, notesOf(usage, items));
}

function itemsOf({ model: served, asked = served, usage, prices, refusal }: AnthropicCostInput): CostItem[] {
  const steps: readonly (TokenUsage & Partial<UsageIteration>)[] = usage.iterations?.length
    ? usage.iterations
    : [usage];
  const unnamed = steps.some(({ type }) => type === "fallback_message") ? asked : served;
  /** What the attempt has written so far. */
  let written = 0;
  return steps.map((step, place) => {
    const kind = step.type ?? "message";
    const model = step.model ?? unnamed;
    const tokens = tokensOf(step);
    const price = priceOf(model, prices);
    const next = steps[place + 1];
    const isAnswer = ANSWER.test(kind);
    if (kind === "fallback_message") written = 0;
    if (isAnswer) written += tokens.output;
    const isRefused = next === undefined ? refusal != null : next.type === "fallback_message";
    const isDeclined = isAnswer && isRefused && written === 0 && !CHARGED_REFUSAL.test(refusal?.category ?? "");
    const multiplier = isDeclined ? 0 : (usage.service_tier === "batch" ? 0.5 : 1) * (isInUs(usage, model) ? 1.1 : 1);
    // The speed is that of the attempt that served; other models were asked at their own.
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
  const notes: Readonly<Record<CostNote, boolean>> = {
    batch: tier === "batch",
    priority: tier === "priority",
    "us-inference": items.some(({ model }) => isInUs(usage, model)),
    fast: usage.speed === "fast",
    declined: items.some(({ multiplier }) => multiplier === 0),
    "fallback-credit": usage.fallback_credit?.status?.type === "redeemed",
    "unknown-price": items.some(({ cost }) => cost === null),
  };
  return (Object.keys(notes) as CostNote[]).filter((note) => notes[note]);
}

function priceOf(model: string, prices: Prices = {}): Price | null {
  const id = [model, canonicalModel(model)].find((name) => Object.hasOwn(prices, name));
  return (id === undefined ? null : prices[id]) ?? listPrice(model);
}

/** Cache writes whose time to live is not reported count as five minutes. Compatible servers may leave counts out. */
function tokensOf(usage: Partial<TokenUsage>): PerTokenKind {
  const cacheWrite1h = usage.cache_creation?.ephemeral_1h_input_tokens ?? 0;
  const known = cacheWrite1h + (usage.cache_creation?.ephemeral_5m_input_tokens ?? 0);
  return {
    input: usage.input_tokens ?? 0,
    output: usage.output_tokens ?? 0,
    cacheRead: usage.cache_read_input_tokens ?? 0,
    cacheWrite5m: Math.max(usage.cache_creation_input_tokens ?? 0, known) - cacheWrite1h,
    cacheWrite1h,
  };
}
