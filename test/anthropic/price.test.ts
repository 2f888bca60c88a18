import { describe, expect, it } from "vitest";
import { InvalidOptionError } from "../../src/errors.ts";
import { anthropicPrices, type PerTokenKind, type Price, ratesOf } from "../../src/providers/anthropic/price.ts";
import { checkForm } from "../../src/schema/option-form.ts";

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

function isPrice(price: unknown): boolean {
  try {
    checkForm("prices", { "house-model": price }, anthropicPrices);
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidOptionError);
    return false;
  }
}

describe("the form of a price", () => {
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
    expect([incomplete, null, { ...rates(1), tiers: 3 }].some(isPrice)).toBe(false);
  });
});
