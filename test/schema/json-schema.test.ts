import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import { Type } from "typebox";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import * as mini from "zod/mini";
import { MillraceError } from "../../src/errors.ts";
import { checkJsonSchema, selfDescribing, toJsonSchema } from "../../src/schema/json-schema.ts";
import { SchemaError } from "../../src/schema/schema-error.ts";
import type { StandardSchema } from "../../src/schema/standard-schema.ts";

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("a schema of each library generates JSON Schema of its input", () => {
  const expected = {
    type: "object",
    properties: { title: { type: "string" }, year: { type: "string" } },
    required: ["title"],
  };

  test("zod", () => {
    const schema = z.object({ title: z.string(), year: z.string().transform(Number).optional() });
    expect(toJsonSchema(schema, "input")).toEqual(expected);
  });

  test("arktype", () => {
    expect(toJsonSchema(type({ title: "string", "year?": "string" }), "input")).toEqual(expected);
    const parsed = toJsonSchema(type({ "year?": "string.numeric.parse" }), "input");
    expect(parsed).toMatchObject({ properties: { year: { type: "string" } } });
  });

  test("valibot, by its own conversion", () => {
    const year = v.optional(v.pipe(v.string(), v.transform(Number)));
    const schema = toStandardJsonSchema(v.object({ title: v.string(), year }));
    expect(toJsonSchema(schema, "input")).toEqual(expected);
  });

  test("only if the schema has a converter", () => {
    const selfDescribe = (schema: StandardSchema) => () => selfDescribing(schema, "input", "inputSchema");
    for (const schema of [z.object({}), type({}), toStandardJsonSchema(v.object({}))]) {
      expect(selfDescribe(schema)()).toBe(schema);
    }
    for (const schema of [mini.object({}), v.object({})]) expect(selfDescribe(schema)).toThrow(SchemaError);
  });

  test("a property with a default is not required, and a strict object stays strict", () => {
    expect(toJsonSchema(z.strictObject({ count: z.number().default(3) }), "input")).toEqual({
      type: "object",
      properties: { count: { type: "number", default: 3 } },
      additionalProperties: false,
    });
  });

  test("descriptions are kept", () => {
    expect(toJsonSchema(z.object({ title: z.string().describe("The title.") }), "input")).toMatchObject({
      properties: { title: { description: "The title." } },
    });
  });

  test("a named schema is an object, not a reference", () => {
    const book = z.object({ title: z.string() }).meta({ id: "Book" });
    expect(toJsonSchema(book, "input")).toMatchObject({ type: "object", required: ["title"] });
    interface Node {
      next?: Node | undefined;
    }
    const node: z.ZodType<Node> = z.object({ next: z.lazy(() => node).optional() }).meta({ id: "Node" });
    expect(toJsonSchema(node, "input")).toMatchObject({
      type: "object",
      properties: { next: { $ref: "#/$defs/Node" } },
      $defs: { Node: { type: "object" } },
    });
  });
});

describe("a part that JSON cannot represent is an error that names the part", () => {
  const zodCases: readonly (readonly [z.core.$ZodShape, path: string, says: string])[] = [
    [{ published: z.object({ date: z.date() }) }, "input.published.date", "Date cannot be represented"],
    [{ ok: z.string(), at: z.date().describe("When").optional() }, "input.at", "Date cannot be represented"],
    [{ tags: z.array(z.object({ map: z.map(z.string(), z.string()) })) }, "input.tags[].map", "Map cannot"],
    [{ pair: z.tuple([z.string(), z.set(z.string())]) }, "input.pair[1]", "Set cannot be represented"],
    [{ id: z.union([z.string(), z.bigint()]) }, "input.id", "BigInt cannot be represented"],
    [{ dates: z.record(z.string(), z.date()) }, "input.dates.*", "Date cannot be represented"],
    [{ properties: z.object({ items: z.symbol() }) }, "input.properties.items", "Symbols cannot"],
    [{ file: z.custom<Uint8Array>() }, "input.file", "Custom types cannot be represented"],
    [{ n: z.literal([1n]) }, "input.n", "BigInt literals cannot be represented"],
    [{ first: z.date(), second: z.bigint() }, "input.first", "Date cannot be represented"],
  ];

  test.each(zodCases)("zod: %#", (shape, path, says) => {
    const error = thrownBy(() => toJsonSchema(z.object(shape), "input"));
    expect(error).toBeInstanceOf(SchemaError);
    expect(error).toMatchObject({ code: "schema", path, message: expect.stringContaining(`${path}: ${says}`) });
  });

  test("zod: the complete message", () => {
    expect(() => toJsonSchema(z.object({ date: z.date() }), "responseModel")).toThrow(
      "responseModel.date: Date cannot be represented in JSON Schema. " +
        "The model writes JSON: take a type that JSON has, such as a string, and transform it.",
    );
  });

  test.each([
    [type({ published: { date: "Date" } }), "input.published.date", "Date cannot"],
    [type({ dates: "Date[]" }), "input.dates[]", "Date cannot"],
    [type({ map: "Map" }), "input.map", "Map cannot"],
    [type({ "id?": "string | bigint" }), "input.id", "bigint cannot"],
    [type({ "id?": "string | undefined" }), "input.id", "undefined cannot"],
  ])("arktype: %#", (schema, path, says) => {
    const error = thrownBy(() => toJsonSchema(schema, "input"));
    expect(error).toMatchObject({ code: "schema", path, message: expect.stringContaining(`${path}: ${says}`) });
  });

  test("arktype: a predicate that narrows a type is not an error", () => {
    const schema = type({ even: type("number").narrow((value) => value % 2 === 0), date: "string.date.parse" });
    expect(toJsonSchema(schema, "input").properties).toEqual({ even: { type: "number" }, date: { type: "string" } });
  });

  test("other libraries: their own message", () => {
    const schema = toStandardJsonSchema(v.object({ published: v.object({ date: v.date() }) }));
    const error = thrownBy(() => toJsonSchema(schema, "input"));
    expect(error).toMatchObject({ path: "input", message: expect.stringMatching(/^input: .*"date" schema cannot be/) });
    expect(error).toMatchObject({ cause: expect.any(Error) });
  });

  test("a transform to such a type is not an error", () => {
    const date = z.iso.datetime().transform((text) => new Date(text));
    expect(toJsonSchema(z.object({ date }), "input")).toMatchObject({ properties: { date: { type: "string" } } });
    const codec = z.codec(z.iso.datetime(), z.date(), {
      decode: (text) => new Date(text),
      encode: (value) => value.toISOString(),
    });
    expect(toJsonSchema(z.object({ codec }), "input")).toMatchObject({ properties: { codec: { type: "string" } } });
  });
});

describe("the input must be an object", () => {
  test.each([
    [z.string(), 'it must describe an object, but has type "string". Wrap it in an object.'],
    [z.array(z.string()), 'but has type "array"'],
    [z.union([z.object({ a: z.string() }), z.object({ b: z.string() })]), "but has anyOf"],
    [z.unknown(), "but has no type"],
  ])("zod: %#", (schema, says) => {
    const error = thrownBy(() => toJsonSchema(schema, "input"));
    expect(error).toBeInstanceOf(SchemaError);
    expect(error).toMatchObject({ path: "input", message: expect.stringContaining(says) });
  });

  test("not the nonsense of a broken converter", () => {
    const schema = z.object({});
    const broken = { "~standard": { ...schema["~standard"], vendor: "other", jsonSchema: { input: () => "text" } } };
    expect(() => toJsonSchema(broken, "input")).toThrow("input: it must describe an object, but has no type.");
  });
});

describe("JSON Schema that is given", () => {
  test("is copied, without $schema", () => {
    const schema = { $schema: "https://json-schema.org/draft/2020-12/schema", type: "object", properties: { a: {} } };
    const checked = checkJsonSchema(schema, "inputSchema");
    schema.properties.a = { type: "string" };
    expect(checked).toEqual({ type: "object", properties: { a: {} } });
  });

  test("loses the members that only typebox uses", () => {
    const schema = checkJsonSchema(Type.Object({ a: Type.String(), b: Type.Optional(Type.Number()) }), "inputSchema");
    expect(Reflect.ownKeys(schema)).not.toContain("~kind");
    expect(schema).toEqual({
      type: "object",
      required: ["a"],
      properties: { a: { type: "string" }, b: { type: "number" } },
    });
  });

  test("may have a validator beside it, as zod's has", () => {
    expect(checkJsonSchema(z.toJSONSchema(mini.object({ a: mini.string() })), "inputSchema")).toMatchObject({
      type: "object",
      properties: { a: { type: "string" } },
    });
  });

  test.each([[z.object({})], [mini.object({})], [v.object({})], [type({})]])(
    "must not be a validator: %#",
    (schema) => {
      expect(() => checkJsonSchema(schema, "inputSchema")).toThrow(
        "inputSchema: this is a validator, not JSON Schema: give it as input.",
      );
    },
  );

  test("must be that of an object, and plain JSON", () => {
    expect(() => checkJsonSchema({ type: "string" }, "inputSchema")).toThrow(SchemaError);
    expect(() => checkJsonSchema([], "inputSchema")).toThrow(SchemaError);
    const circle: Record<string, unknown> = { type: "object" };
    circle["properties"] = { circle };
    expect(() => checkJsonSchema(circle, "inputSchema")).toThrow("inputSchema: it is not plain JSON.");
    expect(thrownBy(() => checkJsonSchema(circle, "inputSchema"))).toBeInstanceOf(MillraceError);
  });
});
