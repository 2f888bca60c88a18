import { describe, expect, expectTypeOf, it } from "vitest";
import {
  assistant,
  call as neutralCall,
  CallResponse,
  image,
  promptTemplate,
  Stream,
  system,
  user,
} from "../../src/index.ts";
import {
  type AnthropicCallParams,
  AnthropicCallResponse,
  type AnthropicCallResponseChunk,
  anthropicCall,
  AnthropicStream,
  call,
  client,
  type FinishReason,
  type MessageParam,
} from "../../src/providers/anthropic/index.ts";
import { reply, serve, startStream, type TestServer } from "../server.ts";

const serving = (): Promise<TestServer> => serve((response) => void startStream(response).end(reply("Hi")));
const at = (server: TestServer) => client({ apiKey: "k", baseURL: server.url });

describe("call", () => {
  it("infers its arguments and its result", () => {
    const streamed = call(
      "claude-sonnet-5-5",
      { stream: true },
      (genre: string, count?: number) => `${count} ${genre}`,
    );
    expectTypeOf(streamed).parameters.toEqualTypeOf<[genre: string, count?: number | undefined]>();
    expectTypeOf<ReturnType<typeof streamed>>().toEqualTypeOf<AnthropicStream<never>>();
    const whole = call("claude-sonnet-5-5", (genre: string) => genre);
    expectTypeOf(whole).returns.toEqualTypeOf<Promise<AnthropicCallResponse<never>>>();
    expectTypeOf(call("m", { stream: false }, () => "x")).returns.toEqualTypeOf<
      Promise<AnthropicCallResponse<never>>
    >();
    expectTypeOf(call("m", {}, () => "x")).returns.toEqualTypeOf<Promise<AnthropicCallResponse<never>>>();
    const either = call("m", { stream: Math.random() > 2 }, () => "x");
    expectTypeOf(either).returns.toEqualTypeOf<AnthropicStream<never> | Promise<AnthropicCallResponse<never>>>();
    expectTypeOf(whole.with({ stream: true })).returns.toEqualTypeOf<AnthropicStream<never>>();
    expectTypeOf(streamed.with({ metadata: {} })).returns.toEqualTypeOf<AnthropicStream<never>>();
    expect(anthropicCall).toBe(call);
  });

  it("gives pairs whose second half is null while there are no tools", () => {
    const stream = call("m", { stream: true }, () => "x")();
    type Item = typeof stream extends AsyncIterable<infer Pair> ? Pair : never;
    expectTypeOf<Item>().toEqualTypeOf<[chunk: AnthropicCallResponseChunk, tool: null]>();
    expectTypeOf(stream.finishReasons).toEqualTypeOf<readonly FinishReason[]>();
    expectTypeOf(stream.usage.source).toEqualTypeOf<"reported" | "partial" | "estimated">();
    expectTypeOf(stream.usage.input_tokens).toBeNumber();
    expect(stream).toBeInstanceOf(AnthropicStream);
    expect(stream).toBeInstanceOf(Stream);
  });

  it("refuses what cannot work, where it is written", () => {
    const neverRun = (): void => {
      // @ts-expect-error a misspelt option
      call("m", { steam: true }, () => "x");
      // @ts-expect-error a wrong value
      call("m", { stream: "yes" }, () => "x");
      // @ts-expect-error a misspelt parameter
      call("m", { callParams: { max_token: 1 } }, () => "x");
      // @ts-expect-error a misspelt key of a dynamic config
      call("m", () => ({ messages: [user("x")], callParms: {} }));
      // @ts-expect-error no prompt
      call("m", () => 42);
      // @ts-expect-error not this argument
      void call("m", (genre: string) => genre)(42);
    };
    expect(neverRun).toBeTypeOf("function");
    // @ts-expect-error no provider
    expect(() => neutralCall("claude-sonnet-5-5", () => "x")).toThrow(/anthropic/);
    // @ts-expect-error not a function
    expect(() => call("m", {}, "x")).toThrow(/prompt function/);
    expectTypeOf<AnthropicCallParams>().toHaveProperty("max_tokens");
  });

  it("sends what the prompt says, with the most tokens that the model can", async () => {
    await using server = await serving();
    const bytes = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0);
    const native: MessageParam = {
      role: "user",
      content: [{ type: "text", text: "native", cache_control: { type: "ephemeral" } }],
    };
    const ask = call(
      "claude-sonnet-5-5",
      { client: at(server), callParams: { system: "First.", temperature: 1 } },
      () => [system("Be brief."), user(["Look", image(bytes)]), assistant("I see."), native],
    );
    const answer = await ask();
    expect(server.requests[0]?.body).toEqual({
      model: "claude-sonnet-5-5",
      max_tokens: 128_000,
      temperature: 1,
      stream: true,
      system: [
        { type: "text", text: "First." },
        { type: "text", text: "Be brief." },
      ],
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "Look" },
            { type: "image", source: { type: "base64", media_type: "image/jpeg", data: "/9j/4A==" } },
          ],
        },
        { role: "assistant", content: "I see." },
        native,
      ],
    });
    expect(answer.callKwargs).toEqual(server.requests[0]?.body);
    expect(answer).toBeInstanceOf(CallResponse);
    expect(`${answer}`).toBe("Hi");
  });

  it("merges options, overrides and the dynamic config", async () => {
    await using server = await serving();
    const ask = call(
      "claude-sonnet-5-5",
      {
        stream: true,
        client: at(server),
        callParams: { max_tokens: 10, stop_sequences: ["a"] },
        metadata: { from: "options" },
      },
      (brief: boolean) => ({
        messages: [user("Hello")],
        callParams: { max_tokens: brief ? 1 : 2 },
        metadata: { from: "function" },
      }),
    );
    const stream = ask.with({
      model: "claude-haiku-4-5",
      callParams: {
        betas: ["a", "b"],
        extra_headers: { "X-Team": "t" },
        extra_body: { future: 1 },
        stop_sequences: ["b"],
      },
    })(true);
    await stream.response();
    expect(server.requests[0]?.body).toMatchObject({
      model: "claude-haiku-4-5",
      max_tokens: 1,
      stop_sequences: ["b"],
      future: 1,
    });
    expect(server.requests[0]?.headers).toMatchObject({ "anthropic-beta": "a,b", "x-team": "t" });
    expect(stream.metadata).toEqual({ from: "function" });
    expect(stream.dynamicConfig?.callParams).toEqual({ max_tokens: 1 });
    expect(stream.fnArgs).toEqual([true]);
  });

  it("takes a template as its function, and a model by its provider", async () => {
    await using server = await serving();
    const prompt = promptTemplate(`
      SYSTEM: You are a librarian.
      MESSAGES: {history}
      USER: Recommend a {genre} book`);
    const recommend = neutralCall("anthropic/claude-sonnet-5-5", { stream: true, client: at(server) }, prompt);
    const stream = recommend({ genre: "fantasy", history: [user("Hello")] });
    expect(stream.promptTemplate).toBe(prompt.template);
    await stream.response();
    expect(stream.callKwargs).toMatchObject({
      model: "claude-sonnet-5-5",
      system: [{ type: "text", text: "You are a librarian." }],
      messages: [
        { role: "user", content: "Hello" },
        { role: "user", content: "Recommend a fantasy book" },
      ],
    });
  });

  it("gives what an output parser gives, be it nothing", async () => {
    await using server = await serving();
    const year = call("m", { client: at(server), outputParser: ({ content }) => /\d+/.exec(content) }, () => "x");
    expect(await year()).toBeNull();
  });

  it("knows its times", async () => {
    await using server = await serving();
    const before = Date.now();
    const response = await call("m", { client: at(server) }, () => "x")();
    const { start, firstChunk, end } = response.timings;
    expect([before <= (start ?? 0), (start ?? 0) <= (firstChunk ?? 0), (firstChunk ?? 0) <= (end ?? 0)]).toEqual([
      true,
      true,
      true,
    ]);
    expect([response.startTime, response.endTime]).toEqual([start, end]);
  });
});

describe("a mistake of the prompt function", () => {
  const detached = (): never => {
    throw new Error("the record is detached");
  };

  it.each<[part: string, result: object]>([
    ["content of a message", [Object.defineProperty({ role: "user" }, "content", { enumerable: true, get: detached })]],
    [
      "text of a part",
      [
        {
          role: "user",
          content: [Object.defineProperty({ type: "text" }, "text", { enumerable: true, get: detached })],
        },
      ],
    ],
    ["messages of a config", Object.defineProperty({}, "messages", { enumerable: true, get: detached })],
    [
      "tools of a config",
      Object.defineProperty({ messages: [{ role: "user", content: "Hi" }] }, "tools", {
        enumerable: true,
        get: detached,
      }),
    ],
  ])("is the prompt's fault: a getter that throws (%s)", async (_, result) => {
    await using server = await serving();
    const ask = call("claude-sonnet-5-5", { client: at(server) }, () => result as never);
    await expect(ask()).rejects.toMatchObject({
      code: "invalid_option",
      message: "Invalid prompt: the record is detached",
      retryable: false,
      cause: new Error("the record is detached"),
    });
    expect(server.requests).toHaveLength(0);
  });

  it.each<[what: string, callParams: object, message: RegExp]>([
    ["betas that are not a list", { betas: "x" }, /^Invalid callParams.betas: /],
    ["a timeout that is not a number", { timeout: "60s" }, /^Invalid callParams.timeout: /],
    ["a header's name with a space", { extra_headers: { "x team": "a" } }, /^Invalid header "x team": /],
  ])("is told: %s", async (_, callParams, message) => {
    await using server = await serving();
    const config = { messages: [{ role: "user", content: "Hi" }], callParams };
    const ask = call("claude-sonnet-5-5", { client: at(server) }, () => config as never);
    await expect(ask()).rejects.toMatchObject({
      code: "invalid_option",
      message: expect.stringMatching(message) as string,
    });
    expect(server.requests).toHaveLength(0);
  });
});
