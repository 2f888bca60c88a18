import type { Model as SdkModel } from "@anthropic-ai/sdk/resources/messages/messages";
import { describe, expect, expectTypeOf, it } from "vitest";
import { type AnthropicModel, canonicalModel, defaultMaxTokens } from "../../src/providers/anthropic/models.ts";
import type { Known } from "./sdk-types.ts";

describe("canonicalModel", () => {
  it.each([
    ["claude-opus-5", "claude-opus-5"],
    ["claude-opus-5-5", "claude-opus-5-5"],
    ["claude-haiku-4-5-20251001", "claude-haiku-4-5"],
    ["claude-3-7-sonnet-latest", "claude-3-7-sonnet"],
    ["claude-opus-4-0", "claude-opus-4"],
    ["claude-sonnet-4-20250514", "claude-sonnet-4"],
    ["claude-sonnet-4-5@20250929", "claude-sonnet-4-5"],
    ["claude-3-5-sonnet-v2@20241022", "claude-3-5-sonnet"],
    ["anthropic.claude-opus-5", "claude-opus-5"],
    ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-sonnet-4-5"],
    ["global.anthropic.claude-opus-4-6-v1", "claude-opus-4-6"],
    ["anthropic.claude-3-5-sonnet-20241022-v2:0:200k", "claude-3-5-sonnet"],
    ["arn:aws:bedrock:us-east-1:1:inference-profile/eu.anthropic.claude-opus-4-1-20250805-v1:0", "claude-opus-4-1"],
    ["publishers/anthropic/models/claude-sonnet-4-6", "claude-sonnet-4-6"],
    ["anthropic/claude-opus-4.8", "claude-opus-4-8"],
    ["claude-sonnet-4-6[1m]", "claude-sonnet-4-6"],
  ])("%s is %s", (model, id) => {
    expect(canonicalModel(model)).toBe(id);
  });

  it.each(["gpt-5.2", "deepseek-v4-pro", "", "claude-", "claude-opus-5-fast", "claude-opus-5-6"])(
    "leaves %j as it is",
    (model) => {
      expect(canonicalModel(model)).toBe(model);
    },
  );

  it("answers at once for a long id that almost fits", () => {
    const start = performance.now();
    canonicalModel(`claude-${"-0".repeat(2000)}x`);
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe("defaultMaxTokens", () => {
  it.each([
    ["claude-fable-5-2", 128_000],
    ["claude-mythos-5-1", 128_000],
    ["claude-opus-5-5", 128_000],
    ["claude-sonnet-5-5", 128_000],
    ["claude-sonnet-4-6", 128_000],
    ["claude-haiku-5-5", 128_000],
    ["claude-haiku-4-5-20251001", 64_000],
    ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", 64_000],
    ["claude-opus-4-5", 64_000],
    ["claude-opus-4-1-20250805", 32_000],
    ["claude-opus-4-0", 32_000],
    ["claude-sonnet-4@20250514", 64_000],
    ["claude-3-7-sonnet-latest", 64_000],
    ["claude-3-5-haiku-20241022", 8192],
    ["claude-3-opus-20240229", 4096],
  ])("%s writes at most %d", (model, tokens) => {
    expect(defaultMaxTokens(model)).toBe(tokens);
  });

  it.each(["gpt-5.2", "claude-opus-6", "claude-opus-5-6", "sonnet-5", "toString", ""])(
    "is 4096 for %j, which is not known",
    (model) => {
      expect(defaultMaxTokens(model)).toBe(4096);
    },
  );
});

describe("AnthropicModel", () => {
  it("knows every model that the official SDK knows, and takes any other", () => {
    expectTypeOf<Known<SdkModel>>().toExtend<Known<AnthropicModel>>();
    expectTypeOf<Known<AnthropicModel>>().toExtend<Known<SdkModel>>();
    expectTypeOf<"a-model-of-next-year">().toExtend<AnthropicModel>();
  });
});
