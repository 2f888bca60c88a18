import Anthropic from "@anthropic-ai/sdk";
import { betaZodTool } from "@anthropic-ai/sdk/helpers/beta/zod";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import AnthropicZero from "anthropic-sdk-0";
import { afterEach, describe, expect, it } from "vitest";
import * as z from "zod";
import {
  apiError,
  errorEvent,
  type FakeAnthropic,
  fakeAnthropic,
  type FakeAnthropicOptions,
  reply,
  thinking,
  toolUse,
} from "millrace/testing";
import { happyPaths } from "./happy-paths.ts";

let server: FakeAnthropic;

async function start(options: FakeAnthropicOptions = {}): Promise<FakeAnthropic> {
  server = await fakeAnthropic(options);
  return server;
}

afterEach(() => server.close());

const sdks = [
  ["1.12", () => new Anthropic({ apiKey: "secret-key", baseURL: server.url, maxRetries: 0 })],
  [
    "0.137",
    // The older major version has the same shape as far as these tests go.
    () => new AnthropicZero({ apiKey: "secret-key", baseURL: server.url, maxRetries: 0 }) as unknown as Anthropic,
  ],
] as const;

const BETAS = [
  "advisor-tool-2026-03-01",
  "compact-2026-01-12",
  "mcp-client-2025-11-20",
  "server-side-fallback-2026-07-01",
];

const params = {
  model: "claude-sonnet-5-5",
  max_tokens: 1000,
  messages: [{ role: "user" as const, content: "Recommend a fantasy book" }],
};

describe.each(sdks)("the official SDK %s", (version, client) => {
  it("streams with the helper", async () => {
    await start({ replies: reply("Hello there, world", { usage: { output_tokens: 25, input_tokens: 10 } }) });
    const stream = client().messages.stream(params);
    const words: string[] = [];
    stream.on("text", (delta) => words.push(delta));
    const message = await stream.finalMessage();
    expect(words).toEqual(["Hello", " there,", " world"]);
    expect(message).toMatchObject({
      model: "claude-sonnet-5-5",
      content: [{ type: "text", text: "Hello there, world" }],
      stop_reason: "end_turn",
      usage: { input_tokens: 10, output_tokens: 25 },
    });
    expect(stream.request_id).toMatch(/^req_01\w{22}$/);
  });

  it("streams events, with one ping after the first block's start", async () => {
    await start({ replies: reply("Hi", toolUse("f", { a: 1 })) });
    const fetched = await (await raw({ ...params, stream: true })).text();
    expect([...fetched.matchAll(/^event: (.*)$/gm)].map(([, name]) => name)).toEqual([
      "message_start",
      "content_block_start",
      "ping",
      "content_block_delta",
      "content_block_stop",
      "content_block_start",
      "content_block_delta",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    const types: string[] = [];
    for await (const { type } of await client().messages.create({ ...params, stream: true })) types.push(type);
    expect(types).toHaveLength(10);
    expect(types.at(-1)).toBe("message_stop");
  });

  it("asks without streaming, and gets the message that a stream would add up to", async () => {
    await start({
      replies: Array.from({ length: 2 }, () =>
        reply(thinking("Hm."), "A", toolUse("f", { b: [1, "é"] }, { id: "toolu_1" })),
      ),
      seed: 4,
    });
    const whole = await client().messages.create(params);
    const streamed = await client().messages.stream(params).finalMessage();
    const stable = (message: object): object =>
      JSON.parse(
        JSON.stringify({ ...message, id: 0, usage: { ...(message as Anthropic.Message).usage, output_tokens: 0 } }),
      );
    expect(whole.stop_reason).toBe("tool_use");
    expect(whole.content.map(({ type }) => type)).toEqual(["thinking", "text", "tool_use"]);
    const signature = (message: Anthropic.Message): object => ({
      ...stable(message),
      content: message.content.map((part) => (part.type === "thinking" ? { ...part, signature: "" } : part)),
    });
    expect(signature(streamed)).toMatchObject(signature(whole));
  });

  it("goes through the beta namespace", async () => {
    await start({ replies: "Hi" });
    const message = await client().beta.messages.create({ ...params, betas: ["compact-2026-01-12"] });
    expect(message.content).toMatchObject([{ type: "text", text: "Hi" }]);
    // The older major version adds a query, which the server ignores.
    expect(server.requests[0]?.path).toBe(version === "1.12" ? "/v1/messages" : "/v1/messages?beta=true");
    expect(server.requests[0]?.headers["anthropic-beta"]).toContain("compact-2026-01-12");
  });

  it("counts tokens and lists models", async () => {
    await start();
    const { messages, model } = params;
    const { input_tokens } = await client().messages.countTokens({ messages, model });
    expect(input_tokens).toBe(10);
    const ids: string[] = [];
    for await (const { id } of client().models.list({ limit: 5 })) ids.push(id);
    expect(ids).toContain("claude-haiku-4-5-20251001");
    expect(ids.length).toBeGreaterThan(15);
    expect(new Set(ids).size).toBe(ids.length);
    const info = await client().models.retrieve("claude-haiku-4-5");
    expect(info).toMatchObject({ id: "claude-haiku-4-5-20251001", max_tokens: 64_000, max_input_tokens: 200_000 });
    await expect(client().models.retrieve("gpt-4")).rejects.toBeInstanceOf(Error);
    expect(server.requests.filter(({ method }) => method === "GET").length).toBeGreaterThan(4);
  });

  it("maps errors to its classes", async () => {
    await start({
      replies: [
        apiError(400, "invalid_request_error", "no"),
        apiError(401),
        apiError(403),
        apiError(404),
        apiError(429, "rate_limit_error", "slow", { headers: { "retry-after": "7" } }),
        apiError(500),
        apiError(529),
        apiError(502, undefined, undefined, { body: "html" }),
        apiError(520, undefined, undefined, { body: "empty" }),
      ],
    });
    const { BadRequestError, AuthenticationError, PermissionDeniedError, NotFoundError } = Anthropic;
    const { RateLimitError, InternalServerError } = Anthropic;
    const expected: readonly [string, number, string | null][] = [
      [BadRequestError.name, 400, "invalid_request_error"],
      [AuthenticationError.name, 401, "authentication_error"],
      [PermissionDeniedError.name, 403, "permission_error"],
      [NotFoundError.name, 404, "not_found_error"],
      [RateLimitError.name, 429, "rate_limit_error"],
      [InternalServerError.name, 500, "api_error"],
      [InternalServerError.name, 529, "overloaded_error"],
      [InternalServerError.name, 502, null],
      [InternalServerError.name, 520, null],
    ];
    for (const [name, status, type] of expected) {
      const error: unknown = await client()
        .messages.create({ ...params, stream: true })
        .catch((reason: unknown) => reason);
      expect(error).toMatchObject({ status, type });
      // The newer major version has a separate class for 529.
      expect((error as Error).constructor.name).toBe(version === "1.12" && status === 529 ? "OverloadedError" : name);
      if (status === 429) expect((error as InstanceType<typeof RateLimitError>).headers?.get("retry-after")).toBe("7");
    }
  });

  it("sees an error inside a stream, and the same error as a status without streaming", async () => {
    await start({ replies: reply("Half", errorEvent("overloaded_error", "Overloaded")) });
    const streamed: unknown = await client()
      .messages.stream(params)
      .finalMessage()
      .catch((reason: unknown) => reason);
    expect(streamed).toMatchObject({ status: undefined, type: "overloaded_error" });
    const whole: unknown = await client()
      .messages.create(params)
      .catch((reason: unknown) => reason);
    expect(whole).toMatchObject({ status: 529, type: "overloaded_error" });
  });

  it.each(happyPaths)("accumulates %s, and sends it back", async (_name, script, expected) => {
    await start({ replies: [script, "Hi"], pad: true });
    const message = await client()
      .beta.messages.stream({ ...params, betas: BETAS })
      .finalMessage();
    expect(message).toMatchObject(expected);
    const results = message.content.flatMap((part) =>
      part.type === "tool_use" ? [{ type: "tool_result" as const, tool_use_id: part.id }] : [],
    );
    const answer = { role: "user" as const, content: [...results, { type: "text" as const, text: "Go on" }] };
    const content = message.content.filter((part) => part.type !== "text" || part.text !== "");
    const turn = content.length === 0 ? [] : [{ role: "assistant" as const, content }];
    const messages = [...params.messages, ...turn, answer];
    const next = await client().beta.messages.create({ ...params, messages, betas: BETAS });
    expect(next.content).toMatchObject([{ type: "text", text: "Hi" }]);
  });

  it("asks for an object, by either namespace", async () => {
    await start({ replies: '{"title":"Dune"}' });
    const book = z.object({ title: z.string().min(1), year: z.number().int().optional() });
    const format = zodOutputFormat(book);
    const plain = await client().messages.parse({ ...params, output_config: { format } });
    const old = await client().beta.messages.parse({ ...params, output_format: format });
    for (const { parsed_output } of [plain, old]) expect(parsed_output).toEqual({ title: "Dune" });
  });

  it("runs tools, in a thread that the newer version keeps at the API", async () => {
    await start({ replies: [reply(thinking("Hm."), "Let me see.", toolUse("clock", { zone: "UTC" })), "Noon."] });
    const clock = betaZodTool({
      name: "clock",
      description: "The time",
      inputSchema: z.object({ zone: z.string() }),
      run: () => [{ type: "text", text: "12:00" }],
    });
    const message = await client().beta.messages.toolRunner({
      ...params,
      tools: [clock],
      tool_choice: { type: "auto" },
    });
    expect(message.content).toMatchObject([{ type: "text", text: "Noon." }]);
    const threads = server.requests.map(({ body }) => (body["thread"] as { type?: string } | undefined)?.type);
    expect(threads).toEqual(version === "1.12" ? ["create", "continue"] : [undefined, undefined]);
  });
});

function raw(body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.url}/v1/messages`, {
    method: "POST",
    headers: { "x-api-key": "k", "anthropic-version": "2023-06-01", "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}
