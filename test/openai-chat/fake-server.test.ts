import { describe, expect, it } from "vitest";
import * as z from "zod";
import { tool, type ToolOutput, user } from "../../src/index.ts";
import { call, type ChatMessageParam, client, type ClientOptions } from "../../src/providers/openai-chat/index.ts";
import { call as structuredCall } from "../../src/providers/openai-chat/structured.ts";
import { type Oddity, oddityNames } from "../../src/testing/openai/oddity.ts";
import { fakeOpenAI, reply, text, thinking, toolUse } from "../../src/testing/index.ts";

const DIALECTS = [
  "openai",
  "azure",
  "openrouter",
  "groq",
  "deepseek",
  "mistral",
  "xai",
  "together",
  "fireworks",
  "gemini",
  "anthropic",
  "vllm",
  "llamacpp",
  "ollama",
  "lmstudio",
] as const satisfies readonly NonNullable<ClientOptions["dialect"]>[];

/** Those of Chat Completions. */
const ODDITIES = oddityNames.slice(0, oddityNames.indexOf("no-sequence")) as readonly Oddity[];

const now = tool({ name: "now", call: () => "12:00" });
const lookUp = tool({ name: "look_up", input: z.object({ title: z.string() }), call: ({ title }) => `about ${title}` });

describe("the fake server", () => {
  it.each(DIALECTS)("as %s: a conversation with reasoning and tools goes on", async (dialect) => {
    const asked = [
      thinking("Let me see."),
      text("I look it up."),
      toolUse("look_up", { title: "Mistborn" }),
      toolUse("look_up", { title: "Elantris" }),
    ];
    await using server = await fakeOpenAI({ dialect, replies: [reply(...asked), reply(...asked), "Done."] });
    const chat = call(
      "gpt-5.5",
      { stream: true, retry: false, tools: [lookUp], client: client({ dialect, baseURL: server.url, apiKey: "k" }) },
      (messages: readonly ChatMessageParam[]) => messages,
    );
    let messages: readonly ChatMessageParam[] = [{ role: "user", content: "Hello" }];
    for (const turn of ["first", "second", "last"]) {
      const stream = chat(messages);
      const outputs: ToolOutput[] = [];
      for await (const [, called] of stream) if (called !== null) outputs.push([called, await called.call()]);
      expect([turn, stream.outcome, stream.usage.source]).toEqual([turn, "complete", "reported"]);
      expect([turn, outputs.length]).toEqual([turn, turn === "last" ? 0 : 2]);
      expect(stream.content).toContain(turn === "last" ? "Done." : "I look it up.");
      messages = [...stream.history(outputs), { role: "user", content: "Go on." }];
    }
    expect(server.requests).toHaveLength(3);
  });

  it.each(ODDITIES)("with the oddity %s: text, reasoning, tools and usage are what they were", async (oddity) => {
    const parts = [thinking("Hm."), text("See."), toolUse("look_up", { title: "Mistborn" }), toolUse("now", {})];
    await using server = await fakeOpenAI({ dialect: "vllm", oddities: [oddity], replies: [reply(...parts)] });
    const made = client({ dialect: "vllm", baseURL: server.url });
    const stream = call("m", { stream: true, retry: false, tools: [lookUp, now], client: made }, () => "Hello")();
    const called: unknown[] = [];
    try {
      for await (const [, one] of stream) if (one !== null) called.push([one.name, one.args]);
    } catch (error) {
      // Nothing else says that the reply has ended.
      expect([oddity, error]).toEqual(["no-finish", stream.error]);
    }
    expect(stream.outcome).toBe(oddity === "no-finish" ? "truncated" : "complete");
    expect([stream.content, stream.thinking]).toEqual(["See.", "Hm."]);
    expect(stream.outputTokens).toBeGreaterThan(0);
    if (oddity === "no-finish") return;
    expect(called).toEqual([
      ["look_up", { title: "Mistborn" }],
      ["now", {}],
    ]);
    expect(new Set(stream.tools.map(({ id }) => id)).size).toBe(2);
  });

  it("a response model is asked for in the strict subset, and properties that were left out stay so", async () => {
    const Book = z.object({ title: z.string(), author: z.string().optional(), tags: z.array(z.string()).nullable() });
    await using server = await fakeOpenAI({ replies: ['{"title":"Mistborn","author":null,"tags":null}'] });
    const made = client({ baseURL: server.url, apiKey: "k" });
    const extract = structuredCall("gpt-5.5", { client: made, responseModel: Book }, () => "Extract");
    expect(await extract()).toEqual({ title: "Mistborn", tags: null });
    expect(server.requests[0]?.body).toMatchObject({
      response_format: {
        type: "json_schema",
        json_schema: { strict: true, schema: { required: ["title", "author", "tags"] } },
      },
    });
  });

  it("a model that the subset cannot express is the input of a tool, with a warning", async () => {
    const Prices = z.object({ prices: z.record(z.string(), z.number()) });
    await using server = await fakeOpenAI({ replies: [reply(toolUse("respond", { prices: { Mistborn: 9 } }))] });
    const made = client({ baseURL: server.url, apiKey: "k" });
    const extract = structuredCall("gpt-5.5", { client: made, stream: true, responseModel: Prices }, () => "Extract");
    const stream = extract();
    expect(await stream.parse()).toEqual({ prices: { Mistborn: 9 } });
    expect(stream.warnings.map(({ code }) => code)).toEqual(["format_not_enforced"]);
    expect(server.requests[0]?.body).toMatchObject({
      tool_choice: { type: "function", function: { name: "respond" } },
    });
  });

  it("an official SDK client is a client", async () => {
    const sdk = await import("openai").catch(() => null);
    if (sdk === null)
      return console.warn("\n*** The package openai is not installed: its clients are NOT TESTED. ***\n");
    await using server = await fakeOpenAI({ replies: ["Hello there.", "And again."] });
    const made = new sdk.OpenAI({ baseURL: server.url, apiKey: "sk-secret" });
    const ask = call("gpt-5.5", { client: made, retry: false, stream: true }, (words: string) => [user(words)]);
    const stream = ask("Hi");
    let said = "";
    for await (const [chunk] of stream) said += chunk.content;
    expect([said, stream.outcome, stream.usage.source]).toEqual(["Hello there.", "complete", "reported"]);
    expect((await ask.with({ stream: false })("Hi")).content).toBe("And again.");
  });
});
