import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { listPrice } from "../../src/providers/anthropic/list-price.ts";
import { PRICE_ROWS, PRICE_SOURCES } from "../../src/providers/anthropic/prices.ts";

const run = promisify(execFile);

describe("the price table", () => {
  it("is what scripts/prices.mjs writes, which reports where another list differs", async () => {
    const { stdout } = await run(process.execPath, ["scripts/prices.mjs", "--check"]);
    expect(stdout).toContain("claude-sonnet-5-5: cacheRead 0.1 here, 0.2 there");
  });

  it("names each model once, with a source and a date", () => {
    const ids = PRICE_ROWS.flatMap(([names]) => names.split(" "));
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) {
      const price = listPrice(`claude-${id}`);
      expect(price?.source, id).toMatch(/^https:\/\/platform\.claude\.com\/|^@pydantic\/genai-prices \d/);
      expect(Date.parse(price?.date ?? ""), id).not.toBeNaN();
    }
    expect(new Set(PRICE_ROWS.map(([, source]) => source)).size).toBe(PRICE_SOURCES.length);
  });

  it("has rates in the expected order: reads, input, writes, output", () => {
    for (const [names] of PRICE_ROWS) {
      const [name] = names.split(" ");
      const price = listPrice(`claude-${name}`);
      for (const rates of [price, price?.fast, price?.tiers?.[0]]) {
        if (!rates) continue;
        expect(rates.cacheRead, names).toBeLessThan(rates.input);
        expect(rates.input, names).toBeLessThan(rates.cacheWrite5m);
        expect(rates.cacheWrite5m, names).toBeLessThan(rates.cacheWrite1h);
        expect(rates.cacheWrite1h, names).toBeLessThan(rates.output);
      }
    }
  });

  it("has the rates of fast mode, of long prompts, and of unusual cache writes", () => {
    expect(listPrice("claude-opus-5")).toMatchObject({
      input: 5,
      output: 25,
      cacheRead: 0.5,
      cacheWrite5m: 6.25,
      cacheWrite1h: 10,
      fast: { input: 10, output: 50, cacheRead: 1, cacheWrite5m: 12.5, cacheWrite1h: 20 },
    });
    expect(listPrice("claude-haiku-5-5")?.tiers).toEqual([
      { promptAbove: 100_000, input: 0.5, output: 2.5, cacheRead: 0.05, cacheWrite5m: 0.625, cacheWrite1h: 1 },
    ]);
    expect(listPrice("claude-3-haiku")).toMatchObject({ cacheWrite5m: 0.3, cacheWrite1h: 0.5 });
  });

  it("gives the same for every name of a model, and null for others", () => {
    expect(listPrice("claude-opus-4-5-20251101")).toEqual(listPrice("us.anthropic.claude-opus-4-5-20251101-v1:0"));
    expect(listPrice("claude-opus-5-6")).toBeNull();
  });
});
