import { toJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import * as fc from "fast-check";
import * as v from "valibot";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { InvalidOptionError } from "../../src/errors.ts";
import { stringify } from "../../src/json/stringify.ts";
import { closedSchema, planFormat, formatBody } from "../../src/providers/anthropic/output-format.ts";
import type { JsonSchema } from "../../src/schema/json-schema.ts";
import { responseFormat } from "../../src/schema/response-format.ts";
import { SchemaError } from "../../src/schema/schema-error.ts";
import type { StandardSchema } from "../../src/schema/standard-schema.ts";
import { schemaProblem } from "../../src/testing/anthropic/check-format.ts";
import { knownModels } from "../../src/testing/anthropic/model-rules.ts";

const Book = z.object({ title: z.string(), year: z.int().optional() });
const Node = z.object({
  name: z.string(),
  get children() {
    return z.array(Node);
  },
});

const closed = (model: StandardSchema, explicit?: object): Record<string, unknown> | null =>
  closedSchema(responseFormat(model, explicit).schema);

/** The closed schema of one field. */
function field(schema: z.ZodType): unknown {
  const { properties } = closed(z.object({ field: schema })) as { properties: { field: unknown } };
  return properties.field;
}

describe("the choice of how to get JSON", () => {
  const format = responseFormat(Book, undefined);
  const wayOf = (model: string, hasTools = false, thinking = {}): string =>
    planFormat(model, format, false, hasTools, { thinking } as never).way;

  it.each(knownModels.map(({ id }) => id))("is native for %s", (id) => {
    expect(wayOf(id)).toBe("native");
    expect(wayOf(id, true, { type: "enabled", budget_tokens: 1024 })).toBe("native");
  });

  it.each(["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-opus-4-6@default", "anthropic/claude-opus-4.8"])(
    "is native for %s",
    (id) => expect(wayOf(id)).toBe("native"),
  );

  it.each(["claude-opus-4-1-20250805", "claude-opus-4-20250514", "claude-sonnet-4-0", "claude-3-7-sonnet-latest"])(
    "is a tool for %s, unless that is ruled out",
    (id) => {
      expect(wayOf(id)).toBe("tool");
      expect(wayOf(id, true)).toBe("words");
      expect(wayOf(id, false, { type: "enabled", budget_tokens: 1024 })).toBe("words");
      expect(planFormat(id, format, true, false, {}).way).toBe("words");
    },
  );

  it.each(["claude-2.1", "claude-instant-1.2", "deepseek-v4-pro", "kimi-k3", "m"])("is words for %s", (id) => {
    expect(wayOf(id)).toBe("words");
  });

  it("is never a forced tool on a model that may refuse it, but words", () => {
    const records = responseFormat(z.record(z.string(), z.number()), undefined);
    for (const { id } of knownModels) expect(planFormat(id, records, false, false, {}).way).toBe("words");
    expect(planFormat("claude-sonnet-5-5", format, true, false, {}).way).toBe("words");
  });
});

describe("a closed schema", () => {
  it("has closed objects throughout, and is otherwise unchanged", () => {
    expect(closed(z.object({ book: Book, others: z.array(Book), note: z.string().nullable() }))).toEqual({
      type: "object",
      properties: {
        book: {
          type: "object",
          properties: { title: { type: "string" }, year: { type: "integer" } },
          required: ["title"],
          additionalProperties: false,
        },
        others: {
          type: "array",
          items: {
            type: "object",
            properties: { title: { type: "string" }, year: { type: "integer" } },
            required: ["title"],
            additionalProperties: false,
          },
        },
        note: { type: ["string", "null"] },
      },
      required: ["book", "others", "note"],
      additionalProperties: false,
    });
  });

  it("describes constraints that cannot be enforced", () => {
    expect(field(z.string().min(3).max(9).describe("The title."))).toEqual({
      type: "string",
      description: "The title. (minLength: 3, maxLength: 9)",
    });
    expect(field(z.number().gt(0).multipleOf(2))).toEqual({
      type: "number",
      description: "(exclusiveMinimum: 0, multipleOf: 2)",
    });
    expect(field(z.array(z.string()).min(2))).toEqual({
      type: "array",
      items: { type: "string" },
      description: "(minItems: 2)",
    });
    expect(field(z.string().regex(/^a/).regex(/b$/))).toEqual({
      type: "string",
      description: '(allOf: [{"pattern":"^a"},{"pattern":"b$"}])',
    });
  });

  it("keeps constraints that can be enforced, and does not describe them too", () => {
    expect(field(z.email())).toEqual({ type: "string", format: "email" });
    expect(field(z.int())).toEqual({ type: "integer" });
    expect(field(z.array(z.string()).min(1))).toEqual({ type: "array", items: { type: "string" }, minItems: 1 });
    expect(field(z.enum(["a", "b"]).default("a"))).toEqual({ type: "string", enum: ["a", "b"], default: "a" });
    expect(field(z.base64())).toEqual({ type: "string", description: expect.stringMatching(/format: "base64"/) });
  });

  it("has alternatives in anyOf", () => {
    const shape = z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("circle"), radius: z.number() }),
      z.object({ kind: z.literal("square"), side: z.number() }),
    ]);
    expect(field(shape)).toMatchObject({ anyOf: [{ additionalProperties: false }, { additionalProperties: false }] });
    expect(field(shape)).not.toHaveProperty("oneOf");
  });

  it("has definitions, and nothing beside a reference to one", () => {
    const Named = Book.meta({ id: "Book", description: "A book." });
    expect(closed(z.object({ first: Named, second: Named }))).toMatchObject({
      properties: { first: { $ref: "#/$defs/Book" } },
      $defs: { Book: { additionalProperties: false, description: "A book." } },
    });
    const explicit = {
      type: "object",
      properties: { a: { $ref: "#/definitions/A", description: "The first." } },
      definitions: { A: { type: "string" } },
    };
    expect(closed(Book, explicit)).toEqual({
      ...explicit,
      properties: { a: { $ref: "#/definitions/A" } },
      additionalProperties: false,
    });
  });

  it.each([
    ["a record", z.object({ by: z.record(z.string(), z.number()) })],
    ["an open object", z.object({ any: z.looseObject({ a: z.string() }) })],
    ["an object that is not described", z.object({ a: z.string() }), { type: "object" }],
    ["a catch-all", z.object({ a: z.string() }).catchall(z.number())],
    ["any value", z.object({ a: z.any() })],
    ["a tuple", z.object({ at: z.tuple([z.number(), z.number()]) })],
    ["a tuple with a rest", z.object({ at: z.tuple([z.number()]).rest(z.number()) })],
    ["recursion", Node],
    ["recursion in a list", z.array(Node)],
    ["recursion by definitions", z.object({ root: Node.meta({ id: "Node" }) })],
    ["a reference elsewhere", Book, { type: "object", properties: { a: { $ref: "https://example.com/a" } } }],
    ["a reference to nothing", Book, { type: "object", properties: { a: { $ref: "#/$defs/A" } } }],
    ["values with parts", Book, { type: "object", properties: { a: { enum: [{ x: 1 }] } } }],
    ["an intersection of objects", Book, { type: "object", properties: { a: { allOf: [{ $ref: "#/$defs/A" }] } } }],
    ["conditions", Book, { type: "object", properties: {}, if: {} }],
    ["too much that is optional", z.object(Object.fromEntries(named(25, () => z.string().optional())))],
    ["too many unions", z.object(Object.fromEntries(named(17, () => z.string().nullable())))],
  ] as const)("does not exist for %s", (_, model, explicit?: object) => {
    expect(closed(model, explicit)).toBeNull();
  });

  it("exists up to the limits, counted where parts are defined", () => {
    expect(closed(z.object(Object.fromEntries(named(24, () => z.string().optional()))))).not.toBeNull();
    expect(closed(z.object(Object.fromEntries(named(16, () => z.string().nullable()))))).not.toBeNull();
    const Shared = z.object(Object.fromEntries(named(20, () => z.string().optional()))).meta({ id: "Shared" });
    expect(closed(z.object({ a: Shared, b: Shared, c: Shared }))).not.toBeNull();
  });

  it("is made quickly from definitions that fan out", () => {
    const $defs = Object.fromEntries(
      named(60, (n) => {
        const next = n < 59 ? { $ref: `#/$defs/part${n + 1}` } : { type: "string" };
        return { type: "object", properties: { left: next, right: next }, required: ["left", "right"] };
      }),
    );
    const schema = { type: "object", properties: { root: { $ref: "#/$defs/part0" } }, required: ["root"], $defs };
    expect(closed(Book, schema)).not.toBeNull();
  });

  it("is accepted by the API, and accepts what the model accepts", () => {
    fc.assert(
      fc.property(schemas, ({ schema, value }) => {
        const { schema: original, isWrapped } = responseFormat(schema, undefined);
        const made = closedSchema(original);
        if (made === null) return;
        expect(schemaProblem(made)).toBeNull();
        const sent = z.fromJSONSchema(made as never);
        expect(sent.safeParse(isWrapped ? { value } : value).error).toBeUndefined();
        expect(sent.safeParse(isWrapped ? { value, other: 1 } : { ...(value as object), other_: 1 }).success).toBe(
          false,
        );
      }),
      { numRuns: 500 },
    );
  });
});

describe("a schema that is nested too deeply", () => {
  const body = { model: "claude-opus-5", max_tokens: 9, messages: [] };

  it.each(["claude-opus-5", "claude-sonnet-4-0", "claude-2.1"])("is refused by name, for %s", (model) => {
    let schema: JsonSchema = { type: "object", properties: {}, additionalProperties: false };
    for (let level = 0; level < 50_000; level++) schema = { type: "object", properties: { a: schema } };
    const shape = formatBody({ schema, isWrapped: false }, model === "claude-2.1");
    expect(() => stringify(shape({ ...body, model }).body)).toThrow(InvalidOptionError);
    expect(() => stringify(shape({ ...body, model }).body)).toThrow(/nested too deeply/);
  });
});

describe("a response format", () => {
  it("wraps models that are not objects", () => {
    expect(responseFormat(z.array(z.string()), undefined)).toEqual({
      isWrapped: true,
      schema: {
        type: "object",
        properties: { value: { type: "array", items: { type: "string" } } },
        required: ["value"],
        additionalProperties: false,
      },
    });
    expect(responseFormat(Book, undefined)).toMatchObject({ isWrapped: false, schema: { type: "object" } });
    expect(responseFormat(Book, undefined).schema).not.toHaveProperty("$schema");
  });

  it("keeps references inside the wrapper working, and lifts a definition that is the root", () => {
    const Expression: z.ZodType = z.union([z.number(), z.object({ plus: z.lazy(() => z.array(Expression)) })]);
    const text = JSON.stringify(responseFormat(Expression, undefined).schema);
    expect(text).toMatch(/"\$ref":"#\/(properties\/value|\$defs\/\w+)"/);
    expect(text).not.toContain('"$ref":"#"');
    expect(responseFormat(z.array(Node), undefined).schema).toMatchObject({ $defs: expect.anything() });
    expect(responseFormat(Book.meta({ id: "Lifted" }), undefined)).toMatchObject({
      isWrapped: false,
      schema: { properties: { title: { type: "string" } } },
    });
  });

  it("is that of the schema's input, not its output", () => {
    const Dated = z.object({ date: z.iso.date().transform((text) => new Date(text)) });
    expect(closed(Dated)).toMatchObject({ properties: { date: { type: "string", format: "date" } } });
  });

  it("can come from any library", () => {
    expect(closed(type({ title: "string", "year?": "number" }))).toMatchObject({
      properties: { title: { type: "string" }, year: { type: "number" } },
      required: ["title"],
      additionalProperties: false,
    });
    const Valibot = v.object({ title: v.string() });
    expect(closed(Valibot, toJsonSchema(Valibot))).toMatchObject({ required: ["title"], additionalProperties: false });
  });

  it("reports a missing schema, and parts that JSON cannot hold", () => {
    const attempt = (model: StandardSchema): unknown => {
      try {
        return responseFormat(model, undefined);
      } catch (error) {
        return error;
      }
    };
    const missing = attempt(v.object({ title: v.string() }));
    expect(missing).toBeInstanceOf(SchemaError);
    expect(String(missing)).toMatch(/valibot cannot generate JSON Schema: give responseSchema as well/);
    expect(attempt(z.object({ books: z.array(z.object({ published: z.date() })) }))).toMatchObject({
      path: "responseModel.books[].published",
    });
  });
});

function named<V>(count: number, make: (n: number) => V): [string, V][] {
  return Array.from({ length: count }, (_, n) => [`part${n}`, make(n)]);
}

interface Sample {
  readonly schema: z.ZodType;
  readonly value: unknown;
}

/** Schemas, each with a value that it accepts. */
const { sample: schemas } = fc.letrec<{ sample: Sample; leaf: Sample }>((tie) => ({
  leaf: fc.constantFrom<Sample>(
    { schema: z.string().min(1), value: "a" },
    { schema: z.int().max(9), value: 7 },
    { schema: z.boolean(), value: true },
    { schema: z.null(), value: null },
    { schema: z.enum(["x", "y"]), value: "y" },
    { schema: z.literal([1, "one"]), value: "one" },
    { schema: z.email(), value: "a@example.com" },
    { schema: z.string().nullable(), value: null },
    { schema: z.any(), value: 1 },
    { schema: z.record(z.string(), z.number()), value: { a: 1 } },
    { schema: z.tuple([z.string()]), value: ["a"] },
  ),
  sample: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    tie("leaf"),
    fc.array(tie("sample"), { minLength: 1, maxLength: 3 }).map((parts) => ({
      schema: z.object(Object.fromEntries(parts.map(({ schema }, at) => [`p${at}`, schema]))),
      value: Object.fromEntries(parts.map(({ value }, at) => [`p${at}`, value])),
    })),
    tie("sample").map(({ schema, value }) => ({
      schema: z.object({ given: schema, left: schema.optional() }),
      value: { given: value },
    })),
    fc.tuple(tie("sample"), fc.nat(2)).map(([{ schema, value }, count]) => ({
      schema: z.array(schema).min(count),
      value: Array.from({ length: count }, () => value),
    })),
    fc.tuple(tie("sample"), tie("sample")).map(([one, other]) => ({
      schema: z.union([one.schema, other.schema]),
      value: other.value,
    })),
  ),
}));
