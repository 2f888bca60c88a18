import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { listPrice } from "../../src/providers/anthropic/list-price.ts";
import { PRICE_ROWS, PRICE_SOURCES } from "../../src/providers/anthropic/prices.ts";

const run = promisify(execFile);

describe("the price table", () => {
  it("is what scripts/prices.mjs writes, which tells where another list differs", async () => {
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

  it("has rates that rise as they must: reads below input below writes below output", () => {
    for (const [names, , [input, output, read, write5m, write1h], fast, , longPrompt] of PRICE_ROWS) {
      for (const rates of [[input, output, read, write5m, write1h] as const, fast, longPrompt]) {
        if (!rates) continue;
        expect(rates[2], names).toBeLessThan(rates[0]);
        expect(rates[0], names).toBeLessThan(rates[3]);
        expect(rates[3], names).toBeLessThan(rates[4]);
        expect(rates[4], names).toBeLessThan(rates[1]);
      }
    }
  });

  it("gives the same object for every name of a model, and null for others", () => {
    expect(listPrice("claude-opus-4-5-20251101")).toBe(listPrice("us.anthropic.claude-opus-4-5-20251101-v1:0"));
    expect(listPrice("claude-opus-5-6")).toBeNull();
  });
});
