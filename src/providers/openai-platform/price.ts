import {
  amount,
  type CostItem,
  type CostMetadata,
  type PerKind,
  pricesForm,
  ratesForm,
  type SharedKind,
} from "../../cost/price.ts";
import { aList, aText, type Form } from "../../schema/option-form.ts";
import { canonicalModel } from "./models.ts";
import { PRICE_ROWS, PRICE_SOURCES } from "./prices.ts";

/** The kinds of tokens that are priced separately. */
export type OpenAITokenKind = SharedKind | "cacheWrite" | "audioInput" | "audioOutput";

/** A number for each kind of token: counts, rates or costs. */
export interface OpenAIPerTokenKind extends PerKind<OpenAITokenKind> {
  /** Text and images of the prompt that are neither read from the cache nor written to it. */
  readonly input: number;
  /** Text that the model writes, reasoning included. */
  readonly output: number;
  /** Tokens read from the cache. */
  readonly cacheRead: number;
  /** Tokens written to the cache. */
  readonly cacheWrite: number;
  /** Audio in the prompt. */
  readonly audioInput: number;
  /** Audio that the model speaks. */
  readonly audioOutput: number;
}

/** Rates in US dollars per million tokens. */
export interface OpenAIRates extends PerKind {
  /** Tokens of the prompt that are not read from the cache. */
  readonly input: number;
  /** Tokens that the model writes, reasoning included. */
  readonly output: number;
  /** Tokens read from the cache. */
  readonly cacheRead: number;
  /** Tokens written to the cache. Default: as input. */
  readonly cacheWrite?: number | undefined;
  /** Audio in the prompt. Without it, the cost of a prompt with audio is unknown. */
  readonly audioInput?: number | undefined;
  /** Audio that the model speaks. Without it, the cost of a reply with audio is unknown. */
  readonly audioOutput?: number | undefined;
}

/** The rates for all tokens of a call whose prompt, cache reads and writes included, exceeds `promptAbove` tokens. */
export interface OpenAIPriceTier extends OpenAIRates {
  /** Tokens. The rates are for prompts of more. */
  readonly promptAbove: number;
}

/**
 * What a model's tokens cost, in US dollars per million. A price in which a rate is missing, negative or not finite is an
 * `InvalidOptionError`.
 */
export interface OpenAIPrice extends OpenAIRates {
  /** Rates for longer prompts, in ascending order of `promptAbove`. */
  readonly tiers?: readonly OpenAIPriceTier[] | undefined;
  /** Where the price comes from. */
  readonly source?: string | undefined;
  /** When it was looked up: `YYYY-MM-DD`. */
  readonly date?: string | undefined;
}

/** Your own prices by model id, which take precedence over the library's. */
export type OpenAIPrices = Readonly<Record<string, OpenAIPrice>>;

/**
 * What went into a cost, beyond the token counts.
 *
 * - `flex`, `batch`: tokens are half price.
 * - `priority`: tokens cost about twice as much; the exact factor differs by model and is not public for all.
 * - `reported`: the server itself named the cost.
 * - `estimated`: the server has not reported usage; what is missing is estimated from the text.
 * - `partial`: the reply was interrupted, so the cost is that of what had been reported: a lower bound.
 * - `unknown-price`: the price of a kind of token is unknown.
 */
export type OpenAICostNote = "flex" | "batch" | "priority" | "reported" | "estimated" | "partial" | "unknown-price";

/** The cost of a reply. */
export interface OpenAICostItem extends CostItem {
  /** Tokens by kind. */
  readonly tokens: OpenAIPerTokenKind;
  /** US dollars by kind of token; null if unknown, or if the server named only their sum. */
  readonly costs: OpenAIPerTokenKind | null;
  /** The price, with its source and date; null if unknown. */
  readonly price: OpenAIPrice | null;
}

/** What a call cost, itemised. Fees of hosted tools are not part of it. */
export interface OpenAICostMetadata extends CostMetadata {
  /** Tokens written to the cache. */
  readonly cacheWriteTokens: number;
  /** The reply, as the one item. */
  readonly items: readonly OpenAICostItem[];
  /** What went into the cost, beyond the token counts. */
  readonly notes: readonly OpenAICostNote[];
}

/** Prompts of more tokens are charged at other rates. */
const LONG_PROMPT = 272_000;

/**
 * What OpenAI charges for a model, according to its public price list.
 *
 * @param model - A model id, dated or not.
 * @returns The price with its source and date, or null if it is unknown.
 * @example
 * ```ts
 * import { listPrice } from "millrace/openai";
 * console.log(listPrice("gpt-6-sol")?.output); // 10 US dollars per million tokens
 * ```
 */
export function listPrice(model: string): OpenAIPrice | null {
  const row = rowOf(model) ?? rowOf(canonicalModel(model));
  if (row === undefined) return null;
  const [, input, output, cacheRead, kind = 0, audioInput, audioOutput, place = 0] = row;
  const [source, date] = PRICE_SOURCES[place] ?? [];
  const times = (factor: number, written: number): OpenAIRates => ({
    input: input * factor,
    output: output * written,
    cacheRead: (cacheRead || input) * factor,
    cacheWrite: input * factor * (kind > 1 ? 1.25 : 1),
    ...(audioInput && { audioInput, audioOutput }),
  });
  return {
    ...times(1, 1),
    ...(kind && { tiers: [{ promptAbove: LONG_PROMPT, ...times(2, 1.5) }] }),
    source,
    date,
  };
}

function rowOf(model: string): (typeof PRICE_ROWS)[number] | undefined {
  return PRICE_ROWS.find(([ids]) => ids.split(" ").includes(model));
}

const NEEDED: readonly SharedKind[] = ["input", "output", "cacheRead"];
const FURTHER = { cacheWrite: amount, audioInput: amount, audioOutput: amount };

/** The form of the option `prices`. */
export const openAIPrices: Form = pricesForm(NEEDED, {
  ...FURTHER,
  tiers: { ...aList, each: () => ratesForm(NEEDED, { ...FURTHER, promptAbove: amount }) },
  source: aText,
  date: aText,
});
