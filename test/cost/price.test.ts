import { describe, expect, it } from "vitest";
import {
  costMetadata,
  costOfUsage,
  costsOf,
  isAmount,
  joinCosts,
  type PerKind,
  pricesForm,
  ratesOf,
  type SharedKind,
  sumOf,
  tokensIn,
} from "../../src/cost/price.ts";
import { checkForm } from "../../src/schema/option-form.ts";
import { usageOf } from "../../src/cost/usage.ts";

/** The kinds of a provider that charges audio apart. */
type Kind = SharedKind | "audio";
const KINDS: readonly Kind[] = ["input", "output", "cacheRead", "audio"];

const rates = (rate: number): PerKind<Kind> => ({ input: rate, output: rate, cacheRead: rate, audio: rate });
const item = (cost: number | null, tokens = 7) => ({
  model: "a",
  kind: "message",
  tokens: { ...rates(0), input: tokens, audio: 1 },
  costs: null,
  cost,
  multiplier: 1,
  price: null,
});

describe("ratesOf", () => {
  const price = {
    ...rates(1),
    tiers: [
      { promptAbove: 100, ...rates(2) },
      { promptAbove: 1000, ...rates(3) },
    ],
  };

  it.each([
    [0, 1],
    [100, 1],
    [101, 2],
    [1000, 2],
    [1001, 3],
  ])("finds the tier of a prompt of %d tokens", (tokens, rate) => {
    expect(ratesOf(price, { ...rates(0), input: tokens }).output).toBe(rate);
  });

  it("counts every kind but output as part of the prompt", () => {
    const tokens = { input: 1, output: 5000, cacheRead: 40, audio: 60 };
    expect(ratesOf(price, tokens).input).toBe(2);
    expect(ratesOf(price, { ...tokens, input: 0 }).input).toBe(1);
  });
});

describe("pricesForm", () => {
  it("needs a usable rate for each kind, in each tier", () => {
    const tier = { promptAbove: 10, ...rates(2) };
    const problem = (price: object): string => {
      try {
        checkForm("prices", { m: price }, pricesForm(KINDS));
        return "";
      } catch (error) {
        return String(error);
      }
    };
    const refusal = (place: string, value: unknown): string =>
      `InvalidOptionError: Invalid prices.m.${place}: it must be a number of at least 0, not ${String(value)}.`;
    expect(problem(rates(0))).toBe("");
    expect(problem({ ...rates(1), tiers: [tier] })).toBe("");
    expect(problem({ input: 1, output: 1, cacheRead: 1 })).toBe(refusal("audio", undefined));
    expect(problem({ ...rates(1), audio: -1 })).toBe(refusal("audio", -1));
    expect(problem({ ...rates(1), tiers: [tier, { ...tier, audio: Number.NaN }] })).toBe(refusal("tiers.1.audio", NaN));
    expect(problem({ ...rates(1), tiers: [{ ...tier, promptAbove: Infinity }] })).toBe(
      refusal("tiers.0.promptAbove", Infinity),
    );
    expect(problem({ ...rates(1), tiers: 3 })).toMatch("prices.m.tiers: it must be a list");
  });
});

describe("isAmount", () => {
  it("takes numbers whose sums and products stay finite", () => {
    expect([0, 0.5, 1, Number.MAX_SAFE_INTEGER].every(isAmount)).toBe(true);
    expect([-1, Number.NaN, Infinity, 1e308, "1", null, undefined, 1n].some(isAmount)).toBe(false);
  });
});

describe("costsOf, sumOf and tokensIn", () => {
  it("multiply each kind by its own rate per million, and add up", () => {
    const tokens = { input: 1, output: 2, cacheRead: 3, audio: 4 };
    const costs = costsOf(tokens, { input: 10, output: 20, cacheRead: 30, audio: 40 }, 2);
    expect(sumOf(tokens)).toBe(10);
    expect(costs.audio).toBeCloseTo(0.00032, 15);
    expect(sumOf(costs)).toBeCloseTo((2 * 300) / 1e6, 15);
    expect(tokensIn([item(1), item(2, 3)], "input")).toBe(10);
    expect(tokensIn([item(1), item(2, 3)], "audio")).toBe(2);
  });
});

describe("costMetadata", () => {
  it("adds up items and what was charged beside them", () => {
    expect(costMetadata([item(1), item(2)], 0.5, [])).toMatchObject({ cost: 3.5, inputTokens: 14, outputTokens: 0 });
  });

  it("is unknown if any item is, whichever comes first", () => {
    expect(costMetadata([item(1), item(null)], 0, []).cost).toBeNull();
    expect(costMetadata([item(null), item(1)], 0, []).cost).toBeNull();
  });
});

describe("joinCosts", () => {
  const cost = (amount: number | null, minutes: number, ...notes: string[]) => ({
    ...costMetadata([item(amount)], 0, notes),
    audioMinutes: minutes,
  });

  it("adds up every number, those that only the provider has too", () => {
    expect(joinCosts([cost(1, 2, "batch"), cost(2, 3, "fast", "batch"), cost(4, 0)])).toEqual({
      currency: "USD",
      cost: 7,
      inputTokens: 21,
      outputTokens: 0,
      cachedTokens: 0,
      audioMinutes: 5,
      items: [item(1), item(2), item(4)],
      notes: ["batch", "fast"],
    });
  });

  it("has no total where the cost of a request is unknown, and is null where nothing of it is known", () => {
    for (const costs of [
      [cost(null, 1), cost(2, 1), cost(3, 1)],
      [cost(2, 1), cost(null, 1), cost(3, 1)],
    ]) {
      expect(joinCosts(costs)).toMatchObject({ cost: null, audioMinutes: 3 });
    }
    expect(joinCosts([cost(1, 1), null])).toBeNull();
    expect(joinCosts([null, cost(1, 1)])).toBeNull();
  });
});

describe("usageOf", () => {
  it("has 0 for what a provider does not count, and adds up", () => {
    expect(usageOf("reported", { inputTokens: 6, cachedTokens: 4, outputTokens: 25 })).toEqual({
      source: "reported",
      inputTokens: 6,
      outputTokens: 25,
      cachedTokens: 4,
      thinkingTokens: null,
      totalTokens: 35,
    });
  });
});

describe("costOfUsage", () => {
  const usage = usageOf("reported", { inputTokens: 1e6, cachedTokens: 2e6, outputTokens: 3e6 });

  it("prices each kind of token", () => {
    const price = { ...rates(1), output: 2, cacheRead: 0.5 };
    expect(costOfUsage("m", usage, price)).toMatchObject({ cost: 8, inputTokens: 1e6, items: [{ model: "m", price }] });
  });

  it("takes the tier of long prompts", () => {
    expect(costOfUsage("m", usage, { ...rates(1), tiers: [{ promptAbove: 100, ...rates(2) }] })?.cost).toBe(12);
  });

  it("is null where the price is not known", () => {
    expect(costOfUsage("m", usage, undefined)).toBeNull();
  });
});
