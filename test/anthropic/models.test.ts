import type { Model as SdkModel } from "@anthropic-ai/sdk/resources/messages/messages";
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  type AnthropicModel,
  canonicalModel,
  defaultMaxTokens,
  isBefore46,
} from "../../src/providers/anthropic/models.ts";
import type { Known } from "./sdk-types.ts";
import { cpuMsSince } from "../cpu-time.ts";

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

  it("strips every suffix, but keeps the name", () => {
    expect(canonicalModel("claude-opus-4-latest-v1-20250514-0:0")).toBe("claude-opus-4");
    expect(canonicalModel("claude-sonnet-4.0")).toBe("claude-sonnet-4");
    expect(canonicalModel("claude-20250514")).toBe("claude-20250514");
  });

  const long = (unit: string, length: number): string => `claude-${unit.repeat(length / unit.length)}\n`;
  const units = ["-0", "claude-", "claude-@", "claude--0", "-20250101", "-v1", "-", ".", "@", ":[", "a", "claude-\n"];

  it.each(units)("is linear in the length of a name that repeats %j", (unit) => {
    const start = process.cpuUsage();
    for (const size of [8_000, 32_000, 1_000_000]) {
      const model = long(unit, size);
      expect(canonicalModel(model)).toBe(model);
      isBefore46(model);
      expect(defaultMaxTokens(model)).toBe(4096);
    }
    expect(cpuMsSince(start)).toBeLessThan(500);
  });

  it.each(units)("is fast for many different names of nearly the maximum length that repeat %j", (unit) => {
    const models = Array.from({ length: 1_000 }, (_, n) => `${n}${long(unit, 240)}`);
    const start = process.cpuUsage();
    for (const model of models) isBefore46(model);
    expect(cpuMsSince(start)).toBeLessThan(500);
  });
});

describe("isBefore46", () => {
  it.each([
    ["claude-3-5-haiku-20241022", true],
    ["claude-2.1", true],
    ["claude-sonnet-4-20250514", true],
    ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", true],
    ["claude-opus-4-6", false],
    ["claude-sonnet-5", false],
    ["claude-haiku-5-5", false],
    ["gpt-5.2", false],
  ])("%s: %s", (model, is) => {
    expect(isBefore46(model)).toBe(is);
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

  it.each(["gpt-5.2", "claude-opus-6", "claude-opus-5-6", "claude-opus-4 opus-4-1", "sonnet-5", "toString", ""])(
    "is 4096 for %j, which is unknown",
    (model) => {
      expect(defaultMaxTokens(model)).toBe(4096);
    },
  );
});

describe("AnthropicModel", () => {
  it("lists the models that the official SDK lists, and takes any other", () => {
    expectTypeOf<Known<SdkModel>>().toExtend<Known<AnthropicModel>>();
    expectTypeOf<Known<AnthropicModel>>().toExtend<Known<SdkModel>>();
    expectTypeOf<"a-model-of-next-year">().toExtend<AnthropicModel>();
  });
});
