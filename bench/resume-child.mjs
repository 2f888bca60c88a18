// One log of bench/resume.mjs, in a process of its own: what a reply costs that is kept in it, or in none.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as passed } from "node:timers/promises";
import { createClient } from "redis";
import { startRedis } from "../scripts/redis.mjs";
import { call, client } from "../dist/anthropic.js";
import { keep, memoryLog, redisLog, sqliteLog } from "../dist/resume.js";

const SHORT = 40;
/** Between two short replies: as long as the slowest log takes to settle, so that all begin from the same rest. */
const REST_MS = 70;
const PACED = 50;
const WARM_UP_ROUNDS = 20;

const [name, port, events] = process.argv.slice(2);

/** Logs by name, each with what closes it. */
const LOGS = {
  off: () => ({ log: null, close() {} }),
  memory: () => ({ log: memoryLog({ maxRuns: 1e6, maxBytes: 2 ** 32 }), close() {} }),
  sqlite() {
    const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
    const log = sqliteLog(join(folder, "log.sqlite"));
    return {
      log,
      async close() {
        await log.close();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
  async redis() {
    const redis = await startRedis();
    const connection = await createClient({ url: redis.url }).connect();
    const log = redisLog(connection);
    return {
      log,
      async close() {
        await log.close();
        connection.destroy();
        await redis.stop();
      },
    };
  },
};

const { log, close } = await LOGS[name]();
const asker = (path) => {
  const own = client({ apiKey: "sk-ant-test", baseURL: `http://127.0.0.1:${port}/${path}` });
  return call("claude-sonnet-5-5", { stream: true, client: own, retry: false }, () => "Hello");
};
const [short, later, paced] = [asker("short"), asker("later"), asker("paced")];

let count = 0;
const start = (ask) => (log === null ? ask() : keep(ask(), { log, id: `place ${(count += 1)}` }));

/** The median time to the first text, in milliseconds. */
async function firstChunk(ask) {
  const times = [];
  for (let nth = 0; nth < SHORT; nth++) {
    const begun = performance.now();
    const stream = start(ask);
    let first = null;
    for await (const [{ content }] of stream) if (content !== "") first ??= performance.now() - begun;
    times.push(first);
    await Promise.all([stream.log?.settled, passed(REST_MS)]);
  }
  return times.toSorted((one, other) => one - other)[SHORT / 2];
}

/** The CPU time of an event, in microseconds, of all threads of this process. */
async function cpuOfEvent() {
  const before = process.cpuUsage();
  const streams = await Promise.all(
    Array.from({ length: PACED }, async () => {
      const stream = start(paced);
      for await (const _ of stream);
      return stream;
    }),
  );
  await Promise.all(streams.map((stream) => stream.log?.settled));
  if (streams.some((stream) => (stream.log?.state ?? "ended") !== "ended")) throw new Error("A run was not logged.");
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (PACED * events);
}

/** As many short replies at once as paced ones later: a server that has just begun still compiles what begins and ends a run. */
async function warmUp() {
  for (let round = 0; round < WARM_UP_ROUNDS; round++) {
    const streams = Array.from({ length: PACED }, () => start(short));
    for (const stream of streams) for await (const _ of stream);
    await Promise.all(streams.map((stream) => stream.log?.settled));
  }
}

const MEASURES = { first: () => firstChunk(short), later: () => firstChunk(later), cpu: cpuOfEvent };

process.on("message", async (kind) => {
  if (kind === "close") {
    await close();
    process.disconnect();
  } else process.send(await MEASURES[kind]());
});
await warmUp();
process.send("ready");
