import { inspect } from "node:util";
import { describe, expect, expectTypeOf, it } from "vitest";
import * as z from "zod";
import { agent, type ErrorCode, type MillraceError, tool, toolkit } from "../../src/index.ts";
import { call, client, limiter } from "../../src/providers/anthropic/index.ts";
import { call as structuredCall } from "../../src/providers/anthropic/structured.ts";
import { fakeAnthropic, reply, toolUse } from "../../src/testing/index.ts";

const MODEL = "claude-sonnet-5-5";
const SECRET = "sk-ant-not-to-be-shown";
const lookUp = tool({ name: "look_up", inputSchema: { type: "object" }, call: () => "found" });

async function streamed(content: Parameters<typeof fakeAnthropic>[0]) {
  const server = await fakeAnthropic(content);
  const own = client({ apiKey: SECRET, baseURL: server.url });
  return { server, own, [Symbol.asyncDispose]: () => server.close() };
}

describe("console.log", () => {
  it("shows what a stream has come to", async () => {
    await using played = await streamed({ replies: ["Hello there."] });
    const stream = call(MODEL, { stream: true, client: played.own }, () => "The prompt")();
    expect(inspect(stream)).toMatch(/^AnthropicStream \{[^]*outcome: 'pending'/);
    await stream.response();
    const shown = inspect(stream);
    expect(shown).toMatch(/^AnthropicStream \{/);
    for (const part of ["outcome: 'complete'", "content: 'Hello there.'", "output_tokens: ", "cost: 0.", "tools: []"]) {
      expect(shown).toContain(part);
    }
    expect(shown).not.toContain(SECRET);
    expect(shown).not.toContain("The prompt");
  });

  it("shows why a stream failed", async () => {
    await using played = await streamed({ replies: ["Hello there."] });
    const stream = call(MODEL, { stream: true, client: played.own }, () => "x")();
    for await (const _ of stream) break;
    expect(inspect(stream)).toContain("error: 'StreamAbortedError: ");
    expect(inspect([stream], { depth: 0 })).toBe("[ [AnthropicStream] ]");
  });

  it("shows the calls of tools", async () => {
    await using played = await streamed({ replies: [reply(toolUse("look_up", { title: "Mistborn" }))] });
    const response = await call(MODEL, { client: played.own, tools: [lookUp] }, () => "x")();
    const { id = "" } = response.tool ?? {};
    expect(inspect(response.tool, { breakLength: Infinity })).toBe(
      `ToolCall { id: '${id}', name: 'look_up', state: 'complete', args: { title: 'Mistborn' } }`,
    );
    expect(inspect(response)).toContain("title: 'Mistborn'");
  });

  it("shows a tool call that cannot be run, with what the model wrote and what is wrong", async () => {
    await using played = await streamed({ replies: [reply(toolUse("count", { pages: "many" }))] });
    const count = tool({ name: "count", input: z.object({ pages: z.number() }), call: () => 1 });
    const response = await call(MODEL, { client: played.own, tools: [count] }, () => "x")();
    const shown = inspect(response.tools[0]);
    for (const part of ["ToolCall {", "state: 'invalid'", `text: '{"pages":"many"}'`, "error: 'ToolInputError: "]) {
      expect(shown).toContain(part);
    }
  });

  it("shows a tool call that streams as far as it has come", async () => {
    await using played = await streamed({ replies: [reply(toolUse("look_up", { title: "Mistborn" }))] });
    const ask = call(MODEL, { stream: { partialTools: true }, client: played.own, tools: [lookUp] }, () => "x");
    const shown: string[] = [];
    for await (const [, toolCall] of ask()) {
      if (toolCall !== null) shown.push(inspect(toolCall, { breakLength: Infinity }), JSON.stringify(toolCall));
    }
    expect(shown[0]).toMatch(/^ToolCall \{ id: '.+', name: 'look_up', state: 'streaming', args: \{.*\}, delta: '/);
    expect(shown[1]).toMatch(/^\{"id":".+","name":"look_up","state":"streaming","args":\{.*\},"delta":"/);
    expect(shown.at(-1)).toContain('"args":{"title":"Mistborn"}');
  });

  it("shows a chunk with its text and its event", async () => {
    await using played = await streamed({ replies: ["Hello there."] });
    const shown: string[] = [];
    for await (const [chunk] of call(MODEL, { stream: true, client: played.own }, () => "x")()) {
      if (chunk.content !== "") shown.push(inspect(chunk));
    }
    expect(shown[0]).toMatch(/^AnthropicCallResponseChunk \{\n {2}content: '.+',\n {2}thinking: '',/);
    expect(shown[0]).toContain("type: 'content_block_delta'");
  });

  it("shows why a chunk has no event", async () => {
    const cut = reply("Hello there.", { endAfter: 5 });
    await using played = await streamed({ replies: [cut, "Hello again."] });
    const options = { stream: true, client: played.own, onInterrupt: "restart" } as const;
    const shown: string[] = [];
    for await (const [chunk] of call(MODEL, options, () => "x")()) if (chunk.recovery) shown.push(inspect(chunk));
    expect(shown).toHaveLength(1);
    expect(shown[0]).toMatch(
      /chunk: null,\s+recovery: \{\s+type: 'restart',\s+attempt: 1,\s+cause: 'StreamTruncatedError: /,
    );
  });

  it("shows a run of an agent turn by turn", async () => {
    await using played = await streamed({
      replies: [reply(toolUse("look_up", { title: "Mistborn" })), "It was found."],
    });
    const run = agent(call(MODEL, { client: played.own, tools: [lookUp] }, () => "The prompt"))();
    expect(inspect(run)).toMatch(/^AgentRun \{[^]*turns: \[\]/);
    const results: string[] = [];
    for await (const [{ toolResult }] of run) if (toolResult) results.push(inspect(toolResult));
    expect(results[0]).toMatch(/^AgentToolResult \{[^]*output: 'found'/);
    const shown = inspect(run);
    for (const part of ["stopReason: 'answer'", "content: 'It was found.'", "AgentTurn {", "title: 'Mistborn'"]) {
      expect(shown).toContain(part);
    }
    expect(shown).toMatch(/output: 'found'[^]*output_tokens: \d+[^]*cost: 0\./);
    expect(shown).not.toMatch(/The prompt|sk-ant/);
    expect(`${run}`).toBe("It was found.");
  });

  it("shows why a run of an agent failed", async () => {
    const own = client({ apiKey: SECRET, baseURL: "http://127.0.0.1:1" });
    const run = agent(call(MODEL, { client: own, retry: false, tools: [lookUp] }, () => "x"))();
    await run.finish().catch(() => {});
    expect(inspect(run)).toMatch(/error: 'ConnectionError: /);
  });

  it("shows a structured stream with the model that has arrived", async () => {
    await using played = await streamed({ replies: ['{"title":"Mistborn"}', '{"title":"Elantris"}'] });
    const Book = z.object({ title: z.string() });
    const ask = structuredCall(MODEL, { stream: true, client: played.own, responseModel: Book }, () => "x");
    const [read, drained] = [ask(), ask()];
    for await (const _ of read);
    await drained.response();
    expect(inspect(read)).toMatch(/^AnthropicStructuredStream \{[^]*arrived: \{ title: 'Mistborn' \},\n {2}usage: /);
    expect(JSON.parse(JSON.stringify(drained))).toMatchObject({ outcome: "complete", arrived: { title: "Elantris" } });
    expect(inspect(ask())).toContain("arrived: null");
  });

  it("shows a tool by its name, its schema and its options", () => {
    const shown =
      "Tool {\n  name: 'look_up',\n  inputSchema: { type: 'object', properties: {}, additionalProperties: false }\n}";
    expect(inspect(tool({ name: "look_up", call: () => "" }))).toBe(shown);
    const [namespaced] = toolkit("library", () => [tool({ name: "find", strict: true, call: () => "" })])();
    expect(inspect(namespaced)).toContain("name: 'library_find'");
    expect(JSON.parse(JSON.stringify(namespaced))).toMatchObject({ name: "library_find", strict: true });
  });

  it("cuts long texts", async () => {
    await using played = await streamed({ replies: ["long ".repeat(1_000)] });
    const response = await call(MODEL, { client: played.own }, () => "x")();
    expect(inspect(response)).toMatch(/\.\.\. 4800 more characters/);
    expect(JSON.stringify(response)).toContain("long ".repeat(1_000));
  });

  it("shows how full a limiter is", () => {
    const shared = limiter({ concurrency: 2 });
    expect(inspect(shared)).toBe("RequestLimiter { running: 0, waiting: 0 }");
    expect(JSON.stringify(shared)).toBe('{"running":0,"waiting":0}');
  });

  it("shows the address of a client, and nothing of its key", () => {
    const own = client({ apiKey: SECRET });
    expect(inspect(own, { showHidden: true, depth: 9 })).toBe("Client { baseURL: 'https://api.anthropic.com' }");
    expect(inspect(own, { customInspect: false, showHidden: true, depth: 9 })).not.toContain(SECRET);
    const addresses = [` https://${SECRET}@gateway.example.com/v1?key=${SECRET}`, `${SECRET}@gateway.example.com/v1#x`];
    expect(addresses.map((baseURL) => JSON.stringify(client({ baseURL })))).toEqual([
      '{"baseURL":"https://gateway.example.com/v1"}',
      '{"baseURL":"gateway.example.com/v1"}',
    ]);
  });
});

describe("JSON.stringify", () => {
  it("gives a response's own message, with its usage and cost", async () => {
    await using played = await streamed({ replies: ["Hello there."] });
    const response = await call(MODEL, { client: played.own }, () => "x")();
    const { message, usage, cost } = response;
    expect(JSON.parse(JSON.stringify(response))).toEqual({ ...message, usage, cost });
  });

  it("gives a stream's outcome", async () => {
    await using played = await streamed({ replies: ["Hello there."] });
    const stream = call(MODEL, { stream: true, client: played.own }, () => "x")();
    await stream.response();
    const { id, model, usage, cost } = stream;
    const expected = { id, model, outcome: "complete", content: "Hello there.", tools: [], usage, cost };
    expect(JSON.parse(JSON.stringify(stream))).toEqual(expected);
  });

  it("writes values that JSON cannot hold in the nearest form", async () => {
    const circular: Record<string, unknown> = {
      size: 10n,
      on: new Date(0),
      by: new Map([["a", 1]]),
      raw: Buffer.from("x"),
    };
    circular["self"] = circular;
    const odd = tool({
      name: "odd",
      input: z.object({}).transform(() => circular),
      inputSchema: { type: "object" },
      call: () => circular,
    });
    const replies = [reply(toolUse("odd", {})), reply(toolUse("odd", {})), "Done."];
    await using played = await streamed({ replies });
    const stream = call(MODEL, { stream: true, client: played.own, tools: [odd] }, () => "x")();
    await stream.response();
    const args = { size: "10", on: "1970-01-01T00:00:00.000Z", by: { a: 1 }, raw: "eA==", self: "[circular]" };
    const [called] = stream.tools;
    expect(JSON.parse(JSON.stringify({ stream, called }))).toMatchObject({
      stream: { tools: [{ args }] },
      called: { args },
    });
    expect(inspect(called)).toMatch(/size: 10n[^]*Map\(1\)[^]*\[Circular/);
    const run = agent(call(MODEL, { client: played.own, tools: [odd] }, () => "x"))();
    const results: unknown[] = [];
    for await (const [chunk] of run) if (chunk.toolResult) results.push(JSON.parse(JSON.stringify(chunk)));
    expect(results).toMatchObject([{ chunk: null, toolResult: { name: "odd", output: args } }]);
    expect(JSON.parse(JSON.stringify(run))).toMatchObject({ turns: [{ outputs: [{ output: args }] }, {}] });
  });

  it("gives a chunk's text and native event", async () => {
    await using played = await streamed({ replies: ["Hello"] });
    const chunks: unknown[] = [];
    const stream = call(MODEL, { stream: true, client: played.own }, () => "x")();
    for await (const [chunk] of stream) chunks.push(JSON.parse(JSON.stringify(chunk)));
    expect(chunks[0]).toMatchObject({
      content: "",
      chunk: { type: "message_start" },
      usage: { input_tokens: expect.any(Number) },
    });
    expect(chunks).toContainEqual(
      expect.objectContaining({ content: "Hello", chunk: expect.objectContaining({ type: "content_block_delta" }) }),
    );
  });
});

it("a stream, a response and a chunk in a template are their text", async () => {
  await using played = await streamed({ replies: ["Hello", "Hello"] });
  const ask = call(MODEL, { stream: true, client: played.own }, () => "x");
  const stream = ask();
  let text = "";
  for await (const [chunk] of stream) text += `${chunk}`;
  expect([text, `${stream}`, `${await ask().response()}`]).toEqual(["Hello", "Hello", "Hello"]);
});

describe("the stack of an error", () => {
  const own = client({ apiKey: "k", baseURL: "http://127.0.0.1:1" });
  const failed = (run: () => Promise<unknown>): Promise<MillraceError> =>
    run().then(
      () => Promise.reject(new Error("It did not fail.")),
      (error: MillraceError) => error,
    );

  it("leads to the line that began to read the stream", async () => {
    const ask = call(MODEL, { stream: true, retry: false, client: own }, () => "x");
    async function readerOfPairs(): Promise<void> {
      for await (const _ of ask());
    }
    async function readerOfText(): Promise<void> {
      for await (const _ of ask().textStream());
    }
    async function readerOfResponse(): Promise<void> {
      await ask().response();
    }
    expect((await failed(readerOfPairs)).stack).toContain("readerOfPairs");
    expect((await failed(readerOfText)).stack).toContain("readerOfText");
    expect((await failed(readerOfResponse)).stack).toContain("readerOfResponse");
  });

  it("leads to the line of a call that is not streamed", async () => {
    async function caller(): Promise<void> {
      await call(MODEL, { retry: false, client: own }, () => "x")();
    }
    expect((await failed(caller)).stack).toContain("caller");
  });
});

it("the code of an error is one of its literals", () => {
  expectTypeOf<MillraceError["code"]>().toEqualTypeOf<ErrorCode>();
  expectTypeOf<"timeout">().toExtend<ErrorCode>();
  expectTypeOf<"timeuot">().not.toExtend<ErrorCode>();
});
