import { describe, expect, it } from "vitest";
import { call as chat, client as chatClient } from "../../src/providers/openai-chat/index.ts";
import { call as responses, client } from "../../src/providers/openai/index.ts";
import { serve, startStream } from "../server.ts";

const chunk = (content: string) =>
  `data: ${JSON.stringify({ id: "c", choices: [{ index: 0, delta: { content } }] })}\n\n`;
const delta = (text: string) => {
  const event = { type: "response.output_text.delta", output_index: 0, content_index: 0, delta: text };
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
};
const apis = {
  chat: {
    text: chunk,
    call: (baseURL: string) => chat("qwen3", { ...options, client: chatClient({ baseURL, apiKey: "k" }) }, () => "?")(),
  },
  responses: {
    text: delta,
    call: (baseURL: string) =>
      responses("qwen3", { ...options, client: client({ baseURL, apiKey: "k" }) }, () => "?")(),
  },
} as const;
const options = { stream: true, retry: false } as const;

describe.each(["chat", "responses"] as const)("a line after the events that is no field (%s)", (api) => {
  const { text, call } = apis[api];

  async function read(...ends: readonly string[]) {
    await using server = await serve((response) => {
      startStream(response, `${[..."Hello"].map(text).join("")}${ends[0] ?? ""}`);
      // In reads of its own.
      setImmediate(() => response.end(ends[1] ?? ""));
    });
    const stream = call(`${server.url}/v1`);
    await stream.response().catch(() => {});
    return { outcome: stream.outcome, content: stream.content, error: stream.error };
  }

  it.each<[what: string, line: string, error: object]>([
    [
      "text",
      '{"error":"model runner has unexpectedly stopped"}',
      { providerMessage: "model runner has unexpectedly stopped" },
    ],
    [
      "an object",
      '{"error": {"message": "It is överloaded.", "type": "server_error"}}',
      { providerMessage: "It is överloaded.", type: "server_error", retryable: true },
    ],
  ])("is an error: %s", async (_, line, error) => {
    for (const ends of [[`${line}\n`], [line], ["", `${line}\n\n`], [line.slice(0, 12), line.slice(12)]]) {
      const got = await read(...ends);
      expect([got.outcome, got.content]).toEqual(["failed", "Hello"]);
      expect(got.error).toMatchObject({ code: "api_error", ...error });
    }
  });

  it.each([
    ["that was cut", '{"error":"model run'],
    ["that says something else", '{"done":true}'],
    ["that events follow", `{"error":"No."}\n\n${text("!")}`],
  ])("is nothing if it is one %s", async (_, line) => {
    expect((await read(line)).outcome).toBe("truncated");
  });
});
