import * as http from "node:http";
import { Duplex } from "node:stream";
import { gzipSync } from "node:zlib";
import { describe, expect, it, vi } from "vitest";
import { sendByNode } from "../../src/http/node.ts";
import { call, client } from "../../src/providers/anthropic/index.ts";
import { serve } from "../server.ts";
import { ready, requestTo, textOf } from "./exchange.ts";

/** A connection of an agent's own: it answers as soon as it is asked, and does at once what streams put off. */
class HastyConnection extends Duplex {
  readonly #left: string[];
  #isEmitting = false;

  constructor(pieces: readonly string[]) {
    super();
    this.#left = [...pieces];
  }

  override _read(): void {}

  override _write(_: unknown, __: unknown, done: () => void): void {
    done();
    setImmediate(() => this.resume());
  }

  override resume(): this {
    // Node's parser is not to be called while it parses.
    if (this.#isEmitting || this.listenerCount("data") === 0) return this;
    const piece = this.#left.shift();
    this.#isEmitting = true;
    if (piece !== undefined) this.emit("data", Buffer.from(piece));
    this.#isEmitting = false;
    return this;
  }

  override destroy(): this {
    this.destroyed = true;
    this.emit("close");
    return this;
  }
}

const BIG = "x".repeat(40_000);

function connected(pieces: readonly string[]): http.Agent {
  return Object.assign(new http.Agent(), { createConnection: () => new HastyConnection(pieces) });
}

describe("a body of node:http", () => {
  it("does not call its reader while that takes, but gives it what has come", async () => {
    const agent = connected([`HTTP/1.1 200 OK\r\ncontent-length: 40002\r\n\r\n${BIG}`, "Hi"]);
    const { body } = await sendByNode(requestTo("http://x.example", { agent })).response;
    let isTaking = false;
    const onReady = vi.fn(() => expect(isTaking).toBe(false));
    body.onReady = onReady;
    const take = (): string | null => {
      isTaking = true;
      const bytes = body.take();
      isTaking = false;
      return bytes === null ? null : Buffer.from(bytes as Uint8Array).toString();
    };
    expect(take()).toBe(BIG);
    expect(take()).toBe("Hi");
    expect(take()).toBeNull();
    expect(body.ended).toBe(true);
  });

  it("does not call its reader while that closes it, nor afterwards", async () => {
    await using server = await serve((response) => void response.writeHead(200).write("Hi"));
    for (const agent of [undefined, connected(["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nHi"])]) {
      const { body } = await sendByNode(requestTo(server.url, { agent })).response;
      if (body.take() === null) await ready(body);
      const onReady = vi.fn();
      body.onReady = onReady;
      body.close();
      expect([body.take(), body.ended, body.failure]).toEqual([null, true, null]);
      await expect.poll(() => server.inUse()).toBe(0);
      expect(onReady).not.toHaveBeenCalled();
    }
  });

  it("lets go of what decompresses it when the exchange is closed", async () => {
    await using server = await serve((response) => {
      // Far more than is read ahead: the decompression waits for its reader.
      response.writeHead(200, { "content-encoding": "gzip" }).write(gzipSync("x".repeat(1_000_000)));
    });
    const exchange = sendByNode(requestTo(server.url));
    const { body } = await exchange.response;
    await ready(body);
    exchange.close();
    await expect.poll(() => server.inUse()).toBe(0);
    expect([body.take(), body.ended]).toEqual([null, true]);
  });

  it("frees its connection when finished, if not too much more comes", async () => {
    await using server = await serve((response, _, count) => {
      response.writeHead(200).write("Hi");
      setImmediate(() => response.end("x".repeat(count === 1 ? 50_000 : 500_000)));
    });
    for (const connections of [1, 0]) {
      const { body } = await sendByNode(requestTo(server.url)).response;
      if (body.take() === null) await ready(body);
      body.finish();
      await expect.poll(() => [body.ended, server.inUse(), server.sockets.size]).toEqual([true, 0, connections]);
    }
    const { response } = sendByNode(requestTo(server.url));
    expect((await textOf(await response)).length).toBe(500_002);
  });
});

describe("a compressed response whose body does not come", () => {
  it("is there as soon as its headers are, and can be read later", async () => {
    let send = (): void => {};
    await using server = await serve((response) => {
      response.writeHead(401, { "content-encoding": "gzip" });
      response.flushHeaders();
      send = () => void response.end(gzipSync("no such key"));
    });
    const response = await sendByNode(requestTo(server.url)).response;
    expect([response.status, response.body.take()]).toEqual([401, null]);
    send();
    expect(await textOf(response)).toBe("no such key");
  });

  it("is the error that its status stands for", async () => {
    await using server = await serve((response) => {
      response.writeHead(401, { "content-encoding": "gzip", "content-length": 100 });
      response.flushHeaders();
    });
    const own = client({ apiKey: "any-key", baseURL: server.url });
    const options = { client: own, timeout: { connect: 50, firstContent: 5_000 } };
    await expect(call("claude-sonnet-5-5", options, () => "Hi")()).rejects.toMatchObject({
      code: "api_error",
      status: 401,
    });
    expect(server.requests).toHaveLength(1);
  });
});
