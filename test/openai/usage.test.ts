import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidOptionError } from "../../src/errors.ts";
import { listPrice } from "../../src/providers/openai-platform/price.ts";
import { PRICE_ROWS, PRICE_SOURCES } from "../../src/providers/openai-platform/prices.ts";
import {
  CHAT_NAMES,
  costOf,
  openAICost,
  openAIUsage,
  readUsage,
  RESPONSES_NAMES,
} from "../../src/providers/openai-platform/usage.ts";

const chat = {
  prompt_tokens: 1000,
  completion_tokens: 200,
  total_tokens: 1200,
  prompt_tokens_details: { cached_tokens: 600, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 150 },
};
const responses = {
  input_tokens: 1000,
  input_tokens_details: { cached_tokens: 600, cache_write_tokens: 100 },
  output_tokens: 200,
  output_tokens_details: { reasoning_tokens: 150 },
  total_tokens: 1200,
};

describe("openAIUsage", () => {
  it("takes cached input out of the input, and leaves reasoning in the output", () => {
    expect(openAIUsage(chat, "reported")).toEqual({
      source: "reported",
      inputTokens: 400,
      outputTokens: 200,
      cachedTokens: 600,
      cacheWriteTokens: 0,
      thinkingTokens: 150,
      totalTokens: 1200,
    });
    expect(openAIUsage(responses, "reported")).toMatchObject({ inputTokens: 300, cacheWriteTokens: 100 });
  });

  it("adds reasoning that the total shows to be beside the output, as xAI counts", () => {
    // As recorded.
    const xai = {
      prompt_tokens: 291,
      completion_tokens: 26,
      total_tokens: 513,
      completion_tokens_details: { reasoning_tokens: 196 },
    };
    expect(openAIUsage(xai, "reported")).toMatchObject({ outputTokens: 222, thinkingTokens: 196, totalTokens: 513 });
  });

  it("reads DeepSeek's count of cached tokens, and counts that are text", () => {
    const usage = {
      prompt_tokens: "10",
      completion_tokens: "5",
      prompt_cache_hit_tokens: 4,
      prompt_cache_miss_tokens: 6,
    };
    expect(openAIUsage(usage, "reported")).toMatchObject({ inputTokens: 6, cachedTokens: 4, outputTokens: 5 });
  });

  it("never has a part that is larger than the whole", () => {
    const counts = fc.oneof(fc.nat(), fc.constantFrom<unknown>(null, -1, 1e308, Number.NaN, "x", {}, [], "7"));
    const usage = fc.record(
      {
        prompt_tokens: counts,
        completion_tokens: counts,
        total_tokens: counts,
        prompt_tokens_details: fc.record({ cached_tokens: counts, cache_write_tokens: counts, audio_tokens: counts }),
        completion_tokens_details: fc.oneof(fc.record({ reasoning_tokens: counts, audio_tokens: counts }), counts),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(usage, (received) => {
        const { inputTokens, outputTokens, cachedTokens, cacheWriteTokens, totalTokens } = openAIUsage(
          received,
          "reported",
        );
        expect(Math.min(inputTokens, outputTokens, cachedTokens, cacheWriteTokens)).toBeGreaterThanOrEqual(0);
        expect(inputTokens + cachedTokens + cacheWriteTokens + outputTokens).toBe(totalTokens);
        expect(costOf({ model: "gpt-4o", usage: received })?.cost ?? 0).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 300 },
    );
  });
});

describe("readUsage", () => {
  it("keeps what is reported", () => {
    expect(readUsage({ ...chat, cost: 0.1 }, CHAT_NAMES, "reported", 3)).toEqual({
      ...chat,
      cost: 0.1,
      source: "reported",
    });
    expect(readUsage(responses, RESPONSES_NAMES, "reported", 3)).toEqual({ ...responses, source: "reported" });
  });

  it("estimates the output of a reply that was cut, since its usage never came", () => {
    expect(readUsage(null, CHAT_NAMES, "estimated", 30)).toEqual({
      prompt_tokens: 0,
      completion_tokens: 30,
      total_tokens: 30,
      source: "estimated",
    });
  });

  it("has no counts that are not counts", () => {
    const hostile = {
      prompt_tokens: -1,
      completion_tokens: {},
      total_tokens: 1e308,
      prompt_tokens_details: { cached_tokens: "x" },
      completion_tokens_details: [],
    };
    expect(readUsage(hostile, CHAT_NAMES, "reported", 0)).toEqual({
      prompt_tokens: 0,
      completion_tokens: 0,
      total_tokens: 0,
      prompt_tokens_details: {},
      source: "reported",
    });
  });
});

describe("openAICost", () => {
  it("charges each kind of token at its rate", () => {
    const cost = openAICost({ model: "gpt-5.6-sol-2026-07-01", usage: responses });
    expect(cost?.items[0]?.tokens).toEqual({
      input: 300,
      output: 200,
      cacheRead: 600,
      cacheWrite: 100,
      audioInput: 0,
      audioOutput: 0,
    });
    expect(cost?.cost).toBeCloseTo((300 * 4 + 600 * 0.4 + 100 * 5 + 200 * 20) / 1e6, 12);
    expect(cost).toMatchObject({
      currency: "USD",
      inputTokens: 300,
      cachedTokens: 600,
      cacheWriteTokens: 100,
      notes: [],
    });
  });

  it("charges long prompts at other rates", () => {
    const usage = { input_tokens: 300_000, output_tokens: 1000 };
    expect(openAICost({ model: "gpt-6-sol", usage })?.cost).toBeCloseTo((300_000 * 4 + 1000 * 15) / 1e6, 12);
    expect(openAICost({ model: "gpt-6-sol", usage: { input_tokens: 272_000 } })?.cost).toBeCloseTo(0.544, 12);
  });

  it("knows audio where the list does, and says where it does not", () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 50,
      prompt_tokens_details: { audio_tokens: 80 },
      completion_tokens_details: { audio_tokens: 40 },
    };
    expect(openAICost({ model: "gpt-audio", usage })?.cost).toBeCloseTo(
      (20 * 2.5 + 80 * 32 + 10 * 10 + 40 * 64) / 1e6,
      12,
    );
    expect(openAICost({ model: "gpt-4o-audio-preview", usage })).toMatchObject({
      cost: null,
      notes: ["unknown-price"],
    });
  });

  it("goes by the tier that served", () => {
    const usage = { input_tokens: 1_000_000 };
    const cost = (serviceTier: string) => openAICost({ model: "gpt-5-mini", usage, serviceTier });
    expect(cost("default")).toMatchObject({ cost: 0.25, notes: [] });
    expect(cost("flex")).toMatchObject({ cost: 0.125, notes: ["flex"] });
    expect(cost("priority")).toMatchObject({ cost: 0.5, notes: ["priority"] });
    expect(cost("constructor")).toMatchObject({ cost: 0.25, notes: [] });
  });

  it("takes the server's word before the list", () => {
    expect(openAICost({ model: "openai/gpt-4o", usage: { ...chat, cost: 0.5 } })).toMatchObject({
      cost: 0.5,
      notes: ["reported"],
    });
    expect(openAICost({ model: "gpt-4o", usage: { ...chat, cost: 0.5 } })?.cost).toBe(0.5);
    expect(openAICost({ model: "sonar", usage: { ...chat, cost: { total_cost: 0.25 } } })?.cost).toBe(0.25);
    expect(openAICost({ model: "grok-4", usage: { ...chat, cost_in_usd_ticks: 37_756_000 } })?.cost).toBeCloseTo(
      0.0037756,
      12,
    );
  });

  it("takes your own price before both, and checks it", () => {
    const prices = { "gpt-4o": { input: 1, output: 2, cacheRead: 0 } };
    expect(openAICost({ model: "gpt-4o-2024-08-06", usage: { ...chat, cost: 9 }, prices })?.cost).toBeCloseTo(
      0.0008,
      12,
    );
    const wrong = { "gpt-4o": { input: 1, output: 2, cacheRead: -1 } };
    expect(() => openAICost({ model: "gpt-4o", usage: chat, prices: wrong })).toThrow(InvalidOptionError);
  });

  it("says when it is estimated, and is null for unknown models", () => {
    const usage = readUsage(null, CHAT_NAMES, "estimated", 100);
    expect(openAICost({ model: "gpt-4o", usage })).toMatchObject({ notes: ["estimated"] });
    expect(openAICost({ model: "gpt-6.2-sol", usage })).toBeNull();
    expect(openAICost({ model: "my-own", usage })).toBeNull();
  });
});

describe("listPrice", () => {
  it("names each model once, with a source and a date", () => {
    const ids = PRICE_ROWS.flatMap(([names]) => names.split(" "));
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) {
      const price = listPrice(id);
      expect(price?.source, id).toMatch(/^@pydantic\/genai-prices \d/);
      expect(Date.parse(price?.date ?? ""), id).not.toBeNaN();
      expect(price?.cacheRead, id).toBeLessThanOrEqual(price?.input ?? 0);
      expect(price?.input, id).toBeLessThanOrEqual(price?.output ?? 0);
    }
    expect(new Set(PRICE_ROWS.map(([, , , , , , , source = 0]) => source)).size).toBe(PRICE_SOURCES.length);
  });

  it("has the prices of dated models, and those whose date changes the price", () => {
    expect(listPrice("gpt-4o-2024-11-20")).toEqual(listPrice("gpt-4o"));
    expect(listPrice("gpt-4o-2024-05-13")?.input).toBe(5);
    expect(listPrice("us.openai.gpt-5.6-luna")?.input).toBe(0.2);
    expect(listPrice("gpt-6-astra")).toMatchObject({
      input: 10,
      output: 50,
      cacheRead: 1,
      cacheWrite: 12.5,
      tiers: [{ promptAbove: 272_000, input: 20, output: 75, cacheRead: 2, cacheWrite: 25 }],
    });
  });
});
