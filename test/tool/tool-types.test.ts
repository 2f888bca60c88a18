import { toJsonSchema, toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import { Type } from "typebox";
import * as v from "valibot";
import { describe, expect, expectTypeOf, test } from "vitest";
import * as z from "zod";
import * as mini from "zod/mini";
import type { PairTool } from "../../src/tool/pair.ts";
import { type AnyTool, type Tool, tool } from "../../src/index.ts";
import type { FailedToolCall, StreamingToolCall, ToolCall } from "../../src/tool/tool-call.ts";

const song = z.object({
  title: z.string(),
  year: z.string().transform(Number),
  genre: z.enum(["rock", "jazz"]).optional(),
});
const playSong = tool({ name: "play_song", input: song, call: ({ title }) => title.length });
const stop = tool({ name: "stop", call: async () => "stopped" as const });

interface Song {
  title: string;
  year: number;
  genre?: "rock" | "jazz" | undefined;
}
interface ArrivingSong {
  readonly title?: string | undefined;
  readonly year?: string | undefined;
  readonly genre?: string | undefined;
}

describe("a definition", () => {
  test("has the literal name, the schema's output, and the function's awaited result", () => {
    expectTypeOf(playSong["~pair"]).toEqualTypeOf<ToolCall<"play_song", Song, number> | undefined>();
    expectTypeOf(stop["~pair"]).toEqualTypeOf<ToolCall<"stop", Record<string, never>, "stopped"> | undefined>();
  });

  test("has a partial of the schema's input while that is arriving", () => {
    expectTypeOf(playSong["~partial"]).toEqualTypeOf<StreamingToolCall<"play_song", ArrivingSong> | undefined>();
  });

  test("gives its function the args and an AbortSignal", () => {
    tool({
      name: "fetch_song",
      input: song,
      call: async ({ title, year, genre }, { signal }) => {
        expectTypeOf({ title, year, genre }).toEqualTypeOf<{
          title: string;
          year: number;
          genre: "rock" | "jazz" | undefined;
        }>();
        expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
        const response = await fetch(`https://example.com/${title}`, { signal });
        return response.status;
      },
    });
  });

  test("infers from the schemas of each library", () => {
    const valibot = v.object({ a: v.pipe(v.string(), v.transform(Number)) });
    const zodMini = mini.object({ a: mini.string() });
    type OfNumber = Tool<"x", { a: number }, number, { readonly a?: string | undefined }>;
    type OfString = Tool<"x", { a: string }, string, { readonly a?: string | undefined }>;
    type OfUnknown = Tool<"x", Record<string, unknown>, unknown, Record<string, unknown>>;
    expectTypeOf(
      tool({
        name: "x",
        input: valibot,
        inputSchema: toJsonSchema(valibot, { typeMode: "input" }),
        call: ({ a }) => a,
      }),
    ).toEqualTypeOf<OfNumber>();
    expectTypeOf(
      tool({ name: "x", input: toStandardJsonSchema(valibot), call: ({ a }) => a }),
    ).toEqualTypeOf<OfNumber>();
    expectTypeOf(
      tool({ name: "x", input: zodMini, inputSchema: z.toJSONSchema(zodMini), call: ({ a }) => a }),
    ).toEqualTypeOf<OfString>();
    expectTypeOf(tool({ name: "x", input: type({ a: "string" }), call: ({ a }) => a })).toEqualTypeOf<OfString>();
    expectTypeOf(
      tool({ name: "x", inputSchema: Type.Object({ a: Type.String() }), call: ({ a }) => a }),
    ).toEqualTypeOf<OfUnknown>();
    expectTypeOf(
      tool({ name: "x", inputSchema: { type: "object", properties: { a: {} } }, call: ({ a }) => a }),
    ).toEqualTypeOf<OfUnknown>();
  });

  test("awaits any kind of result", () => {
    const results = tool({ name: "a", call: (): Promise<1> | 2 => 2 });
    expectTypeOf(results).toExtend<Tool<"a", unknown, 1 | 2>>();
    expectTypeOf<NonNullable<(typeof results)["~pair"]>["call"]>().returns.toEqualTypeOf<Promise<1 | 2>>();
    const thenable = tool({ name: "a", call: (): PromiseLike<1> => Promise.resolve(1) });
    expectTypeOf<NonNullable<(typeof thenable)["~pair"]>["call"]>().returns.toEqualTypeOf<Promise<1>>();
    const nothing = tool({ name: "a", call: () => {} });
    expectTypeOf<NonNullable<(typeof nothing)["~pair"]>["call"]>().returns.toEqualTypeOf<Promise<void>>();
    const failing = tool({
      name: "a",
      call: () => {
        throw new Error("never");
      },
    });
    expectTypeOf<NonNullable<(typeof failing)["~pair"]>["call"]>().returns.toEqualTypeOf<Promise<never>>();
  });

  test("is assignable to AnyTool and Tool", () => {
    expectTypeOf(playSong).toExtend<AnyTool>();
    expectTypeOf(playSong).toExtend<Tool>();
    expectTypeOf(playSong).toExtend<Tool<string, { title: string }, number | string>>();
    const tools: AnyTool[] = [playSong, stop];
    expect(tools).toHaveLength(2);
  });

  test("may be made by a generic function", () => {
    const echo = <const Name extends string>(name: Name) =>
      tool({ name, input: z.object({ text: z.string() }), call: ({ text }) => text });
    expectTypeOf(echo("echo")).toExtend<Tool<"echo", { text: string }, string>>();
  });
});

describe("the second half of a pair", () => {
  test("is narrowed by its name", () => {
    const take = (call: PairTool<typeof playSong | typeof stop, unknown>): void => {
      if (call === null) return;
      expectTypeOf(call.name).toEqualTypeOf<"play_song" | "stop">();
      expectTypeOf(call.call()).toEqualTypeOf<Promise<number> | Promise<"stopped">>();
      if (call.name === "play_song") {
        expectTypeOf(call.args).toEqualTypeOf<Song>();
        expectTypeOf(call.call({ signal: undefined })).toEqualTypeOf<Promise<number>>();
        expectTypeOf(call.delta).toEqualTypeOf<null>();
      } else {
        expectTypeOf(call.args).toEqualTypeOf<Record<string, never>>();
        expectTypeOf(call.call()).toEqualTypeOf<Promise<"stopped">>();
      }
      // @ts-expect-error No tool has this name.
      expect(call.name === "play").toBe(false);
    };
    take(null);
  });

  test("is null if there are no tools", () => {
    expectTypeOf<PairTool<never, unknown>>().toEqualTypeOf<null>();
  });

  test("is streaming while it has a delta, and then has no call", () => {
    const take = (call: NonNullable<(typeof playSong)["~pair"] | (typeof playSong)["~partial"]>): void => {
      if (call.delta !== null) {
        expectTypeOf(call.delta).toEqualTypeOf<string>();
        expectTypeOf(call.args).toEqualTypeOf<ArrivingSong>();
        expectTypeOf(call).not.toHaveProperty("call");
      } else {
        expectTypeOf(call.args).toEqualTypeOf<Song>();
        expectTypeOf(call.call()).toEqualTypeOf<Promise<number>>();
      }
    };
    expect(take).toBeTypeOf("function");
  });

  test("is narrowed by its state, too, if it may have failed", () => {
    type Any = ToolCall<"a", { x: 1 }, 2> | StreamingToolCall<"a", { x?: number }> | FailedToolCall<"a">;
    const take = (call: Any): void => {
      expectTypeOf(call.text).toEqualTypeOf<string>();
      if (call.state === "complete") expectTypeOf(call.args).toEqualTypeOf<{ x: 1 }>();
      else if (call.state === "streaming") expectTypeOf(call.args).toEqualTypeOf<{ x?: number }>();
      else {
        expectTypeOf(call.error.issues[0]?.path).toEqualTypeOf<readonly PropertyKey[] | undefined>();
        expectTypeOf(call).not.toHaveProperty("args");
        expectTypeOf(call).not.toHaveProperty("call");
      }
    };
    expect(take).toBeTypeOf("function");
  });
});

// Each is a compile error. This never runs.
export function mistakes(): void {
  const valibot = v.object({ a: v.string() });
  const zodMini = mini.object({ a: mini.string() });
  // @ts-expect-error Property 'inputSchema' is missing … but required in type 'ExplicitInputSchema'.
  tool({ name: "a", input: valibot, call: () => 1 });
  // @ts-expect-error The same.
  tool({ name: "a", input: zodMini, call: () => 1 });
  // @ts-expect-error Property 'titel' does not exist on type '{ title: string; … }'.
  tool({ name: "a", input: song, call: ({ titel }) => titel });
  // @ts-expect-error Property 'call' is missing.
  tool({ name: "a", input: song });
  // @ts-expect-error 'cal' does not exist … Did you mean to write 'call'?
  tool({ name: "a", input: song, cal: () => 1 });
  // @ts-expect-error 'naem' does not exist.
  tool({ naem: "a", input: song, call: () => 1 });
  // @ts-expect-error 'strct' does not exist … Did you mean to write 'strict'?
  tool({ name: "a", input: song, strct: true, call: () => 1 });
  // @ts-expect-error 'inputs' does not exist … Did you mean to write 'input'?
  tool({ name: "a", inputs: song, call: () => 1 });
  // @ts-expect-error A shape is not a schema.
  tool({ name: "a", input: { title: z.string() }, call: () => 1 });
  // @ts-expect-error The function takes something other than the schema's output.
  tool({ name: "a", input: song, call: ({ title }: { title: number }) => title });
  // @ts-expect-error Types are not inferred from JSON Schema: the values are unknown.
  tool({ name: "a", inputSchema: { type: "object" }, call: ({ title }) => title.length });
  // @ts-expect-error There is no such time to live.
  tool({ name: "a", cacheControl: { type: "ephemeral", ttl: "2h" }, call: () => 1 });
  // @ts-expect-error A name is required.
  tool({ call: () => 1 });
  // @ts-expect-error Only tool() makes a tool.
  const made: AnyTool = { name: "a", inputSchema: { type: "object" } };
  // @ts-expect-error Another name is another tool.
  const named: Tool<"b"> = stop;
  expect([made, named]).toBeDefined();
}
