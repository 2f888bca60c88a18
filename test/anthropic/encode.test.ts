import { describe, expect, it } from "vitest";
import { assistant, cacheControl, image, system, tool, user } from "millrace";
import { call, client, type MessageParam } from "millrace/anthropic";
import { fakeAnthropic } from "millrace/testing";
import { InvalidOptionError, UnsupportedContentError } from "../../src/errors.ts";
import { encode, encodeToolResults } from "../../src/providers/anthropic/encode.ts";
import { serve, startStream, reply as replyFrames } from "../server.ts";
import { cpuMsSince } from "../cpu-time.ts";

type PromptOf = Parameters<typeof encode>[0];

const prompt = (messages: readonly unknown[], more: Partial<PromptOf> = {}): PromptOf => ({
  model: "claude-sonnet-5-5",
  messages: messages as PromptOf["messages"],
  callParams: undefined,
  tools: [],
  toolChoice: undefined,
  client: client({ apiKey: "key" }),
  formatBody: undefined,
  streamed: true,
  connectTimeoutMs: 1000,
  ...more,
});

function nested(depth: number): unknown {
  let value: unknown = {};
  for (let level = 0; level < depth; level++) value = { a: value };
  return value;
}

const ping = tool({ name: "ping", description: "Replies with pong.", call: () => "pong" });

describe("the messages of a request", () => {
  it("are the prompt's own where they are native already", () => {
    const history: MessageParam[] = [
      { role: "user", content: "Hi" },
      { role: "assistant", content: [{ type: "text", text: "Hello" }] },
      { role: "user", content: [{ type: "text", text: "Look", cache_control: { type: "ephemeral" } }] },
      { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "f", input: {} }] },
      ...encodeToolResults([{ id: "toolu_1", content: "ok", isError: false }]),
      { role: "system", content: "Be brief.", clear_at: "never", output_config: { effort: "low" } },
    ];
    const { items, body } = encode(prompt(history));
    expect(items.every((item, place) => item === history[place])).toBe(true);
    expect(body.messages).toBe(items);
    const neutral = [user("Hi"), assistant("Hello"), user(["Once more", "please"])];
    expect(encode(prompt(neutral)).items.every((item, place) => (item as unknown) === neutral[place])).toBe(true);
  });

  it.each([
    ['the role "tool"', { role: "tool", content: "x", tool_call_id: "1" }],
    ['the role "developer"', { role: "developer", content: "x" }],
    ["tool_calls", { role: "assistant", content: null, tool_calls: [] }],
  ])("cannot be OpenAI's, with %s", (oddity, message) => {
    expect(() => encode(prompt([user("Hi"), message]))).toThrow(
      `Invalid prompt: a message has ${oddity}, as OpenAI's have. Take tool calls and results from stream.history(outputs).`,
    );
    // What both have is taken.
    const { body } = encode(prompt([{ role: "system", content: "Be brief." }, user("Hi")]));
    expect(body["system"]).toEqual([{ type: "text", text: "Be brief." }]);
  });

  it("are translated where they are not", () => {
    const neutral = user(["Look", cacheControl(), image("https://example.com/a.png")]);
    expect(encode(prompt([neutral])).items).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "Look", cache_control: { type: "ephemeral" } },
          { type: "image", source: { type: "url", url: "https://example.com/a.png" } },
        ],
      },
    ]);
    expect(neutral.content).toHaveLength(2);
  });

  it("give the request its system prompt, however many parts that has", () => {
    const parts = Array.from({ length: 200_000 }, () => ({ type: "text", text: "a" }));
    const { body } = encode(prompt([{ role: "system", content: parts }, user("Hi")]));
    expect(body["system"]).toHaveLength(200_000);
    const added = encode(prompt([system("And this."), user("Hi")], { callParams: { system: "" } }));
    expect(added.body["system"]).toEqual([{ type: "text", text: "And this." }]);
    const joined = encode(prompt([system("And this."), user("Hi")], { callParams: { system: "This." } }));
    expect(joined.body["system"]).toEqual([
      { type: "text", text: "This." },
      { type: "text", text: "And this." },
    ]);
  });

  it("keep what they carry beside their text, even if they open the prompt", () => {
    const brief = { role: "system", content: "Be brief.", clear_at: "next_user_message" };
    const hard = { role: "system", content: [{ type: "text", text: "Think." }], output_config: { effort: "max" } };
    const encoded = encode(prompt([system("Hello."), brief, hard, user("Hi")]));
    expect(encoded.body["system"]).toEqual([{ type: "text", text: "Hello." }]);
    expect(encoded.items).toEqual([brief, hard, user("Hi")]);
    // Nothing is carried by a key without a value.
    const plain = encode(prompt([{ ...brief, clear_at: undefined }, user("Hi")]));
    expect([plain.body["system"], plain.items]).toEqual([[{ type: "text", text: "Be brief." }], [user("Hi")]]);
  });

  it("have parts that keep the API's own keys beside ours", () => {
    const cacheControl = { type: "ephemeral" };
    const given = [
      { type: "text", text: "Look", citations: [], cacheControl },
      { type: "image", url: "https://example.com/a.png", detail: "low", transformations: { oversized_image: "error" } },
      { type: "document", url: "https://example.com/a.pdf", title: "A", citations: { enabled: true }, cacheControl },
      { type: "future", data: "a", cache_control: cacheControl },
    ];
    expect(encode(prompt([{ role: "user", content: given }])).items).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "Look", citations: [], cache_control: cacheControl },
          {
            type: "image",
            source: { type: "url", url: "https://example.com/a.png" },
            transformations: { oversized_image: "error" },
          },
          {
            type: "document",
            source: { type: "url", url: "https://example.com/a.pdf" },
            title: "A",
            citations: { enabled: true },
            cache_control: cacheControl,
          },
          given[3],
        ],
      },
    ]);
  });

  it("are encoded in linear time", () => {
    const turn = (n: number) => [user(`question ${n}`), { role: "assistant", content: [{ type: "text", text: "ok" }] }];
    const turns = Array.from({ length: 40_000 }, (_, n) => turn(n)).flat();
    const start = process.cpuUsage();
    expect(encode(prompt(turns)).items).toHaveLength(80_000);
    expect(cpuMsSince(start)).toBeLessThan(900);
  });

  it.each([
    ["null", [null]],
    ["number", 5],
    ["string", ["words"]],
    ["undefined", [undefined]],
  ])("are refused with content that is neither text nor parts: %s", (part, content) => {
    const error = (): unknown => encode(prompt([{ role: "user", content }]));
    expect(error).toThrow(UnsupportedContentError);
    expect(error).toThrow(`Content part "${part}": a message's content is text or a list of content parts.`);
  });
});

describe("half of a surrogate pair", () => {
  const half = "cut \ud83d";
  const messages = [
    system(half),
    user(half),
    { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "ping", input: { [half]: half } }] },
    ...encodeToolResults([{ id: "toolu_1", content: half, isError: false }]),
  ];
  const schema = { type: "object", properties: { a: { type: "string", description: half } } };
  const tools = [ping, { name: "native", description: half, input_schema: schema }] as PromptOf["tools"];

  it("is U+FFFD on the wire, wherever it stands", async () => {
    await using server = await serve((response) => startStream(response, replyFrames("Hi")).end());
    const ask = call(
      "claude-sonnet-5-5",
      { client: client({ apiKey: "key", baseURL: server.url }), callParams: { metadata: { user_id: half } } },
      () => ({ messages: messages as never, tools: tools as never }),
    );
    await ask().catch(() => {});
    const received = JSON.stringify(server.requests[0]?.body);
    expect(received).toContain("cut \ufffd");
    expect(received).not.toMatch(/\\ud83d|\ud83d(?![\udc00-\udfff])/);
    expect(received.match(/\ufffd/g)).toHaveLength(8);
  });

  it("is repaired in the body that the call shows, while its messages stay the prompt's", () => {
    const history = [{ role: "user", content: half }];
    const encoded = encode(prompt(history));
    expect(encoded.body.messages).toEqual([{ role: "user", content: "cut \ufffd" }]);
    expect(encoded.items[0]).toBe(history[0]);
    expect(JSON.parse(String(encoded.request.http.body))).toEqual(encoded.body);
  });

  it("leaves text that only looks like an escape alone", () => {
    const text = String.raw`\ud83d and \\ud83d`;
    const encoded = encode(prompt([user(text), user(half)]));
    expect(encoded.body.messages[0]).toEqual({ role: "user", content: text });
  });

  it("does not reach an SDK client either", async () => {
    let given: unknown;
    const sdk = {
      messages: {
        create: (body: unknown) => {
          given = body;
          return Promise.reject(new Error("enough"));
        },
      },
    };
    await expect(call("claude-sonnet-5-5", { client: sdk as never, retry: false }, () => half)()).rejects.toThrow();
    expect(given).toMatchObject({ messages: [{ role: "user", content: "cut \ufffd" }] });
  });
});

describe("a request that has no JSON form", () => {
  it.each<[string, Partial<PromptOf>, unknown[]]>([
    ["messages.1.content.0.input", {}, [user("Hi"), { role: "assistant", content: [{ input: nested(50_000) }] }]],
    ["tools.0.input_schema", { tools: [{ name: "f", input_schema: nested(50_000) }] as never }, [user("Hi")]],
    ["metadata", { callParams: { metadata: nested(50_000) as never } }, [user("Hi")]],
    ["a_field", { callParams: { extra_body: { a_field: 1n } } }, [user("Hi")]],
  ])("is an InvalidOptionError that names %s", (place, more, messages) => {
    const encoding = (): unknown => encode(prompt(messages, more));
    expect(encoding).toThrow(InvalidOptionError);
    expect(encoding).toThrow(`Invalid ${place}`);
  });

  it("is not sent", async () => {
    await using server = await fakeAnthropic();
    const ask = call("claude-sonnet-5-5", { client: client({ apiKey: "key", baseURL: server.url }) }, () => ({
      messages: [{ role: "user", content: [{ type: "text", text: "Hi", extra: nested(50_000) }] }] as never,
    }));
    await expect(ask()).rejects.toMatchObject({
      code: "invalid_option",
      option: expect.stringMatching(/^messages\.0/),
    });
    expect(server.requests).toHaveLength(0);
  });
});

describe("the choice among tools", () => {
  const choiceIn = (more: Partial<PromptOf>): unknown => encode(prompt([user("Hi")], more)).body["tool_choice"];
  const callParams = { tool_choice: { type: "tool", name: "ping", disable_parallel_tool_use: true } } as const;

  it("is that of callParams, unless the option says otherwise", () => {
    expect(choiceIn({ tools: [ping], callParams })).toEqual(callParams.tool_choice);
    expect(choiceIn({ tools: [ping], callParams, toolChoice: "any" })).toEqual({ type: "any" });
    expect(choiceIn({ tools: [ping], callParams, toolChoice: { type: "auto", parallel: false } })).toEqual({
      type: "auto",
      disable_parallel_tool_use: true,
    });
  });

  it("is not sent if nobody made one", () => {
    expect(encode(prompt([user("Hi")], { tools: [ping] })).body).not.toHaveProperty("tool_choice");
  });

  it("reaches the API", async () => {
    await using server = await fakeAnthropic();
    const options = { client: client({ apiKey: "key", baseURL: server.url }), tools: [ping], callParams };
    await call("claude-opus-4-6", options, () => "Hi")();
    expect(server.requests[0]?.body["tool_choice"]).toEqual(callParams.tool_choice);
  });
});
