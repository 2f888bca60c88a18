import { describe, expect, it } from "vitest";
import { InvalidOptionError } from "../../src/errors.ts";
import { type AnthropicStream, call, client } from "../../src/providers/anthropic/index.ts";
import { tool } from "../../src/index.ts";
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
});

describe("history", () => {
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
