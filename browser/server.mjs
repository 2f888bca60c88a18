// The application: a chat on a web server, with all that millrace has for it.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { createClient } from "redis";
import * as z from "zod";
import { call, client } from "../dist/anthropic.js";
import {
  eventsResponse,
  fromUIMessages,
  nodeHandler,
  resumeResponse,
  stopResponse,
  uiMessageResponse,
} from "../dist/http.js";
import { agent, tool } from "../dist/index.js";
import { keep, memoryLog, redisLog } from "../dist/resume.js";

/** How long a producer may show no sign of life. */
export const LEASE_MS = 1_000;

const weather = tool({
  name: "weather",
  description: "Tells the weather of some days.",
  input: z.object({ city: z.string(), days: z.number() }),
  call: ({ city, days }) => ({ city, sunny: Array.from({ length: days }, () => false) }),
});
const sendMail = tool({
  name: "send_mail",
  description: "Sends mail.",
  input: z.object({ to: z.string() }),
  needsApproval: true,
  call: ({ to }) => `Sent to ${to}.`,
});

/**
 * Starts the application on a free port. Its addresses: `/page/<page>` and, for each way of keeping replies,
 * `/api/<wire>/<log>/chat`: `wire` is `events`, or `ui` with the version of the AI SDK; `log` is `none`, `memory`, `redis` or
 * `takeover` (Redis, and a reader goes on with the reply of a producer that has died).
 */
export async function startServer({ providerURL, redisURL, pages }) {
  const redis = await createClient({ url: redisURL }).connect();
  redis.on("error", () => {});
  const shared = redisLog(redis);
  const logs = { none: null, memory: memoryLog(), redis: shared, takeover: shared };
  const answer = call(
    "claude-sonnet-5-5",
    {
      stream: { partialTools: true },
      tools: [weather, sendMail],
      client: client({ apiKey: "any", baseURL: providerURL }),
      retry: false,
    },
    (messages) => ({ messages }),
  );
  const ask = agent(answer);
  const goOn = agent(answer.with({ onInterrupt: "continue" }));
  const left = new Map();
  const withLog = (wire, name) => {
    const hasTakeover = name === "takeover";
    return chat({ wire, log: logs[name], hasTakeover, ask: hasTakeover ? goOn : ask, redis, left });
  };
  const server = createServer(
    nodeHandler((request) => {
      const { pathname } = new URL(request.url);
      const [, page] = /^\/page\/([\w-]+)$/.exec(pathname) ?? [];
      if (page !== undefined) return html(page);
      const [, script] = /^\/page\/([\w-]+\.js)$/.exec(pathname) ?? [];
      if (script !== undefined) return javascript(readFileSync(join(pages, script)));
      const [, wire, log, id] = /^\/api\/(events|ui\d?)\/(\w+)\/chat(?:\/([^/]+)\/stream)?$/.exec(pathname) ?? [];
      if (wire === undefined) return new Response(null, { status: 404 });
      return withLog(wire, log)(request, id === undefined ? null : decodeURIComponent(id));
    }),
  );
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  return {
    port: server.address().port,
    log: (name) => logs[name],
    /** When the page of a chat was gone. */
    leftAt: (id) => left.get(id),
    async close() {
      server.closeAllConnections();
      server.close();
      redis.destroy();
    },
  };
}

/** The handler of one chat. */
function chat({ wire, log, hasTakeover, ask, redis, left }) {
  const isUI = wire.startsWith("ui");
  const version = /\d/.test(wire) ? { version: Number(wire.at(-1)) } : {};
  const send = (stream, messages, signal) =>
    isUI
      ? uiMessageResponse(stream, { ...version, originalMessages: messages, signal, sendUsage: true })
      : eventsResponse(stream, { signal, sendUsage: true });
  return async (request, id) => {
    if (request.method === "DELETE") return stopResponse(log, id, request);
    if (request.method === "GET") {
      if (log === null) return new Response(null, { status: 204 });
      // Whoever goes on with a reply needs its prompt.
      const prompt = hasTakeover ? JSON.parse((await redis.get(`prompt:${id}`)) ?? "[]") : null;
      return resumeResponse(log, id, request, {
        as: isUI ? "ui" : "events",
        sendUsage: true,
        of: ask,
        ...(isUI && version),
        ...(prompt !== null && { continue: () => ask(prompt) }),
      });
    }
    const { id: place, messages } = await request.json();
    request.signal.addEventListener("abort", () => left.set(place, Date.now()));
    const prompt = isUI ? fromUIMessages(messages) : messages;
    if (log === null) return send(ask(prompt), messages, request.signal);
    if (hasTakeover) await redis.set(`prompt:${place}`, JSON.stringify(prompt), { EX: 60 });
    return send(keep(ask(prompt), { log, id: place, replace: true, lease: LEASE_MS }), messages, request.signal);
  };
}

const html = (page) =>
  new Response(
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>${page}</title><link rel="icon" href="data:,"><div id="root"></div><script src="/page/${page}.js"></script></html>`,
    { headers: { "content-type": "text/html; charset=utf-8" } },
  );
const javascript = (code) => new Response(code, { headers: { "content-type": "text/javascript; charset=utf-8" } });
