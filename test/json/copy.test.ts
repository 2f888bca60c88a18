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

test("copies dates, sets, maps and bytes, with their parts", () => {
  const part = { n: 1 };
  const value = {
    at: new Date(5),
    set: new Set<unknown>([part, "text"]),
    map: new Map<unknown, unknown>([[part, [part]]]),
    floats: new Float64Array([1, 2]),
    some: new Uint8Array([1, 2, 3]).subarray(1),
    buffer: Buffer.from("text"),
    bytes: new Uint8Array([1]).buffer,
    view: new DataView(new ArrayBuffer(2)),
  };
  const copy = copyOf({ value }).value;
  expect(copy).toEqual(value);
  for (const key of Object.keys(value) as (keyof typeof value)[]) expect(copy[key], key).not.toBe(value[key]);
  const [partOfSet] = copy.set;
  const [[key, list] = []] = copy.map;
  expect([partOfSet === part, key === partOfSet, (list as unknown[])[0] === partOfSet]).toEqual([false, true, true]);
  expect(Buffer.isBuffer(copy.buffer)).toBe(true);
  for (const bytes of [copy.some, copy.buffer, copy.floats]) bytes.fill(0);
  expect([[...value.some], value.buffer.toString(), [...value.floats]]).toEqual([[2, 3], "text", [1, 2]]);
  const looped = new Set<unknown>();
  looped.add(looped);
  expect([...copyOf(looped)][0]).not.toBe(looped);
});

test("shares everything else", () => {
  class Shelf extends Map<string, string> {}
  const value = { shelf: new Shelf(), run: () => 1, url: new URL("https://example.com/") };
  const copy = copyOf({ value }).value;
  expect(copy).not.toBe(value);
  for (const key of ["shelf", "run", "url"] as const) expect(copy[key]).toBe(value[key]);
  expect(copyOf(value.url)).toBe(value.url);
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
