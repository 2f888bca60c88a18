import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidOptionError } from "../../src/errors.ts";
import { readUsage } from "../../src/providers/anthropic/message-usage.ts";
import type { CostNote, Price } from "../../src/providers/anthropic/price.ts";
import { anthropicCost, anthropicUsage, refusalOf } from "../../src/providers/anthropic/usage.ts";
import type { AnthropicMessage, AnthropicUsage } from "../../src/providers/anthropic/wire.ts";
import { hasCorpus, recordings } from "../corpus.ts";

/** With a million tokens of a kind, the cost is the price. */
const usage = (fields: Partial<AnthropicUsage> = {}): AnthropicUsage => ({
  input_tokens: 0,
  output_tokens: 0,
  ...fields,
});
const MILLION = 1_000_000;
/** The rows of `it.each`. Objects, since it would spread lists into arguments. */
const rows = (...values: readonly unknown[]): { odd: unknown }[] => values.map((odd) => ({ odd }));
const writes = (total: number, hour: number) => ({
  cache_creation_input_tokens: total,
  cache_creation: { ephemeral_5m_input_tokens: total - hour, ephemeral_1h_input_tokens: hour },
});

describe("anthropicUsage", () => {
  it("separates cache reads, cache writes by lifetime, and thinking", () => {
    const native = usage({
      input_tokens: 10,
      output_tokens: 70,
      output_tokens_details: { thinking_tokens: 30 },
      cache_read_input_tokens: 500,
      ...writes(300, 100),
      server_tool_use: { web_search_requests: 2, web_fetch_requests: 1 },
    });
    expect(anthropicUsage(native, "reported")).toEqual({
      source: "reported",
      inputTokens: 10,
      outputTokens: 70,
      cachedTokens: 500,
      cacheWriteTokens: 300,
      cacheWrite5mTokens: 200,
      cacheWrite1hTokens: 100,
      thinkingTokens: 30,
      webSearchRequests: 2,
      webFetchRequests: 1,
      totalTokens: 880,
    });
  });

  it("counts late cache writes, whose lifetime is not reported, as kept for five minutes", () => {
    const late = anthropicUsage(usage({ ...writes(300, 100), cache_creation_input_tokens: 450 }), "partial");
    expect(late).toMatchObject({ cacheWriteTokens: 450, cacheWrite5mTokens: 350, cacheWrite1hTokens: 100 });
    const unsplit = anthropicUsage(usage({ cache_creation_input_tokens: 450, cache_creation: null }), "partial");
    expect(unsplit).toMatchObject({ cacheWrite5mTokens: 450, cacheWrite1hTokens: 0 });
  });

  it.each(rows(null, undefined, Number.NaN, Infinity, -1, 1e308, "many", "-1", true, {}, [], { toString: 1 }))(
    "does not count $odd",
    ({ odd }) => {
      const native = {
        input_tokens: odd,
        output_tokens: odd,
        output_tokens_details: { thinking_tokens: odd },
        cache_read_input_tokens: odd,
        cache_creation_input_tokens: odd,
        cache_creation: { ephemeral_5m_input_tokens: 7, ephemeral_1h_input_tokens: odd },
        server_tool_use: { web_search_requests: odd, web_fetch_requests: 2 },
      };
      expect(anthropicUsage(readUsage(native), "reported")).toEqual({
        source: "reported",
        inputTokens: 0,
        outputTokens: 0,
        cachedTokens: 0,
        cacheWriteTokens: 7,
        cacheWrite5mTokens: 7,
        cacheWrite1hTokens: 0,
        thinkingTokens: null,
        webSearchRequests: 0,
        webFetchRequests: 2,
        totalTokens: 7,
      });
    },
  );

  it.each(rows(null, 3, "abc", [], [null], {}))("copes with $odd in place of an object or a list", ({ odd }) => {
    const native = { ...usage({ input_tokens: 5 }), cache_creation: odd, server_tool_use: odd, iterations: odd };
    expect(anthropicUsage(readUsage({ ...native, output_tokens_details: odd }), "partial")).toMatchObject({
      inputTokens: 5,
      totalTokens: 5,
      thinkingTokens: null,
    });
    const metadata = anthropicCost({ model: "claude-opus-5", usage: native as never });
    expect(metadata).toMatchObject({ cost: 0.000025, inputTokens: 5, webSearchRequests: 0 });
    expect(anthropicUsage(readUsage(odd), "partial")).toMatchObject({ inputTokens: 0, totalTokens: 0 });
  });

  it("is zero before anything was reported", () => {
    const none = anthropicUsage(readUsage(undefined), "estimated");
    expect(none).toMatchObject({ source: "estimated", inputTokens: 0, outputTokens: 0, totalTokens: 0 });
    expect(none.thinkingTokens).toBeNull();
  });
});

describe("anthropicCost", () => {
  // Worked out by hand from platform.claude.com/docs/en/about-claude/pricing, 2026-08-21 and 2026-10-08.
  const cases: [what: string, model: string, usage: Partial<AnthropicUsage>, cost: number, notes: CostNote[]][] = [
    ["input", "claude-opus-5", { input_tokens: MILLION }, 5, []],
    ["output, thinking included", "claude-opus-5", { output_tokens: MILLION }, 25, []],
    ["cache reads", "claude-opus-5", { cache_read_input_tokens: MILLION }, 0.5, []],
    ["cache reads, cheaper since 5.1", "claude-fable-5-1", { cache_read_input_tokens: MILLION }, 0.25, []],
    ["cache writes for 5 minutes", "claude-opus-5", writes(MILLION, 0), 6.25, []],
    ["cache writes for an hour", "claude-opus-5", writes(MILLION, MILLION), 10, []],
    ["cache writes of both kinds", "claude-opus-5", writes(MILLION, 400_000), 7.75, []],
    ["cache writes, not split", "claude-opus-5", { cache_creation_input_tokens: MILLION }, 6.25, []],
    ["an ordinary reply", "claude-sonnet-5-5", { input_tokens: 1200, output_tokens: 350 }, 0.0059, []],
    ["a price since November", "claude-fable-5-2", { input_tokens: 1000, output_tokens: 1000 }, 0.048, []],
    ["a dated id", "claude-haiku-4-5-20251001", { output_tokens: MILLION }, 5, []],
    ["an id of Bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", { output_tokens: MILLION }, 15, []],
    ["a retired model", "claude-3-haiku-20240307", { input_tokens: MILLION, output_tokens: MILLION }, 1.5, []],
    ["a batch", "claude-opus-5", { input_tokens: MILLION, service_tier: "batch" }, 2.5, ["batch"]],
    ["the priority tier", "claude-opus-5", { input_tokens: MILLION, service_tier: "priority" }, 5, ["priority"]],
    ["inference in the US", "claude-opus-4-6", { output_tokens: MILLION, inference_geo: "us" }, 27.5, ["us-inference"]],
    ["inference anywhere", "claude-opus-4-6", { output_tokens: MILLION, inference_geo: "global" }, 25, []],
    ["no geography before 4.6", "claude-opus-4-5", { output_tokens: MILLION, inference_geo: "us" }, 25, []],
    ["fast mode", "claude-opus-5-5", { input_tokens: MILLION, output_tokens: MILLION, speed: "fast" }, 48, ["fast"]],
    ["cache in fast mode", "claude-opus-4-8", { ...writes(MILLION, 0), speed: "fast" }, 12.5, ["fast"]],
    [
      "fast mode in the US",
      "claude-opus-5",
      { cache_read_input_tokens: MILLION, speed: "fast", inference_geo: "us" },
      1.1,
      ["us-inference", "fast"],
    ],
    ["searches", "claude-opus-5", { server_tool_use: { web_search_requests: 3 } }, 0.03, []],
    [
      "searches, at full price in a batch",
      "claude-opus-5",
      { service_tier: "batch", server_tool_use: { web_search_requests: 1 } },
      0.01,
      ["batch"],
    ],
    ["fetches, which are free", "claude-opus-5", { server_tool_use: { web_fetch_requests: 9 } }, 0, []],
    ["a prompt of 100,000 tokens", "claude-haiku-5-5", { input_tokens: 100_000, output_tokens: 1000 }, 0.0105, []],
    ["a longer one, all of it", "claude-haiku-5-5", { input_tokens: 100_001, output_tokens: 1000 }, 0.0525005, []],
    [
      "a longer one, most of it cached",
      "claude-haiku-5-5",
      { input_tokens: 1, cache_read_input_tokens: 60_000, ...writes(40_000, 0) },
      0.0280005,
      [],
    ],
  ];

  it.each(cases)("%s of %s", (_what, model, fields, cost, notes) => {
    const metadata = anthropicCost({ model, usage: usage(fields) });
    expect(metadata?.cost).toBeCloseTo(cost, 10);
    expect(metadata?.notes).toEqual(notes);
  });

  it("itemises by kind of token, with the source and date of the price", () => {
    const metadata = anthropicCost({
      model: "claude-opus-5-20260724",
      usage: usage({
        input_tokens: 1000,
        output_tokens: 200,
        cache_read_input_tokens: 4000,
        ...writes(3000, 1000),
        server_tool_use: { web_search_requests: 1 },
      }),
    });
    expect(metadata).toMatchObject({
      currency: "USD",
      inputTokens: 1000,
      outputTokens: 200,
      cachedTokens: 4000,
      cacheWrite5mTokens: 2000,
      cacheWrite1hTokens: 1000,
      webSearchRequests: 1,
      webSearchCost: 0.01,
    });
    expect(metadata?.items).toHaveLength(1);
    const [item] = metadata?.items ?? [];
    expect(item).toMatchObject({ model: "claude-opus-5-20260724", kind: "message", multiplier: 1 });
    expect(item?.costs?.input).toBeCloseTo(0.005, 12);
    expect(item?.costs?.output).toBeCloseTo(0.005, 12);
    expect(item?.costs?.cacheRead).toBeCloseTo(0.002, 12);
    expect(item?.costs?.cacheWrite5m).toBeCloseTo(0.0125, 12);
    expect(item?.costs?.cacheWrite1h).toBeCloseTo(0.01, 12);
    expect(item?.cost).toBeCloseTo(0.0345, 12);
    expect(metadata?.cost).toBeCloseTo(0.0445, 12);
    expect(item?.price).toMatchObject({ source: "https://platform.claude.com/docs/en/about-claude/pricing" });
    expect(item?.price?.date).toMatch(/^2026-\d\d-\d\d$/);
  });

  it.each(["gpt-5.2", "claude-opus-5-6", "claude-opus-6", "claude-mythos-preview", "constructor", ""])(
    "is null for %j, whose price is unknown",
    (model) => {
      expect(anthropicCost({ model, usage: usage({ input_tokens: 1 }) })).toBeNull();
    },
  );

  it("is unknown if the model that a server names is not a string", () => {
    const usageOf = {
      ...usage(),
      iterations: [{ type: "message", model: { of: 1 }, input_tokens: 1, output_tokens: 1 }],
    };
    expect(anthropicCost({ model: 5 as never, usage: usage() })).toBeNull();
    expect(anthropicCost({ model: "claude-opus-5", usage: usageOf as never })).toBeNull();
  });

  it("is unknown for a fast reply from a model without fast rates", () => {
    const metadata = anthropicCost({ model: "claude-fable-5-2", usage: usage({ output_tokens: 1, speed: "fast" }) });
    expect(metadata).toMatchObject({ cost: null, outputTokens: 1, notes: ["fast", "unknown-price"] });
  });

  it("takes counts that a server leaves out as 0", () => {
    const sparse = { output_tokens: MILLION } as AnthropicUsage;
    expect(anthropicCost({ model: "claude-opus-5", usage: sparse })?.cost).toBe(25);
    expect(anthropicCost({ model: "claude-opus-5", usage: usage({ iterations: [] }) })?.cost).toBe(0);
  });
});

describe("anthropicCost, in several steps", () => {
  const step = (type: string, input: number, output: number, model?: string) => ({
    type,
    input_tokens: input,
    output_tokens: output,
    model: model ?? null,
  });

  it("adds compaction, which the top-level counts exclude", () => {
    const iterations = [step("compaction", 60_000, 500), step("message", 600, 2800)];
    const metadata = anthropicCost({
      model: "claude-opus-4-6",
      usage: usage({ input_tokens: 600, output_tokens: 2800, iterations }),
    });
    // (60,600 x 5 + 3,300 x 25) / 1,000,000
    expect(metadata?.cost).toBeCloseTo(0.3855, 10);
    expect(metadata).toMatchObject({ inputTokens: 60_600, outputTokens: 3300 });
    expect(metadata?.items.map(({ kind }) => kind)).toEqual(["compaction", "message"]);
  });

  it("charges an advisor at its own model's price", () => {
    const iterations = [
      step("message", 1000, 40),
      step("advisor_message", 2000, 4000, "claude-opus-4-7"),
      step("message", 3000, 3000),
    ];
    const metadata = anthropicCost({ model: "claude-sonnet-4-6", usage: usage({ iterations }) });
    // 4,000 x 3 + 3,040 x 15 = 57,600; 2,000 x 5 + 4,000 x 25 = 110,000
    expect(metadata?.cost).toBeCloseTo(0.1676, 10);
    expect(metadata?.items.map(({ model }) => model)).toEqual([
      "claude-sonnet-4-6",
      "claude-opus-4-7",
      "claude-sonnet-4-6",
    ]);
  });

  it("finds the tier of each step by its own prompt", () => {
    const iterations = [step("message", 60_000, 0), step("message", 60_000, 0)];
    const metadata = anthropicCost({
      model: "claude-haiku-5-5",
      usage: usage({ input_tokens: 120_000, iterations }),
    });
    expect(metadata?.cost).toBeCloseTo(0.012, 10);
  });

  it("splits the cache writes of each step", () => {
    const iterations = [
      { ...step("message", 0, 0), ...writes(MILLION, MILLION) },
      { ...step("message", 0, 0), cache_creation_input_tokens: MILLION },
    ];
    expect(anthropicCost({ model: "claude-opus-5", usage: usage({ iterations }) })?.cost).toBeCloseTo(16.25, 10);
  });

  it("does not charge an attempt that refused before it wrote anything", () => {
    const iterations = [
      step("message", 400, 0, "claude-fable-5"),
      step("fallback_message", 412, 264, "claude-opus-4-8"),
    ];
    const metadata = anthropicCost({ model: "claude-opus-4-8", usage: usage({ iterations }) });
    expect(metadata?.cost).toBeCloseTo((412 * 5 + 264 * 25) / 1e6, 10);
    expect(metadata?.notes).toEqual(["declined"]);
    expect(metadata?.items[0]).toMatchObject({ cost: 0, multiplier: 0 });
  });

  it("charges steps that name no model to the requested one, once another has taken over", () => {
    const iterations = [step("message", 400, 50), step("fallback_message", 400, 100, "claude-opus-4-8")];
    const input = { model: "claude-opus-4-8", asked: "claude-fable-5", usage: usage({ iterations }) };
    expect(anthropicCost(input)?.items.map(({ model }) => model)).toEqual(["claude-fable-5", "claude-opus-4-8"]);
    const alone = { ...input, asked: "an-alias", usage: usage({ iterations: iterations.slice(0, 1) }) };
    expect(anthropicCost(alone)?.items.map(({ model }) => model)).toEqual(["claude-opus-4-8"]);
  });

  it("charges an attempt that had written something, and every attempt of a chain", () => {
    const iterations = [
      step("message", 400, 50, "claude-fable-5"),
      step("fallback_message", 400, 0, "claude-opus-5"),
      step("fallback_message", 400, 100, "claude-opus-4-8"),
    ];
    const metadata = anthropicCost({ model: "claude-opus-4-8", usage: usage({ iterations }) });
    // 400 x 10 + 50 x 50; nothing; 400 x 5 + 100 x 25
    expect(metadata?.cost).toBeCloseTo((6500 + 4500) / 1e6, 10);
  });

  it("charges the steps behind an attempt that refused before it wrote anything", () => {
    const iterations = [
      step("compaction", 1000, 100, "claude-opus-5"),
      step("message", 400, 0, "claude-opus-5"),
      step("advisor_message", 1000, 0, "claude-opus-4-8"),
      step("fallback_message", 400, 100, "claude-opus-4-8"),
    ];
    const metadata = anthropicCost({ model: "claude-opus-4-8", usage: usage({ iterations }) });
    expect(metadata?.items.map(({ multiplier }) => multiplier)).toEqual([1, 1, 1, 1]);
    expect(metadata?.cost).toBeCloseTo((2800 * 5 + 200 * 25) / 1e6, 10);
    const declined = iterations.filter(({ type }) => type !== "advisor_message");
    const without = anthropicCost({ model: "claude-opus-4-8", usage: usage({ iterations: declined }) });
    expect(without?.items.map(({ multiplier }) => multiplier)).toEqual([1, 0, 1]);
  });

  it("charges all of an attempt that had written something in an earlier step", () => {
    const iterations = [
      step("message", 400, 50, "claude-fable-5"),
      step("message", 500, 0, "claude-fable-5"),
      step("fallback_message", 400, 100, "claude-opus-4-8"),
    ];
    const metadata = anthropicCost({ model: "claude-opus-4-8", usage: usage({ iterations }) });
    expect(metadata?.cost).toBeCloseTo((900 * 10 + 50 * 50 + 400 * 5 + 100 * 25) / 1e6, 10);
  });

  it.each(["bio", "frontier_llm", "reasoning_extraction"])("charges even a refusal about %s", (category) => {
    const refused = { model: "claude-fable-5", usage: usage({ input_tokens: MILLION }), refusal: { category } };
    expect(anthropicCost(refused)?.cost).toBe(10);
  });

  it.each(["cyber", "general_harms", null])(
    "does not charge a refusal about %s, unless something had been written",
    (category) => {
      const refusal = { category };
      const model = "claude-fable-5";
      expect(anthropicCost({ model, usage: usage({ input_tokens: MILLION }), refusal })?.cost).toBe(0);
      expect(anthropicCost({ model, usage: usage({ input_tokens: MILLION, output_tokens: 1 }), refusal })?.cost).toBe(
        10.00005,
      );
    },
  );

  it("applies the speed only to the attempt that answered", () => {
    const iterations = [
      step("message", 400, 10, "claude-fable-5"),
      step("fallback_message", 400, 100, "claude-opus-5"),
    ];
    const metadata = anthropicCost({ model: "claude-opus-5", usage: usage({ iterations, speed: "fast" }) });
    expect(metadata?.cost).toBeCloseTo((4000 + 500 + 4000 + 5000) / 1e6, 10);
  });

  it("has the costs of some items even if that of another is unknown", () => {
    const iterations = [step("message", 1000, 0), step("advisor_message", 1000, 0, "claude-oracle-9")];
    const metadata = anthropicCost({ model: "claude-opus-5", usage: usage({ iterations }) });
    expect(metadata).toMatchObject({ cost: null, notes: ["unknown-price"], inputTokens: 2000 });
    expect(metadata?.items.map(({ cost }) => cost)).toEqual([0.005, null]);
  });

  it("notes that a redeemed credit may make it cheaper", () => {
    const redeemed = usage({ input_tokens: 1, fallback_credit: { status: { type: "redeemed" } } });
    expect(anthropicCost({ model: "claude-opus-5", usage: redeemed })?.notes).toEqual(["fallback-credit"]);
    const refused = usage({ input_tokens: 1, fallback_credit: { status: { type: "not_applied" } } });
    expect(anthropicCost({ model: "claude-opus-5", usage: refused })?.notes).toEqual([]);
  });
});

describe("refusalOf", () => {
  const message = (fields: Partial<AnthropicMessage>): AnthropicMessage => ({
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: "claude-opus-4-8",
    content: [],
    stop_reason: "end_turn",
    stop_sequence: null,
    usage: usage(),
    ...fields,
  });
  const fallback = { type: "fallback", from: { model: "claude-fable-5" }, to: { model: "claude-opus-4-8" } } as const;

  it("is the refusal that ended the message, or made the first model hand over", () => {
    const details = { type: "refusal", category: "bio" } as const;
    expect(refusalOf(message({ stop_reason: "refusal", stop_details: details }))).toBe(details);
    expect(refusalOf(message({ stop_reason: "refusal", stop_details: null }))).toEqual({});
    expect(refusalOf(message({ content: [{ ...fallback, trigger: details }] }))).toBe(details);
    expect(refusalOf(message({ content: [{ type: "text", text: "Hi" }] }))).toBeUndefined();
  });

  it.each(rows(null, undefined, 3, "bio", [], {}, { toString: 1 }))("copes with $odd for its details", ({ odd }) => {
    const details = (value: unknown): never => ({ type: "refusal", category: value }) as never;
    expect(refusalOf(message({ stop_reason: "refusal", stop_details: odd as never })) ?? null).toEqual(
      typeof odd === "object" && odd !== null && !Array.isArray(odd) ? odd : {},
    );
    const { category } = refusalOf(message({ stop_reason: "refusal", stop_details: details(odd) })) ?? {};
    expect(category).toBe(typeof odd === "object" && odd !== null ? undefined : odd === 3 ? undefined : odd);
    expect(refusalOf(odd as never)).toBeUndefined();
    expect(refusalOf(message({ content: odd as never }))).toBeUndefined();
    expect(refusalOf(message({ content: [{ ...fallback, trigger: odd }] as never }))).toEqual(
      typeof odd === "object" && odd !== null && !Array.isArray(odd) ? odd : undefined,
    );
  });

  it("lets a refused attempt be charged by its category", () => {
    const iterations = [
      { type: "message", model: "claude-fable-5", input_tokens: 400, output_tokens: 0 },
      { type: "fallback_message", model: "claude-opus-4-8", input_tokens: 400, output_tokens: 100 },
    ];
    const trigger = { type: "refusal", category: "bio" } as const;
    const served = message({ content: [{ ...fallback, trigger }], usage: usage({ iterations }) });
    const { model, usage: native } = served;
    const metadata = anthropicCost({ model, usage: native, refusal: refusalOf(served) });
    expect(metadata?.cost).toBeCloseTo((400 * 10 + 400 * 5 + 100 * 25) / 1e6, 10);
  });
});

describe("anthropicCost with your own prices", () => {
  const ours = { input: 1, output: 2, cacheRead: 3, cacheWrite5m: 4, cacheWrite1h: 5 };

  it("prefers them, and the exact id over the canonical one", () => {
    const prices = { "claude-opus-4-5-20251101": ours, "claude-opus-4-5": { ...ours, input: 7 } };
    const million = usage({ input_tokens: MILLION });
    expect(anthropicCost({ model: "claude-opus-4-5-20251101", usage: million, prices })?.cost).toBe(1);
    expect(anthropicCost({ model: "eu.anthropic.claude-opus-4-5-20251101-v1:0", usage: million, prices })?.cost).toBe(
      7,
    );
    expect(anthropicCost({ model: "claude-opus-5", usage: million, prices })?.cost).toBe(5);
  });

  it("prices a model that the library does not know", () => {
    const prices = { "glm-6": { ...ours, webSearchPer1000: 4, source: "invoice", date: "2026-11-01" } };
    const searched = usage({ output_tokens: MILLION, server_tool_use: { web_search_requests: 500 } });
    const metadata = anthropicCost({ model: "glm-6", usage: searched, prices });
    expect(metadata?.cost).toBe(4);
    expect(metadata?.items[0]?.price).toMatchObject({ source: "invoice", date: "2026-11-01" });
  });

  it("applies the same multipliers as to list prices", () => {
    const prices = { "claude-opus-5": ours };
    const batch = usage({ output_tokens: MILLION, service_tier: "batch", inference_geo: "us" });
    expect(anthropicCost({ model: "claude-opus-5", usage: batch, prices })?.cost).toBeCloseTo(1.1, 10);
  });

  it.each(rows(Number.NaN, -1, Infinity, "5", null, { toString: 1 }))("refuses them if they hold $odd", ({ odd }) => {
    const million = usage({ input_tokens: MILLION, server_tool_use: { web_search_requests: 1 } });
    const unusable: readonly unknown[] = [
      { ...ours, input: odd },
      // Even if no such tokens were used.
      { ...ours, cacheRead: odd },
      { input: 1, output: 2 },
      { ...ours, tiers: [{ ...ours, promptAbove: odd }] },
      { ...ours, tiers: odd === null ? 3 : odd },
      { ...ours, fast: { ...ours, output: odd } },
      odd === null ? "free" : { ...ours, webSearchPer1000: odd },
    ];
    for (const price of unusable) {
      const prices = { "claude-opus-5": price as Price };
      const cost = () => anthropicCost({ model: "claude-opus-5", usage: million, prices });
      expect(cost, JSON.stringify(price)).toThrow(InvalidOptionError);
    }
  });

  it("falls back on the list price for models that they do not have", () => {
    const million = usage({ input_tokens: MILLION });
    for (const prices of [undefined, null, {}, { "claude-opus-5": undefined }]) {
      const input = { model: "claude-opus-5", usage: million, prices: prices as never };
      expect(anthropicCost(input)?.cost).toBe(5);
    }
  });

  it("ignores inherited properties", () => {
    expect(anthropicCost({ model: "toString", usage: usage(), prices: { "glm-6": ours } })).toBeNull();
  });
});

describe("anthropicCost, whatever the usage", () => {
  const count = fc.nat({ max: 3_000_000 });
  const tokens = fc.record({
    input_tokens: count,
    output_tokens: count,
    cache_read_input_tokens: count,
    cache_creation_input_tokens: count,
  });
  const arbitrary = fc.record({
    model: fc.constantFrom("claude-haiku-5-5", "claude-opus-5", "claude-3-haiku-20240307", "claude-fable-5-1"),
    tokens,
    more: tokens,
    hour: count,
    moreHour: count,
    service_tier: fc.constantFrom("standard", "batch", null),
    inference_geo: fc.constantFrom("us", "global", null),
  });

  it("never costs less for more tokens", () => {
    fc.assert(
      fc.property(arbitrary, ({ model, tokens: less, more, hour, moreHour, ...fields }) => {
        const small = usage({ ...fields, ...less, cache_creation: split(hour) });
        const large = usage({
          ...fields,
          input_tokens: less.input_tokens + more.input_tokens,
          output_tokens: less.output_tokens + more.output_tokens,
          cache_read_input_tokens: less.cache_read_input_tokens + more.cache_read_input_tokens,
          cache_creation_input_tokens: less.cache_creation_input_tokens + more.cache_creation_input_tokens,
          cache_creation: split(hour + moreHour),
        });
        const [cheap, dear] = [small, large].map((each) => anthropicCost({ model, usage: each })?.cost ?? Number.NaN);
        expect(dear).toBeGreaterThanOrEqual((cheap ?? Number.NaN) * (1 - 1e-12));
      }),
    );
  });

  it("is the sum of its items and searches", () => {
    fc.assert(
      fc.property(
        arbitrary,
        fc.array(tokens, { maxLength: 5 }),
        fc.nat(50),
        ({ model, tokens: top }, steps, searches) => {
          const iterations = steps.map((each) => ({ type: "message" as const, ...each }));
          const native = usage({ ...top, iterations, server_tool_use: { web_search_requests: searches } });
          const metadata = anthropicCost({ model, usage: native });
          const sum = (metadata?.items ?? []).reduce((total, { cost }) => total + (cost ?? Number.NaN), searches / 100);
          expect(metadata?.cost).toBeCloseTo(sum, 8);
        },
      ),
    );
  });

  function split(hour: number) {
    return { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: hour };
  }
});

describe.skipIf(!hasCorpus)("every recorded usage", () => {
  for (const { file, events } of recordings("anthropic")) {
    it(file, () => {
      let model = "";
      let merged = usage();
      for (const event of events as {
        type: string;
        message?: { model: string; usage: AnthropicUsage };
        usage?: object;
      }[]) {
        model = event.message?.model ?? model;
        merged = { ...merged, ...event.message?.usage, ...event.usage };
        const common = anthropicUsage(merged, "reported");
        for (const value of Object.values(common)) expect(Number.isNaN(value)).toBe(false);
        const metadata = anthropicCost({ model, usage: merged });
        if (metadata !== null) expect(metadata.cost).toBeGreaterThanOrEqual(0);
      }
    });
  }
});
