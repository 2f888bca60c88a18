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
import { canonicalModel } from "./models.ts";
import type { AnthropicMessage } from "./wire.ts";

/** What a call's cost is worked out from. */
export interface AnthropicCostInput {
  /** The model that answered. */
  readonly model: string;
  readonly usage: AnthropicUsage;
  /** Your own prices. They win over the library's. */
  readonly prices?: Prices | undefined;
  /** What the message says of a refusal: {@link refusalOf}. */
  readonly refusal?: { readonly category?: string | null | undefined } | null | undefined;
}

/** Refusals about these are charged even before anything was written, since 2026-09-24. */
const CHARGED_REFUSALS = new Set<string | null | undefined>(["bio", "frontier_llm", "reasoning_extraction"]);

/** Models before Claude 4.6: their inference cannot be bound to a place. */
const WITHOUT_GEOGRAPHY = /^claude-(\d|\w+-4(-[0-5])?$)/;

/** The steps that answer; others, such as compaction, work behind the answer. */
const ANSWERS = new Set<string>(["message", "fallback_message"]);

const FREE: PerTokenKind = { input: 0, output: 0, cacheRead: 0, cacheWrite5m: 0, cacheWrite1h: 0 };

const NO_USAGE: AnthropicUsage = { input_tokens: 0, output_tokens: 0 };

/** Usage in words that all providers share. Models that worked behind the reply are left out, as Anthropic does. */
export function anthropicUsage(native: AnthropicUsage | undefined, source: UsageSource): Usage {
  const usage = native ?? NO_USAGE;
  const tokens = tokensOf(usage);
  return {
    source,
    inputTokens: tokens.input,
    outputTokens: tokens.output,
    cachedTokens: tokens.cacheRead,
    cacheWriteTokens: tokens.cacheWrite5m + tokens.cacheWrite1h,
    cacheWrite5mTokens: tokens.cacheWrite5m,
    cacheWrite1hTokens: tokens.cacheWrite1h,
    thinkingTokens: usage.output_tokens_details?.thinking_tokens ?? null,
    webSearchRequests: usage.server_tool_use?.web_search_requests ?? 0,
    webFetchRequests: usage.server_tool_use?.web_fetch_requests ?? 0,
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

function itemsOf({ model: served, usage, prices, refusal }: AnthropicCostInput): CostItem[] {
  const steps: readonly (TokenUsage & Partial<UsageIteration>)[] = usage.iterations?.length
    ? usage.iterations
    : [usage];
  /** What the attempt has written so far. */
  let written = 0;
  return steps.map((step, place) => {
    const { type: kind = "message" } = step;
    const model = step.model ?? served;
    const tokens = tokensOf(step);
    const price = priceOf(model, prices);
    const next = steps[place + 1];
    if (kind === "fallback_message") written = 0;
    if (ANSWERS.has(kind)) written += tokens.output;
    const isRefused = next === undefined ? refusal != null : next.type === "fallback_message";
    const isDeclined = ANSWERS.has(kind) && isRefused && written === 0 && !CHARGED_REFUSALS.has(refusal?.category);
    const multiplier = isDeclined ? 0 : multiplierOf(usage, model);
    // The speed is that of the attempt that served; other models were asked at their own.
    const rates = price && ratesOf(price, tokens, usage.speed === "fast" && model === served);
    const costs = isDeclined ? FREE : rates && costsOf(tokens, rates, multiplier);
    return { model, kind, tokens, costs, cost: costs && sumOf(costs), multiplier, price };
  });
}

function multiplierOf(usage: AnthropicUsage, model: string): number {
  return (usage.service_tier === "batch" ? 0.5 : 1) * (isInUs(usage, model) ? 1.1 : 1);
}

function isInUs(usage: AnthropicUsage, model: string): boolean {
  return usage.inference_geo === "us" && !WITHOUT_GEOGRAPHY.test(canonicalModel(model));
}

function notesOf(usage: AnthropicUsage, items: readonly CostItem[]): CostNote[] {
  const { service_tier: tier } = usage;
  const notes: CostNote[] = [];
  if (tier === "batch") notes.push("batch");
  if (tier === "priority") notes.push("priority");
  if (items.some(({ model }) => isInUs(usage, model))) notes.push("us-inference");
  if (usage.speed === "fast") notes.push("fast");
  if (items.some(({ multiplier }) => multiplier === 0)) notes.push("declined");
  if (usage.fallback_credit?.status?.type === "redeemed") notes.push("fallback-credit");
  if (items.some(({ cost }) => cost === null)) notes.push("unknown-price");
  return notes;
}

function priceOf(model: string, prices: Prices | undefined): Price | null {
  return ownPrice(model, prices) ?? ownPrice(canonicalModel(model), prices) ?? listPrice(model);
}

function ownPrice(id: string, prices: Prices | undefined): Price | undefined {
  return prices !== undefined && Object.hasOwn(prices, id) ? prices[id] : undefined;
}

/** Cache writes whose time to live is not reported count as five minutes. Compatible servers may leave counts out. */
function tokensOf(usage: TokenUsage): PerTokenKind {
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
