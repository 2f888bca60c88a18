import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { readFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { inspect } from "node:util";
import { constants, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  ApiError,
  ConnectionError,
  ContentTypeError,
  EmptyPromptError,
  InvalidOptionError,
  LimitExceededError,
  MissingApiKeyError,
  type MillraceError,
  PromptFunctionError,
  ProtocolError,
  RedirectError,
  StreamTimeoutError,
  StreamTruncatedError,
} from "../../src/errors.ts";
import {
  type AnthropicCallOptions,
  type AnthropicStream,
  call,
  client,
  type ClientOptions,
} from "../../src/providers/anthropic/index.ts";
import { hasCorpus, recordedErrors } from "../corpus.ts";
import { delta, ended, frames, reply, serve, started, startStream } from "../server.ts";

const KEY = "sk-ant-canary-0123456789";

function ask(
  clientOptions: ClientOptions,
  options: AnthropicCallOptions = {},
  prompt: () => unknown = () => "Hello",
): AnthropicStream {
  const own = client({ apiKey: KEY, ...clientOptions });
  // What a function gives that no compiler has seen.
  return call("claude-sonnet-5-5", { client: own, retry: false, ...options, stream: true }, prompt as () => string)();
}

/** The error of a stream; also checks what every error keeps to. */
async function failure(stream: AnthropicStream): Promise<MillraceError> {
  const { error } = await stream.response().then(
    () => ({ error: null }),
    (thrown: unknown) => ({ error: thrown as MillraceError }),
  );
  expect(error).not.toBeNull();
  expect(error).toBe(stream.error);
  for (const text of [String(error), error?.stack, JSON.stringify(error), inspect(error, { depth: 10 })]) {
    expect(text).not.toContain(KEY);
  }
  return error as MillraceError;
}

/** The connection as a stream that gives one piece for each time it is asked, as tunnels do. */
function pulledFrom(socket: net.Socket): Duplex {
  const pieces = socket.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
  return new Duplex({
    read() {
      void pieces.next().then(({ done, value }) => this.push(done === true ? null : value));
    },
    write: (bytes, _, done) => void socket.write(bytes, done),
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
}

const unhandled = vi.fn();
beforeEach(() => void process.on("unhandledRejection", unhandled));
afterEach(() => {
  process.off("unhandledRejection", unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

describe("HTTP errors", () => {
  const types: Record<number, string> = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    529: "overloaded_error",
  };
  const retryable = new Set([429, 500, 529]);

  it.each(Object.entries(types).map(([status, type]) => [Number(status), type] as const))(
    "%i as JSON",
    async (status, type) => {
      await using server = await serve((response) => {
        response.writeHead(status, { "content-type": "application/json", "request-id": "req_9", "retry-after": "7" });
        response.end(
          JSON.stringify({ type: "error", error: { type, message: "What happened." }, request_id: "req_9" }),
        );
      });
      const stream = ask({ baseURL: server.url });
      const error = await failure(stream);
      expect(error).toBeInstanceOf(ApiError);
      expect(error).toMatchObject({
        code: "api_error",
        status,
        type,
        providerMessage: "What happened.",
        requestId: "req_9",
        retryAfterMs: 7000,
        retryable: retryable.has(status),
        phase: "connect",
      });
      expect(error.message).toContain("What happened.");
      expect(stream.outcome).toBe("failed");
    },
  );

  it.each([
    [
      "HTML",
      "text/html",
      "<html><head><style>p{}</style></head><body><h1>502</h1><p>Bad  gateway</p></body></html>",
      "502 Bad gateway",
    ],
    ["nothing", undefined, "", "(no message)"],
    ["text", "text/plain", "upstream connect error", "upstream connect error"],
    ["a JSON string", "application/json", '"nope"', "nope"],
    ["OpenAI's shape", "application/json", '{"error":{"message":"Nope","code":"x"}}', "Nope"],
    ["AWS's shape", "application/json", '{"message":"Too many"}', "Too many"],
  ])("every status with %s as its body", async (_, contentType, body, words) => {
    let status = 0;
    await using server = await serve((response) => {
      response.writeHead(status, contentType === undefined ? {} : { "content-type": contentType });
      response.end(body);
    });
    for (status of Object.keys(types).map(Number)) {
      const error = await failure(ask({ baseURL: server.url }));
      expect(error).toMatchObject({ code: "api_error", status, retryable: retryable.has(status) });
      expect(error.message).toContain(words);
    }
  });

  it("obeys x-should-retry, and knows a spend limit", async () => {
    const headers: Record<string, string>[] = [{ "x-should-retry": "false" }, { "x-should-retry": "true" }, {}];
    const error = {
      type: "rate_limit_error",
      message: "Spent",
      details: { error_code: "enforced_spend_limit_reached" },
    };
    await using server = await serve((response, _, count) => {
      response.writeHead(count === 2 ? 400 : 429, headers[count - 1]);
      response.end(count === 3 ? JSON.stringify({ type: "error", error }) : "");
    });
    for (const expected of [false, true, false]) {
      expect((await failure(ask({ baseURL: server.url }))).retryable).toBe(expected);
    }
  });

  it("reads retry-after in every form", async () => {
    const values: [string, string][] = [
      ["retry-after-ms", "1500.5"],
      ["retry-after", "0.5"],
      ["retry-after", new Date(Date.now() + 60_000).toUTCString()],
      ["retry-after", "Thu, 01 Jan 1970 00:00:00 GMT"],
      ["retry-after", "soon"],
    ];
    await using server = await serve((response, _, count) => {
      response.writeHead(429, Object.fromEntries([values[count - 1] ?? []]));
      response.end();
    });
    const waits: (number | undefined)[] = [];
    for (const _ of values) waits.push((await failure(ask({ baseURL: server.url }))).retryAfterMs);
    expect(waits[0]).toBe(1500.5);
    expect(waits[1]).toBe(500);
    expect(waits[2]).toBeGreaterThan(50_000);
    expect(waits.slice(3)).toEqual([0, undefined]);
  });

  it.runIf(hasCorpus)("keeps what the recorded errors say", async () => {
    const errors = recordedErrors("anthropic");
    expect(errors.length).toBeGreaterThan(4);
    for (const { status, headers, bodyText } of errors) {
      await using server = await serve((response) => {
        response.writeHead(status, headers);
        response.end(bodyText);
      });
      const body = JSON.parse(bodyText) as { error: { type: string; message: string } };
      expect(await failure(ask({ baseURL: server.url }))).toMatchObject({
        status,
        type: body.error.type,
        providerMessage: body.error.message,
      });
    }
  });
});

describe("responses that are none", () => {
  it("a wrong content type, with its body", async () => {
    await using server = await serve((response) => {
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<h1>Welcome</h1>");
    });
    const error = await failure(ask({ baseURL: server.url }));
    expect(error).toBeInstanceOf(ContentTypeError);
    expect(error).toMatchObject({
      code: "content_type",
      contentType: "text/html",
      body: "<h1>Welcome</h1>",
      status: 200,
    });
  });

  it.each([
    ["overloaded_error", true],
    ["invalid_request_error", false],
  ])("an error of the API as JSON in a 200: %s", async (type, retryable) => {
    await using server = await serve((response) => {
      response.writeHead(200, { "content-type": "application/json", "request-id": "req_1" });
      response.end(JSON.stringify({ type: "error", error: { type, message: "Not now." } }));
    });
    const error = await failure(ask({ baseURL: server.url }));
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 200, type, providerMessage: "Not now.", requestId: "req_1", retryable });
    expect(error.message).toContain("Not now.");
  });

  it.each([
    ["a text", delta("more")],
    ["a signature", { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "s" } }],
  ])("%s after the stop of its block", async (_, late) => {
    const [stop, ...rest] = ended;
    // Of several texts, all but the first are read the short way.
    for (const texts of [["Hello "], ["Hello ", "there"]]) {
      const events = frames([...started, ...texts.map(delta), stop!, late, ...rest]);
      await using server = await serve((response) => startStream(response).end(events));
      const stream = ask({ baseURL: server.url });
      expect(await failure(stream)).toBeInstanceOf(ProtocolError);
      expect(stream.outcome).toBe("failed");
      expect(stream.content).toBe(texts.join(""));
    }
  });

  it("a redirect is refused, and the key goes nowhere", async () => {
    await using target = await serve((response) => startStream(response).end(reply("Hi")));
    await using server = await serve((response) => {
      response.writeHead(307, { location: `${target.url}/v1/messages` });
      response.end();
    });
    for (const viaFetch of [false, true]) {
      const options = viaFetch ? { baseURL: server.url, fetch } : { baseURL: server.url };
      expect(await failure(ask(options))).toBeInstanceOf(RedirectError);
    }
    expect(target.requests).toHaveLength(0);
  });

  it("a frame or a body above its limit", async () => {
    await using server = await serve(
      (response) => void startStream(response, frames([...started, delta("x".repeat(5000))])),
    );
    for (const limit of ["frame", "response"] as const) {
      const error = await failure(ask({ baseURL: server.url }, { limit: { [limit]: 4000 } }));
      expect(error).toBeInstanceOf(LimitExceededError);
      expect(error).toMatchObject({ code: "limit", limit, limitBytes: 4000 });
    }
    await vi.waitFor(() => expect(server.sockets.size).toBe(0));
  });

  it.each(["data:\n", "event: ping\n", ": comment\nid: 1\n"])("a frame of %j without an end", async (line) => {
    await using server = await serve((response) => {
      const stream = startStream(response, frames(started));
      const write = (): void => {
        while (stream.write(line.repeat(1000)));
      };
      stream.on("drain", write);
      write();
    });
    const error = await failure(ask({ baseURL: server.url }, { limit: { frame: 1e6 }, timeout: { total: 5_000 } }));
    expect(error).toMatchObject({ code: "limit", limit: "frame", limitBytes: 1e6 });
    await vi.waitFor(() => expect(server.sockets.size).toBe(0));
  });
});

describe("connections", () => {
  it("a server that switches to another protocol", async () => {
    await using server = await serve((_, request) => {
      request.socket.end("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n");
    });
    const error = await failure(ask({ baseURL: server.url }));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error.message).toMatch(/No response from .*: the server gave none to a POST/);
  });

  it("an unreachable host", async () => {
    const probe = net.createServer().listen(0, "127.0.0.1");
    await once(probe, "listening");
    const { port } = probe.address() as net.AddressInfo;
    probe.close();
    for (const viaFetch of [false, true]) {
      const baseURL = `http://127.0.0.1:${port}`;
      const error = await failure(ask(viaFetch ? { baseURL, fetch } : { baseURL }));
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error).toMatchObject({ code: "connection", phase: "connect", retryable: true });
      expect(error.message).toContain("ECONNREFUSED");
    }
  });

  it("a refused certificate, and an accepted one", async () => {
    const [key, cert] = ["key", "cert"].map((name) => readFileSync(new URL(`../tls/${name}.pem`, import.meta.url)));
    const server = https.createServer({ key, cert }, (_, response) => startStream(response).end(reply("Hi")));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const baseURL = `https://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
    for (const viaFetch of [false, true]) {
      const error = await failure(ask(viaFetch ? { baseURL, fetch } : { baseURL }));
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error.message).toContain("self-signed certificate");
    }
    const agent = new https.Agent({ ca: cert });
    expect((await ask({ baseURL, agent }).response()).content).toBe("Hi");
    agent.destroy();
    server.closeAllConnections();
    server.close();
  });

  it("a server that never finishes the handshake", async () => {
    const server = net.createServer((socket) => void socket.on("error", () => {}).resume()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const baseURL = `https://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
    const error = await failure(ask({ baseURL }, { timeout: { connect: 100 } }));
    expect(error).toBeInstanceOf(StreamTimeoutError);
    expect(error).toMatchObject({ limit: "connect", limitMs: 100, phase: "connect" });
    server.close();
    await once(server, "close");
  });

  it("a reused connection that the server has closed is tried once more, a fresh one is not", async () => {
    let resets = 0;
    const agent = new (await import("node:http")).Agent({ keepAlive: true });
    await using server = await serve((response, _, count) => {
      if (count !== 2 && count !== 5) return void startStream(response).end(reply("Hi"));
      resets++;
      response.socket?.resetAndDestroy();
    });
    for (let i = 0; i < 2; i++) expect((await ask({ baseURL: server.url, agent }).response()).content).toBe("Hi");
    expect([resets, server.requests.length]).toEqual([1, 3]);
    expect((await ask({ baseURL: server.url, agent }).response()).content).toBe("Hi");
    agent.destroy();
    expect(await failure(ask({ baseURL: server.url, agent: new (await import("node:http")).Agent() }))).toBeInstanceOf(
      ConnectionError,
    );
    expect([resets, server.requests.length]).toEqual([2, 5]);
  });

  it("a connection on which something comes unasked is given up", async () => {
    await using server = await serve((response) => startStream(response).end(reply("Hi")));
    for (let connections = 0; connections < 2; connections++) {
      expect((await ask({ baseURL: server.url }).response()).content).toBe("Hi");
      const [socket] = server.sockets;
      expect(server.sockets.size).toBe(1);
      let endedByClient = false;
      socket?.once("end", () => (endedByClient = true));
      socket?.write("HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nforeign");
      await once(socket as net.Socket, "close");
      expect(endedByClient).toBe(true);
    }
    expect(server.requests.length).toBe(2);
  });

  it("whoever else listens to a connection may keep what he gets", async () => {
    await using server = await serve((response) => {
      startStream(response, frames(started));
      setTimeout(() => response.end(frames([delta("Hi"), ...ended])), 20);
    });
    const kept: Uint8Array[] = [];
    const listen = (message: unknown): void => {
      const { request } = message as { readonly request: http.ClientRequest };
      const keep = (socket: net.Socket): unknown => socket.on("data", (bytes: Uint8Array) => kept.push(bytes));
      if (request.socket === null) request.once("socket", keep);
      else keep(request.socket);
    };
    subscribe("http.client.request.start", listen);
    const { content } = await ask({ baseURL: server.url }).response();
    unsubscribe("http.client.request.start", listen);
    const text = Buffer.concat(kept).toString();
    expect(content).toBe("Hi");
    expect(kept.length).toBeGreaterThan(1);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK[^]*message_start[^]*text_delta[^]*message_stop/);
  });

  it("what has come of a compressed body is there when the rest does not come", async () => {
    await using server = await serve((response) => {
      response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" });
      const text = frames([...started, delta("Hi"), delta(" there".repeat(2_000))]);
      response.write(gzipSync(text, { finishFlush: constants.Z_SYNC_FLUSH }), () => response.socket?.destroySoon());
    });
    const stream = ask({ baseURL: server.url });
    const error = await failure(stream);
    expect(error).toBeInstanceOf(StreamTruncatedError);
    expect(error.cause).toBeInstanceOf(Error);
    expect(stream.content).toBe(`Hi${" there".repeat(2_000)}`);
  });

  it("an agent's own kind of stream is read to its end", async () => {
    await using server = await serve((response) => {
      startStream(response, frames(started));
      setTimeout(() => response.write(frames([delta("Hi")])), 20);
      setTimeout(() => response.end(frames([delta(" there"), ...ended])), 40);
    });
    const agent = new http.Agent();
    agent.createConnection = () => pulledFrom(net.connect(Number(new URL(server.url).port), "127.0.0.1")) as never;
    expect((await ask({ baseURL: server.url, agent }).response()).content).toBe("Hi there");
  });

  it("gzip, which was not asked for, is decoded all the same", async () => {
    await using server = await serve((response, request) => {
      expect(request.headers["accept-encoding"]).toBe("identity");
      response.writeHead(200, { "content-type": "text/event-stream", "content-encoding": "gzip" });
      response.end(gzipSync(reply("Hi ", "there")));
    });
    for (const viaFetch of [false, true]) {
      const stream = ask(viaFetch ? { baseURL: server.url, fetch } : { baseURL: server.url });
      expect((await stream.response()).content).toBe("Hi there");
    }
  });
});

describe("before anything is sent", () => {
  beforeEach(() => {
    vi.stubEnv("ANTHROPIC_API_KEY", undefined);
    vi.stubEnv("ANTHROPIC_AUTH_TOKEN", undefined);
    vi.stubEnv("ANTHROPIC_BASE_URL", undefined);
    return () => void vi.unstubAllEnvs();
  });

  it("a missing key is named", async () => {
    const error = await failure(call("m", { stream: true }, () => "Hello")());
    expect(error).toBeInstanceOf(MissingApiKeyError);
    expect(error).toMatchObject({ code: "missing_api_key", variable: "ANTHROPIC_API_KEY" });
    expect(error.message).toContain("ANTHROPIC_API_KEY");
    await expect(call("m", () => "Hello")()).rejects.toBeInstanceOf(MissingApiKeyError);
  });

  it("options beat the environment, and with both credentials only the token is sent", async () => {
    await using server = await serve((response) => startStream(response).end(reply("Hi")));
    vi.stubEnv("ANTHROPIC_API_KEY", "key-env");
    vi.stubEnv("ANTHROPIC_BASE_URL", server.url);
    await call("m", () => "Hello")();
    vi.stubEnv("ANTHROPIC_AUTH_TOKEN", "token-env");
    await call("m", () => "Hello")();
    await call("m", { client: client({ apiKey: "key" }) }, () => "Hello")();
    await call(
      "m",
      { client: client({ apiKey: "key", authToken: "token", apiVersion: "2026-10-21" }) },
      () => "Hello",
    )();
    const sent = server.requests.map(({ headers }) => [
      headers["x-api-key"],
      headers.authorization,
      headers["anthropic-version"],
    ]);
    expect(sent).toEqual([
      ["key-env", undefined, "2023-06-01"],
      [undefined, "Bearer token-env", "2023-06-01"],
      ["key", undefined, "2023-06-01"],
      [undefined, "Bearer token", "2026-10-21"],
    ]);
  });

  it.each([
    ["an empty prompt", "", EmptyPromptError],
    ["a blank prompt", " \n ", EmptyPromptError],
    ["no messages", [], EmptyPromptError],
  ])("%s", async (_, prompt, kind) => {
    expect(await failure(ask({ baseURL: "http://127.0.0.1:1" }, {}, () => prompt))).toBeInstanceOf(kind);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("mine");
      },
    ],
    ["rejects", () => Promise.reject(new Error("mine"))],
  ])("a function that %s", async (_, fn: () => unknown) => {
    const error = await failure(ask({ baseURL: "http://127.0.0.1:1" }, {}, fn));
    expect(error).toBeInstanceOf(PromptFunctionError);
    expect(error).toMatchObject({ code: "prompt_function", cause: { message: "mine" } });
  });

  it.each<[string, ClientOptions, AnthropicCallOptions]>([
    ["an http: address", { baseURL: "http://example.com" }, {}],
    ["no URL at all", { baseURL: "example" }, {}],
    ["credentials in the URL", { baseURL: `https://user:${KEY}@example.com` }, {}],
    ["a key with a line break", { apiKey: `${KEY}\n` }, {}],
    ["a header with a line break", { headers: { "x-a": `${KEY}\r\nx: y` } }, {}],
    ["max_tokens 0 in a stream", {}, { callParams: { max_tokens: 0 } }],
  ])("%s", async (_, clientOptions, options) => {
    const asked = async (): Promise<unknown> => await ask(clientOptions, options).response();
    await expect(asked()).rejects.toBeInstanceOf(InvalidOptionError);
  });

  it("a prompt that cannot be sent, and a client that is none", async () => {
    const callParams = { metadata: { user_id: 1n as never } };
    expect(await failure(ask({}, { callParams }))).toMatchObject({
      code: "invalid_option",
      option: "metadata.user_id",
    });
    const broken = { messages: { create: () => ({ then: 1 }) } };
    expect(await failure(ask({}, { client: broken }))).toMatchObject({ code: "connection" });
  });

  it("does not show its credentials", () => {
    expect(inspect(client({ apiKey: KEY }), { depth: 10, showHidden: true })).not.toContain(KEY);
  });
});
