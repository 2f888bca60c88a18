import { describe, expect, it } from "vitest";
import {
  costMetadata,
  costsOf,
  isAmount,
  isPrice,
  type PerTokenKind,
  type Price,
  ratesOf,
  sumOf,
} from "../../src/cost/price.ts";

const rates = (rate: number): PerTokenKind => ({
  input: rate,
  output: rate,
  cacheRead: rate,
  cacheWrite5m: rate,
  cacheWrite1h: rate,
});
const prompt = (input: number): PerTokenKind => ({ ...rates(0), input });

describe("ratesOf", () => {
  const price: Price = {
    ...rates(1),
    tiers: [
      { promptAbove: 100, ...rates(2) },
      { promptAbove: 1000, ...rates(3) },
    ],
    fast: rates(9),
  };

  it.each([
    [0, 1],
    [100, 1],
    [101, 2],
    [1000, 2],
    [1001, 3],
  ])("finds the tier of a prompt of %d tokens", (tokens, rate) => {
    expect(ratesOf(price, prompt(tokens), false)?.output).toBe(rate);
  });

  it("counts cache reads and writes as part of the prompt, but not output", () => {
    const cached = { input: 1, output: 5000, cacheRead: 40, cacheWrite5m: 30, cacheWrite1h: 30 };
    expect(ratesOf(price, cached, false)?.input).toBe(2);
    expect(ratesOf(price, { ...cached, input: 0 }, false)?.input).toBe(1);
  });

  it("takes the rates of fast mode, which are unknown if not given", () => {
    expect(ratesOf(price, prompt(5000), true)?.input).toBe(9);
    expect(ratesOf(rates(1), prompt(1), true)).toBeNull();
  });
});

describe("isPrice", () => {
  const tier = { promptAbove: 10, ...rates(2) };

  it("accepts a price with all its rates", () => {
    expect(isPrice(rates(0))).toBe(true);
    expect(isPrice({ ...rates(1), tiers: [tier], fast: rates(2), webSearchPer1000: 10, source: "x" })).toBe(true);
    expect(isPrice({ ...rates(1), tiers: undefined, fast: undefined, webSearchPer1000: undefined })).toBe(true);
  });

  const odd: readonly unknown[] = [Number.NaN, -1, Infinity, 1e308, "5", {}, [], true, { toString: 1 }];
  it.each(odd.map((value) => ({ value })))("refuses $value anywhere in it", ({ value }) => {
    for (const kind of Object.keys(rates(1))) {
      expect(isPrice({ ...rates(1), [kind]: value })).toBe(false);
      expect(isPrice({ ...rates(1), fast: { ...rates(1), [kind]: value } })).toBe(false);
      expect(isPrice({ ...rates(1), tiers: [tier, { ...tier, [kind]: value }] })).toBe(false);
    }
    expect(isPrice({ ...rates(1), webSearchPer1000: value })).toBe(false);
    expect(isPrice({ ...rates(1), tiers: [{ ...tier, promptAbove: value }] })).toBe(false);
    expect(isPrice({ ...rates(1), fast: value })).toBe(false);
    expect(isPrice({ ...rates(1), tiers: [value] })).toBe(false);
    expect(isPrice(value)).toBe(false);
  });

  it("refuses a price that lacks a rate", () => {
    const { cacheRead: _, ...incomplete } = rates(1);
    expect([incomplete, null, undefined, { ...rates(1), tiers: 3 }].some(isPrice)).toBe(false);
  });
});

describe("isAmount", () => {
  it("takes numbers whose sums and products stay finite", () => {
    expect([0, 0.5, 1, Number.MAX_SAFE_INTEGER].every(isAmount)).toBe(true);
    expect([-1, Number.NaN, Infinity, 1e308, "1", null, undefined, 1n].some(isAmount)).toBe(false);
  });
});

describe("costsOf and sumOf", () => {
  it("multiply each kind by its own rate per million", () => {
    const tokens = { input: 1, output: 2, cacheRead: 3, cacheWrite5m: 4, cacheWrite1h: 5 };
    const costs = costsOf(tokens, { input: 10, output: 20, cacheRead: 30, cacheWrite5m: 40, cacheWrite1h: 50 }, 2);
    expect(sumOf(tokens)).toBe(15);
    expect(costs.cacheWrite1h).toBeCloseTo(0.0005, 15);
    expect(sumOf(costs)).toBeCloseTo((2 * 550) / 1e6, 15);
  });
});

describe("costMetadata", () => {
  const item = (cost: number | null) => ({
    model: "a",
    kind: "message",
    tokens: prompt(7),
    costs: null,
    cost,
    multiplier: 1,
    price: null,
  });

  it("adds up items and searches", () => {
    expect(costMetadata([item(1), item(2)], 3, 0.5, [])).toMatchObject({
      cost: 3.5,
      inputTokens: 14,
      outputTokens: 0,
    });
  });

  it("is unknown if any item is, whichever comes first", () => {
    expect(costMetadata([item(1), item(null)], 0, 0, []).cost).toBeNull();
    expect(costMetadata([item(null), item(1)], 0, 0, []).cost).toBeNull();
  });
});
