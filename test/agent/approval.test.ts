import { describe, expect, expectTypeOf, it } from "vitest";
import * as z from "zod";
import { openConversation } from "../../src/agent/open-calls.ts";
import { agent, approve, call, type CommonMessage, type ToolApproval, tool, user } from "../../src/index.ts";
import { mcpTools } from "../../src/neutral-mcp.ts";
import type { Native } from "../../src/provider/native.ts";
import type { Provider } from "../../src/provider/provider.ts";
import { anthropicSubject } from "../contract/anthropic-subject.ts";
import { openAIChatSubject } from "../contract/openai-chat-subject.ts";
import { openAISubject } from "../contract/openai-subject.ts";
import type { Script, Subject } from "../contract/subject.ts";
import { failure, inTurn, reply } from "../contract/reading.ts";

const providers = {
  anthropic: anthropicSubject as unknown as Subject,
  openai: openAISubject as unknown as Subject,
  vllm: openAIChatSubject as unknown as Subject,
} as const;
type Prefix = keyof typeof providers;
const prefixes = Object.keys(providers) as Prefix[];
const pairs = prefixes.flatMap((from) => prefixes.map((to) => [from, to] as const));

const remove = tool({
  name: "remove",
  input: z.object({ path: z.string() }),
  needsApproval: ({ path }) => path !== "tmp",
  call: ({ path }) => ({ removed: path }),
});
const list = tool({ name: "list", input: z.object({ depth: z.number() }), needsApproval: true, call: () => [] });
const asking = (...paths: readonly string[]): Script => ({
  beats: [
    { text: "I tidy up." },
    ...paths.map((path) => ({ tool: "remove", input: JSON.stringify({ path }) })),
    { finish: "tool_calls" },
  ],
});

function workAt(prefix: Prefix, url: string) {
  const { models, client } = providers[prefix];
  const options = { stream: true, tools: [remove, list], client: client(url) as object, retry: false } as const;
  return agent(call(`${prefix}/${models[0]}` as string, options, (messages: readonly CommonMessage[]) => messages));
}

describe("approvals as data that belongs to no provider", () => {
  it.each(pairs)("%s asks, %s goes on", async (from, to) => {
    await using first = await providers[from].serve(inTurn(asking("a", "tmp", "b")));
    await using second = await providers[to].serve(inTurn(reply("Done.")));
    const run = workAt(from, first.url)([{ role: "user", content: "Tidy up." }]);
    await run.finish();
    expect(run.stopReason).toBe("approval");
    const answers = Object.fromEntries(run.approvals.map(({ id, args }) => [id, "path" in args && args.path === "a"]));
    const stored = JSON.parse(JSON.stringify(approve(run.commonHistory(), answers))) as CommonMessage[];
    const more = stored.map((message, place) =>
      place < stored.length - 1 || typeof message.content === "string"
        ? message
        : { ...message, content: [...message.content, { type: "text", text: "And hurry." } as const] },
    );
    const next = workAt(to, second.url)(more);
    await next.finish();
    const [request] = second.requests;
    const sent = JSON.stringify(request?.body);
    for (const words of ["removed", "did not allow", "And hurry."]) expect(sent).toContain(words);
    expect(sent).not.toContain("toolApproval");
    expect([next.stopReason, second.requests.length]).toEqual(["answer", 1]);
    // What is stored next holds results instead of answers: nothing waits in it.
    expect(JSON.stringify(next.commonHistory())).not.toContain("toolApproval");
  });

  it("are found by their turn: with and without the items of a provider", () => {
    const author = {
      common: () => [],
      toolResults: (results: readonly object[]) => results,
    } as unknown as Provider<Native>;
    const turn = (...ids: string[]): CommonMessage => ({
      role: "assistant",
      content: ids.map((id) => ({ type: "toolCall", id, name: "remove", args: {} })),
    });
    const result = (id: string): CommonMessage => ({
      role: "user",
      content: [{ type: "toolResult", id, content: "", isError: false }],
    });
    const open = (...messages: readonly unknown[]) => openConversation({ author, messages });
    const answersOf = (...messages: readonly unknown[]) =>
      open(...messages).calls.map(({ id, answer }) => [id, answer]);
    expect(answersOf(...approve([turn("a", "b")], { a: true }))).toEqual([
      ["a", true],
      ["b", null],
    ]);
    expect(answersOf(...approve([turn("a"), result("a"), user("Next."), turn("a")], { a: "No." }))).toEqual([
      ["a", "No."],
    ]);
    expect(() => approve([turn("a", "b"), result("b")], { c: true })).toThrow(
      "Invalid answers.c: the conversation has no such call. These wait: a.",
    );
    expect(() => approve(approve([turn("a")], { a: true }), { a: "No." })).toThrow("another answer");
    expect(approve([...approve([turn("a")], { a: true }), result("a"), turn("a")], { a: false })).toHaveLength(5);
    // An answer to the first turn is none to the second.
    expect(answersOf(...approve([turn("a")], { a: true }), turn("a"))).toEqual([
      ["a", true],
      ["a", null],
    ]);
    expect(answersOf(...approve([turn("a", "a")], { a: true }))).toEqual([
      ["a", null],
      ["a", null],
    ]);
    const messages = [
      turn("a"),
      {
        role: "user",
        content: [
          { type: "toolApproval", id: "a", approved: "yes" },
          { type: "image", source: {} },
        ],
      },
    ];
    expect(answersOf(...messages)).toEqual([["a", false]]);
    expect(open(...messages).answered(({ id }) => ({ id, content: "", isError: true }))).toEqual([
      messages[0],
      { id: "a", content: "", isError: true },
      { role: "user", content: [{ type: "image", source: {} }] },
    ]);
    expect([open(user("Hi.")).isSettled, open(turn("a"), result("a")).isSettled]).toEqual([true, true]);
  });

  it("change nothing if they come again, or once the call has a result, so that a program can tell", () => {
    const call: CommonMessage = {
      role: "assistant",
      content: ["a", "b"].map((id) => ({ type: "toolCall", id, name: "remove", args: {} })),
    };
    const result = (id: string): CommonMessage["content"] => [{ type: "toolResult", id, content: "", isError: false }];
    const answered = approve([call], { a: true });
    expect(answered).toHaveLength(2);
    expect(approve(answered, { a: true })).toBe(answered);
    expect(approve(answered, { a: true, b: "No." }).slice(2)).toEqual([
      { role: "user", content: [{ type: "toolApproval", id: "b", approved: false, reason: "No." }] },
    ]);
    const done: CommonMessage[] = [call, { role: "user", content: result("a") }];
    for (const answer of [true, false, "No."]) expect(approve(done, { a: answer })).toBe(done);
    expect(approve(done, { a: true, b: true })).toHaveLength(3);
    // Results and answers may stand in one message.
    const both = [
      call,
      { role: "user" as const, content: [...(approve([call], { a: true })[1]?.content ?? []), ...result("b")] },
    ];
    expect(approve(both, { a: true, b: true })).toBe(both);
    const native: readonly (readonly object[])[] = [
      [
        { role: "assistant", content: [{ type: "tool_use", id: "a" }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "a" }] },
      ],
      [
        { type: "function_call", call_id: "a" },
        { type: "function_call_output", call_id: "a" },
      ],
      [
        { role: "assistant", tool_calls: [{ id: "a" }] },
        { role: "tool", tool_call_id: "a" },
      ],
    ];
    for (const items of native) {
      expect(approve(items, { a: true })).toBe(items);
      expect(approve(items.slice(0, 1), { a: true })).toHaveLength(2);
    }
    for (const none of [{}, [], null, undefined, "yes"]) expect(() => approve([call], none)).toThrow(/answers/);
    expect(() => approve([call], {})).toThrow("there is no answer");
    expect(() => approve([call], { a: 1 })).toThrow("answers.a");
  });

  it("are refused by a call that is not an agent's", async () => {
    const ask = call(
      "anthropic/claude-sonnet-5-5",
      { stream: true, tools: [remove] },
      (all: readonly CommonMessage[]) => all,
    );
    const answer = { type: "toolApproval", id: "a", approved: true } as const;
    const error = await failure(ask([{ role: "user", content: [answer] }]).response());
    expect(error).toMatchObject({
      code: "unsupported_content",
      part: "toolApproval",
      message: expect.stringMatching(/agent/),
    });
  });
});

it("the calls that wait have the types of their tools", () => {
  const work = workAt("anthropic", "http://127.0.0.1:1");
  type Waiting = ReturnType<typeof work>["approvals"][number];
  expectTypeOf<Waiting>().toEqualTypeOf<
    ToolApproval<"remove", { path: string }> | ToolApproval<"list", { depth: number }>
  >();
});

it("a plain call's tool says whether it asks, once", async () => {
  let asked = 0;
  const counted = tool({ name: "remove", needsApproval: async () => asked++ === 0, call: () => "gone" });
  const begun = counted["~open"]({ id: "1", toolCall: () => null }).close("{}", {});
  if (!("needsApproval" in begun)) throw new Error("The call is not complete.");
  expect([await begun.needsApproval(), await begun.needsApproval(), asked]).toEqual([true, true, 1]);
  expect(() => tool({ name: "remove", needsApproval: "yes" as never, call: () => "" })).toThrow(/needsApproval/);
});

it("the tools of an MCP server ask by their names", async () => {
  const server = {
    listTools: () =>
      Promise.resolve({ tools: ["read", "delete"].map((name) => ({ name, inputSchema: { type: "object" } })) }),
    callTool: () => Promise.resolve({ content: [] }),
  };
  const tools = await mcpTools(server, { namespace: "files", needsApproval: (_, name) => name === "delete" });
  const asks = tools.map(async (each) => {
    const begun = await each["~open"]({ id: "1", toolCall: () => null }).close("{}", {});
    return "needsApproval" in begun && begun.needsApproval();
  });
  expect(await Promise.all(asks)).toEqual([false, true]);
});
