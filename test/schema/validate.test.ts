import { runInNewContext } from "node:vm";
import { type } from "arktype";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import * as mini from "zod/mini";
import type { StandardSchema } from "../../src/schema/standard-schema.ts";
import { validate } from "../../src/schema/validate.ts";

/** A schema of no particular library. */
function schemaOf(check: (value: unknown) => never): StandardSchema {
  return { "~standard": { version: 1, vendor: "none", validate: check } };
}

describe.each<[string, StandardSchema<unknown, { year: number }>]>([
  ["zod", z.object({ year: z.number().max(2100) })],
  ["zod/mini", mini.object({ year: mini.number().check(mini.maximum(2100)) })],
  ["valibot", v.object({ year: v.pipe(v.number(), v.maxValue(2100)) })],
  ["arktype", type({ year: "number <= 2100" })],
])("%s", (_, schema) => {
  test("returns a valid value synchronously", () => {
    expect(validate(schema, { year: 2007 })).toEqual({ value: { year: 2007 } });
  });

  test("tells what is wrong, and where", () => {
    expect(validate(schema, { year: 3000 })).toEqual({
      issues: [{ message: expect.stringContaining("2100"), path: ["year"] }],
    });
    expect(validate(schema, "text")).toEqual({ issues: [{ message: expect.any(String), path: [] }] });
  });
});

test("the value is the schema's output", () => {
  const schema = z.object({ year: z.string().transform(Number), kept: z.boolean().default(true) });
  expect(validate(schema, { year: "2007", other: 1 })).toEqual({ value: { year: 2007, kept: true } });
});

describe("an asynchronous schema", () => {
  const isKnown = async (title: string): Promise<boolean> => {
    await Promise.resolve();
    if (title === "") throw new Error("No such title");
    return title === "Mistborn";
  };

  test("returns a promise of the same", async () => {
    const schema = z.object({ title: z.string().refine(isKnown, "unknown title") });
    // Only zod's asynchronous methods and Standard Schema's accept an asynchronous refinement.
    const valid = validate(schema, { title: "Mistborn" });
    expect(valid).toBeInstanceOf(Promise);
    expect(await valid).toEqual({ value: { title: "Mistborn" } });
    expect(await validate(schema, { title: "Other" })).toEqual({
      issues: [{ message: "unknown title", path: ["title"] }],
    });
  });

  test("that rejects counts as an issue", async () => {
    const schema = v.objectAsync({ title: v.pipeAsync(v.string(), v.checkAsync(isKnown)) });
    expect(await validate(schema, { title: "" })).toEqual({
      issues: [{ message: "The validator failed: No such title", path: [] }],
      cause: new Error("No such title"),
    });
  });
});

describe("a validator fails if it", () => {
  test("throws", () => {
    const cause = new TypeError("x is not a function");
    const schema = schemaOf(() => {
      throw cause;
    });
    const validation = validate(schema, {});
    expect(validation).toEqual({
      issues: [{ message: "The validator failed: x is not a function", path: [] }],
      cause,
    });
  });

  test("returns or resolves to nonsense", async () => {
    const nothing = { "~standard": { version: 1, vendor: "none", validate: () => undefined } };
    const later = { "~standard": { version: 1, vendor: "none", validate: () => Promise.resolve(null) } };
    for (const schema of [nothing, later]) {
      // @ts-expect-error A validator gives a value or issues.
      expect(await validate(schema, {})).toMatchObject({ issues: [{ path: [] }], cause: expect.any(TypeError) });
    }
  });
});

test("a path may hold keys, or objects with keys", () => {
  const schema = schemaOf((): never => {
    throw new Error("never called");
  });
  const issues = [{ message: "a", path: ["x", { key: 0 }, { key: "y" }] }, { message: "b" }];
  expect(validate({ "~standard": { ...schema["~standard"], validate: () => ({ issues }) } }, {})).toEqual({
    issues: [
      { message: "a", path: ["x", 0, "y"] },
      { message: "b", path: [] },
    ],
  });
});

test("a validator may return a promise of another realm", async () => {
  const foreign: unknown = runInNewContext("Promise.resolve({ value: 1 })");
  const validation = validate(
    schemaOf(() => foreign as never),
    1,
  );
  expect(validation).toBeInstanceOf(Promise);
  expect(await validation).toEqual({ value: 1 });
});

test.each(["", "x"])("a message that quotes the value is cut, but never within a character: %j", (start) => {
  const schema = v.object({ year: v.number() });
  const validation = validate(schema, { year: start + "\u{1f4d6}".repeat(500) });
  expect(validation).toMatchObject({ issues: [{ message: expect.stringMatching(/received "x?\u{1f4d6}+…$/u) }] });
  expect(JSON.stringify(validation)).not.toMatch(/\\ud83d/);
  expect(JSON.stringify(validation).length).toBeLessThan(500);
});
