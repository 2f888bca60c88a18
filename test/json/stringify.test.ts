import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidOptionError } from "../../src/errors.ts";
import { stringify, wellFormedJson } from "../../src/json/stringify.ts";
import { cpuMsSince } from "../cpu-time.ts";

/** Lists in lists. */
function nested(depth: number): unknown {
  let value: unknown = "core";
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

function attempt(body: object): unknown {
  try {
    return stringify(body);
  } catch (error) {
    return error;
  }
}

describe("stringify", () => {
  it("writes what JSON.stringify writes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(stringify({ value })).toBe(JSON.stringify({ value }));
      }),
    );
  });

  const circle: { self?: object } = {};
  circle.self = { circle };

  it.each<[string, object, RegExp]>([
    [
      "messages.1.content",
      { messages: [{}, { content: nested(100_000) }] },
      /^Invalid .*nested too deeply, or too long\.$/,
    ],
    [
      "tools.0.input_schema",
      { tools: [{ input_schema: { properties: { a: nested(100_000) } } }] },
      /nested too deeply/,
    ],
    ["metadata", { metadata: circle }, /Converting circular structure to JSON\.$/],
    ["messages.0.content.0.input", { messages: [{ content: [{ input: { a: { b: { c: 1n } } } }] }] }, /BigInt\.$/],
    ["max_tokens", { max_tokens: 1n }, /BigInt\.$/],
    ["prompt", { toJSON: () => nested(100_000) }, /nested too deeply/],
  ])("names %s, which has no JSON form", (place, body, problem) => {
    const error = attempt({ model: "m", ...body });
    expect(error).toBeInstanceOf(InvalidOptionError);
    const { option, message, cause } = error as InvalidOptionError;
    expect(`${option}.`).toContain(`${place}.`);
    expect(message).toMatch(problem);
    expect(cause).toBeInstanceOf(Error);
  });

  it("finds the culprit in linear time", () => {
    const messages = Array.from({ length: 50_000 }, (_, n) => ({ role: "user", content: `message ${n}` }));
    const start = process.cpuUsage();
    const error = attempt({ messages: [...messages, { role: "user", content: 1n }] });
    expect(error).toMatchObject({ option: "messages.50000.content" });
    expect(cpuMsSince(start)).toBeLessThan(900);
  });
});

describe("wellFormedJson", () => {
  const sent = (value: unknown): unknown => JSON.parse(wellFormedJson(JSON.stringify(value)));

  it.each([
    ["a high half", "a\ud83d", "a\ufffd"],
    ["a low half", "\ude00b", "\ufffdb"],
    ["halves in the wrong order", "\ude00\ud83d", "\ufffd\ufffd"],
    ["a pair and a half", "😀\ud83d", "😀\ufffd"],
    ["an escape that was written out", "\\ud83d", "\\ud83d"],
    ["a backslash before a half", "\\\ud83d", "\\\ufffd"],
    ["two backslashes before a half", "\\\\\ud83d", "\\\\\ufffd"],
    ["two backslashes before an escape that was written out", "\\\\ud83d", "\\\\ud83d"],
    ["other escapes", '\n"\u0001\\u0041\ud83d', '\n"\u0001\\u0041\ufffd'],
  ])("repairs %s", (_, text, expected) => {
    expect(sent(text)).toBe(expected);
    expect(sent({ [text]: [text] })).toEqual({ [expected]: [expected] });
  });

  it("leaves no half of a pair behind, and changes nothing else", () => {
    const unit = fc.constantFrom("\ud83d", "\ude00", "\\", "u", "ud83d", '"', "a", "😀", "\n");
    fc.assert(
      fc.property(fc.string({ unit }), (text) => {
        const json = wellFormedJson(JSON.stringify(text));
        expect(json).not.toMatch(/(?<!\\)(?:\\\\)*\\ud/);
        // What TextEncoder does to the string itself.
        expect(JSON.parse(json)).toBe(new TextDecoder().decode(new TextEncoder().encode(text)));
      }),
    );
  });

  it("gives the same string where there is nothing to repair, in linear time", () => {
    const json = JSON.stringify(["\\ud".repeat(100_000), "\\".repeat(300_000)]);
    const start = process.cpuUsage();
    expect(wellFormedJson(json)).toBe(json);
    expect(wellFormedJson(JSON.stringify("\ud83d".repeat(100_000)))).toBe(`"${"\ufffd".repeat(100_000)}"`);
    expect(cpuMsSince(start)).toBeLessThan(500);
  });
});
