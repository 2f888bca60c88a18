import { expect, test } from "vitest";
import { isDeeper } from "../../src/json/depth.ts";

const nested = (levels: number): unknown => JSON.parse('{"a":['.repeat(levels / 2) + "]}".repeat(levels / 2));

test("counts each array and object as a level", () => {
  expect([5, [], [[]], { a: 1 }, { a: { b: [1] } }].map((value) => isDeeper(value, 1))).toEqual([
    false,
    false,
    true,
    false,
    true,
  ]);
  expect([isDeeper(nested(1000), 1000), isDeeper(nested(1000), 999)]).toEqual([false, true]);
  expect(isDeeper(null, 0)).toBe(false);
});

test("does not overflow the stack", () => {
  expect([isDeeper(nested(200_000), 1000), isDeeper(nested(200_000), 200_000)]).toEqual([true, false]);
});

test("sees that a value that contains itself is deeper than any limit", () => {
  const circle: unknown[] = [];
  circle.push({ circle });
  expect(isDeeper(circle, 1000)).toBe(true);
});
