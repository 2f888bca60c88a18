import { describe, expect, it } from "vitest";
import { durationMs, limitGroup, rateLimit } from "../../src/providers/openai-platform/rate-limit.ts";

const asked = (headers: Readonly<Record<string, string>>, status = 200) =>
  rateLimit({ model: "gpt-4o-2024-08-06", status, header: (name) => headers[name] ?? null, body: null });

const usedUp = {
  "x-ratelimit-limit-requests": "500",
  "x-ratelimit-remaining-requests": "0",
  "x-ratelimit-reset-requests": "1m30s",
};

describe("rateLimit", () => {
  it("waits until a limit that is used up is reset", () => {
    expect(asked(usedUp)).toEqual({ group: "gpt-4o", waitMs: 90_000 });
    const tokens = {
      "x-ratelimit-limit-tokens": "30000",
      "x-ratelimit-remaining-tokens": "0",
      "x-ratelimit-reset-tokens": "2m",
    };
    expect(asked({ ...usedUp, ...tokens })?.waitMs).toBe(120_000);
    expect(asked({ ...usedUp, "x-ratelimit-remaining-requests": "1" })).toBeNull();
  });

  it("waits as long as a 429 says", () => {
    expect(asked({ "retry-after": "7" }, 429)?.waitMs).toBe(7000);
    expect(asked({ "retry-after-ms": "70" }, 429)?.waitMs).toBe(70);
    expect(asked({ "retry-after": "7" }, 503)).toBeNull();
    expect(asked({}, 429)).toBeNull();
  });

  it.each(["-1", "0", "", "x"])("does not know a limit of %j, which Azure sends in place of a number", (limit) => {
    expect(asked({ ...usedUp, "x-ratelimit-limit-requests": limit })).toBeNull();
  });
});

describe("durationMs", () => {
  it.each([
    ["12ms", 12],
    ["20s", 20_000],
    ["7.66s", 7660],
    ["6m0s", 360_000],
    ["2m59.56s", 179_560],
    ["1h2m3s", 3_723_000],
    ["1d", 86_400_000],
    ["999999999h", 2 ** 31 - 1],
    ["", 0],
    ["soon", 0],
    ["5", 0],
    ["-1s", 0],
  ])("reads %j", (text, ms) => {
    expect(durationMs(text)).toBeCloseTo(ms, 6);
  });
});

describe("limitGroup", () => {
  it("is the model without a date", () => {
    expect(limitGroup("gpt-5-mini-2025-08-07")).toBe(limitGroup("gpt-5-mini"));
    expect(limitGroup("gpt-5")).not.toBe(limitGroup("gpt-5-mini"));
  });
});
