import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { keepNumbers } from "../../src/json/exact-numbers.ts";
import { stringify, wellFormedJson } from "../../src/json/stringify.ts";
import { cpuMsSince } from "../cpu-time.ts";

/** What is sent of a body with a value that was parsed from this text. */
function sent(text: string): string {
  const value = JSON.parse(text) as object;
  keepNumbers(value, text);
  const body = wellFormedJson(stringify({ messages: [{ content: [{ input: value }, { text: "exact-0" }] }] }));
  const [, input = ""] =
    /^\{"messages":\[\{"content":\[\{"input":(.*)\},\{"text":"exact-0"\}\]\}\]\}$/s.exec(body) ?? [];
  expect(() => JSON.parse(body) as unknown).not.toThrow();
  return input;
}

describe("numbers go back as they came", () => {
  it.each([
    '{"id":9007199254740993}',
    '{"id":-12345678901234567890}',
    '{"far":1e999,"near":1e-999}',
    '{"zero":-0}',
    '{"price":0.1000000000000000055}',
    '{"rows":[{"id":"a"},{"id":18446744073709551615}]}',
    '{"text":"say \\"1e999\\" \\\\","id":9007199254740993}',
    '{ "id" : 9007199254740993 }',
  ])("%s", (text) => {
    expect(sent(text)).toBe(text);
  });

  it.each([
    '{"id":9007199254740991,"small":-1.5,"zero":0,"text":"9007199254740993 1e999 -0"}',
    '{"hex":"5e3fd0123456789abcdef","quote":"\\"1e5","back":"\\\\"}',
    '{"exponent":"2e","list":[123456789012345,0.1]}',
  ])("what JSON.stringify writes as it is, is left to it: %s", (text) => {
    // White space would show that the text itself was sent.
    expect(sent(text.replace("{", "{ "))).toBe(text);
  });

  it("whatever else the text holds", () => {
    const number = fc.constantFrom("9007199254740993", "1e400", "-0", "0.12345678901234567890123", "7", "-1.25");
    const value = fc.oneof(
      number,
      fc.string().map((text) => JSON.stringify(text)),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value), (fields) => {
        const parts = Object.entries(fields).map(([name, json]) => `${JSON.stringify(name)}:${json}`);
        const text = `{${parts.join(",")}}`;
        const numbers = (json: string) => json.replace(/"(?:[^"\\]|\\.)*"/g, '""').match(/-?\d[\d.eE+-]*/g);
        expect(numbers(sent(text))).toEqual(numbers(text));
      }),
    );
  });

  it.each([
    ["a pair that is escaped", "\\ud83d\\ude00", "😀"],
    ["half of one", "a\\ud83d", "a\ufffd"],
    ["half of one, as a character", "a\ud83d", "a\ufffd"],
    ["one that is half a character, half an escape", "\ud83d\\ude00", "😀"],
    ["escapes in capitals", "\\uD83D\\uDE00", "😀"],
    ["a backslash before letters like an escape", "\\\\ud83d", "\\ud83d"],
  ])("beside text with surrogates: %s", (_, escaped, expected) => {
    const json = sent(`{"id":9007199254740993,"text":"${escaped}"}`);
    expect(json).not.toMatch(/(?<!\\)(?:\\\\)*\\ud[89a-f]/i);
    expect(json).toContain("9007199254740993");
    expect(JSON.parse(json)).toMatchObject({ text: expected });
  });

  it("in linear time", () => {
    const start = process.cpuUsage();
    const text = `{"a":"${"\\\\".repeat(200_000)}","b":"${"5e".repeat(200_000)}","n":1e999,"c":${"9".repeat(100_000)}}`;
    expect(sent(text)).toBe(text);
    expect(cpuMsSince(start)).toBeLessThan(500);
  });
});
