import { runInNewContext } from "node:vm";
import { describe, expect, test } from "vitest";
import { messageOf, shortened } from "../src/errors.ts";

const throwing = (): never => {
  throw new Error("from a getter");
};
const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const UNREADABLE = "an error without a readable message";

describe("the message of something thrown", () => {
  test.each<[what: string, thrown: unknown, message: string]>([
    ["an error", new Error("No such book"), "No such book"],
    ["an error without a message", new TypeError(""), "TypeError"],
    ["an error whose message is white space", new TypeError(" \n"), "TypeError"],
    ["an error of another realm", runInNewContext('new Error("elsewhere")'), "elsewhere"],
    ["an object with a message", { message: "not an error" }, "not an error"],
    ["an error whose message is not a string", Object.assign(new Error(""), { message: { a: 1 } }), "Error"],
    ["a string", "out of paper", "out of paper"],
    ["undefined", undefined, "undefined"],
    ["null", null, "null"],
    ["a number", 404, "404"],
    ["a symbol", Symbol("s"), "Symbol(s)"],
    ["a plain object", {}, "[object Object]"],
    ["an object without a prototype", Object.create(null), UNREADABLE],
    ["a getter that throws", Object.defineProperty(new Error("x"), "message", { get: throwing }), UNREADABLE],
    ["a proxy that throws", new Proxy({}, { get: throwing, getPrototypeOf: throwing }), UNREADABLE],
    ["a revoked proxy", revoked(), UNREADABLE],
    ["an object whose toString throws", { toString: throwing }, UNREADABLE],
  ])("%s", (_, thrown, message) => {
    expect(messageOf(thrown)).toBe(message);
  });

  test("is cut after 1,000 characters, never within one", () => {
    expect(messageOf(new Error("x".repeat(1000)))).toBe("x".repeat(1000));
    expect(messageOf(new Error("x".repeat(1001)))).toBe(`${"x".repeat(1000)}…`);
    expect(messageOf(new Error(`x${"📖".repeat(1001)}`))).toBe(`x${"📖".repeat(999)}…`);
    expect(messageOf(new Error("x".repeat(1e7)))).toHaveLength(1001);
  });
});

test.each([
  ["", ""],
  ["ab", "ab"],
  ["abc", "abc"],
  ["abcd", "abc…"],
  ["📖📖📖", "📖📖📖"],
  ["📖📖📖📖", "📖📖📖…"],
  ["a📖📖", "a📖📖"],
  ["a📖📖📖", "a📖📖…"],
  ["abcde📖", "abc…"],
])("a text of at most 3 characters: %j", (text, cut) => {
  expect(shortened(text, 3)).toBe(cut);
});
