import { describe, expect, it } from "vitest";
import { type Message, image, user } from "../../src/index.ts";
import { call as chat, client as chatClient } from "../../src/providers/openai-chat/index.ts";
import { call as responses, client } from "../../src/providers/openai/index.ts";
import { apiError, type FakeOpenAI, fakeOpenAI, reply } from "../../src/testing/index.ts";

/** About 100,000 tokens, which cost $0.50. */
const LONG = "word ".repeat(80_000);
const MODEL = "gpt-5.5";

interface Options {
  readonly retry?: false | { readonly delay: number };
  readonly budget?: { readonly cost: number };
}

const apis = {
  responses: ({ url }: FakeOpenAI, options: Options, prompt: Message) =>
    responses(MODEL, { ...options, stream: true, client: client({ baseURL: url, apiKey: "k" }) }, () => [prompt])(),
  chat: ({ url }: FakeOpenAI, options: Options, prompt: Message) =>
    chat(MODEL, { ...options, stream: true, client: chatClient({ baseURL: url, apiKey: "k" }) }, () => [prompt])(),
};

describe.each(["responses", "chat"] as const)("the prompt, before its tokens are reported (%s)", (api) => {
  it("is estimated by its length, in a stream that was cut", async () => {
    await using server = await fakeOpenAI({ replies: reply("one two three four", { disconnectAfter: 4 }) });
    const stream = apis[api](server, { retry: false }, user(LONG));
    expect(await stream.response().catch((error: unknown) => error)).toMatchObject({ code: "stream_truncated" });
    expect(stream.commonUsage).toMatchObject({ source: "estimated" });
    expect(stream.inputTokens).toBeGreaterThan(99_000);
    expect(stream.inputTokens).toBeLessThan(101_000);
    expect(stream.cost).toBeGreaterThan(0.49);
    const notes: unknown = stream.costMetadata?.notes;
    expect(notes).toContain("estimated");
  });

  it("counts towards a budget", async () => {
    await using server = await fakeOpenAI({ replies: "Hi." });
    const stream = apis[api](server, { budget: { cost: 0.2 } }, user(LONG));
    expect(await stream.response().catch((error: unknown) => error)).toMatchObject({
      code: "budget_exceeded",
      budget: "cost",
    });
  });

  it("counts once if the request before was not answered, and is replaced by what is reported", async () => {
    await using server = await fakeOpenAI({ replies: [apiError(500), "Hi."] });
    const stream = apis[api](server, { retry: { delay: 1 }, budget: { cost: 0.8 } }, user(LONG));
    await stream.response();
    expect(stream.attempts).toHaveLength(2);
    expect(stream.usage.source).toBe("reported");
  });

  it("is not taken to be as long as the data of its images", async () => {
    await using server = await fakeOpenAI({ replies: reply("one two three", { disconnectAfter: 4 }) });
    const png = Uint8Array.from({ length: 400_000 }, (_, at) => [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10][at] ?? 7);
    const stream = apis[api](server, { retry: false }, user(["What is this?", image(png)]));
    await stream.response().catch(() => {});
    expect(stream.inputTokens).toBeGreaterThan(500);
    expect(stream.inputTokens).toBeLessThan(2_000);
  });
});
