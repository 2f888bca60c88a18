import { describe, expect, it } from "vitest";
import { InvalidOptionError } from "../../src/errors.ts";
import { type AnthropicStream, call, client } from "../../src/providers/anthropic/index.ts";
import { nativeCall, tool } from "../../src/index.ts";
import { frames, serve, started, startStream } from "../server.ts";

type Block = Readonly<Record<string, unknown>>;

const lookUp = tool({ name: "look_up", call: () => "done" });

/** A whole reply of these blocks, each of which comes as it is. */
async function replied(stopReason: string, ...blocks: readonly Block[]): Promise<AnthropicStream<typeof lookUp>> {
  const events = blocks.flatMap((block, index) => [
    { type: "content_block_start", index, content_block: block },
    { type: "content_block_stop", index },
  ]);
  const end = { type: "message_delta", delta: { stop_reason: stopReason }, usage: { output_tokens: 3 } };
  await using server = await serve((response) =>
    startStream(response).end(frames([...started.slice(0, 1), ...events, end, { type: "message_stop" }])),
  );
  const own = client({ apiKey: "k", baseURL: server.url });
  const stream = call("m", { stream: true, client: own, tools: [lookUp] }, () => "Hello")();
  await stream.response();
  return stream;
}

const code = { type: "server_tool_use", id: "srvtoolu_1", name: "code_execution", input: { code: "look_up()" } };
const asked = { type: "tool_use", id: "toolu_1", name: "look_up", input: {} };
const hi = { type: "text", text: "Hi" };

describe("the turn that goes back", () => {
  it("keeps a server tool that waits for the program's tools", async () => {
    // As in programmatic tool calling: the next reply goes on with the code, and gives its result.
    const caller = { type: "code_execution_20260120", tool_id: code.id };
    const { messageParam } = await replied("tool_use", code, { ...asked, caller });
    expect(messageParam?.content).toEqual([code, { ...asked, caller }]);
    expect((await replied("max_tokens", hi, code)).messageParam?.content).toEqual([hi]);
  });

  it("has no text without words, which the API refuses", async () => {
    const { messageParam } = await replied("tool_use", { type: "text", text: "\n\n" }, asked);
    expect(messageParam?.content).toEqual([asked]);
    expect((await replied("end_turn", { type: "text", text: " " })).messageParam).toBeNull();
  });

  it("has no thinking that the limit of tokens has cut, and keeps that of servers without signatures", async () => {
    const unsigned = { type: "thinking", thinking: "Hm", signature: "" };
    expect((await replied("max_tokens", hi, unsigned)).messageParam?.content).toEqual([hi]);
    expect((await replied("max_tokens", unsigned)).messageParam).toBeNull();
    expect((await replied("max_tokens", unsigned, hi)).messageParam?.content).toEqual([unsigned, hi]);
  });

  it("does not end in thinking, which the API refuses", async () => {
    const signed = { type: "thinking", thinking: "Hm", signature: "s" };
    const redacted = { type: "redacted_thinking", data: "d" };
    const turnOf = async (...blocks: readonly Block[]) =>
      (await replied("end_turn", ...blocks)).messageParam?.content ?? null;
    expect(await turnOf(signed, redacted)).toBeNull();
    expect(await turnOf(signed, hi, signed, redacted)).toEqual([signed, hi]);
    expect(await turnOf(signed, { type: "text", text: " " })).toBeNull();
    const odd = { type: { toString: 1 }, text: "Hi" };
    expect(await turnOf(odd)).toEqual([odd]);
    // The thinking before a call that was cut.
    const cut = await replied("max_tokens", signed, { ...asked, input: {} });
    expect(cut.history()).toEqual([{ role: "user", content: "Hello" }]);
  });
});

describe("history", () => {
  it("takes the output of a tool in the API's own format, by its block", async () => {
    const bash = { type: "bash_20250124", name: "bash" } as const;
    const called = { type: "tool_use", id: "toolu_9", name: "bash", input: { command: "ls" } };
    const stream = await replied("tool_use", called);
    const [block] = stream.message?.content ?? [];
    if (block === undefined) throw new Error("There is one.");
    expect([bash.name, stream.tools]).toEqual(["bash", []]);
    const history = stream.history([[nativeCall(block), "12 files"]]);
    expect(history.at(-1)).toEqual({
      role: "user",
      content: [{ type: "tool_result", tool_use_id: "toolu_9", content: "12 files" }],
    });
    expect(() => nativeCall({})).toThrow(InvalidOptionError);
  });

  it("leaves out the results of tools that ran before the reply was refused", async () => {
    const stream = await replied("refusal", asked);
    const [call] = stream.tools;
    expect(stream.history(call && [[call, "done"]])).toEqual([{ role: "user", content: "Hello" }]);
    expect(() => stream.history([[{ ...call, toolCall: null } as never, "done"]])).toThrow(InvalidOptionError);
  });

  it("gives each call its own result where a server gives all of them the same id", async () => {
    const stream = await replied("tool_use", { ...asked, id: "" }, { ...asked, id: "" });
    const [first, second] = stream.tools;
    if (first === undefined || second === undefined) throw new Error("There are two.");
    const results = (history: readonly object[]) => (history.at(-1) as { content: unknown }).content;
    expect(results(stream.history([[second, "two"]]))).toMatchObject([{ is_error: true }, { content: "two" }]);
    expect(
      results(
        stream.history([
          [second, "two"],
          [first, "one"],
        ]),
      ),
    ).toMatchObject([{ content: "one" }, { content: "two" }]);
  });
});

describe("a call that the end of its message has cut", () => {
  /** A reply whose last block stops although its input is not complete, as some servers do. */
  const cutAt = async (stopReason: string, json: string, ...after: readonly Block[]) => {
    const events = [
      { type: "content_block_start", index: 0, content_block: hi },
      { type: "content_block_stop", index: 0 },
      { type: "content_block_start", index: 1, content_block: asked },
      { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: json } },
      { type: "content_block_stop", index: 1 },
      ...after.flatMap((content_block, place) => [
        { type: "content_block_start", index: 2 + place, content_block },
        { type: "content_block_stop", index: 2 + place },
      ]),
      { type: "message_delta", delta: { stop_reason: stopReason }, usage: { output_tokens: 3 } },
      { type: "message_stop" },
    ];
    await using server = await serve((response) =>
      startStream(response).end(frames([...started.slice(0, 1), ...events])),
    );
    const own = client({ apiKey: "k", baseURL: server.url });
    const stream = call("m", { stream: true, client: own, tools: [lookUp] }, () => "Hello")();
    await stream.response();
    return stream;
  };

  it.each(["max_tokens", "model_context_window_exceeded"])("is truncated, and left out, after %s", async (reason) => {
    const stream = await cutAt(reason, '{"title":"Mist');
    expect(stream.tools).toMatchObject([{ state: "truncated", text: '{"title":"Mist', error: { state: "truncated" } }]);
    expect([stream.messageParam?.content, stream.asksForTools]).toEqual([[hi], false]);
    expect(stream.history()).toHaveLength(2);
  });

  it.each([
    ["end_turn", '{"title":"Mist', []],
    ["max_tokens", '{"title":"Mist', [hi]],
    ["max_tokens", '{"title":"Mistborn"}', []],
  ] as const)("was not cut by %s: %j, then %j", async (reason, json, after) => {
    const stream = await cutAt(reason, json, ...after);
    expect(stream.tools[0]?.state).toBe(json.endsWith("}") ? "complete" : "invalid");
    expect(stream.asksForTools).toBe(true);
  });

  it("is part of the history if it is answered", async () => {
    const stream = await cutAt("max_tokens", '{"title":"Mist');
    const [cut] = stream.tools;
    const history = stream.history(cut && [[cut, new Error("Your reply was cut.")]]);
    expect(history.slice(1)).toEqual([
      { role: "assistant", content: [hi, { ...asked, input: { INVALID_JSON: '{"title":"Mist' } }] },
      {
        role: "user",
        content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "Your reply was cut.", is_error: true }],
      },
    ]);
    // Asking changes nothing.
    expect(stream.history()).toHaveLength(2);
  });
});

describe("numbers that JavaScript cannot hold", () => {
  it("go back in the input of a tool as they came", async () => {
    const json = '{"title":"😀 \\ud83d\\ude00","id":9007199254740993,"far":1e999}';
    const events = [
      { type: "content_block_start", index: 0, content_block: asked },
      { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: json.slice(0, 30) } },
      { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: json.slice(30) } },
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 3 } },
      { type: "message_stop" },
    ];
    const bodies: string[] = [];
    const own = client({
      apiKey: "k",
      fetch: (_url, init) => {
        bodies.push(String(init?.body));
        const body = frames([...started.slice(0, 1), ...events]);
        return Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
      },
    });
    const ask = call(
      "m",
      { stream: true, client: own, tools: [lookUp] },
      (messages: readonly object[]) => messages as never,
    );
    const stream = ask([{ role: "user", content: "Hello" }]);
    await stream.response();
    await ask([...stream.history(), { role: "user", content: "Go on" }]).response();
    expect(bodies[1]).toContain('"input":{"title":"😀 😀","id":9007199254740993,"far":1e999}');
    expect(() => JSON.parse(bodies[1] ?? "") as unknown).not.toThrow();
  });
});

describe("input that comes whole, where its block starts", () => {
  it.each([
    ['{"title":"Mistborn"}', "complete", { title: "Mistborn" }],
    ["", "complete", {}],
    [null, "complete", {}],
    ["Mistborn", "invalid", { INVALID_JSON: "Mistborn" }],
    [["Mistborn"], "invalid", { INVALID_JSON: '["Mistborn"]' }],
    [5, "invalid", { INVALID_JSON: "5" }],
  ])("may be text, and never runs where it is no object: %j", async (input, state, sent) => {
    const stream = await replied("tool_use", { ...asked, input });
    expect(stream.tools.map((call) => call.state)).toEqual([state]);
    expect(stream.messageParam?.content).toEqual([{ ...asked, input: sent }]);
  });

  it("is left alone in a block of an unknown kind", async () => {
    const unknown = { type: "future_block", input: '{"a":1}' };
    expect((await replied("end_turn", unknown)).messageParam?.content).toEqual([unknown]);
  });
});
