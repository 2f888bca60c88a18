import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  apiError,
  customToolUse,
  cut,
  type Dialect,
  errorEvent,
  fakeOpenAI,
  rawEvent,
  refusal,
  reply,
  replayFile,
  text,
  thinking,
  toolUse,
} from "millrace/testing";
import { oddityNames } from "../../src/testing/openai/oddity.ts";
import { corpusFolder, hasCorpus } from "../corpus.ts";
import { chat, chatTools, eventsIn, send, weather, withFake } from "./openai-client.ts";

const PATH = "/chat/completions";
const withUsage = { ...chat, stream_options: { include_usage: true } };

/** The first choice of each chunk. */
function choicesOf(events: readonly Record<string, unknown>[]): readonly Record<string, unknown>[] {
  return events.flatMap(
    ({ choices }) => (choices as readonly Record<string, unknown>[] | undefined)?.slice(0, 1) ?? [],
  );
}

const contentOf = (events: readonly Record<string, unknown>[]): string =>
  choicesOf(events)
    .map(({ delta }) => (delta as { content?: string | null } | undefined)?.content ?? "")
    .join("");

describe("the fake's Chat Completions", () => {
  it("streams text as the API does, to [DONE]", () =>
    withFake({ replies: "Hello there, world" }, async (server) => {
      const { events, text: body, headers } = await send(server, PATH, withUsage);
      expect(headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
      expect(headers.get("x-request-id")).toMatch(/^req_/);
      expect(body).not.toContain("event:");
      expect(body.endsWith("data: [DONE]\n\n")).toBe(true);
      expect(events[0]).toMatchObject({
        id: expect.stringMatching(/^chatcmpl-/),
        object: "chat.completion.chunk",
        model: "gpt-4o",
        choices: [
          { index: 0, delta: { role: "assistant", content: "", refusal: null }, logprobs: null, finish_reason: null },
        ],
        usage: null,
        obfuscation: expect.any(String),
      });
      expect(contentOf(events)).toBe("Hello there, world");
      expect(events.at(-2)).toMatchObject({ choices: [{ delta: {}, finish_reason: "stop" }] });
      expect(events.at(-1)).toMatchObject({
        choices: [],
        usage: { prompt_tokens: expect.any(Number), completion_tokens: expect.any(Number) },
      });
      const plain = await send(server, PATH, { ...chat, stream_options: { include_obfuscation: false } });
      expect(plain.text).not.toMatch(/obfuscation|"usage"/);
    }));

  it("streams calls in pieces, several choices, logprobs, refusals and custom tools", () =>
    withFake(
      {
        replies: [
          reply(text("Let me see."), toolUse("get_weather", { city: "Paris" }), toolUse("now")),
          "Hi",
          reply(refusal("I can't.")),
          reply(customToolUse("run_sql", "select 1 from t")),
          reply(cut(toolUse("get_weather", { city: "Paris" }, { fragments: 4 }))),
        ],
      },
      async (server) => {
        const calls = choicesOf((await send(server, PATH, { ...chat, ...chatTools })).events);
        const deltas = calls.flatMap(({ delta }) => (delta as { tool_calls?: object[] }).tool_calls ?? []);
        expect(deltas[0]).toMatchObject({
          index: 0,
          id: expect.stringMatching(/^call_/),
          type: "function",
          function: { name: "get_weather", arguments: "" },
        });
        expect(deltas[1]).toEqual({ index: 0, function: { arguments: expect.any(String) } });
        expect(deltas.at(-1)).toEqual({ index: 1, function: { arguments: "{}" } });
        expect(calls.at(-1)?.["finish_reason"]).toBe("tool_calls");

        const two = (await send(server, PATH, { ...chat, n: 2, logprobs: true })).events;
        expect(two.map(({ choices }) => (choices as { index: number }[])[0]?.index)).toEqual([0, 1, 0, 1, 0, 1]);
        expect(two[2]).toMatchObject({
          choices: [{ logprobs: { content: [{ token: "Hi", bytes: [72, 105] }], refusal: null } }],
        });

        const refused = choicesOf((await send(server, PATH, chat)).events);
        expect(refused[0]?.["delta"]).toMatchObject({ content: null });
        expect(refused.map(({ delta }) => (delta as { refusal?: string }).refusal ?? "").join("")).toBe("I can't.");

        const custom = await send(server, PATH, chat);
        expect(custom.text).toContain('"custom":{"name":"run_sql","input":""}');

        const broken = choicesOf((await send(server, PATH, chat)).events);
        expect(broken.at(-1)?.["finish_reason"]).toBe("length");
      },
    ));

  it("answers without a stream what the stream adds up to", () =>
    withFake(
      {
        replies: reply("Hi", toolUse("get_weather", { city: "Oslo" }), {
          usage: { input_tokens: 9, output_tokens: 7 },
        }),
      },
      async (server) => {
        const { json } = await send(server, PATH, { ...chat, stream: false, logprobs: true });
        expect(json).toMatchObject({
          object: "chat.completion",
          choices: [
            {
              index: 0,
              message: {
                role: "assistant",
                content: "Hi",
                refusal: null,
                tool_calls: [
                  {
                    id: expect.any(String),
                    type: "function",
                    function: { name: "get_weather", arguments: '{"city":"Oslo"}' },
                  },
                ],
              },
              logprobs: { content: [{ token: "Hi" }] },
              finish_reason: "tool_calls",
            },
          ],
          usage: { prompt_tokens: 9, completion_tokens: 7, total_tokens: 16 },
        });
        expect(JSON.stringify(json)).not.toContain("obfuscation");
      },
    ));

  it("answers errors: as a response, in a stream, and as pages", () =>
    withFake(
      {
        replies: [
          apiError(429, undefined, undefined, { headers: { "retry-after": "2" } }),
          apiError(429, "insufficient_quota"),
          reply("Once", errorEvent("server_error", "Oh")),
          apiError(502, undefined, undefined, { body: "html" }),
          reply("Hello there", { errorAfter: 2 }),
          reply("Hello there", { endAfter: -2 }),
          apiError(200, "rate_limit_exceeded"),
        ],
      },
      async (server) => {
        const limited = await send(server, PATH, chat);
        expect([limited.status, limited.headers.get("retry-after"), limited.headers.get("x-should-retry")]).toEqual([
          429,
          "2",
          "true",
        ]);
        expect(limited.json["error"]).toMatchObject({ type: "requests", code: "rate_limit_exceeded", param: null });
        const poor = await send(server, PATH, chat);
        expect(poor.headers.get("x-should-retry")).toBe("false");
        expect(poor.json["error"]).toMatchObject({ code: "insufficient_quota", type: "insufficient_quota" });
        const failed = await send(server, PATH, chat);
        expect(failed.events.at(-1)).toEqual({
          error: { type: "server_error", code: "server_error", message: "Oh", param: null },
        });
        expect((await send(server, PATH, chat)).text).toContain("<h1>502");
        const late = await send(server, PATH, chat);
        expect(late.events).toHaveLength(3);
        expect(late.events.at(-1)).toMatchObject({ error: { code: "server_error" } });
        expect(late.text).not.toContain("[DONE]");
        const cutOff = await send(server, PATH, chat);
        expect(choicesOf(cutOff.events).some(({ finish_reason }) => finish_reason !== null)).toBe(false);
        expect((await send(server, PATH, chat)).status).toBe(200);
      },
    ));

  const calls = [{ id: "call_1", type: "function", function: { name: "get_weather", arguments: "{}" } }];
  const refused: readonly (readonly [string, object, string])[] = [
    ["no model", { ...chat, model: undefined }, "you must provide a model parameter"],
    [
      "an unknown model",
      { ...chat, model: "gpt-9" },
      "The model `gpt-9` does not exist or you do not have access to it.",
    ],
    ["no messages", { ...chat, messages: [] }, "Invalid 'messages': empty array."],
    ["an unknown parameter", { ...chat, max_output_tokens: 5 }, "Unknown parameter: 'max_output_tokens'."],
    [
      "stream_options without stream",
      { ...withUsage, stream: false },
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    ],
    [
      "max_tokens for a model that reasons",
      { ...chat, model: "gpt-5", max_tokens: 5 },
      "Use 'max_completion_tokens' instead.",
    ],
    ["both limits", { ...chat, max_tokens: 5, max_completion_tokens: 5 }, "at the same time is not supported"],
    [
      "a temperature for a model that reasons",
      { ...chat, model: "o3", temperature: 0 },
      "'temperature' does not support 0 with this model.",
    ],
    ["top_logprobs alone", { ...chat, top_logprobs: 2 }, "'logprobs' must be true"],
    [
      "tool_choice without tools",
      { ...chat, tool_choice: "auto" },
      "'tool_choice' is only allowed when 'tools' are specified.",
    ],
    [
      "a tool that is not there",
      { ...chat, ...chatTools, tool_choice: { type: "function", function: { name: "x" } } },
      "'x' is not among the 'tools'.",
    ],
    [
      "a name with spaces",
      { ...chat, tools: [{ type: "function", function: { name: "a b" } }] },
      "string does not match pattern",
    ],
    [
      "a name twice",
      { ...chat, tools: [chatTools.tools[0], chatTools.tools[0]] },
      "the name 'get_weather' is used twice",
    ],
    [
      "an open strict schema",
      {
        ...chat,
        tools: [{ type: "function", function: { ...weather, parameters: { type: "object", properties: {} } } }],
      },
      "In context=(), 'additionalProperties' is required to be supplied and to be false.",
    ],
    [
      "an optional property in a strict format",
      {
        ...chat,
        response_format: {
          type: "json_schema",
          json_schema: {
            name: "r",
            strict: true,
            schema: {
              type: "object",
              properties: { a: { type: "object", properties: { b: { type: "string" } }, additionalProperties: false } },
              required: ["a"],
              additionalProperties: false,
            },
          },
        },
      },
      "Invalid schema for response_format 'r': In context=('properties', 'a'), 'required' is required to be supplied and to be an array including every key in properties. Missing 'b'.",
    ],
    [
      "a result without a call",
      { ...chat, messages: [{ role: "tool", tool_call_id: "call_1", content: "x" }] },
      "must be a response to a preceeding message with 'tool_calls'.",
    ],
    [
      "a call without a result",
      { ...chat, messages: [{ role: "assistant", tool_calls: calls }] },
      "did not have response messages: call_1",
    ],
    [
      "a user between call and result",
      {
        ...chat,
        messages: [
          { role: "assistant", tool_calls: calls },
          { role: "user", content: "?" },
        ],
      },
      "did not have response messages: call_1",
    ],
    [
      "the result of another call",
      {
        ...chat,
        messages: [
          { role: "assistant", tool_calls: calls },
          { role: "tool", tool_call_id: "call_2", content: "x" },
        ],
      },
      "'tool_call_id' of 'call_2' not found",
    ],
    [
      "an image in a result",
      {
        ...chat,
        messages: [
          { role: "assistant", tool_calls: calls },
          { role: "tool", tool_call_id: "call_1", content: [{ type: "image_url" }] },
        ],
      },
      "Invalid value: 'image_url'.",
    ],
    [
      "a message without content",
      { ...chat, messages: [{ role: "assistant", content: null }] },
      "expected a string, got null",
    ],
    [
      "fields of a reply",
      { ...chat, messages: [{ role: "assistant", content: "x", annotations: [] }] },
      "Unknown parameter: 'messages[0].annotations'.",
    ],
    [
      "json_object without the word",
      { ...chat, response_format: { type: "json_object" } },
      "must contain the word 'json'",
    ],
  ];

  it("refuses what the API refuses", () =>
    withFake({}, async (server) => {
      for (const [what, body, message] of refused) {
        const { status, json } = await send(server, PATH, body);
        expect([what, status], what).toEqual([what, what === "an unknown model" ? 404 : 400]);
        expect((json["error"] as { message: string }).message, what).toContain(message);
      }
      expect((await send(server, PATH, "{")).status).toBe(400);
      expect((await send(server, PATH, chat, { headers: {} })).status).toBe(401);
      expect((await send(server, "/nothing", chat)).status).toBe(404);
      expect((await send(server, PATH)).status).toBe(405);
    }));

  it("takes another key as a wrong one, and anything if it is told not to validate", () =>
    withFake({ apiKey: "another" }, async (server) => {
      expect((await send(server, PATH, chat)).json["error"]).toMatchObject({ code: "invalid_api_key" });
      await using open = await fakeOpenAI({ validate: false, replies: "Hi" });
      for (const [what, body] of refused) expect((await send(open, PATH, body)).status, what).toBe(200);
    }));
});

describe("dialects of the fake", () => {
  const names =
    "openrouter groq deepseek mistral xai together fireworks vllm llamacpp ollama lmstudio azure gemini anthropic".split(
      " ",
    ) as readonly Dialect[];
  const script = reply(
    thinking("Let me see."),
    text("Hi there"),
    toolUse("get_weather", { city: "Oslo" }),
    toolUse("now"),
  );

  const played = async (dialect: Dialect, more: object = {}): Promise<string> =>
    await withFake({ dialect, replies: script }, async (server) => {
      const body = { ...withUsage, model: "some-model", ...chatTools, ...more };
      return (await send(server, PATH, body)).text;
    });

  it.each(names)("%s gives text, reasoning and calls", async (dialect) => {
    const body = await played(dialect);
    const events = eventsIn(body);
    expect(contentOf(events)).toContain("Hi there");
    const reasoned = /"(reasoning|reasoning_content|thinking)":/.test(body);
    expect(reasoned).toBe(!["azure", "gemini", "anthropic"].includes(dialect));
    expect(body).toContain('"name":"get_weather"');
    expect(body).not.toContain("obfuscation");
  });

  it("have their oddities", async () => {
    expect(await played("openrouter")).toMatch(/^: OPENROUTER PROCESSING\n\n.*"provider":"Fake"/);
    expect(await played("groq")).toMatch(/"x_groq":\{"id":"[^"]+","usage"/);
    expect(await played("mistral")).not.toContain('"index":1');
    expect(await played("mistral")).toMatch(/"id":"\w{9}"/);
    expect(await played("xai")).not.toContain('"finish_reason":null');
    expect(await played("vllm")).not.toContain("null");
    expect(await played("ollama")).not.toContain('"index":1');
    expect(await played("anthropic")).toContain('"index":2');
    expect(await played("azure")).toMatch(/^data: \{"choices":\[\],"created":0,"id":"".*"prompt_filter_results"/);
    expect(await played("gemini")).toContain("thought_signature");
    expect(await played("llamacpp")).toContain("timings");
    const { usage } = eventsIn(await played("xai")).at(-1) as {
      usage: {
        prompt_tokens: number;
        completion_tokens: number;
        total_tokens: number;
        completion_tokens_details: { reasoning_tokens: number };
      };
    };
    expect(usage.prompt_tokens + usage.completion_tokens + usage.completion_tokens_details.reasoning_tokens).toBe(
      usage.total_tokens,
    );
  });

  it("refuse what their servers refuse", async () => {
    const answered = (call: object, message: object = {}) => ({
      ...chat,
      messages: [
        { role: "assistant", content: "", tool_calls: [call], ...message },
        { role: "tool", tool_call_id: "call_1", content: "x" },
      ],
    });
    const call = { id: "call_1", type: "function", function: { name: "a", arguments: '{"cut' } };
    const asked = (dialect: Dialect, body: object): Promise<string> =>
      withFake({ dialect, replies: "Hi" }, async (server) =>
        JSON.stringify((await send(server, PATH, body)).json["error"]),
      );
    expect(await asked("mistral", answered(call))).toContain("with a length of 9");
    expect(await asked("vllm", answered(call))).toContain("Failed to parse");
    expect(await asked("deepseek", answered(call))).toContain(
      "`reasoning_content` in the thinking mode must be passed back",
    );
    expect(await asked("deepseek", answered(call, { reasoning_content: "" }))).toBeUndefined();
    expect(await asked("gemini", answered(call))).toContain("thought_signature");
    expect(await asked("groq", answered(call))).toBeUndefined();
    expect(await asked("groq", { ...chat, messages: [{ role: "developer", content: "x" }] })).toContain("developer");
  });

  it("each oddity changes a stream", async () => {
    const plain = await withFake(
      { replies: script },
      async (server) => (await send(server, PATH, { ...withUsage, ...chatTools })).text,
    );
    const [chatNames] = [oddityNames.slice(0, oddityNames.indexOf("no-sequence"))];
    for (const oddity of chatNames) {
      if (oddity === "both-reasoning") continue;
      const odd = await withFake(
        { replies: script, oddities: [oddity as never] },
        async (server) => (await send(server, PATH, { ...withUsage, ...chatTools })).text,
      );
      expect(odd === plain, oddity).toBe(false);
      expect(odd, oddity).toContain("Hi");
    }
    await expect(fakeOpenAI({ oddities: ["nonsense" as never] })).rejects.toThrow('there is no "nonsense"');
    await expect(fakeOpenAI({ dialect: "nonsense" as never })).rejects.toThrow('there is no "nonsense"');
  });
});

describe.skipIf(!hasCorpus)("replays of the fake", () => {
  it("are the recorded bytes, with nothing added", async () => {
    const folder = `${corpusFolder}/openai-chat`;
    const files = readdirSync(folder).filter((file) => file.endsWith(".sse"));
    expect(files.length).toBeGreaterThan(20);
    await using server = await fakeOpenAI({
      replies: files.map((file) => replayFile(`${folder}/${file}`)),
      validate: false,
    });
    for (const file of files) {
      const { readFile } = await import("node:fs/promises");
      expect((await send(server, PATH, chat)).text, file).toBe(await readFile(`${folder}/${file}`, "utf8"));
    }
  });

  it("send raw chunks as they are", () =>
    withFake(
      { replies: reply("Hi", rawEvent({ type: "x", choices: [{ delta: { audio: { id: "a" } } }] })) },
      async (server) => {
        expect((await send(server, PATH, chat)).text).toContain('"audio":{"id":"a"}');
      },
    ));
});
