import { appendFileSync } from "node:fs";
import { setTimeout as passed } from "node:timers/promises";
import { agent, tool } from "../../dist/index.js";
import { call, client } from "../../dist/anthropic.js";
import { keep, memoryLog, read, redisLog, sqliteLog, stop } from "../../dist/resume.js";

const LOGS = {
  memory: () => memoryLog(),
  sqlite: ({ file }) => sqliteLog(file),
  async redis({ redisUrl }) {
    const { createClient } = await import("redis");
    const redis = createClient({ url: redisUrl });
    redis.on("error", () => {});
    await redis.connect();
    return redisLog(redis);
  },
};

const TOOL_MS = 30_000;

export async function open({ store, baseURL, leaseMs, hasTool, calls, ...at }, faulty) {
  const log = await LOGS[store](at);
  const options = { stream: true, onInterrupt: "continue", client: client({ apiKey: "any", baseURL }) };
  const work = tool({
    name: "work",
    description: "Works for long.",
    async call() {
      appendFileSync(calls, "x");
      await passed(TOOL_MS, undefined, { ref: false });
    },
  });
  const count = call("claude-sonnet-5-5", { ...options, ...(hasTool && { tools: [work] }) }, () => "Count.");
  const ask = hasTool ? agent(count) : count;
  const kept = new Map();
  return {
    async produce(place, { run, replace }) {
      const stream = keep(ask(), { log: faulty(log), id: place, run, replace, lease: leaseMs });
      kept.set(place, stream);
      return reading(stream);
    },
    async read(place, { run, after, takeOver }) {
      const controller = new AbortController();
      const { signal } = controller;
      const stream = await read(log, place, {
        run,
        after,
        signal,
        of: ask,
        ...(takeOver && { continue: () => ask() }),
      });
      return stream && reading(stream, controller);
    },
    stop: (place, run) => stop(log, place, { run }),
    async log(place) {
      const { log: own } = kept.get(place);
      await own.settled;
      return { state: own.state, error: own.error && String(own.error.message) };
    },
  };
}

function reading(stream, controller) {
  const pairs = stream[Symbol.asyncIterator]();
  return {
    run: stream.run,
    texts: textsOf(pairs),
    position: () => stream.position,
    outcome: () => stream.outcome,
    async leave() {
      await pairs.return?.();
      controller?.abort();
    },
  };
}

async function* textsOf(pairs) {
  for (;;) {
    const { value, done } = await pairs.next();
    if (done) return;
    const [chunk] = value;
    if (chunk.recovery?.type === "restart") yield null;
    if (chunk.content !== "") yield chunk.content;
  }
}
