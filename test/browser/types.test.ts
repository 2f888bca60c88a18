import { type Approval, type ArrivingTool, type CompleteTool, connect, type Connection } from "millrace/browser";
import { tool } from "millrace";
import { expect, expectTypeOf, it } from "vitest";
import * as z from "zod";

const clock = tool({ name: "clock", description: "Tells the time.", call: () => "noon" });
const search = tool({
  name: "search",
  description: "Searches.",
  input: z.object({ query: z.string(), page: z.number() }),
  call: () => 2,
});

it("types of tools are those of the server's", () => {
  const connection = connect<typeof clock | typeof search>("/chat", { body: {} });
  expect(connection.outcome).toBe("pending");
  type Tool = NonNullable<Pair<typeof connection>[1]>;
  expectTypeOf<Tool["name"]>().toEqualTypeOf<"clock" | "search">();
  type Search = Extract<Tool, { name: "search" }>;
  expectTypeOf<Extract<Search, { state: "complete" }>["args"]>().toEqualTypeOf<{ query: string; page: number }>();
  expectTypeOf<Extract<Search, { state: "streaming" }>["args"]["page"]>().toEqualTypeOf<number | undefined>();
  expectTypeOf<Extract<Tool, { delta: null }>["state"]>().toEqualTypeOf<"complete">();
  type Asked = (typeof connection.approvals)[number];
  expectTypeOf<Asked["name"]>().toEqualTypeOf<"clock" | "search">();
  expectTypeOf<Extract<Asked, { name: "search" }>["args"]>().toEqualTypeOf<{ query: string; page: number }>();
  expectTypeOf(connection).toEqualTypeOf<Connection<typeof clock | typeof search>>();
  expectTypeOf(connection).not.toExtend<Connection<typeof clock>>();
  expectTypeOf<Connection<typeof clock>>().toExtend<typeof connection>();
  // A function that takes any connection takes this one.
  expectTypeOf(connection).toExtend<Connection>();
  expectTypeOf(connection).toExtend<ReturnType<typeof connect>>();
});

it("types of tools that are not known say what any tool has", () => {
  const connection = connect("/chat");
  expectTypeOf<Pair<typeof connection>[1]>().toEqualTypeOf<CompleteTool | ArrivingTool | null>();
  expectTypeOf(connection.approvals).toEqualTypeOf<readonly Approval[]>();
});

type Pair<C> = C extends AsyncIterable<infer P extends readonly unknown[]> ? P : never;
