import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CostMetadata } from "../../src/providers/anthropic/price.ts";
import { anthropicCost, refusalOf } from "../../src/providers/anthropic/usage.ts";
import { commonFinishReason } from "../../src/providers/anthropic/finish-reason.ts";
import { anthropicViews, signatureOf } from "../../src/providers/anthropic/view.ts";
import type { AnthropicMessage, AnthropicUsage } from "../../src/providers/anthropic/wire.ts";
import { cpuMsSince } from "../cpu-time.ts";

const tokens = {
  input_tokens: 100,
  output_tokens: 50,
  cache_creation_input_tokens: 30,
  cache_read_input_tokens: 20,
  cache_creation: { ephemeral_5m_input_tokens: 10, ephemeral_1h_input_tokens: 20 },
};

const usage: AnthropicUsage = {
  ...tokens,
  output_tokens_details: { thinking_tokens: 8 },
  server_tool_use: { web_search_requests: 2, web_fetch_requests: 1 },
  service_tier: "standard",
  inference_geo: "us",
  speed: "standard",
  iterations: [
    { ...tokens, type: "message", model: "claude-fable-5" },
    { ...tokens, type: "fallback_message", model: "claude-opus-5" },
  ],
  fallback_credit: { status: { type: "redeemed" } },
};

const message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-opus-5",
  content: [
    { type: "thinking", thinking: "Hm.", signature: "c2ln" },
    { type: "fallback", from: { model: "a" }, to: { model: "b" }, trigger: { type: "refusal", category: "bio" } },
    { type: "text", text: "Hello", citations: null },
    { type: "tool_use", id: "toolu_1", name: "f", input: { a: 1 } },
    { type: "text", text: " again" },
  ],
  stop_reason: "refusal",
  stop_sequence: null,
  stop_details: { type: "refusal", category: "cyber" },
  usage,
};

const hostile: readonly unknown[] = [
  null,
  undefined,
  {},
  [],
  [null],
  "",
  "abc",
  "constructor",
  "__proto__",
  -1,
  1e308,
  Number.NaN,
  Infinity,
  3,
  true,
  { toString: 1 },
  JSON.parse('{"then":1}'),
  { length: 3 },
  Object.create(null),
  JSON.parse('{"__proto__":{"input_tokens":7},"input_tokens":"9"}'),
];

/** The ways to every value in a structure, the structure itself first. */
function pathsOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  const parts = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return [path, ...parts.flatMap(([key, part]) => pathsOf(part, [...path, key]))];
}

function replaced(value: unknown, [key, ...rest]: readonly string[], by: unknown): unknown {
  if (key === undefined) return by;
  // An earlier replacement may have removed the way.
  if (typeof value !== "object" || value === null) return value;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...value };
  return Object.assign(copy, { [key]: replaced((value as Record<string, unknown>)[key], rest, by) });
}

const isCount = (value: unknown): boolean => typeof value === "number" && value >= 0 && value < Infinity;
const isText = (value: unknown): boolean => typeof value === "string";
const isAbsent = (value: unknown): boolean => value === null || value === undefined;

/** Takes down what breaks its declared type. One assertion for all of it keeps these tests fast. */
class Report {
  readonly problems: string[] = [];

  check(what: string, fits: boolean): void {
    if (!fits) this.problems.push(what);
  }

  checkUsage(read: AnthropicUsage): void {
    this.#checkTokens("usage", read);
    const { output_tokens_details: details, server_tool_use: tools, iterations, fallback_credit: credit } = read;
    this.check("thinking", isAbsent(details) || isCount(details?.thinking_tokens));
    for (const requests of [tools?.web_search_requests, tools?.web_fetch_requests]) {
      this.check("requests", isAbsent(requests) || isCount(requests));
    }
    for (const text of [read.service_tier, read.inference_geo, read.speed]) {
      this.check("text", isAbsent(text) || isText(text));
    }
    this.check("iterations", isAbsent(iterations) || Array.isArray(iterations));
    for (const step of iterations ?? []) {
      this.#checkTokens("iteration", step);
      this.check("iteration.type", isText(step.type));
      this.check("iteration.model", isAbsent(step.model) || isText(step.model));
    }
    this.check("credit", isAbsent(credit) || isText(credit?.status.type));
  }

  #checkTokens(where: string, part: Omit<AnthropicUsage, "iterations">): void {
    const { cache_creation: writes } = part;
    this.check(`${where}.input_tokens`, isCount(part.input_tokens));
    this.check(`${where}.output_tokens`, isCount(part.output_tokens));
    for (const count of [part.cache_creation_input_tokens, part.cache_read_input_tokens]) {
      this.check(`${where} cache`, isAbsent(count) || isCount(count));
    }
    this.check(`${where} 5m`, isAbsent(writes) || isCount(writes?.ephemeral_5m_input_tokens));
    this.check(`${where} 1h`, isAbsent(writes) || isCount(writes?.ephemeral_1h_input_tokens));
  }

  checkCost(cost: CostMetadata | null): void {
    if (cost === null) return;
    const { currency: _, cost: total, items, notes, ...counts } = cost;
    this.check("cost", total === null || isCount(total));
    this.check("cost counts", Object.values(counts).every(isCount));
    this.check("notes", notes.every(isText));
    for (const { model, kind, tokens: spent, costs, cost: part, multiplier } of items) {
      this.check("item", [model, kind].every(isText));
      const numbers = [...Object.values(spent), ...Object.values(costs ?? {}), part ?? 0, multiplier];
      this.check("item counts", numbers.every(isCount));
    }
  }
}

const prices = {
  mine: { input: 1, output: 1, cacheRead: 1, cacheWrite5m: 1, cacheWrite1h: 1 },
};

/** Reads all there is to read from a message, and checks that the types are the declared ones. */
function readAll(given: unknown): void {
  const hostileMessage = given as AnthropicMessage | null;
  const report = new Report();
  const views = anthropicViews;
  for (const view of [views.id, views.model, signatureOf]) {
    const read = view(hostileMessage);
    report.check("id, model or signature", read === null || typeof read === "string");
  }
  report.check("text", [views.content(hostileMessage), views.thinking(hostileMessage)].every(isText));
  report.check("finish reasons", views.finishReasons(hostileMessage).every(isText));
  report.check("common finish reasons", views.commonFinishReasons(hostileMessage).every(isText));
  const { category } = refusalOf(hostileMessage) ?? {};
  report.check("refusal", isAbsent(category) || isText(category));
  const reply = { message: hostileMessage, estimatedTokens: 5 };
  report.checkUsage(views.usage(reply, "estimated"));
  const { source, thinkingTokens, ...counts } = views.commonUsage(reply, "partial");
  report.check("common usage", source === "partial" && Object.values(counts).every(isCount));
  report.check("thinking tokens", thinkingTokens === null || isCount(thinkingTokens));
  report.checkCost(views.cost(reply, "claude-opus-5", "reported", prices));
  const raw = hostileMessage?.usage;
  report.checkCost(anthropicCost({ model: hostileMessage?.model as string, usage: raw as AnthropicUsage }));
  if (report.problems.length > 0) expect(report.problems).toEqual([]);
}

describe("the views of a message, whatever a server sends", () => {
  it("have their declared types with any one value replaced", () => {
    for (const path of pathsOf(message)) {
      for (const by of hostile) readAll(replaced(message, path, by));
    }
  });

  it("have their declared types with several values replaced", () => {
    const change = fc.tuple(fc.constantFrom(...pathsOf(message)), fc.oneof(fc.constantFrom(...hostile), fc.anything()));
    fc.assert(
      fc.property(fc.array(change, { minLength: 2, maxLength: 6 }), (changes) => {
        readAll(changes.reduce<unknown>((changed, [path, by]) => replaced(changed, path, by), message));
      }),
      { numRuns: 200 },
    );
  });

  it("are what the message says where it keeps to the wire's types", () => {
    const reply = { message: message as unknown as AnthropicMessage, estimatedTokens: 0 };
    expect(anthropicViews.content(reply.message)).toBe("Hello again");
    expect(anthropicViews.thinking(reply.message)).toBe("Hm.");
    expect(signatureOf(reply.message)).toBe("c2ln");
    expect(anthropicViews.usage(reply, "reported")).toEqual({ ...usage, source: "reported" });
    expect(anthropicViews.usage({ message: null, estimatedTokens: 7 }, "estimated")).toEqual({
      input_tokens: 0,
      output_tokens: 7,
      source: "estimated",
    });
  });

  it("keep the fields of the usage that are not declared", () => {
    const given = { ...message, usage: { ...usage, of_the_future: { a: 1 }, input_tokens: "many", speed: 3 } };
    const { speed: _, ...expected } = { ...usage, of_the_future: { a: 1 }, input_tokens: 0, source: "reported" };
    const reply = { message: given as unknown as AnthropicMessage, estimatedTokens: 0 };
    expect(anthropicViews.usage(reply, "reported")).toEqual(expected);
    expect(anthropicViews.usage(reply, "reported")).not.toHaveProperty("speed");
  });

  it("know no finish reason that an object merely inherits", () => {
    for (const reason of ["constructor", "__proto__", "toString", ""]) {
      expect(commonFinishReason(reason)).toBe("unknown");
    }
    expect(commonFinishReason("max_tokens")).toBe("length");
  });

  it("find the last user message of a request, past anything else", () => {
    const asked = { role: "user", content: "Hi" } as const;
    expect(anthropicViews.userMessageParam([asked, null as never, { role: "assistant", content: "Hello" }])).toBe(
      asked,
    );
    expect(anthropicViews.userMessageParam([])).toBeNull();
  });
});

describe("the text of a message", () => {
  const textOf = (content: readonly object[]): string =>
    anthropicViews.content({ content } as unknown as AnthropicMessage);

  it("is read in linear time from 80,000 blocks", () => {
    const content = Array.from({ length: 80_000 }, () => ({ type: "text", text: "a" }));
    const start = process.cpuUsage();
    expect(textOf(content)).toHaveLength(80_000);
    expect(cpuMsSince(start)).toBeLessThan(900);
  });

  it("costs little to read at every chunk", () => {
    const last = { type: "text", text: "" };
    const content = [{ type: "text", text: "x".repeat(4_000_000) }, last];
    let length = 0;
    const start = process.cpuUsage();
    for (let chunk = 0; chunk < 3_000; chunk++) {
      last.text += "word ";
      length += textOf(content).length;
    }
    expect(cpuMsSince(start)).toBeLessThan(500);
    expect(length).toBeGreaterThan(3_000 * 4_000_000);
    expect(textOf(content).endsWith("word word ")).toBe(true);
  });

  it("is the block's own string where there is only one, even at every chunk", () => {
    const only = { type: "text", text: "" };
    const start = process.cpuUsage();
    for (let chunk = 0; chunk < 50_000; chunk++) {
      only.text += "word ";
      textOf([only]);
    }
    expect(textOf([only])).toBe(only.text);
    expect(cpuMsSince(start)).toBeLessThan(900);
  });
});
