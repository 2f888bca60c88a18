import { once } from "node:events";
import { runInNewContext } from "node:vm";
import type * as net from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ConnectionError, RedirectError, StreamTimeoutError } from "../../src/errors.ts";
import { type Fetch, fetchTransport } from "../../src/http/fetch.ts";
import { serve, type TestServer } from "../server.ts";
import { ready, rejection, requestTo, textOf } from "./exchange.ts";

/** A `fetch` that somebody wrapped, and lost the signal. */
const deaf: Fetch = (url, { signal: _signal, ...init }) => fetch(url, init);

const unhandled = vi.fn();
beforeEach(() => {
  process.on("unhandledRejection", unhandled);
  return async () => {
    await new Promise(setImmediate);
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  };
});
afterEach(() => unhandled.mockClear());

async function closed(server: TestServer): Promise<void> {
  await Promise.all([...server.sockets].map((socket: net.Socket) => once(socket, "close")));
}

describe("a fetch that ignores the signal", () => {
  it("lets go of its connection when the exchange is closed", async () => {
    await using server = await serve((response) => void response.writeHead(200).write("Hi"));
    const exchange = fetchTransport(deaf)(requestTo(server.url));
    const { body } = await exchange.response;
    if (body.take() === null) await ready(body);
    exchange.close();
    await closed(server);
    expect([body.take(), body.ended]).toEqual([null, true]);
  });

  it("lets go of it as well when the response comes only afterwards", async () => {
    let respond = (): void => {};
    await using server = await serve((response) => {
      respond = () => void response.writeHead(200).write("Hi");
    });
    const exchange = fetchTransport(deaf)(requestTo(server.url));
    await vi.waitFor(() => expect(server.requests).toHaveLength(1));
    exchange.close();
    expect(await rejection(exchange.response)).toBeInstanceOf(ConnectionError);
    respond();
    await closed(server);
  });

  it("is held to the time limit", async () => {
    const exchange = fetchTransport(() => new Promise(() => {}))(
      requestTo("http://x.example", { connectTimeoutMs: 20 }),
    );
    const error = await rejection(exchange.response);
    expect(error).toBeInstanceOf(StreamTimeoutError);
    expect(error).toMatchObject({ limit: "connect", limitMs: 20 });
  });
});

it("a fetch sees an ordinary abort", async () => {
  let seen: unknown;
  const exchange = fetchTransport((_, { signal }) => {
    signal?.addEventListener("abort", () => (seen = signal.reason));
    return new Promise(() => {});
  })(requestTo("http://x.example"));
  exchange.close();
  expect(seen).toMatchObject({ name: "AbortError" });
});

describe("something other than a response from fetch", () => {
  const locked = new Response("Hi");
  locked.body?.getReader();

  it.each<[string, () => unknown]>([
    ["null", () => null],
    ["nothing", () => undefined],
    ["a text", () => "Hi"],
    ["an object without a status", () => ({ body: null, headers: new Headers() })],
    ["an object without headers", () => ({ status: 200, body: null })],
    ["a body that is not a web stream", () => ({ status: 200, headers: new Headers(), body: { on() {} } })],
    ["a body that is being read", () => locked],
    [
      "an exception",
      () => {
        throw new TypeError("mine");
      },
    ],
    ["a rejection without a reason", () => Promise.reject()],
    ["a rejection that cannot be read", () => Promise.reject(Object.create(null))],
  ])("%s", async (_, respond) => {
    const error = await rejection(
      fetchTransport(async () => respond() as Response)(requestTo("http://x.example")).response,
    );
    expect(error).toBeInstanceOf(ConnectionError);
    expect((error as Error).message).toMatch(/^No response from http:\/\/x\.example: ./);
  });

  it("an exception before any promise", async () => {
    const transport = fetchTransport(() => {
      throw new Error("mine");
    });
    expect(await rejection(transport(requestTo("http://x.example")).response)).toBeInstanceOf(ConnectionError);
  });

  it.each<[string, unknown]>([
    ["text", "Hi"],
    ["a list of numbers", [1, 2]],
    ["null", null],
    ["nothing", undefined],
    ["an ArrayBuffer", new ArrayBuffer(2)],
  ])("%s in the body", async (_, value) => {
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("Hi"));
        controller.enqueue(value);
        controller.close();
      },
    });
    const { response } = fetchTransport(async () => new Response(stream))(requestTo("http://x.example"));
    const received = await response;
    expect(await textOf(received)).toBe("Hi");
    expect(received.body.failure).toBeInstanceOf(ConnectionError);
  });

  it("bytes of another realm are bytes", async () => {
    const bytes = runInNewContext("new Uint8Array([72, 105])") as Uint8Array<ArrayBuffer>;
    expect(bytes).not.toBeInstanceOf(Uint8Array);
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(bytes);
        controller.close();
      },
    });
    const { response } = fetchTransport(async () => new Response(stream))(requestTo("http://x.example"));
    expect(await textOf(await response)).toBe("Hi");
  });

  it("a redirect whose body cannot be cancelled", async () => {
    const body = new ReadableStream({
      cancel() {
        throw new Error("mine");
      },
    });
    const redirect = new Response(body, { status: 307, headers: { location: "http://y.example" } });
    const { response } = fetchTransport(async () => redirect)(requestTo("http://x.example"));
    expect(await rejection(response)).toBeInstanceOf(RedirectError);
  });
});
