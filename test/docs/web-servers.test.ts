import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { createAdaptorServer } from "@hono/node-server";
import type { Express } from "express";
import type { FastifyInstance } from "fastify";
import type { Hono } from "hono";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { apiError, type FakeAnthropic, fakeAnthropic, reply, type Replies } from "millrace/testing";

type Handler = (request: Request) => Promise<Response>;

/** The programs of the page. */
interface Programs {
  readonly "chat.ts": { readonly POST: Handler };
  readonly "text.ts": { readonly POST: Handler };
  readonly "server.ts": { readonly server: http.Server };
  readonly "hono.ts": { readonly app: Hono };
  readonly "express.ts": { readonly app: Express };
  readonly "fastify.ts": { readonly app: FastifyInstance };
  readonly "browser.ts": {
    ask(url: string, question: string, show: (text: string) => void, signal?: AbortSignal): Promise<void>;
  };
}

async function program<Name extends keyof Programs>(name: Name): Promise<Programs[Name]> {
  return (await import(resolve(import.meta.dirname, "../../docs/web-servers.md", name))) as Programs[Name];
}

/** How each recipe is served. */
const recipes = {
  "Request and Response": async () => standardServer((await program("chat.ts")).POST),
  Hono: async () => createAdaptorServer({ fetch: (await program("hono.ts")).app.fetch }) as http.Server,
  Express: async () => http.createServer((await program("express.ts")).app),
  Fastify: async () => {
    const { app } = await program("fastify.ts");
    await app.ready();
    return app.server;
  },
  "node:http": async () => (await program("server.ts")).server,
};

let server: http.Server;
let fake: FakeAnthropic;
const logged = vi.spyOn(console, "error");

beforeEach(() => {
  vi.stubEnv("ANTHROPIC_API_KEY", "sk-example");
  vi.stubEnv("ANTHROPIC_AUTH_TOKEN", undefined);
  logged.mockReset().mockReturnValue(undefined);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  await Promise.all([once(server.close(), "close"), fake.close()]);
});

/** Starts the recipe, and a provider that gives these replies. */
async function start(serve: () => Promise<http.Server>, replies: Replies): Promise<string> {
  fake = await fakeAnthropic({ replies, apiKey: "sk-example" });
  vi.stubEnv("ANTHROPIC_BASE_URL", fake.url);
  server = await serve();
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/chat`;
}

const post = (url: string, body = '{ "question": "Which book?" }'): Promise<Response> =>
  fetch(url, { method: "POST", body, headers: { "content-type": "application/json" } });

const LATER = { headers: { "retry-after": "30" } };

describe.each(Object.entries(recipes))("the recipe for %s", (_recipe, serve) => {
  it("sends text as it comes, which the browser shows", async () => {
    const url = await start(serve, reply("Mistborn, by Brandon Sanderson.", { pace: 1 }));
    const shown: string[] = [];
    await (await program("browser.ts")).ask(url, "Which book?", (text) => shown.push(text));
    expect(shown.join("")).toBe("Mistborn, by Brandon Sanderson.");
    expect(shown.length).toBeGreaterThan(1);
  });

  it("sends server-sent events", async () => {
    const response = await post(await start(serve, "Mistborn."));
    expect(response.headers.get("content-type")).toBe("text/event-stream");
    expect(await response.text()).toMatch(
      /^event: text\ndata: "Mist[^]*\n\nevent: done\ndata: \{"finishReasons":\["end_turn"\],"usage":\{.*\}\}\n\n$/,
    );
  });

  it.each<[string, Replies, number, string | null]>([
    ["a rate limit", apiError(429, "rate_limit_error", "Wait", LATER), 429, "30"],
    ["a key that is refused", apiError(401), 500, null],
    ["an overload that lasts", apiError(529, "overloaded_error", "Wait", LATER), 503, "30"],
  ])("answers %s by a status", async (_case, replies, status, retryAfter) => {
    const url = await start(serve, replies);
    const response = await post(url);
    expect([response.status, response.headers.get("retry-after"), await response.text()]).toEqual([
      status,
      retryAfter,
      "",
    ]);
    expect(logged).toHaveBeenCalledOnce();
    const asked = (await program("browser.ts")).ask(url, "Which book?", () => {});
    await expect(asked).rejects.toThrow(`The server answered ${status}.`);
  });

  it("sends an event for an error after the first text", async () => {
    const url = await start(serve, reply("One. Two.", { endAfter: 4 }));
    let text = "";
    const asked = (await program("browser.ts")).ask(url, "Which book?", (more) => (text += more));
    await expect(asked).rejects.toThrow('The answer was cut: {"code":"stream_truncated"}');
    expect(text).not.toBe("");
    expect(logged).toHaveBeenCalledOnce();
  });

  it("closes the stream when the visitor leaves in the middle", async () => {
    const url = await start(serve, reply("One. Two.", { stallAfter: 4 }));
    const visitor = new AbortController();
    const { ask } = await program("browser.ts");
    await expect(ask(url, "Which book?", () => visitor.abort(), visitor.signal)).rejects.toThrow("abort");
    expect(await (await fake.request()).reply.closed).toBe("aborted");
    expect(logged).not.toHaveBeenCalled();
  });

  it("closes the stream when the visitor leaves before any text", async () => {
    const url = await start(serve, reply("One. Two.", { stallAfter: 1 }));
    const visitor = new AbortController();
    const asked = (await program("browser.ts")).ask(url, "Which book?", () => {}, visitor.signal);
    const { reply: sent } = await fake.request();
    visitor.abort();
    await expect(asked).rejects.toThrow("abort");
    expect(await sent.closed).toBe("aborted");
    expect(logged).not.toHaveBeenCalled();
  });
});

it("closes the stream when a server cancels the body", async () => {
  const { POST } = await program("chat.ts");
  await start(async () => standardServer(POST), reply("One. Two.", { stallAfter: 4 }));
  const response = await POST(new Request("http://127.0.0.1/", { method: "POST", body: '{ "question": "Which?" }' }));
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  expect(await (await fake.request()).reply.closed).toBe("aborted");
});

describe("the recipe for text alone", () => {
  const serve = async (): Promise<http.Server> => standardServer((await program("text.ts")).POST);

  it("sends the text, and nothing else", async () => {
    const response = await post(await start(serve, "Mistborn."));
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(await response.text()).toBe("Mistborn.");
  });

  it("ends an answer without text", async () => {
    const response = await post(await start(serve, reply()));
    expect([response.status, await response.text()]).toEqual([200, ""]);
  });

  it("breaks the connection if the reply is cut", async () => {
    const response = await post(await start(serve, reply("One. Two.", { endAfter: 4 })));
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow("terminated");
  });
});

/** Serves a standard handler, as the server of Next.js does. */
function standardServer(handle: Handler): http.Server {
  return http.createServer(async (incoming, outgoing) => {
    const visitor = new AbortController();
    outgoing.once("close", () => visitor.abort());
    const init = { method: "POST", body: Readable.toWeb(incoming), duplex: "half", signal: visitor.signal };
    const response = await handle(new Request("http://127.0.0.1/", init as RequestInit));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    if (response.body === null) return void outgoing.end();
    const body = Readable.fromWeb(response.body as ReadableStream);
    outgoing.once("close", () => body.destroy());
    body.once("error", () => outgoing.destroy()).pipe(outgoing);
  });
}
