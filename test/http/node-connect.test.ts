import { once } from "node:events";
import { readFileSync } from "node:fs";
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import { Duplex } from "node:stream";
import * as tls from "node:tls";
import { describe, expect, it } from "vitest";
import { ConnectionError, StreamTimeoutError } from "../../src/errors.ts";
import { sendByNode } from "../../src/http/node.ts";
import { serve } from "../server.ts";
import { rejection, requestTo, textOf } from "./exchange.ts";

const LIMIT_MS = 100;

/** A proxy that accepts connections and never answers. */
async function silentProxy(): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets: net.Socket[] = [];
  const server = net.createServer((socket) => void sockets.push(socket.on("error", () => {}).resume()));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as net.AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

type Created = (error: Error | null, socket: Duplex) => void;

/** Goes with an error. */
const none = undefined as never;

/** Connects as proxy agents do: the request gets its connection once the proxy has answered. */
function proxyAgent(port: number, options: http.AgentOptions = {}): http.Agent {
  const agent = new http.Agent(options);
  agent.createConnection = (_: unknown, created?: Created) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("data", () => created?.(null, socket)).once("error", (error) => created?.(error, none));
    socket.write("CONNECT api.example.com:80 HTTP/1.1\r\n\r\n");
    return undefined;
  };
  return agent;
}

/** Counts its connections before they are made, as the agents of the `agent-base` family do. */
class CountingAgent extends http.Agent {
  readonly connect: () => Promise<Duplex>;

  constructor(options: http.AgentOptions, connect: () => Promise<Duplex>) {
    super(options);
    this.connect = connect;
  }

  createSocket(
    request: http.ClientRequest,
    options: http.AgentOptions & { host: string; port: number },
    created: Created,
  ): void {
    const sockets = this.sockets as Record<string, net.Socket[]>;
    const name = this.getName(options);
    const placeholder = new net.Socket({ writable: false });
    (sockets[name] ??= []).push(placeholder);
    void this.connect().then((socket) => {
      sockets[name] = (sockets[name] ?? []).filter((other) => other !== placeholder);
      this.createConnection = () => socket as net.Socket;
      const { createSocket } = http.Agent.prototype as unknown as CountingAgent;
      createSocket.call(this, request, options, created);
    });
  }
}

describe("the time limit of connecting", () => {
  it("ends a request whose agent waits for its proxy", async () => {
    await using proxy = await silentProxy();
    const agent = proxyAgent(proxy.port);
    const error = await rejection(
      sendByNode(requestTo("http://api.example.com/v1/messages", { agent, connectTimeoutMs: LIMIT_MS })).response,
    );
    expect(error).toBeInstanceOf(StreamTimeoutError);
    expect(error).toMatchObject({ limit: "connect", limitMs: LIMIT_MS });
    expect((error as Error).message).toBe(
      "Timed out: no connection to http://api.example.com (timeout.connect is 100 ms).",
    );
  });

  it("covers a proxy's answer and the TLS after it together", async () => {
    await using proxy = await silentProxy();
    const agent = new https.Agent();
    agent.createConnection = (_: unknown, created?: Created) => {
      const socket = net.connect(proxy.port, "127.0.0.1");
      // The proxy answers when most of the time is over; the server behind it never does.
      setTimeout(() => created?.(null, tls.connect({ socket })), 160);
      return undefined;
    };
    const begun = performance.now();
    const { response } = sendByNode(requestTo("https://api.example.com", { agent, connectTimeoutMs: 200 }));
    expect(await rejection(response)).toBeInstanceOf(StreamTimeoutError);
    expect(performance.now() - begun).toBeLessThan(330);
  });

  it("ends with TLS, also where the TLS is that of a proxy", async () => {
    const [key, cert] = ["key", "cert"].map((name) => readFileSync(new URL(`../tls/${name}.pem`, import.meta.url)));
    const server = https.createServer({ key, cert }, (_, response) => {
      setTimeout(() => response.end("late"), LIMIT_MS * 2);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as net.AddressInfo;
    const agent = new http.Agent();
    agent.createConnection = (_: unknown, created?: Created) => {
      const socket = net.connect(port, "127.0.0.1", () => {
        created?.(null, tls.connect({ socket, rejectUnauthorized: false }));
      });
      return undefined;
    };
    const { response } = sendByNode(requestTo("http://api.example.com", { agent, connectTimeoutMs: LIMIT_MS }));
    expect(await textOf(await response)).toBe("late");
    server.closeAllConnections();
    server.close();
  });

  it.each([true, false])(
    "does not count the wait for another request's connection (kept alive: %s)",
    async (keepAlive) => {
      await using server = await serve((response, _, count) => {
        response.shouldKeepAlive = keepAlive;
        setTimeout(() => response.end(String(count)), count === 1 ? LIMIT_MS * 3 : LIMIT_MS * 2);
      });
      const agent = new http.Agent({ keepAlive, maxSockets: 1 });
      const request = requestTo(server.url, { agent, connectTimeoutMs: LIMIT_MS });
      const responses = [sendByNode(request), sendByNode(request)].map(({ response }) => response.then(textOf));
      expect(await Promise.all(responses)).toEqual(["1", "2"]);
      agent.destroy();
    },
  );

  it("begins when a request leaves the queue for a connection that is yet to be made", async () => {
    await using server = await serve((response) =>
      setTimeout(() => response.writeHead(200, { connection: "close" }).end("first"), LIMIT_MS * 2),
    );
    const agent = new http.Agent({ maxSockets: 1 });
    const { createConnection } = agent;
    let connections = 0;
    agent.createConnection = (options, created) =>
      // The second never learns its address, and so stays unconnected.
      ++connections === 1
        ? createConnection.call(agent, options, created)
        : net.connect({ port: 80, host: "api.example.com", lookup: () => {} });
    const request = requestTo(server.url, { agent, connectTimeoutMs: LIMIT_MS });
    const [first, second] = [sendByNode(request), sendByNode(request)];
    expect(await textOf(await first.response)).toBe("first");
    expect(await rejection(second.response)).toBeInstanceOf(StreamTimeoutError);
  });

  it("holds for a request that an agent leaves in its queue while it connects for it", async () => {
    await using server = await serve((response) =>
      setTimeout(() => response.writeHead(200, { connection: "close" }).end("first"), LIMIT_MS * 2),
    );
    let connections = 0;
    const agent = new CountingAgent({ maxSockets: 1 }, () =>
      ++connections === 1
        ? Promise.resolve(net.connect(Number(new URL(server.url).port), "127.0.0.1"))
        : new Promise(() => {}),
    );
    const request = requestTo(server.url, { agent, connectTimeoutMs: LIMIT_MS });
    const [first, second] = [sendByNode(request), sendByNode(request)];
    expect(await textOf(await first.response)).toBe("first");
    expect(await rejection(second.response)).toBeInstanceOf(StreamTimeoutError);
    expect(connections).toBe(2);
  });

  it("is over at once on a connection that was kept", async () => {
    await using server = await serve((response, _, count) => {
      setTimeout(() => response.end(String(count)), count === 1 ? 0 : LIMIT_MS * 2);
    });
    for (const text of ["1", "2"]) {
      const { response } = sendByNode(requestTo(server.url, { connectTimeoutMs: LIMIT_MS }));
      expect(await textOf(await response)).toBe(text);
    }
    expect(server.sockets.size).toBe(1);
  });
});

describe("closing before the response", () => {
  it.each(["while the agent connects", "while the request waits"])("settles it %s", async (when) => {
    await using server = await serve(() => {});
    await using proxy = await silentProxy();
    const isConnecting = when === "while the agent connects";
    const agent = isConnecting ? proxyAgent(proxy.port) : new http.Agent({ maxSockets: 1 });
    if (!isConnecting) sendByNode(requestTo(server.url, { agent }));
    const exchange = sendByNode(requestTo(server.url, { agent }));
    await new Promise(setImmediate);
    exchange.close();
    expect(await rejection(exchange.response)).toBeInstanceOf(ConnectionError);
    agent.destroy();
  });
});

describe("an agent that does not work", () => {
  const failing = (createConnection: (options: unknown, created: Created) => unknown): http.Agent =>
    Object.assign(new http.Agent(), { createConnection });

  it.each<[string, unknown, RegExp]>([
    ["is an empty object", {}, /agent/i],
    ["is a string", "proxy", /agent/i],
    ["is for another protocol", new https.Agent(), /Protocol "http:" not supported/],
    [
      "throws when it connects",
      failing(() => {
        throw new Error("no route");
      }),
      /no route/,
    ],
    ["gives something other than a connection", failing(() => ({})), /is not a function/],
    ["fails later", failing((_, created) => void setImmediate(created, new Error("no route"), none)), /no route/],
    [
      "fails later with a string",
      failing((_, created) => void setImmediate(created, "no route" as never, none)),
      /no route/,
    ],
    [
      "fails with what cannot be read",
      failing((_, created) => void setImmediate(created, unreadable(), none)),
      /without a readable message/,
    ],
  ])("(%s) is a ConnectionError", async (_, agent, says) => {
    const error = await rejection(sendByNode(requestTo("http://127.0.0.1:1", { agent })).response);
    expect(error).toBeInstanceOf(ConnectionError);
    expect((error as Error).message).toMatch(says);
  });

  it("may throw when its connection is closed", async () => {
    const agent = failing(() => {
      const socket = new Duplex({ read() {}, write: (_, __, done) => done() });
      socket.destroy = () => {
        throw new Error("cannot close");
      };
      return socket;
    });
    const exchange = sendByNode(requestTo("http://127.0.0.1:1", { agent }));
    await new Promise(setImmediate);
    exchange.close();
    expect(await rejection(exchange.response)).toBeInstanceOf(ConnectionError);
  });
});

function unreadable(): Error {
  return new Proxy(new Error("unread"), {
    get(error, key, receiver): unknown {
      if (key === "message" || key === "code") throw new Error("cannot be read");
      return Reflect.get(error, key, receiver);
    },
  });
}
