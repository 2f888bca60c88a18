import { inspect } from "node:util";
import { describe, expect, expectTypeOf, it } from "vitest";
import { type ErrorCode, type MillraceError, tool } from "../../src/index.ts";
import { call, client, limiter } from "../../src/providers/anthropic/index.ts";
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
    expect(inspect(response.tool)).toContain("title: 'Mistborn'");
    expect(inspect(response)).toContain("name: 'look_up'");
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

  it("shows nothing of a client's key", () => {
    const own = client({ apiKey: SECRET });
    expect(inspect(own, { showHidden: true, depth: 9 }) + JSON.stringify(own)).not.toContain(SECRET);
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
