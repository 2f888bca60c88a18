import { describe, expect, it } from "vitest";
import {
  apiError,
  errorEvent,
  fakeOpenAI,
  type FakeOpenAI,
  type FakeOpenAIOptions,
  reply,
  text,
  thinking,
  toolUse,
} from "millrace/testing";
import { chatTools, responsesTools } from "./openai-client.ts";

type Fields = Record<string, unknown>;
type Streamed = AsyncIterable<Fields>;

/** As much of the official SDK as is used here, so that this compiles without it. */
interface Sdk {
  readonly chat: {
    readonly completions: {
      create(body: object): Promise<unknown>;
      stream(body: object): Streamed & { finalChatCompletion(): Promise<Fields> };
    };
  };
  readonly responses: {
    create(body: object): Promise<unknown>;
    stream(body: object): Streamed & { finalResponse(): Promise<Fields> };
    retrieve(id: string, query?: object): Promise<unknown>;
    cancel(id: string): Promise<Fields>;
    delete(id: string): Promise<unknown>;
    readonly inputTokens?: { count(body: object): Promise<Fields> };
  };
  readonly models: { list(): AsyncIterable<Fields> };
}
type SdkClass = new (options: object) => Sdk;

async function load(name: string): Promise<SdkClass | null> {
  try {
    return ((await import(name)) as { default: SdkClass }).default;
  } catch {
    console.warn(`\n*** The package "${name}" is not installed: its tests are SKIPPED. ***\n`);
    return null;
  }
}

const sdks = await Promise.all(["openai-7", "openai"].map(async (name) => [name, await load(name)] as const));

const messages = [{ role: "user", content: "Hello" }];

describe.each(sdks)("the official SDK %s", (_, Client) => {
  const test = it.skipIf(Client === null);

  async function withSdk(
    options: FakeOpenAIOptions,
    use: (sdk: Sdk, server: FakeOpenAI) => Promise<void>,
  ): Promise<void> {
    await using server = await fakeOpenAI(options);
    if (Client === null) return;
    await use(new Client({ apiKey: "secret-key", baseURL: server.url, maxRetries: 0 }), server);
  }

  const script = reply(thinking("Hm."), text("Hello there"), toolUse("get_weather", { city: "Oslo" }));

  test("reads Chat Completions, streamed, with the helper, and whole", () =>
    withSdk({ replies: script }, async (sdk) => {
      const body = { model: "gpt-4o", messages, ...chatTools };
      let content = "";
      const stream = (await sdk.chat.completions.create({ ...body, stream: true })) as AsyncIterable<{
        choices: { delta: { content?: string | null } }[];
      }>;
      for await (const { choices } of stream) content += choices[0]?.delta.content ?? "";
      expect(content).toBe("Hello there");
      const completion = {
        choices: [
          {
            finish_reason: "tool_calls",
            message: {
              content: "Hello there",
              tool_calls: [{ function: { name: "get_weather", arguments: '{"city":"Oslo"}' } }],
            },
          },
        ],
      };
      expect(await sdk.chat.completions.stream(body).finalChatCompletion()).toMatchObject(completion);
      expect(await sdk.chat.completions.create(body)).toMatchObject(completion);
    }));

  test("reads Responses, streamed, with the helper, and whole", () =>
    withSdk({ replies: script }, async (sdk) => {
      const body = { model: "gpt-5.5", input: "Hello", ...responsesTools };
      const response = {
        status: "completed",
        output_text: "Hello there",
        output: [{ type: "reasoning" }, { type: "message" }, { type: "function_call", arguments: '{"city":"Oslo"}' }],
      };
      let content = "";
      for await (const event of (await sdk.responses.create({ ...body, stream: true })) as Streamed) {
        if (event["type"] === "response.output_text.delta") content += String(event["delta"]);
      }
      expect(content).toBe("Hello there");
      expect(await sdk.responses.stream(body).finalResponse()).toMatchObject(response);
      expect(await sdk.responses.create(body)).toMatchObject(response);
    }));

  test("resumes, cancels and deletes responses, counts tokens, and lists models", () =>
    withSdk({ replies: "One two three" }, async (sdk) => {
      const ids: string[] = [];
      for await (const event of (await sdk.responses.create({
        model: "gpt-5.5",
        input: "Hi",
        background: true,
        stream: true,
      })) as Streamed) {
        if (event["type"] === "response.created") ids.push((event["response"] as { id: string }).id);
      }
      const [id = ""] = ids;
      const rest: unknown[] = [];
      for await (const event of (await sdk.responses.retrieve(id, { stream: true, starting_after: 4 })) as Streamed)
        rest.push(event["sequence_number"]);
      expect(rest[0]).toBe(5);
      expect(await sdk.responses.cancel(id)).toMatchObject({ id, status: "completed" });
      await sdk.responses.delete(id);
      await expect(sdk.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
      if (sdk.responses.inputTokens)
        expect(
          (await sdk.responses.inputTokens.count({ model: "gpt-5.5", input: "Hi" }))["input_tokens"],
        ).toBeGreaterThan(0);
      for await (const model of sdk.models.list()) expect(model["object"]).toBe("model");
    }));

  test("throws the errors that it is sent", () =>
    withSdk(
      {
        replies: [apiError(429), apiError(429, "insufficient_quota"), reply("Once", errorEvent("server_error", "Oh"))],
      },
      async (sdk) => {
        const body = { model: "gpt-4o", messages };
        await expect(sdk.chat.completions.create(body)).rejects.toMatchObject({
          status: 429,
          code: "rate_limit_exceeded",
          requestID: expect.stringMatching(/^req_/),
        });
        await expect(sdk.chat.completions.create(body)).rejects.toMatchObject({ code: "insufficient_quota" });
        await expect(sdk.chat.completions.stream(body).finalChatCompletion()).rejects.toMatchObject({
          code: "server_error",
        });
        await expect(sdk.chat.completions.create({ ...body, messages: [] })).rejects.toMatchObject({
          status: 400,
          code: "empty_array",
          param: "messages",
        });
      },
    ));
});
