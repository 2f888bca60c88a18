import { expect, it, vi } from "vitest";
import { fakeAnthropic } from "../../src/testing/index.ts";

it("a neutral stream knows its provider before that is loaded, and nothing of a reply", async () => {
  await using server = await fakeAnthropic({ replies: "A book." });
  // Other tests have loaded it.
  vi.resetModules();
  const { call, Stream, StreamNotStartedError } = await import("../../src/index.ts");
  const { client } = await import("../../src/providers/anthropic/client.ts");
  const fake = client({ apiKey: "k", baseURL: server.url });
  const id = "anthropic/claude-sonnet-5-5";
  const stream = call(id, { stream: true, client: fake }, (genre: string) => `Recommend a ${genre} book`)("crime");
  expect(stream.provider).toBe("anthropic");
  expect([stream.content, stream.message, stream.messageParam, stream.finishReasons, stream.outcome]).toEqual([
    "",
    null,
    null,
    [],
    "pending",
  ]);
  expect(stream.signature).toBeNull();
  expect(() => stream.usage).toThrow(StreamNotStartedError);
  expect(() => stream.cost).toThrow(StreamNotStartedError);
  expect(String(stream)).toBe("");
  expect(() => JSON.stringify(stream)).not.toThrow();
  const response = await stream.response();
  expect(response.content).toBe("A book.");
  expect(stream.usage.output_tokens).toBeGreaterThan(0);
  const { AnthropicStream } = await import("../../src/providers/anthropic/index.ts");
  expect(stream instanceof AnthropicStream && stream instanceof Stream).toBe(true);
  expect(stream.attempts).toMatchObject([{ provider: "anthropic", model: "claude-sonnet-5-5", leftOut: [] }]);
});
