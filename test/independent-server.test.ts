import { LLMock } from "@copilotkit/aimock";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import * as anthropic from "../src/providers/anthropic/index.ts";
import * as chat from "../src/providers/openai-chat/index.ts";
import * as openai from "../src/providers/openai/index.ts";
import { tool } from "../src/tool/tool.ts";

const mock = new LLMock({ port: 0 });
beforeAll(async () => {
  mock.onMessage(/text/, { content: "Hi there, reader." });
  mock.onMessage(/tool/, { toolCalls: [{ name: "get_weather", arguments: '{"city":"Oslo"}' }] });
  mock.onMessage(/fail/, { error: { message: "Rate limited", type: "rate_limit_error" }, status: 429 });
  await mock.start();
});
afterAll(() => mock.stop());

const getWeather = tool({
  name: "get_weather",
  description: "Tells the weather.",
  input: z.object({ city: z.string() }),
  call: () => "sunny",
});
const apiKey = "k";
const shared = { stream: true, retry: false, tools: [getWeather] } as const;
const apis = {
  "Anthropic's Messages": {
    finishReasons: ["end_turn", "tool_use"],
    ask: (prompt: string, own: typeof fetch | undefined) => {
      const client = anthropic.client({ apiKey, baseURL: mock.url, fetch: own });
      return anthropic.call("claude-sonnet-5-5", { ...shared, client }, () => prompt)();
    },
  },
  "OpenAI's Responses": {
    finishReasons: ["completed", "completed"],
    ask: (prompt: string, own: typeof fetch | undefined) => {
      const client = openai.client({ apiKey, baseURL: `${mock.url}/v1`, fetch: own });
      return openai.call("gpt-6.2-sol", { ...shared, client }, () => prompt)();
    },
  },
  "OpenAI's Chat Completions": {
    finishReasons: ["stop", "tool_calls"],
    ask: (prompt: string, own: typeof fetch | undefined) => {
      const client = chat.client({ apiKey, baseURL: `${mock.url}/v1`, fetch: own });
      return chat.call("gpt-6.2-sol", { ...shared, client }, () => prompt)();
    },
  },
};

describe.each(Object.entries(apis))("an independent mock server that speaks %s", (_, { ask, finishReasons }) => {
  it.each([undefined, fetch])("streams text, through %o", async (own) => {
    const stream = ask("text please", own);
    let text = "";
    for await (const [chunk] of stream) text += chunk.content;
    expect([text, stream.content, stream.outcome]).toEqual(["Hi there, reader.", "Hi there, reader.", "complete"]);
    expect(stream.finishReasons).toEqual([finishReasons[0]]);
  });

  it("streams a tool call", async () => {
    const { tools, finishReasons: found } = await ask("tool please", undefined).response();
    expect(tools).toMatchObject([{ name: "get_weather", args: { city: "Oslo" } }]);
    expect(found).toEqual([finishReasons[1]]);
  });

  it("fails as it says", async () => {
    await expect(ask("fail please", undefined).response()).rejects.toMatchObject({ status: 429, retryable: true });
  });
});
