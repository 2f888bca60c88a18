import { describe, expect, expectTypeOf, test } from "vitest";
import * as z from "zod";
import {
  agent,
  type AgentRun,
  type AgentStop,
  type AgentToolResult,
  type AgentTurn,
  call as neutralCall,
  type Native,
  type PairTypes,
  type PartialTools,
  tool,
  type ToolName,
  type Usage,
} from "../../src/index.ts";
import {
  type AnthropicCallResponseChunk,
  type AnthropicEvent,
  type AnthropicNative,
  type AnthropicOwnChunk,
  call,
  type MessageParam,
} from "../../src/providers/anthropic/index.ts";
import type { SourcedUsage } from "../../src/providers/anthropic/native.ts";
import { call as structuredCall } from "../../src/providers/anthropic/structured.ts";

const model = "claude-sonnet-5-5";
const lookUp = tool({ name: "look_up", input: z.object({ title: z.string() }), call: ({ title }) => title.length });
const write = tool({
  name: "write",
  input: z.object({ to: z.string() }),
  runEarly: true,
  call: async () => "sent" as const,
});
type Tools = typeof lookUp | typeof write;
const ask = call(
  model,
  { stream: true, tools: [lookUp, write] },
  (question: string, count?: number) => `${question}${count}`,
);

type Item<Run> = Run extends AsyncIterable<infer Value> ? Value : never;

describe("an agent", () => {
  test("takes what its call takes, and gives a run with its tools", () => {
    const librarian = agent(ask);
    expectTypeOf(librarian).parameters.toEqualTypeOf<[question: string, count?: number | undefined]>();
    expectTypeOf(librarian).returns.toEqualTypeOf<AgentRun<AnthropicNative, Tools>>();
    expectTypeOf(agent(call(model, { tools: [lookUp, write] }, () => "x"))).returns.toEqualTypeOf<
      AgentRun<AnthropicNative, Tools>
    >();
    const neutral = neutralCall("anthropic/claude-sonnet-5-5", { tools: [lookUp] }, () => "x");
    expectTypeOf(agent(neutral)).returns.toEqualTypeOf<AgentRun<AnthropicNative, typeof lookUp>>();
  });

  test("yields triples, whose tool is told by its name", () => {
    const look = ([chunk, called, turn]: Item<AgentRun<AnthropicNative, Tools>>): void => {
      expectTypeOf(chunk).toEqualTypeOf<AnthropicCallResponseChunk | AnthropicOwnChunk>();
      expectTypeOf(chunk.chunk).toEqualTypeOf<AnthropicEvent | null>();
      if (chunk.chunk !== null) expectTypeOf(chunk).toEqualTypeOf<AnthropicCallResponseChunk>();
      expectTypeOf(turn).toEqualTypeOf<AgentTurn<AnthropicNative, Tools>>();
      if (called === null) return;
      expectTypeOf(called.name).toEqualTypeOf<"look_up" | "write">();
      if (called.name === "look_up") expectTypeOf(called.args).toEqualTypeOf<{ title: string }>();
      else expectTypeOf(called.call()).toEqualTypeOf<Promise<"sent">>();
    };
    expect(look).toBeTypeOf("function");
  });

  test("without tools yields null for them", () => {
    const none = agent(call(model, () => "x"));
    expectTypeOf<Item<ReturnType<typeof none>>[1]>().toEqualTypeOf<null>();
  });

  test("gives streaming tools where the call does", () => {
    const partial = agent(call(model, { stream: { partialTools: true }, tools: [lookUp] }, () => "x"));
    expectTypeOf(partial).returns.toEqualTypeOf<AgentRun<AnthropicNative, PartialTools<typeof lookUp>>>();
    type Called = NonNullable<Item<ReturnType<typeof partial>>[1]>;
    expectTypeOf<Called["state"]>().toEqualTypeOf<"complete" | "streaming">();
  });

  test("is asked with the tools of its call", () => {
    const options = { stream: { partialTools: true }, tools: [lookUp, write] } as const;
    agent(
      call(model, options, () => "x"),
      {
        approve: (called) => {
          expectTypeOf(called.state).toEqualTypeOf<"complete">();
          return called.name === "look_up" || called.args.to === "Ann" || "Ask Ann.";
        },
        stopWhen: async ({ index, stream, outputs }) => {
          expectTypeOf(stream.tools[0]?.name).toEqualTypeOf<string | undefined>();
          return Promise.resolve(index + outputs.length > 3);
        },
        stopAtTool: ["write"],
      },
    );
    const approve = ({ name }: { readonly name: string }): boolean => name === "look_up";
    expectTypeOf(
      agent(
        call(model, { tools: [lookUp] }, () => "x"),
        { approve },
      ),
    ).returns.toEqualTypeOf<AgentRun<AnthropicNative, typeof lookUp>>();
  });

  test("says what has come of it", () => {
    const look = (run: AgentRun<AnthropicNative, Tools>): void => {
      expectTypeOf(run.stopReason).toEqualTypeOf<AgentStop | null>();
      expectTypeOf(run.turns).toEqualTypeOf<readonly AgentTurn<AnthropicNative, Tools>[]>();
      expectTypeOf(run.finish()).toEqualTypeOf<Promise<AgentTurn<AnthropicNative, Tools>>>();
      expectTypeOf(run.history()).toEqualTypeOf<readonly MessageParam[]>();
      expectTypeOf(run.cost).toEqualTypeOf<number | null>();
      expectTypeOf(run.content).toEqualTypeOf<string>();
      expectTypeOf(run.usage).toEqualTypeOf<SourcedUsage>();
      expectTypeOf(run.commonUsage).toEqualTypeOf<Usage>();
    };
    expect(look).toBeTypeOf("function");
    expectTypeOf<AgentRun<AnthropicNative, Tools>>().toExtend<AgentRun<Native, PairTypes>>();
  });
});

describe("an agent with a response model", () => {
  const Book = z.object({ title: z.string() });

  test("gives a run with parse()", () => {
    const extract = agent(structuredCall(model, { stream: true, tools: [lookUp], responseModel: Book }, () => "x"));
    const look = (run: ReturnType<typeof extract>): void => {
      expectTypeOf(run.parse()).toEqualTypeOf<Promise<{ title: string }>>();
      expectTypeOf(run).toExtend<AgentRun<AnthropicNative, typeof lookUp>>();
    };
    expect(look).toBeTypeOf("function");
    const neutral = neutralCall("anthropic/claude-sonnet-5-5", { tools: [lookUp], responseModel: Book }, () => "x");
    expectTypeOf(agent(neutral)).returns.toHaveProperty("parse");
  });

  test("and none without", () => {
    const plain = agent(structuredCall(model, { tools: [lookUp] }, () => "x"));
    expectTypeOf(plain).returns.toEqualTypeOf<AgentRun<AnthropicNative, typeof lookUp>>();
  });
});

describe("the options of a turn", () => {
  test("name its tools, and take the parameters of its provider", () => {
    agent(ask, {
      turnOptions: ({ index, turns }) => {
        expectTypeOf(turns).toEqualTypeOf<readonly AgentTurn<AnthropicNative, Tools>[]>();
        if (index > 0) return undefined;
        return { toolChoice: { type: "tool", name: "look_up" }, callParams: { max_tokens: 5 }, model: "claude-opus-5" };
      },
    });
    agent(ask, { turnOptions: async () => Promise.resolve({ toolChoice: "none" }) });
    expectTypeOf<ToolName<Tools>>().toEqualTypeOf<"look_up" | "write">();
    expectTypeOf<AgentStop>().toExtend<string>();
  });

  test("and what a tool gave is known by its id and name", () => {
    expectTypeOf<Item<AgentRun<AnthropicNative, Tools>>[0]["toolResult"]>().toEqualTypeOf<AgentToolResult | null>();
  });
});

// Each is a compile error. None of them runs.
export function mistakes(): void {
  // @ts-expect-error 'maxTruns' does not exist … Did you mean to write 'maxTurns'?
  agent(ask, { maxTruns: 3 });
  // @ts-expect-error A tool has no such argument.
  agent(ask, { approve: (called) => called.args.titel === "" });
  // @ts-expect-error An answer is true, false or a reason.
  agent(ask, { approve: () => 1 });
  const wrong = ({ args }: { args: { title: number } }): boolean => args.title > 0;
  const looking = call(model, { tools: [lookUp] }, () => "x");
  // @ts-expect-error The title is text.
  agent(looking, { approve: wrong });
  // @ts-expect-error There is no such tool.
  agent(ask, { turnOptions: () => ({ toolChoice: { type: "tool", name: "look_down" } }) });
  // @ts-expect-error The wire's own names.
  agent(ask, { turnOptions: () => ({ callParams: { max_tokens: "5" } }) });
  // @ts-expect-error Without a response model there is nothing to parse.
  void agent(ask)("x").parse();
  // @ts-expect-error A function is no call.
  agent((question: string) => question);
  // @ts-expect-error The call takes a question.
  agent(ask)(7);
  // @ts-expect-error Early or not.
  tool({ name: "a", runEarly: "yes", call: () => 1 });
}
