/**
 * What it costs to keep a reply: the first chunk, and the CPU time of an event, with a log against without one.
 *
 *   node bench/resume.mjs [--rounds N] [--only memory]
 *
 * Rounds of all logs alternate in one process, and each is divided by the round without a log beside it, so that what else
 * the machine does falls out. SQLite takes Node 22.13 or later; Redis is started by scripts/redis.mjs.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as passed } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createClient } from "redis";
import { startRedis } from "../scripts/redis.mjs";
import { call, client } from "../dist/anthropic.js";
import { keep, memoryLog, redisLog, sqliteLog } from "../dist/resume.js";

/** The most that a log should cost: first chunk, CPU time. */
const BARS = { memory: [1.05, 1.15], sqlite: [1.1, 1.3], redis: [1.1, 1.4] };
const SHORT = 40;
/** Between two short replies: as long as the slowest log takes to settle, so that all begin from the same rest. */
const REST_MS = 70;
const PACED = 50;

const HELP = `Usage: node bench/resume.mjs [options]

  --rounds N      how often each log is measured (7)
  --only name     one log alone: memory, sqlite (Node 22.13 or later) or redis
  --help

Prints the first chunk, and the CPU time of an event, with each log against without one.
`;
const options = { rounds: { type: "string" }, only: { type: "string" }, help: { type: "boolean", short: "h" } };
const { values } = parseArgs({ options });
if (values.help) {
  process.stdout.write(HELP);
  process.exit();
}
const rounds = Number(values.rounds ?? 7);
const server = fork(new URL("resume-server.mjs", import.meta.url));
const [{ port, events }] = await once(server, "message");
const asker = (path) => {
  const own = client({ apiKey: "sk-ant-test", baseURL: `http://127.0.0.1:${port}/${path}` });
  return call("claude-sonnet-5-5", { stream: true, client: own, retry: false }, () => "Hello");
};
const [short, later, paced] = [asker("short"), asker("later"), asker("paced")];

const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"));
const wanted = (name) => values.only === undefined || values.only === name;
const closers = [];
const logs = { off: null };
if (wanted("memory")) logs.memory = memoryLog({ maxRuns: 1e6, maxBytes: 2 ** 32 });
if (wanted("sqlite") && isBuiltin("node:sqlite")) {
  logs.sqlite = sqliteLog(join(folder, "log.sqlite"));
  closers.push(() => logs.sqlite.close());
}
if (wanted("redis")) {
  const redis = await startRedis();
  const connection = await createClient({ url: redis.url }).connect();
  logs.redis = redisLog(connection);
  closers.push(async () => {
    await logs.redis.close();
    connection.destroy();
    await redis.stop();
  });
}

let count = 0;
const start = (ask, log) => (log === null ? ask() : keep(ask(), { log, id: `place ${(count += 1)}` }));

/** The median time to the first text, in milliseconds. */
async function firstChunk(ask, log) {
  const times = [];
  for (let nth = 0; nth < SHORT; nth++) {
    const begun = performance.now();
    const stream = start(ask, log);
    let first = null;
    for await (const [{ content }] of stream) if (content !== "") first ??= performance.now() - begun;
    times.push(first);
    await Promise.all([stream.log?.settled, passed(REST_MS)]);
  }
  return median(times);
}

/** The CPU time of an event, in microseconds, of all threads of this process. */
async function cpuOfEvent(log) {
  const before = process.cpuUsage();
  const streams = await Promise.all(
    Array.from({ length: PACED }, async () => {
      const stream = start(paced, log);
      for await (const _ of stream);
      return stream;
    }),
  );
  await Promise.all(streams.map((stream) => stream.log?.settled));
  if (streams.some((stream) => (stream.log?.state ?? "ended") !== "ended")) throw new Error("A run was not logged.");
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (PACED * events);
}

const median = (list) => list.toSorted((one, other) => one - other)[Math.floor(list.length / 2)];

const KINDS = ["first", "later", "cpu"];
const found = Object.fromEntries(
  Object.keys(logs).map((name) => [name, Object.fromEntries(KINDS.map((kind) => [kind, []]))]),
);
for (let round = -1; round < rounds; round++) {
  const names = Object.keys(logs);
  // Each of them comes first in some round.
  const order = names.map((_, place) => names[(place + round + names.length) % names.length]);
  const own = {};
  for (const name of order) {
    const log = logs[name];
    own[name] = {
      first: await firstChunk(short, log),
      later: await firstChunk(later, log),
      cpu: await cpuOfEvent(log),
    };
  }
  // The first round is for the compiler.
  if (round < 0) continue;
  for (const name of names) {
    for (const kind of KINDS) found[name][kind].push(name === "off" ? own.off[kind] : own[name][kind] / own.off[kind]);
  }
}
const range = (list, unit = "") =>
  `${median(list).toFixed(2)}${unit} (${Math.min(...list).toFixed(2)} to ${Math.max(...list).toFixed(2)})`;
console.log(`Node ${process.version}, ${rounds} rounds of ${SHORT} short and ${PACED} paced replies; median and range`);
const { first, later: afterwards, cpu } = found.off;
console.log(
  `off: first chunk ${range(first, " ms")}, of a server that takes 25 ms ${range(afterwards, " ms")}; CPU of an event ${range(cpu, " µs")}`,
);
for (const [name, bars] of Object.entries(BARS)) {
  if (!(name in found)) continue;
  const own = found[name];
  const parts = [
    `first chunk ${range(own.first)}, of a server that takes 25 ms ${range(own.later)}, bar ${bars[0]}`,
    `CPU ${range(own.cpu)}, bar ${bars[1]}`,
  ];
  console.log(`${name}: ${parts.join("; ")}`);
}
for (const close of closers) await close();
rmSync(folder, { recursive: true, force: true });
server.kill();
