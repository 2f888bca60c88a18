import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { strictSchema, withoutNulls } from "../../src/providers/openai-platform/strict-schema.ts";
import type { JsonSchema } from "../../src/schema/json-schema.ts";

/** JSON Schema as a response model gives it. */
function schemaOf(model: z.ZodType): JsonSchema {
  const { $schema: _, ...schema } = z.toJSONSchema(model, { io: "input" });
  return { ...schema, type: "object" };
}

function strict(model: z.ZodType): unknown {
  const made = strictSchema(schemaOf(model));
  return "schema" in made ? made.schema : made;
}

const object = (properties: object, more: object = {}): JsonSchema => ({ type: "object", properties, ...more });

describe("strictSchema", () => {
  it("closes objects, and makes optional properties required ones that may be null", () => {
    const Person = z.object({
      name: z.string().min(1),
      age: z.int().optional(),
      role: z.enum(["cook", "guest"]).optional(),
      home: z.object({ city: z.string() }).optional(),
      tags: z.array(z.string()).max(3),
    });
    expect(strict(Person)).toEqual({
      type: "object",
      properties: {
        name: { type: "string", description: "(minLength: 1)" },
        age: { type: ["integer", "null"] },
        role: { anyOf: [{ type: "string", enum: ["cook", "guest"] }, { type: "null" }] },
        home: {
          type: ["object", "null"],
          properties: { city: { type: "string" } },
          required: ["city"],
          additionalProperties: false,
        },
        tags: { type: "array", items: { type: "string" }, maxItems: 3 },
      },
      required: ["name", "age", "role", "home", "tags"],
      additionalProperties: false,
    });
  });

  it("keeps recursion, and nothing beside a reference", () => {
    const tree = object(
      { root: { $ref: "#/$defs/node", description: "The root" } },
      { required: ["root"], $defs: { node: object({ next: { $ref: "#/$defs/node" } }) } },
    );
    expect(strictSchema(tree)).toEqual({
      schema: {
        type: "object",
        properties: { root: { $ref: "#/$defs/node" } },
        required: ["root"],
        additionalProperties: false,
        $defs: {
          node: {
            type: "object",
            properties: { next: { anyOf: [{ $ref: "#/$defs/node" }, { type: "null" }] } },
            required: ["next"],
            additionalProperties: false,
          },
        },
      },
    });
  });

  it("has choices as anyOf, types for fixed values, and says in words what cannot be enforced", () => {
    const Shape = z.object({
      shape: z.discriminatedUnion("kind", [
        z.object({ kind: z.literal("circle"), radius: z.number().positive() }),
        z.object({ kind: z.literal("point") }),
      ]),
      email: z.email(),
      page: z.url(),
      code: z.string().regex(/^(?=a)b/),
    });
    expect(strict(Shape)).toMatchObject({
      properties: {
        shape: {
          anyOf: [
            { properties: { kind: { type: "string", const: "circle" }, radius: { exclusiveMinimum: 0 } } },
            { required: ["kind"], additionalProperties: false },
          ],
        },
        email: { type: "string", format: "email" },
        page: { type: "string", description: '(format: "uri")' },
        code: { type: "string", description: expect.stringContaining("pattern") },
      },
    });
    expect(JSON.stringify(strict(Shape))).not.toMatch(/oneOf|"pattern"/);
    expect(strictSchema(object({ a: { enum: ["x", 1] }, b: { const: true } }, { required: ["a", "b"] }))).toMatchObject(
      {
        schema: { properties: { a: { type: ["string", "number"] }, b: { type: "boolean" } } },
      },
    );
  });

  it.each<[string, JsonSchema, string]>([
    [
      "open objects",
      object({ meta: { type: "object", additionalProperties: { type: "string" } } }),
      '"meta" may have any properties',
    ],
    [
      "further properties",
      object({ a: { type: "string" } }, { additionalProperties: { type: "string" } }),
      "the schema may have further properties",
    ],
    ["anything", object({ a: { items: {}, type: "array" } }), '"a[]" may be anything'],
    ["lists of anything", object({ a: { type: "array" } }), '"a" may have items of any kind'],
    ["tuples", object({ a: { type: "array", prefixItems: [{ type: "string" }] } }), '"a" uses "prefixItems"'],
    [
      "patterns of names",
      object({ a: object({}, { patternProperties: { "^x": { type: "string" } } }) }),
      '"a" uses "patternProperties"',
    ],
    ["conditions", object({ a: { type: "string", not: { const: "x" } } }), '"a" uses "not"'],
    ["intersections", object({ a: { allOf: [object({}), object({})] } }), '"a" uses "allOf"'],
    ["dynamic references", object({ a: { $dynamicRef: "#x" } }), '"a" uses "$dynamicRef"'],
    ["references to nothing", object({ a: { $ref: "#/$defs/gone" } }), '"a" refers to something that is not there'],
    [
      "other documents",
      object({ a: { $ref: "https://example.com/a.json" } }),
      '"a" refers to something that is not there',
    ],
    ["a choice at the root", { type: "object", anyOf: [object({}), object({})] }, "the schema is not one object"],
    ["an enum of objects", object({ a: { enum: [{ b: 1 }] } }), '"a" is one of some objects or lists'],
    [
      "a long enum",
      object({ a: { enum: Array.from({ length: 1001 }, (_, index) => index) } }),
      "more than 1000 values",
    ],
  ])("gives the reason for %s", (_, schema, reason) => {
    expect(strictSchema(schema)).toEqual({ reason: expect.stringContaining(reason) });
  });

  it("refuses deep nesting without following it", () => {
    let deep: object = { type: "string" };
    for (let depth = 0; depth < 5000; depth++) deep = object({ a: deep });
    expect(strictSchema(object({ deep }))).toEqual({ reason: expect.stringContaining("more than 10 levels") });
  });

  it("makes the same of its own result", () => {
    const made = strictSchema(schemaOf(z.object({ a: z.string().optional(), b: z.array(z.number()).nullish() })));
    if (!("schema" in made)) throw new Error(made.reason);
    expect(strictSchema(made.schema)).toEqual(made);
  });
});

describe("withoutNulls", () => {
  const Model = z.object({
    title: z.string(),
    subtitle: z.string().optional(),
    year: z.number().nullable(),
    note: z.string().nullish(),
    author: z.object({ name: z.string(), born: z.int().optional() }).optional(),
    tags: z.array(z.object({ name: z.string(), weight: z.number().optional() })).default([]),
    kind: z
      .union([
        z.object({ type: z.literal("a"), x: z.string().optional() }),
        z.object({ type: z.literal("b"), x: z.string().nullable() }),
      ])
      .optional(),
  });

  it("drops nulls that stand for nothing, and keeps those that the schema has", () => {
    const received = {
      title: "T",
      subtitle: null,
      year: null,
      note: null,
      author: { name: "A", born: null },
      tags: [{ name: "t", weight: null }],
      kind: { type: "b", x: null },
    };
    const value = withoutNulls(schemaOf(Model))(received);
    expect(value).toEqual({
      title: "T",
      year: null,
      note: null,
      author: { name: "A" },
      tags: [{ name: "t" }],
      kind: { type: "b", x: null },
    });
    expect(Model.safeParse(value).success).toBe(true);
    expect(withoutNulls(schemaOf(Model))({ ...received, kind: { type: "a", x: null } })).toMatchObject({
      kind: { type: "a" },
    });
  });

  it("gives back every value that the model takes, once its optional properties are null", () => {
    const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
    const models = fc.record({
      title: fc.string(),
      subtitle: optional(fc.string()),
      year: fc.option(fc.integer()),
      note: optional(fc.option(fc.string())),
      author: optional(fc.record({ name: fc.string(), born: optional(fc.integer()) })),
      tags: optional(fc.array(fc.record({ name: fc.string(), weight: optional(fc.integer()) }))),
    });
    const schema = schemaOf(Model);
    fc.assert(
      fc.property(models, (model) => {
        const plain: unknown = JSON.parse(JSON.stringify(model));
        const asSent: unknown = JSON.parse(JSON.stringify(model, (_, value: unknown) => value ?? null));
        // A note that is null may have been left out as well.
        const expected = model.note === undefined ? { ...Object(plain), note: null } : plain;
        expect(withoutNulls(schema)(asSent)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  it("changes nothing that does not fit the schema", () => {
    const schema = schemaOf(Model);
    for (const value of [null, 1, "x", [], [null], { other: null }, { tags: { name: null } }, { author: [null] }]) {
      expect(withoutNulls(schema)(value)).toEqual(value);
    }
    expect(withoutNulls(schema)(JSON.parse('{"__proto__": {"a": null}}'))).toEqual(
      JSON.parse('{"__proto__": {"a": null}}'),
    );
  });

  it("gives what it gave before for parts that have not changed", () => {
    const strip = withoutNulls(schemaOf(Model));
    const tag = { name: "t", weight: null };
    const first = strip({ tags: [tag] });
    const second = strip({ tags: [tag, { name: "u" }] });
    expect([first, second]).toEqual([{ tags: [{ name: "t" }] }, { tags: [{ name: "t" }, { name: "u" }] }]);
    const tagOf = (value: unknown): unknown => (value as { readonly tags: readonly unknown[] }).tags[0];
    expect(tagOf(second)).toBe(tagOf(first));
  });
});
