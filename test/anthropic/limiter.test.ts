import { describe, expect, it, vi } from "vitest";
import {
  type AnthropicCallOptions,
  type AnthropicStream,
  call,
  client,
  limiter,
} from "../../src/providers/anthropic/index.ts";
import { type Handler, reply, serve, startStream, type TestServer } from "../server.ts";

function open(server: TestServer, options: AnthropicCallOptions = {}, prompt = "Hello"): AnthropicStream {
  const own = client({ apiKey: "sk-test", baseURL: server.url });
  return call("claude-sonnet-5-5", { client: own, retry: { delay: 1 }, ...options, stream: true }, () => prompt)();
}

/** Holds responses until they are released, in their order. */
function held(): { handler: Handler; release: () => void; waiting: () => number } {
  const responses: Parameters<Handler>[0][] = [];
  return {
    handler: (response) => void responses.push(response),
    release: () => void (responses[0] && startStream(responses.shift() as never).end(reply("Hi"))),
    waiting: () => responses.length,
  };
}

const promptsOf = ({ requests }: TestServer): unknown[] =>
  requests.map(({ body }) => (body["messages"] as { content: unknown }[])[0]?.content);

describe("a limiter", () => {
  it("lets so many requests through, and the rest in the order of coming", async () => {
    const { handler, release, waiting } = held();
    await using server = await serve(handler);
    const shared = limiter({ concurrency: 2 });
    const prompts = ["a", "b", "c", "d", "e"];
    const responses = prompts.map((prompt) => open(server, { limiter: shared }, prompt).response());
    for (let served = 0; served < prompts.length; served++) {
      await vi.waitFor(() => expect(waiting()).toBe(Math.min(2, prompts.length - served)));
      await vi.waitFor(() => expect(shared.running).toBe(waiting()));
      release();
    }
    await Promise.all(responses);
    expect(promptsOf(server).slice(2)).toEqual(["c", "d", "e"]);
    expect([shared.running, shared.waiting]).toEqual([0, 0]);
  });

  it("gives the place back after every outcome", async () => {
    const shared = limiter({ concurrency: 1 });
    const faults: Handler[] = [
      (response) => response.destroy(),
      (response) => response.writeHead(400).end(),
      (response) => startStream(response).end(),
    ];
    await using server = await serve((response, request, count) =>
      (faults[count - 1] ?? (() => void startStream(response).end(reply("Hi"))))(response, request, count),
    );
    for (const _ of faults)
      await open(server, { limiter: shared, retry: false })
        .response()
        .catch(() => {});
    const stopped = open(server, { limiter: shared });
    for await (const _ of stopped) break;
    expect([shared.running, (await open(server, { limiter: shared }).response()).content]).toEqual([0, "Hi"]);
  });

  it("refuses what its queue does not hold, without sending it", async () => {
    const { handler, release, waiting } = held();
    await using server = await serve(handler);
    const shared = limiter({ concurrency: 1, queue: 1 });
    const first = open(server, { limiter: shared }).response();
    await vi.waitFor(() => expect(waiting()).toBe(1));
    const second = open(server, { limiter: shared }).response();
    await vi.waitFor(() => expect(shared.waiting).toBe(1));
    await expect(open(server, { limiter: shared }).response()).rejects.toMatchObject({
      code: "limiter_queue_full",
      waiting: 1,
    });
    release();
    await vi.waitFor(() => expect(waiting()).toBe(1));
    release();
    await Promise.all([first, second]);
    expect(server.requests).toHaveLength(2);
  });

  it("lets go of whoever is aborted while he waits", async () => {
    const { handler, release, waiting } = held();
    await using server = await serve(handler);
    const shared = limiter({ concurrency: 1 });
    const first = open(server, { limiter: shared }).response();
    await vi.waitFor(() => expect(waiting()).toBe(1));
    const stream = open(server, { limiter: shared });
    const second = stream.response();
    await vi.waitFor(() => expect(shared.waiting).toBe(1));
    stream.abort("enough");
    await expect(second).rejects.toMatchObject({ code: "stream_aborted" });
    expect(shared.waiting).toBe(0);
    release();
    await first;
    expect(server.requests).toHaveLength(1);
  });

  it("sends nothing before the time that the provider names", async () => {
    const sent: number[] = [];
    const soon = (): string => new Date(Date.now() + 150).toISOString();
    for (const headers of [
      () => ({ "anthropic-ratelimit-requests-remaining": "0", "anthropic-ratelimit-requests-reset": soon() }),
      () => ({ "anthropic-ratelimit-input-tokens-remaining": "0", "anthropic-ratelimit-input-tokens-reset": soon() }),
    ]) {
      sent.length = 0;
      await using server = await serve((response) => {
        sent.push(Date.now());
        for (const [name, value] of Object.entries(headers())) response.setHeader(name, value);
        startStream(response).end(reply("Hi"));
      });
      const shared = limiter();
      await open(server, { limiter: shared }).response();
      await open(server, { limiter: shared }).response();
      expect((sent[1] ?? 0) - (sent[0] ?? 0)).toBeGreaterThanOrEqual(145);
    }
  });

  it("makes all wait where one was told to", async () => {
    const sent: number[] = [];
    await using server = await serve((response, _, count) => {
      sent.push(Date.now());
      if (count > 1) return void startStream(response).end(reply("Hi"));
      response.writeHead(429, { "retry-after-ms": "150" }).end();
    });
    const shared = limiter();
    const first = open(server, { limiter: shared }).response();
    await vi.waitFor(() => expect(shared.running).toBe(0));
    await vi.waitFor(() => expect(sent).toHaveLength(1));
    await Promise.all([first, open(server, { limiter: shared }).response()]);
    expect(sent.slice(1).every((time) => time - (sent[0] ?? 0) >= 140)).toBe(true);
  });
});
