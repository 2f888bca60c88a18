// The server of the endurance runs, in a process of its own: its memory is nobody's. The first part of a request's path
// says what it sends. It reports to its parent how many connections are in use, when asked.
import http from "node:http";
import { startStream } from "../faults/serve.mjs";
import { anthropic } from "../faults/wire/anthropic.mjs";
import { planOf } from "./plan.mjs";

const PACE_MS = 40;
const BLOCK_BYTES = 1 << 20;

const { delta, error, keepAlive } = anthropic;
const opening = anthropic.started;
const ending = anthropic.ended();
const beginning = opening + delta("Hello");

const noise = {
  ping: keepAlive,
  comment: `: ${"x".repeat(1000)}\n\n`,
  padding: `data: {"type":"ping"${" ".repeat(1000)}}\n\n`,
  delta: delta("word "),
};

/** The soak streams whose first attempt failed already. */
const failedOnce = new Set();

const replies = {
  ok: (response) => void startStream(response, beginning).end(ending),
  /** A stream that does not end. */
  hang: (response) => void startStream(response, beginning),
  fail: (response) => {
    const error = { type: "error", error: { type: "invalid_request_error", message: "no" } };
    response.writeHead(400, { "content-type": "application/json" }).end(JSON.stringify(error));
  },
  cut: (response) => {
    startStream(response).write(beginning, () => response.destroy());
  },
  ...Object.fromEntries(Object.keys(noise).map((kind) => [kind, (response, size) => flood(response, kind, size)])),
  soak: (response, _, seed) => soak(response, seed),
};

/** So many megabytes of noise, and a short answer. */
async function flood(response, kind, megabytes) {
  const block = noise[kind].repeat(Math.ceil(BLOCK_BYTES / noise[kind].length));
  startStream(response, opening);
  let wake = () => {};
  response.on("drain", () => wake()).on("close", () => wake());
  for (let sent = 0; sent < megabytes * 2 ** 20 && !response.destroyed; sent += block.length) {
    if (!response.write(block)) await new Promise((resolve) => (wake = resolve));
  }
  if (!response.destroyed) response.end(delta("Hello") + ending);
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function soak(response, seed) {
  const { kind, texts, at, isOnce } = planOf(seed);
  if (isOnce && !failedOnce.has(seed)) {
    failedOnce.add(seed);
    before[kind](response);
    return;
  }
  startStream(response, opening);
  for (const [index, text] of texts.entries()) {
    await wait(PACE_MS);
    if (response.destroyed) return;
    if (index === at && !isOnce && kind in after) return after[kind](response);
    response.write(delta(text) + (index % 5 === 0 ? keepAlive : ""));
  }
  response.end(ending);
}

const before = {
  "reset-before-headers": (response) => response.destroy(),
  "reset-before-content": (response) => startStream(response).write(opening, () => response.destroy()),
  "overloaded-529": (response) => response.writeHead(529).end(),
  "overloaded-event": (response) => startStream(response, opening).end(error("overloaded")),
};

const after = {
  reset: (response) => response.destroy(),
  end: (response) => response.end(),
  "error-event": (response) => response.end(error("overloaded")),
  malformed: (response) => response.end('data: {"type":\n\n'),
  /** Pings go on, and nothing else. */
  async stall(response) {
    while (!response.destroyed) {
      response.write(keepAlive);
      await wait(100);
    }
  },
};

let inUse = 0;
const server = http.createServer(async (request, response) => {
  inUse++;
  response.once("close", () => inUse--);
  response.on("error", () => {});
  let body = "";
  for await (const piece of request.setEncoding("utf8")) body += piece;
  const [, name = "", size] = /^\/(\w+)(?:-(\d+))?\//.exec(request.url) ?? [];
  await replies[name](response, Number(size), Number(JSON.parse(body).messages[0].content));
});
server.listen(0, "127.0.0.1", () => process.send({ port: server.address().port }));
process.on("message", () => process.send({ inUse }));
process.on("disconnect", () => process.exit());
