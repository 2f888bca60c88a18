import type * as http from "node:http";
import { describe, expect, it } from "vitest";
import { ApiError, ContentTypeError, MalformedFrameError, StreamTruncatedError } from "../../src/errors.ts";
import { type AnthropicCallOptions, type AnthropicStream, call, client } from "../../src/providers/anthropic/index.ts";
import { tool } from "../../src/neutral-tool.ts";
import * as z from "zod";
import { reply, serve, startStream } from "../server.ts";

const message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-5-5",
  content: [{ type: "text", text: "Hello" }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 10, output_tokens: 5 },
};
const whole = JSON.stringify(message);
const events = reply("Hel", "lo");
/** None, and such as servers give to what they stream. */
const TYPES = [
  undefined,
  "text/event-stream",
  "Text/Event-Stream; charset=utf-8",
  "text/plain; charset=utf-8",
  "text/html",
  "application/json",
  "application/octet-stream",
  "nonsense",
];

const headers = (type: string | undefined): http.OutgoingHttpHeaders =>
  type === undefined ? {} : { "content-type": type };

function ask(url: string, options: AnthropicCallOptions & { readonly viaFetch?: boolean } = {}): AnthropicStream {
  const { viaFetch, ...others } = options;
  const own = client({ apiKey: "k", baseURL: url, fetch: viaFetch ? fetch : undefined });
  return call("claude-sonnet-5-5", { client: own, retry: false, ...others, stream: true }, () => "Hello")();
}

async function failure(stream: AnthropicStream): Promise<unknown> {
  return stream.response().then(
    () => expect.unreachable("it was to fail"),
    (error: unknown) => error,
  );
}

describe.each(TYPES)("a response of type %s", (type) => {
  it.each([
    ["events", events],
    ["a whole message", whole],
  ])("is read where it is %s", async (_, body) => {
    await using server = await serve((response) => response.writeHead(200, headers(type)).end(body));
    for (const viaFetch of [false, true]) {
      const stream = ask(server.url, { viaFetch });
      const { content } = await stream.response();
      expect([content, stream.outcome, stream.finishReasons]).toEqual(["Hello", "complete", ["end_turn"]]);
    }
  });

  it("is refused where it is neither, with its beginning", async () => {
    await using server = await serve((response) => response.writeHead(200, headers(type)).end("Welcome!\n\nLog in."));
    const error = await failure(ask(server.url));
    expect(error).toBeInstanceOf(ContentTypeError);
    expect(error).toMatchObject({ contentType: type ?? "", status: 200, phase: "first-content", retryable: false });
    expect(String(error)).toMatch(/begins with "Welcome!\\n/);
  });

  it("is the error that it describes", async () => {
    const text = '{"type":"error","error":{"type":"overloaded_error","message":"Not now."}}';
    await using server = await serve((response) =>
      response.writeHead(200, { ...headers(type), "request-id": "req_1" }).end(text),
    );
    const error = await failure(ask(server.url));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 200, type: "overloaded_error", requestId: "req_1", retryable: true });
  });
});

describe("events", () => {
  it.each([
    ["after a byte order mark and empty lines", `\ufeff\r\n\n${events}`],
    ["with other line ends", events.replaceAll("\n", "\r\n")],
    ["after a comment", `: hello\n\n${events}`],
    ["after an id and a field of the server's own", `id: 1\nserver: x\n${events}`],
    ["without their names", events.replaceAll(/^event: .*\n/gm, "")],
    ["after a pause to reconnect", `retry: 100\n\n${events}`],
  ])("are known %s", async (_, body) => {
    await using server = await serve((response) => response.writeHead(200, headers("text/plain")).end(body));
    expect((await ask(server.url).response()).content).toBe("Hello");
  });

  it("are known byte by byte, and shown as they come", async () => {
    let goOn = (): void => {};
    await using server = await serve((response) => {
      response.writeHead(200, headers("application/json"));
      const [shown = "", rest = ""] = events.split(/(?<="Hel"\}\}\n\n)/);
      for (const byte of Buffer.from(shown)) response.write(Buffer.of(byte));
      goOn = () => response.end(rest);
    });
    let text = "";
    for await (const [chunk] of ask(server.url)) {
      text += chunk.content;
      if (chunk.content === "Hel") goOn();
    }
    expect(text).toBe("Hello");
  });

  it("that end before the first one are a stream that was cut", async () => {
    for (const body of [
      "",
      "\n\n",
      "retry: 100\n\n",
      "id: 1\n\n",
      ": hello\n\n",
      "event: message_start\n",
      "ev",
      "d",
    ]) {
      await using server = await serve((response) => response.writeHead(200, headers("text/html")).end(body));
      expect(await failure(ask(server.url))).toBeInstanceOf(StreamTruncatedError);
    }
  });

  it("may come although a whole message was asked for", async () => {
    await using server = await serve((response) => response.writeHead(200, headers("application/json")).end(events));
    const own = client({ apiKey: "k", baseURL: server.url });
    const answer = await call("claude-sonnet-5-5", { client: own, callParams: { max_tokens: 0 } }, () => "Hello")();
    expect(answer.content).toBe("Hello");
  });
});

describe("a whole message", () => {
  it.each([
    ["written for people", `\n\n  ${JSON.stringify(message, null, 2).replaceAll(/$/gm, "\r")}\n`],
    ["after a byte order mark", `\ufeff${whole}`],
    ["after spaces, to keep the connection open", `${" \n".repeat(5_000)}${whole}`],
    ["that does not name its type", JSON.stringify({ ...message, type: undefined })],
    ["that has fields of errors, without any", JSON.stringify({ ...message, error: null, code: 0 })],
    ["as the data of one event", `data: ${whole}\n\n`],
  ])("is known %s", async (_, body) => {
    await using server = await serve((response) => startStream(response).end(body));
    const stream = ask(server.url);
    const { content, response } = await stream.response();
    expect([content, stream.outcome, stream.usage.output_tokens]).toEqual(["Hello", "complete", 5]);
    expect(response).toEqual(expect.objectContaining({ id: "msg_1", content: message.content }));
  });

  it("may come in pieces that cut characters", async () => {
    const text = "Grüße, 世界 👋";
    const bytes = Buffer.from(JSON.stringify({ ...message, content: [{ type: "text", text }] }));
    await using server = await serve((response) => {
      response.writeHead(200, headers("application/json"));
      for (const byte of bytes) response.write(Buffer.of(byte));
      response.end();
    });
    expect((await ask(server.url).response()).content).toBe(text);
  });

  it("has its tools in pairs", async () => {
    const add = tool({ name: "add", input: z.object({ a: z.number() }), call: ({ a }) => a + 1 });
    const content = [1, 2].map((a) => ({ type: "tool_use", id: `toolu_${a}`, name: "add", input: { a } }));
    await using server = await serve((response) =>
      response
        .writeHead(200, headers("application/json"))
        .end(JSON.stringify({ ...message, content, stop_reason: "tool_use" })),
    );
    const own = client({ apiKey: "k", baseURL: server.url });
    const outputs: unknown[] = [];
    for await (const [, called] of call("m", { client: own, stream: true, tools: [add] }, () => "Hello")()) {
      if (called) outputs.push(await called.call());
    }
    expect(outputs).toEqual([2, 3]);
  });

  it("that was cut is no other than a stream that was", async () => {
    await using server = await serve((response) => {
      response
        .writeHead(200, headers("application/json"))
        .write(whole.slice(0, -20), () => response.socket?.destroySoon());
    });
    expect(await failure(ask(server.url))).toBeInstanceOf(StreamTruncatedError);
    await using clean = await serve((response) => response.writeHead(200).end(whole.slice(0, -20)));
    const error = await failure(ask(clean.url));
    expect(error).toBeInstanceOf(MalformedFrameError);
    expect(error).toMatchObject({ data: expect.stringContaining("msg_1"), retryable: true });
  });

  it("counts when it is whole, even if the connection is then lost", async () => {
    await using server = await serve((response) => {
      response.writeHead(200, headers("application/json")).write(whole, () => response.socket?.destroySoon());
    });
    expect((await ask(server.url).response()).content).toBe("Hello");
  });

  it("may be as large as a frame", async () => {
    await using server = await serve((response) => response.writeHead(200).end(whole.padEnd(5_000)));
    expect(await failure(ask(server.url, { limit: { frame: 1_000 } }))).toMatchObject({
      code: "limit",
      limit: "frame",
    });
    await using page = await serve((response) => response.writeHead(200).end("<p>\n\n".repeat(1_000)));
    expect(await failure(ask(page.url, { limit: { frame: 1_000 } }))).toMatchObject({ code: "limit", limit: "frame" });
  });
});

describe("a response that is neither events nor a message", () => {
  it.each([
    ["a page", "<!DOCTYPE html><title>Log in</title>", "<!DOCTYPE html><title>Log in</title>"],
    ["words like those of a field", "error: upstream connect error", "error: upstream connect error"],
    ["the reply of another API", '{"choices":[{"message":{"content":"Hi"}}]}', '{\\"choices\\":'],
    ["a list", '[{"type":"text"}]', "[{"],
    ["a number", "42", "42"],
  ])("is quoted: %s", async (_, body, start) => {
    await using server = await serve((response) => startStream(response).end(body));
    const error = await failure(ask(server.url));
    expect(error).toBeInstanceOf(ContentTypeError);
    expect(String(error)).toContain(`(text/event-stream; charset=utf-8) is not a reply. It begins with "${start}`);
  });

  it("is kept up to 64 KiB", async () => {
    await using server = await serve((response) => response.writeHead(200).end("Welcome! ".repeat(20_000)));
    const error = await failure(ask(server.url));
    expect(error).toMatchObject({ code: "content_type", body: "Welcome! ".repeat(8_000).slice(0, 65_536) });
    expect(String(error).length).toBeLessThan(250);
  });

  it.each([
    ["a gateway's code", '{"code":1002,"msg":"The token is invalid.","success":false}'],
    ["a detail", '{"detail":"Not authenticated"}'],
    ["a message", '{"message":"Forbidden"}'],
    ["a word", '{"error":"unauthorized"}'],
    ["no words", '{"type":"error"}'],
  ])("is an ApiError if it describes an error: %s", async (_, body) => {
    await using server = await serve((response) => startStream(response).end(body));
    expect(await failure(ask(server.url))).toMatchObject({
      code: "api_error",
      status: 200,
      body: JSON.parse(body) as object,
    });
  });

  it("is read as events from the first one on", async () => {
    await using server = await serve((response) => startStream(response).end(`OK\n\n${reply("Hi")}`));
    expect((await ask(server.url).response()).content).toBe("Hi");
  });
});
