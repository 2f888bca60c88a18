import { toJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import { Type } from "typebox";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import * as mini from "zod/mini";
import { InvalidOptionError } from "../../src/errors.ts";
import { SchemaError } from "../../src/schema/schema-error.ts";
import { type AnyTool, tool } from "../../src/index.ts";

/** Closes a call of the tool with this input. */
async function callOf(definition: AnyTool, input: unknown) {
  const call = definition["~open"]({ id: "toolu_1", toolCall: () => null });
  return await call.close(JSON.stringify(input), input);
}

const valibotBook = v.object({ title: v.string() });
const miniBook = mini.object({ title: mini.string() });
const bookSchema = { type: "object", properties: { title: { type: "string" } }, required: ["title"] } as const;
const describeBook = ({ title }: { title: string }): string => `a book: ${title}`;

describe("the input of a tool may be described by", () => {
  const validated: readonly (readonly [library: string, AnyTool])[] = [
    ["zod", tool({ name: "find", input: z.object({ title: z.string() }), call: describeBook })],
    ["arktype", tool({ name: "find", input: type({ title: "string" }), call: describeBook })],
    [
      "valibot, and its JSON Schema",
      tool({ name: "find", input: valibotBook, inputSchema: toJsonSchema(valibotBook), call: describeBook }),
    ],
    [
      "zod/mini, and its JSON Schema",
      tool({
        name: "find",
        input: miniBook,
        inputSchema: z.toJSONSchema(miniBook, { io: "input" }),
        call: describeBook,
      }),
    ],
  ];
  const unvalidated: readonly (readonly [library: string, AnyTool])[] = [
    [
      "typebox",
      tool({
        name: "find",
        inputSchema: Type.Object({ title: Type.String() }),
        call: ({ title }) => `a book: ${String(title)}`,
      }),
    ],
    ["JSON Schema", tool({ name: "find", inputSchema: bookSchema, call: ({ title }) => `a book: ${String(title)}` })],
  ];

  test.each([...validated, ...unvalidated])("%s", async (_, definition) => {
    expect(definition).toMatchObject({ name: "find", inputSchema: bookSchema });
    const call = await callOf(definition, { title: "Mistborn" });
    expect(call).toMatchObject({ state: "complete", args: { title: "Mistborn" } });
    if (call.state === "complete") expect(await call.call()).toBe("a book: Mistborn");
  });

  test.each(validated)("%s, which finds invalid input", async (_, definition) => {
    expect(await callOf(definition, { title: 5 })).toMatchObject({
      state: "invalid",
      error: { issues: [{ path: ["title"] }] },
    });
  });

  test.each(unvalidated)("%s, without validation", async (_, definition) => {
    expect(await callOf(definition, { title: 5 })).toMatchObject({ state: "complete", args: { title: 5 } });
  });

  test("nothing, if there is no input", async () => {
    const now = tool({ name: "now", call: () => 42 });
    expect(now.inputSchema).toEqual({ type: "object", properties: {}, additionalProperties: false });
    const call = await callOf(now, { made: "up" });
    expect(call).toMatchObject({ state: "complete", text: '{"made":"up"}' });
    if (call.state === "complete") expect(call.args).toEqual({});
  });

  test("a schema, and another one that the model sees", () => {
    const inputSchema = { ...bookSchema, additionalProperties: false };
    const find = tool({ name: "find", input: z.object({ title: z.string() }), inputSchema, call: describeBook });
    expect(find.inputSchema).toEqual(inputSchema);
  });
});

describe("a definition", () => {
  test("is plain data, besides internal members", () => {
    const find = tool({
      name: "find",
      description: "Finds a book.",
      input: z.object({}),
      cacheControl: { type: "ephemeral", ttl: "1h" },
      strict: true,
      eagerInputStreaming: false,
      deferLoading: true,
      call: () => null,
    });
    expect(JSON.parse(JSON.stringify(find))).toEqual({
      name: "find",
      description: "Finds a book.",
      inputSchema: { type: "object", properties: {} },
      cacheControl: { type: "ephemeral", ttl: "1h" },
      strict: true,
      eagerInputStreaming: false,
      deferLoading: true,
    });
    expect(Object.isFrozen(find)).toBe(true);
    expect(find).not.toHaveProperty("call");
  });

  test.each(["", "get author", "é", "a.b", "a/b", "x".repeat(65), "a\n"])("cannot have the name %j", (name) => {
    expect(() => tool({ name, call: () => null })).toThrow(InvalidOptionError);
    expect(() => tool({ name, call: () => null })).toThrow(
      `Invalid name: a tool's name has 1 to 64 letters, digits, "_" and "-", unlike "${name}".`,
    );
  });

  test.each(["a", "get_book-2", "x".repeat(64)])("may have the name %j", (name) => {
    expect(tool({ name, call: () => null }).name).toBe(name);
  });

  test("is rejected if JSON cannot represent the input", () => {
    const input = z.object({ published: z.object({ date: z.date() }) });
    const define = (): AnyTool => tool({ name: "find", input, call: () => null });
    expect(define).toThrow(SchemaError);
    expect(define).toThrow(/^input\.published\.date: Date cannot be represented in JSON Schema\./);
  });

  test.each([
    ["schemas of valibot", valibotBook],
    ["this zod", miniBook],
  ])("is rejected without JSON Schema of the input: %s", (vendor, input) => {
    const define = (): AnyTool =>
      // @ts-expect-error inputSchema is missing
      tool({ name: "find", input, call: () => null });
    expect(define).toThrow(SchemaError);
    expect(define).toThrow(`input: ${vendor} cannot generate JSON Schema`);
  });
});
