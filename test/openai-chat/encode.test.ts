import { describe, expect, it } from "vitest";
import { image, audio, document, system, tool, user } from "../../src/index.ts";
import type { CommonMessage } from "../../src/prompt/common-message.ts";
import { call, type ChatMessageParam, client, type ClientOptions } from "../../src/providers/openai-chat/index.ts";
import { continuation } from "../../src/providers/openai-chat/continuation.ts";
import { openAIChat } from "../../src/providers/openai-chat/provider.ts";
import { nativeParams } from "../../src/providers/openai-chat/params.ts";

interface Sent {
  readonly url: string;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

const reply = {
  id: "c",
  choices: [{ index: 0, message: { role: "assistant", content: "Hi" }, finish_reason: "stop" }],
};

/** Sends a prompt through a client with these options, and gives what was sent. */
async function sent(
  options: ClientOptions,
  prompt: unknown = "Hello",
  rest: Record<string, unknown> = {},
): Promise<Sent> {
  const found: Sent[] = [];
  const fetch: typeof globalThis.fetch = (url, init) => {
    found.push({
      url: String(url),
      headers: new Headers(init?.headers),
      body: JSON.parse(String(init?.body)) as Sent["body"],
    });
    return Promise.resolve(Response.json(reply));
  };
  const made = client({ apiKey: "k", ...options, fetch });
  await call("some-model", { client: made, retry: false, ...rest }, () => prompt as string)();
  return found[0] ?? expect.unreachable();
}

const messagesOf = async (prompt: unknown, options: ClientOptions = {}): Promise<unknown> =>
  (await sent(options, prompt)).body["messages"];

describe("what is sent", () => {
  it("asks for usage where it is streamed", async () => {
    const stream = call(
      "m",
      { stream: true, client: client({ apiKey: "k", fetch: () => Promise.resolve(Response.json(reply)) }) },
      () => "x",
    )();
    await stream.response();
    expect(stream.callKwargs).toEqual({
      model: "m",
      messages: [{ role: "user", content: "x" }],
      stream: true,
      stream_options: { include_usage: true },
    });
    expect((await sent({}, "Hello")).body).toEqual({
      model: "some-model",
      messages: [{ role: "user", content: "Hello" }],
    });
  });

  it("neutral parts become the API's", async () => {
    const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 0]);
    const pdf = new TextEncoder().encode("%PDF-1.7");
    const wav = new TextEncoder().encode("RIFF0000WAVE");
    const messages = await messagesOf([
      system("Be brief."),
      user([
        "See",
        image("https://example.com/a.png"),
        image(png, { detail: "low" }),
        document(pdf, { title: "a.pdf" }),
        audio(wav),
      ]),
    ]);
    expect(messages).toEqual([
      { role: "system", content: "Be brief." },
      {
        role: "user",
        content: [
          { type: "text", text: "See" },
          { type: "image_url", image_url: { url: "https://example.com/a.png" } },
          { type: "image_url", image_url: { url: `data:image/png;base64,${btoa("\x89PNG\0\0")}`, detail: "low" } },
          { type: "file", file: { filename: "a.pdf", file_data: `data:application/pdf;base64,${btoa("%PDF-1.7")}` } },
          { type: "input_audio", input_audio: { data: btoa("RIFF0000WAVE"), format: "wav" } },
        ],
      },
    ]);
  });

  it("a conversation of another provider becomes the API's, its own parts left out", async () => {
    const conversation: CommonMessage[] = [
      { role: "user", content: "Hello" },
      {
        role: "assistant",
        content: [
          { type: "native", provider: "anthropic", block: { type: "thinking" } },
          { type: "text", text: "Hm." },
          { type: "toolCall", id: "toolu_1", name: "f", args: { a: 1 } },
        ],
      },
      {
        role: "user",
        content: [
          { type: "toolResult", id: "toolu_1", content: [{ type: "text", text: "no" }], isError: true },
          { type: "text", text: "Go on." },
        ],
      },
    ];
    expect(await messagesOf(conversation)).toEqual([
      { role: "user", content: "Hello" },
      {
        role: "assistant",
        content: "Hm.",
        tool_calls: [{ id: "toolu_1", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
      },
      { role: "tool", tool_call_id: "toolu_1", content: "Error: no" },
      { role: "user", content: [{ type: "text", text: "Go on." }] },
    ]);
  });

  it("what a tool gave beside text follows in a message of the user", () => {
    const content = [
      { type: "text", text: "Here." },
      { type: "image", data: "aGk=", mediaType: "image/png" },
    ];
    const results = [
      { id: "a", content, isError: false },
      { id: "b", content: "done", isError: false },
    ];
    const odd = [{ type: "search_result" }, { type: "document", url: "https://example.com/a.pdf" }];
    expect(openAIChat.toolResults([{ id: "a", content: odd, isError: true }])).toEqual([
      { role: "tool", tool_call_id: "a", content: "Error: [not shown]\n[not shown]" },
    ]);
    expect(openAIChat.toolResults(results)).toEqual([
      { role: "tool", tool_call_id: "a", content: "Here.\n[See the next message of the user.]" },
      { role: "tool", tool_call_id: "b", content: "done" },
      {
        role: "user",
        content: [
          { type: "text", text: "From the result of call a:" },
          { type: "image_url", image_url: { url: "data:image/png;base64,aGk=" } },
        ],
      },
    ]);
  });

  it("native messages are sent as they are", async () => {
    const messages: ChatMessageParam[] = [
      { role: "developer", content: "Be brief." },
      { role: "user", content: [{ type: "file", file: { file_id: "file_1" } }] },
      { role: "assistant", tool_calls: [{ id: "a", type: "custom", custom: { name: "sh", input: "ls" } }] },
      { role: "tool", tool_call_id: "a", content: "" },
    ];
    expect(await messagesOf(messages)).toEqual(messages);
  });

  it.each<[string, unknown, string]>([
    ["a document by its address", user(document("https://example.com/a.pdf")), "document"],
    [
      "audio of a format that it does not know",
      { role: "user", content: [{ type: "audio", data: "aGk=", mediaType: "audio/ogg" }] },
      "audio",
    ],
    [
      "an image in instructions",
      { role: "system", content: [{ type: "image", url: "https://example.com/a.png" }] },
      "image",
    ],
    [
      "an image in a model's turn",
      { role: "assistant", content: [{ type: "image", url: "https://example.com/a.png" }] },
      "image",
    ],
  ])("refuses %s", async (_, message, part) => {
    await expect(sent({}, [message, user("x")])).rejects.toMatchObject({ code: "unsupported_content", part });
  });

  it("tools and the choice among them", async () => {
    const clock = tool({ name: "clock", description: "Tells the time.", call: () => "now" });
    const choose = async (toolChoice: unknown, options: ClientOptions = {}) => {
      const { tools, tool_choice, parallel_tool_calls } = (await sent(options, "Hello", { tools: [clock], toolChoice }))
        .body;
      expect(tools).toMatchObject([{ type: "function", function: { name: "clock", description: "Tells the time." } }]);
      return [tool_choice, parallel_tool_calls];
    };
    expect(await choose(undefined)).toEqual([undefined, undefined]);
    expect(await choose("any")).toEqual(["required", undefined]);
    expect(await choose({ type: "auto", parallel: false })).toEqual(["auto", false]);
    expect(await choose({ type: "tool", name: "clock" })).toEqual([
      { type: "function", function: { name: "clock" } },
      undefined,
    ]);
    expect(await choose("any", { dialect: "mistral" })).toEqual(["any", undefined]);
  });

  it("ids of calls are told apart, and have the form that a server wants", async () => {
    const asked = (id: string): ChatMessageParam[] => [
      { role: "assistant", tool_calls: [{ id, type: "function", function: { name: "f", arguments: "{}" } }] },
      { role: "tool", tool_call_id: id, content: "done" },
    ];
    const prompt = [user("Hello"), ...asked("functions.f:0"), ...asked("functions.f:0")];
    const ids = async (options: ClientOptions): Promise<unknown[]> =>
      ((await messagesOf(prompt, options)) as Record<string, unknown>[])
        .slice(1)
        .map(({ tool_calls, tool_call_id }) => tool_call_id ?? (tool_calls as { id: unknown }[])[0]?.id);
    expect(await ids({})).toEqual(["functions.f:0", "functions.f:0", "functions.f:0_1", "functions.f:0_1"]);
    const own = await ids({ dialect: "mistral" });
    expect(new Set(own).size).toBe(2);
    for (const id of own) expect(id).toMatch(/^[a-z\d]{9}$/i);
    expect(await ids({ dialect: "mistral" })).toEqual(own);
  });

  it("neutral parameters under the API's names", () => {
    expect(
      nativeParams({
        maxTokens: 9,
        temperature: 1,
        topP: 0.5,
        stop: ["x"],
        seed: 1,
        frequencyPenalty: 1,
        presencePenalty: 2,
        reasoning: "low",
      }),
    ).toEqual({
      callParams: {
        max_completion_tokens: 9,
        temperature: 1,
        top_p: 0.5,
        stop: ["x"],
        seed: 1,
        frequency_penalty: 1,
        presence_penalty: 2,
        reasoning_effort: "low",
      },
      unsupported: [],
    });
    expect(nativeParams({ topK: 3, reasoning: { maxTokens: 5 } })).toEqual({
      callParams: {},
      unsupported: ["topK", "reasoning"],
    });
  });
});

describe("a dialect", () => {
  it.each<[NonNullable<ClientOptions["dialect"]>, string]>([
    ["openai", "https://api.openai.com/v1/chat/completions"],
    ["openrouter", "https://openrouter.ai/api/v1/chat/completions"],
    ["groq", "https://api.groq.com/openai/v1/chat/completions"],
    ["deepseek", "https://api.deepseek.com/chat/completions"],
    ["mistral", "https://api.mistral.ai/v1/chat/completions"],
    ["xai", "https://api.x.ai/v1/chat/completions"],
    ["together", "https://api.together.xyz/v1/chat/completions"],
    ["fireworks", "https://api.fireworks.ai/inference/v1/chat/completions"],
    ["gemini", "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions"],
    ["anthropic", "https://api.anthropic.com/v1/chat/completions"],
    ["vllm", "http://127.0.0.1:8000/v1/chat/completions"],
    ["llamacpp", "http://127.0.0.1:8080/v1/chat/completions"],
    ["ollama", "http://127.0.0.1:11434/v1/chat/completions"],
    ["lmstudio", "http://127.0.0.1:1234/v1/chat/completions"],
  ])("%s has its address", async (dialect, url) => {
    expect(await sent({ dialect })).toMatchObject({ url });
  });

  it("azure has a header of its own, and its path may be left out", async () => {
    const urls = [
      "https://res.openai.azure.com",
      "https://res.openai.azure.com/openai/v1",
      "https://res.services.ai.azure.com/openai/v1/",
    ];
    for (const baseURL of urls) {
      const { url, headers, body } = await sent({ dialect: "azure", baseURL }, "Hello", {
        callParams: { max_completion_tokens: 5 },
      });
      expect(url).toMatch(/\.azure\.com\/openai\/v1\/chat\/completions$/);
      expect([headers.get("api-key"), headers.get("authorization"), body["max_completion_tokens"]]).toEqual([
        "k",
        null,
        5,
      ]);
    }
    const dated = "https://res.openai.azure.com/openai/deployments/d?api-version=2025-01-01";
    expect((await sent({ dialect: "azure", baseURL: dated })).url).toBe(
      "https://res.openai.azure.com/openai/deployments/d/chat/completions?api-version=2025-01-01",
    );
  });

  it("is recognised by a known address, and an unknown server needs none", async () => {
    const limit = async (options: ClientOptions) => {
      const { max_tokens, max_completion_tokens } = (await sent(options, "Hello", { params: { maxTokens: 5 } })).body;
      return [max_tokens, max_completion_tokens];
    };
    expect(await limit({})).toEqual([undefined, 5]);
    expect(await limit({ baseURL: "https://eu.api.openai.com/v1" })).toEqual([undefined, 5]);
    expect(await limit({ baseURL: "https://api.mistral.ai/v1" })).toEqual([5, undefined]);
    expect(await limit({ baseURL: "https://llm.example.com/v1" })).toEqual([5, undefined]);
    expect(await limit({ dialect: "openai", baseURL: "https://llm.example.com/v1" })).toEqual([undefined, 5]);
    expect(await limit({ baseURL: "https://api.openai.com.example.com/v1" })).toEqual([5, undefined]);
    const { url } = await sent({ baseURL: "https://llm.example.com/v1/chat/completions?a=b" });
    expect(url).toBe("https://llm.example.com/v1/chat/completions?a=b");
  });

  it("that is misspelt is refused, with all that there are", () => {
    const dialect = "olama" as never;
    expect(() => client({ dialect })).toThrow(/dialect.*ollama/);
  });

  it("has the reasoning back that it wants, and no other", async () => {
    const call = { id: "a", type: "function", function: { name: "f", arguments: "{}" } } as const;
    const details = [{ type: "reasoning.text", text: "Hm", signature: "s", index: 0 }];
    const turn: ChatMessageParam = {
      role: "assistant",
      content: "Hm.",
      tool_calls: [call],
      reasoning_content: "Hm",
      reasoning_details: details,
    };
    const plain: ChatMessageParam = { role: "assistant", content: "Done.", reasoning_content: "Hm" };
    const prompt = [user("Hello"), turn, { role: "tool", tool_call_id: "a", content: "done" }, plain, user("Thanks")];
    const kept = async (options: ClientOptions) => {
      const messages = (await messagesOf(prompt, options)) as Record<string, unknown>[];
      return [messages[1], messages[3]].map(({ reasoning_content, reasoning_details } = {}) => ({
        reasoning_content,
        reasoning_details,
      }));
    };
    expect(await kept({})).toEqual([{}, {}]);
    expect(await kept({ baseURL: "https://llm.example.com/v1" })).toEqual([{}, {}]);
    expect(await kept({ dialect: "deepseek" })).toEqual([{ reasoning_content: "Hm" }, {}]);
    expect(await kept({ dialect: "openrouter" })).toEqual([{ reasoning_details: details }, {}]);
    const { reasoning_content: _, ...without } = turn;
    const [, sentTurn] = (await messagesOf([user("Hello"), without, { role: "tool", tool_call_id: "a", content: "" }], {
      dialect: "deepseek",
    })) as unknown[];
    expect(sentTurn).toMatchObject({ reasoning_content: "" });
  });

  it("lets a model go on with its turn where it can", async () => {
    const prompt = [user("Hello"), { role: "assistant", content: "He" }];
    const last = async (options: ClientOptions) => {
      const { body } = await sent(options, prompt);
      return [(body["messages"] as unknown[]).at(-1), body["continue_final_message"]];
    };
    const turn = { role: "assistant", content: "He" };
    expect(await last({})).toEqual([turn, undefined]);
    expect(await last({ dialect: "mistral" })).toEqual([{ ...turn, prefix: true }, undefined]);
    expect(await last({ dialect: "deepseek" })).toEqual([turn, undefined]);
    expect(await last({ dialect: "deepseek", baseURL: "https://api.deepseek.com/beta" })).toEqual([
      { ...turn, prefix: true },
      undefined,
    ]);
    expect(await last({ dialect: "vllm" })).toEqual([turn, true]);
    const cut = {
      items: [{ role: "assistant", content: "He" }],
      body: { model: "m", messages: [] },
      model: "m",
      words: null,
    } as const;
    expect(continuation(cut).items).toHaveLength(2);
  });

  it("that fetches no images is not asked to", async () => {
    await expect(sent({ dialect: "ollama" }, user(image("https://example.com/a.png")))).rejects.toMatchObject({
      part: "image",
    });
  });
});
