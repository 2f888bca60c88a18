import fc from "fast-check";
import { expect, test } from "vitest";
import { wellFormed } from "../../src/json/well-formed.ts";

test.each([
  ["", ""],
  ["abc", "abc"],
  ["a📖b", "a📖b"],
  ["\ud83d", "\ufffd"],
  ["a\udcd6", "a\ufffd"],
  ["\udcd6\ud83d", "\ufffd\ufffd"],
  ["\ud83d📖\udcd6", "\ufffd📖\ufffd"],
])("replaces each half of a surrogate pair: %j", (text, expected) => {
  expect(wellFormed(text)).toBe(expected);
});

test("gives what UTF-8 makes of the text", () => {
  const units = fc.array(fc.constantFrom("a", "é", "\ud83d", "\udcd6", "📖"));
  fc.assert(
    fc.property(units, (parts) => {
      const text = parts.join("");
      expect(wellFormed(text)).toBe(new TextDecoder().decode(new TextEncoder().encode(text)));
    }),
  );
});
