import fc from "fast-check";
import { expect, test } from "vitest";
import { copyOf } from "../../src/json/copy.ts";

test("copies all arrays and plain objects", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), (json) => {
      const value: unknown = JSON.parse(json);
      expect(JSON.stringify(copyOf(value))).toBe(JSON.stringify(value));
    }),
  );
  const value = { list: [{ a: 1 }], bare: Object.assign(Object.create(null) as object, { b: [2] }) };
  const copy = copyOf(value);
  expect(copy).toEqual(value);
  expect(Object.getPrototypeOf(copy.bare)).toBeNull();
  for (const key of ["list", "bare"] as const) expect(copy[key]).not.toBe(value[key]);
  expect(copy.list[0]).not.toBe(value.list[0]);
});

test("shares everything else", () => {
  const value = { at: new Date(), map: new Map(), run: () => 1, url: new URL("https://example.com/") };
  const copy = copyOf({ value }).value;
  expect(copy).not.toBe(value);
  for (const key of ["at", "map", "run", "url"] as const) expect(copy[key]).toBe(value[key]);
  expect(copyOf(value.at)).toBe(value.at);
  expect(copyOf("text")).toBe("text");
});

test("keeps __proto__ as a property", () => {
  const copy: unknown = copyOf(JSON.parse('{"__proto__":{"a":{"__proto__":1}}}'));
  expect(JSON.stringify(copy)).toBe('{"__proto__":{"a":{"__proto__":1}}}');
  expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
});

test("keeps what is shared or circular within the value", () => {
  const shared = { n: 1 };
  const value: Record<string, unknown> = { a: shared, b: [shared] };
  value["self"] = value;
  const copy = copyOf(value);
  expect(copy["self"]).toBe(copy);
  expect((copy["b"] as unknown[])[0]).toBe(copy["a"]);
});

test("does not overflow the stack", () => {
  const levels = 100_000;
  let inner: unknown = copyOf(JSON.parse("[".repeat(levels) + "]".repeat(levels)));
  for (let level = 1; level < levels; level++) inner = (inner as unknown[])[0];
  expect(inner).toEqual([]);
});
