import AnthropicOld from "anthropic-sdk-0";
import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, it, vi } from "vitest";
import { ApiError, ConnectionError, StreamTruncatedError } from "../../src/errors.ts";
import {
  type AnthropicCallOptions,
  type AnthropicStream,
  call,
  client,
  limiter,
} from "../../src/providers/anthropic/index.ts";
import { delta, frames, reply, serve, started, startStream, type TestServer } from "../server.ts";

function ask(options: AnthropicCallOptions): AnthropicStream {
  return call("claude-sonnet-5-5", { retry: false, ...options, stream: true }, () => "Hello")();
}

describe("headers of a client", () => {
  it("go over the library's own, but for the length of the body", async () => {
    await using server = await serve((response) => startStream(response).end(reply("Hi")));
    const headers = { "X-Team": "mill", "user-agent": "wheel", "content-length": "1" };
    const { content } = await ask({ client: client({ apiKey: "k", baseURL: server.url, headers }) }).response();
    expect(content).toBe("Hi");
    expect(server.requests[0]?.headers).toMatchObject({
      host: new URL(server.url).host,
      "x-team": "mill",
      "user-agent": "wheel",
      accept: "text/event-stream",
    });
  });

  it("may name another host", async () => {
    await using server = await serve((response) => startStream(response).end(reply("Hi")));
    const own = client({ apiKey: "k", baseURL: server.url, headers: { Host: "api.example.com" } });
    await ask({ client: own }).response();
    expect(server.requests.map(({ headers }) => headers.host)).toEqual(["api.example.com"]);
  });
});

describe.each([
  ["1.12", Anthropic],
  ["0.137", AnthropicOld],
])("an SDK client (%s) as client", (_, Sdk) => {
  const sdk = (server: TestServer): AnthropicCallOptions["client"] =>
    new Sdk({ apiKey: "sk-test", baseURL: server.url });

  it("streams the same, with the request's id", async () => {
    await using server = await serve((response) => startStream(response).end(reply("Hi ", "there")));
    const viaSdk = ask({ client: sdk(server) });
    const direct = ask({ client: client({ apiKey: "k", baseURL: server.url }) });
    let text = "";
    for await (const [chunk] of viaSdk) text += chunk.content;
    expect(text).toBe("Hi there");
    expect((await viaSdk.response()).response).toEqual((await direct.response()).response);
    expect([viaSdk.outcome, viaSdk.requestId]).toEqual(["complete", "req_1"]);
    expect(server.requests[0]?.body).toEqual(server.requests[1]?.body);
  });

  it("does not retry by itself, and keeps what the error says", async () => {
    await using server = await serve((response) => {
      response.writeHead(529, { "content-type": "application/json", "request-id": "req_5" });
      response.end('{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}');
    });
    const error = await ask({ client: sdk(server) })
      .response()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 529, type: "overloaded_error", requestId: "req_5", retryable: true });
    expect(server.requests).toHaveLength(1);
  });

  it("lets a limiter learn from the errors and the replies that it gets", async () => {
    const sent: number[] = [];
    await using server = await serve((response, _request, count) => {
      sent.push(Date.now());
      if (count === 1) return void response.writeHead(429, { "retry-after-ms": "100" }).end();
      response.setHeader("anthropic-ratelimit-requests-remaining", "0");
      response.setHeader("anthropic-ratelimit-requests-reset", new Date(Date.now() + 100).toISOString());
      startStream(response).end(reply("Hi"));
    });
    const asking = (): Promise<unknown> => ask({ client: sdk(server), limiter: shared, retry: false }).response();
    const shared = limiter();
    const error = await asking().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ status: 429, retryAfterMs: 100, cause: expect.any(Sdk.RateLimitError) as unknown });
    await asking();
    await asking();
    const [first = 0, second = 0, third = 0] = sent;
    expect(second - first).toBeGreaterThanOrEqual(95);
    expect(third - second).toBeGreaterThanOrEqual(95);
  });

  it("refuses redirects", async () => {
    await using target = await serve((response) => startStream(response).end(reply("Hi")));
    await using server = await serve((response) => {
      response.writeHead(307, { location: `${target.url}/v1/messages` });
      response.end();
    });
    await expect(ask({ client: sdk(server) }).response()).rejects.toBeInstanceOf(ConnectionError);
    expect(target.requests).toHaveLength(0);
  });

  it("does not take a cut stream for a whole one", async () => {
    await using server = await serve((response) => startStream(response).end(frames([...started, delta("Hi")])));
    const stream = ask({ client: sdk(server) });
    await expect(stream.response()).rejects.toBeInstanceOf(StreamTruncatedError);
    expect([stream.outcome, stream.content]).toEqual(["truncated", "Hi"]);
  });

  it("gives an error event its type", async () => {
    const overloaded = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
    await using server = await serve((response) =>
      startStream(response).end(frames([...started, delta("Hi"), overloaded])),
    );
    const stream = ask({ client: sdk(server) });
    await expect(stream.response()).rejects.toMatchObject({ code: "api_error", type: "overloaded_error" });
    expect([stream.outcome, stream.content]).toEqual(["failed", "Hi"]);
  });

  it("closes the connection when the reader leaves", async () => {
    let noteClose: () => void = () => {};
    const closed = new Promise<void>((resolve) => (noteClose = resolve));
    await using server = await serve((response) => {
      startStream(response, frames([...started, delta("Hi")])).once("close", noteClose);
    });
    for await (const [chunk] of ask({ client: sdk(server) })) if (chunk.content !== "") break;
    await closed;
  });
});

describe("a client of the user's own that ignores the signal", () => {
  it("is held to the time limit", async () => {
    const own = { messages: { create: () => new Promise(() => {}) } };
    const stream = ask({ client: own, timeout: { connect: 20 } });
    await expect(stream.response()).rejects.toMatchObject({ code: "timeout", limit: "connect", limitMs: 20 });
  });

  it("is given up when the reader leaves, and told so once it answers", async () => {
    const onReturn = vi.fn(() => Promise.resolve({ done: true, value: undefined }));
    const iterator = { next: () => new Promise<never>(() => {}), return: onReturn };
    let answer = (): void => {};
    const create = vi.fn(async () => {
      await new Promise<void>((resolve) => (answer = resolve));
      return { [Symbol.asyncIterator]: () => iterator };
    });
    const stream = ask({ client: { messages: { create } } });
    const read = stream.response();
    await vi.waitFor(() => expect(create).toHaveBeenCalled());
    stream.abort("enough");
    await expect(read).rejects.toMatchObject({ code: "stream_aborted" });
    expect(onReturn).not.toHaveBeenCalled();
    answer();
    await vi.waitFor(() => expect(onReturn).toHaveBeenCalledTimes(1));
  });
});

describe("max_tokens: 0", () => {
  const message = {
    id: "msg_0",
    type: "message",
    role: "assistant",
    model: "claude-sonnet-5-5",
    content: [],
    stop_reason: "max_tokens",
    stop_sequence: null,
    usage: { input_tokens: 3, output_tokens: 0 },
  };

  it.each([false, true])("is sent unstreamed (through an SDK client: %s)", async (viaSdk) => {
    await using server = await serve((response) => {
      response.writeHead(200, { "content-type": "application/json", "request-id": "req_1" });
      response.end(JSON.stringify(message));
    });
    const own = viaSdk
      ? new Anthropic({ apiKey: "k", baseURL: server.url })
      : client({ apiKey: "k", baseURL: server.url });
    const answer = await call("claude-sonnet-5-5", { client: own, callParams: { max_tokens: 0 } }, () => "Hello")();
    expect(answer.response).toEqual(expect.objectContaining(message));
    expect(server.requests[0]?.body).not.toHaveProperty("stream");
  });
});
