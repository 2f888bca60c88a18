import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import type { FastifyInstance } from "fastify";
import { Redis } from "ioredis";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { nodeHandler, type WebHandler } from "millrace/http";
import { type Log, status } from "millrace/resume";
import { apiError, type FakeAnthropic, fakeAnthropic, reply, type Replies } from "millrace/testing";
import { startRedis } from "../../scripts/redis.mjs";
import { Chat } from "../http-server/chat.ts";
import { serveUpstash } from "../../scripts/upstash.mjs";
import { tasks } from "./next-server.ts";

type Served = http.Server | FastifyInstance["server"];
/** A route of Next.js. */
type Route = (request: Request, context: { params: Promise<{ id: string }> }) => Promise<Response>;

const redis = await startRedis();
const admin = new Redis({ port: redis.port });
const upstash = await serveUpstash((command, ...args) => admin.call(command, ...args));
const UPSTASH = { UPSTASH_REDIS_REST_URL: upstash.url, UPSTASH_REDIS_REST_TOKEN: "token" };

/** A program of the documentation. */
async function program<Exports>(path: string): Promise<Exports> {
  return (await import(resolve(import.meta.dirname, "../../docs", path))) as Exports;
}

const serverOf = async (page: string): Promise<Served> =>
  (await program<{ server: Served }>(`servers/${page}.md/server.ts`)).server;

/** The server of a page that exports a handler, by an adapter in place of its runtime. */
async function serverOfHandler(page: string): Promise<Served> {
  const { default: handler } = await program<{ default: { fetch: WebHandler } }>(`servers/${page}.md/server.ts`);
  return http.createServer(nodeHandler(handler.fetch)).listen(0);
}

/** How each recipe is served. `npm run runtimes` does it by the runtimes themselves. */
const recipes: Readonly<Record<string, () => Promise<Served>>> = {
  node: () => serverOf("node"),
  express: () => serverOf("express"),
  hono: () => serverOf("hono"),
  fastify: async () => (await program<{ app: FastifyInstance }>("servers/fastify.md/server.ts")).app.server,
  next: async () => {
    const chat = await program<{ POST: WebHandler }>("servers/next.md/app/api/chat/route.ts");
    const stream = await program<Record<string, Route>>("servers/next.md/app/api/chat/[id]/stream/route.ts");
    const handler = nodeHandler((request) => {
      const [, id] = /^\/api\/chat\/(.+)\/stream$/.exec(new URL(request.url).pathname) ?? [];
      if (id === undefined) return chat.POST(request);
      return stream[request.method]!(request, { params: Promise.resolve({ id }) });
    });
    return http.createServer(handler).listen(0);
  },
  workers: async () => {
    type Fetch = (request: Request, env: unknown, context: unknown) => Promise<Response>;
    const { default: worker } = await program<{ default: { fetch: Fetch } }>("servers/workers.md/worker.ts");
    const context = { waitUntil: (work: Promise<unknown>) => void tasks.push(work) };
    return http.createServer(nodeHandler((request) => worker.fetch(request, UPSTASH, context))).listen(0);
  },
  bun: () => serverOfHandler("bun"),
  deno: () => serverOfHandler("deno"),
};

const servers: Served[] = [];
const logged = vi.spyOn(console, "error");

beforeEach(() => {
  vi.stubEnv("PORT", "0");
  vi.stubEnv("ANTHROPIC_API_KEY", "sk-example");
  vi.stubEnv("ANTHROPIC_AUTH_TOKEN", undefined);
  vi.stubEnv("REDIS_URL", redis.url);
  for (const [name, value] of Object.entries(UPSTASH)) vi.stubEnv(name, value);
  logged.mockReset().mockReturnValue(undefined);
  tasks.length = 0;
});
afterAll(async () => {
  for (const server of servers) {
    if ("closeAllConnections" in server) server.closeAllConnections();
    server.close();
  }
  admin.disconnect();
  await upstash.close();
  await redis.stop();
});

/** A provider that gives these replies. */
async function provider(replies: Replies): Promise<FakeAnthropic> {
  const fake = await fakeAnthropic({ replies, apiKey: "sk-example" });
  vi.stubEnv("ANTHROPIC_BASE_URL", fake.url);
  return fake;
}

/** Where a server is, once it listens. */
async function addressOf(server: Served): Promise<string> {
  servers.push(server);
  if (!server.listening) await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const TEXT = "Mistborn, by Brandon Sanderson.";
const message = (id: string): string =>
  JSON.stringify({ id, messages: [{ id: "m", role: "user", parts: [{ type: "text", text: "Which book?" }] }] });
const post = (url: string, body: string, signal?: AbortSignal): Promise<Response> =>
  fetch(url, { method: "POST", body, headers: { "content-type": "application/json" }, signal: signal ?? null });
const textIn = (chat: Chat): unknown => chat.parts.find((part) => part.type === "text");

/** What is no chat, or none that can be answered. */
const text = { type: "text", text: "Which book?" };
const asked = (messages: unknown, id: unknown = "a"): string => JSON.stringify({ id, messages });
const from = (role: unknown, ...parts: unknown[]): string => asked([{ id: "m", role, parts }]);
const HOSTILE: readonly string[] = [
  "",
  "{",
  "null",
  "[]",
  '{"id":"a"}',
  asked("all of them"),
  asked([null]),
  asked([{ id: "m", role: "user", parts: "text" }]),
  asked([{ id: "m", role: "user", parts: [text] }], 7),
  asked([{ id: "m", role: "user", parts: [text] }], ""),
  from("system", text),
  from("assistant", text),
  from("user"),
  from("user", { type: "file", mediaType: "image/png", url: "file:///etc/passwd" }),
  asked([{ role: "assistant", parts: [{ type: "tool-pay", toolCallId: "1", state: "output-available" }] }]),
  `{"id":"a","messages":${"[".repeat(20_000)}${"]".repeat(20_000)}}`,
];

describe.each(Object.entries(recipes))("the recipe for %s", (name, serve) => {
  let address: Promise<string> | undefined;
  const start = async (): Promise<string> => `${await (address ??= serve().then(addressOf))}/api/chat`;

  it("answers useChat, and resumes for it after the visitor has left", async () => {
    await using fake = await provider(reply(TEXT, { pace: 10 }));
    const url = await start();
    const leaving = new AbortController();
    const response = await post(url, message(`${name}-left`), leaving.signal);
    expect([response.status, response.headers.get("x-vercel-ai-ui-message-stream")]).toEqual([200, "v1"]);
    await response.body!.getReader().read();
    leaving.abort();
    const chat = new Chat(url, { id: `${name}-left` });
    await chat.resumeStream();
    expect([chat.status, textIn(chat)]).toEqual(["ready", { type: "text", text: TEXT, state: "done" }]);
    expect(await (await fake.request()).reply.closed).toBe("complete");
    if (name === "next" || name === "workers") expect(await Promise.all(tasks)).toHaveLength(1);
  });

  it("sends a conversation, and stops the reply", async () => {
    await using fake = await provider(reply("One. Two.", { stallAfter: 4 }));
    const url = await start();
    const chat = new Chat(url, { id: `${name}-stopped` });
    const sending = chat.sendMessage({ text: "Which book?" });
    await vi.waitFor(() => expect(textIn(chat)).toBeDefined());
    const stop = async (): Promise<number> => {
      const query = new URLSearchParams({ run: chat.lastMessage?.id ?? "" });
      return (await fetch(`${url}/${name}-stopped/stream?${query}`, { method: "DELETE" })).status;
    };
    // The reply of the fake server is there before the log has heard of the run.
    await expect.poll(stop).toBe(204);
    await sending;
    expect([chat.status, chat.lastMessage?.metadata]).toEqual([
      "ready",
      { millrace: expect.objectContaining({ outcome: "aborted" }) },
    ]);
    expect(await (await fake.request()).reply.closed).toBe("aborted");
    expect(await stop()).toBe(404);
    expect(logged).not.toHaveBeenCalled();
  });

  it("answers what is not a chat with 400, and asks nobody", async () => {
    await using fake = await provider(TEXT);
    const url = await start();
    const statuses = await Promise.all(HOSTILE.map(async (body) => (await post(url, body)).status));
    expect(statuses).toEqual(HOSTILE.map(() => 400));
    for (const id of ["%", "%00", "..%2f", "__proto__"]) {
      expect((await fetch(`${url}/${id}/stream`)).status, id).toBeLessThan(500);
    }
    expect([fake.requests.length, logged.mock.calls]).toEqual([0, []]);
  });

  it("answers an error by a status, and 204 where there is nothing", async () => {
    await using _fake = await provider(apiError(401));
    const url = await start();
    const response = await post(url, message("refused"));
    expect([response.status, await response.text()]).toEqual([502, expect.not.stringContaining("sk-example")]);
    expect(logged).toHaveBeenCalledOnce();
    expect((await fetch(`${url}/nobody/stream`)).status).toBe(204);
  });
});

describe("the recipe without a log", () => {
  const start = async (): Promise<string> =>
    addressOf(
      http.createServer(nodeHandler((await program<{ POST: WebHandler }>("web-servers.md/plain.ts")).POST)).listen(0),
    );

  it("sends events", async () => {
    await using _fake = await provider(TEXT);
    const response = await post(await start(), "Which book?");
    expect(await response.text()).toMatch(/"type":"chunk","content":"Mist[^]*"outcome":"complete"/);
  });

  it.each([1, 4])("closes the stream when the visitor leaves after %i events", async (events) => {
    await using fake = await provider(reply("One. Two.", { stallAfter: events }));
    const leaving = new AbortController();
    const asked = post(await start(), "Which book?", leaving.signal);
    const { reply: sent } = await fake.request();
    if (events > 1) await (await asked).body!.getReader().read();
    leaving.abort();
    if (events === 1) await expect(asked).rejects.toThrow("abort");
    expect(await sent.closed).toBe("aborted");
    expect(logged).not.toHaveBeenCalled();
  });
});

it("the log that processes share is in Redis", async () => {
  const { client, log } = await program<{ client: { destroy(): void }; log: Log }>("web-servers.md/log.ts");
  expect(await status(log, "chat")).toBeNull();
  client.destroy();
});

it("the log in memory is the same in all routes of Next.js", async () => {
  const { log } = await program<{ log: Log }>("servers/next.md/lib/memory-log.ts");
  expect((globalThis as { chatLog?: Log }).chatLog).toBe(log);
});
