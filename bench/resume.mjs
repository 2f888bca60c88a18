/**
 * What it costs to keep a reply: the first chunk, and the CPU time of an event, with a log against without one.
 *
 *   node bench/resume.mjs [--rounds N] [--only memory] [--cpu]
 *
 * Each log has a process of its own, and so has "off", which keeps nothing. In each round each of them is compared with
 * "off", so that how fast the machine is just now falls out: first chunks one after another, the CPU time of both at the
 * same time. How many events a process finds each time it wakes is chance, and costs more than a log does: on one
 * processor (`taskset -c 0 node …`) it is the same for all. SQLite takes Node 22.13 or later; Redis is started by
 * scripts/redis.mjs.
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { isBuiltin } from "node:module";
import { parseArgs } from "node:util";

/** The most that a log should cost: first chunk, CPU time. */
const BARS = { memory: [1.05, 1.15], sqlite: [1.1, 1.3], redis: [1.1, 1.4] };
/** For the compiler. */
const WARM_UP_ROUNDS = 4;

const HELP = `Usage: node bench/resume.mjs [options]

  --rounds N      how often each log is measured (11)
  --only name     one log alone: memory, sqlite (Node 22.13 or later) or redis
  --cpu           the CPU time alone
  --help

Prints the first chunk, and the CPU time of an event, with each log against without one.
`;
const options = {
  rounds: { type: "string" },
  only: { type: "string" },
  cpu: { type: "boolean" },
  help: { type: "boolean", short: "h" },
};
const { values } = parseArgs({ options });
if (values.help) {
  process.stdout.write(HELP);
  process.exit();
}
const rounds = Number(values.rounds ?? 11);
const server = fork(new URL("resume-server.mjs", import.meta.url));
const [{ port, events }] = await once(server, "message");

const names = Object.keys(BARS)
  .filter((name) => values.only === undefined || values.only === name)
  .filter((name) => name !== "sqlite" || isBuiltin("node:sqlite"));
const children = await Promise.all(
  ["off", ...names].map(async (name) => {
    const child = fork(new URL("resume-child.mjs", import.meta.url), [name, String(port), String(events)]);
    await once(child, "message");
    return { name, child };
  }),
);

async function measured({ child }, kind) {
  child.send(kind);
  const [found] = await once(child, "message");
  return found;
}

/** A figure of each child, by its name: one after another, each of them the first in some round. */
async function inTurn(kind, round) {
  const found = {};
  for (let place = 0; place < children.length; place++) {
    const one = children[(place + round) % children.length];
    found[one.name] = await measured(one, kind);
  }
  return found;
}

/** The CPU time of an event of "off", and by the name of each log, as a multiple of that of "off" at the same time. */
async function cpuInPairs(round) {
  const [off, ...logs] = children;
  const found = {};
  for (const one of logs) {
    const pair = round % 2 === 0 ? [off, one] : [one, off];
    const times = await Promise.all(pair.map((child) => measured(child, "cpu")));
    const [without, withLog] = round % 2 === 0 ? times : times.toReversed();
    found.off = without;
    found[one.name] = withLog / without;
  }
  return found;
}

const median = (list) => list.toSorted((one, other) => one - other)[Math.floor(list.length / 2)];
const range = (list, unit = "") =>
  `${median(list).toFixed(2)}${unit} (${Math.min(...list).toFixed(2)} to ${Math.max(...list).toFixed(2)})`;

const found = { first: [], later: [], cpu: [] };
for (let round = 0; round < rounds + WARM_UP_ROUNDS; round++) {
  const isCounted = round >= WARM_UP_ROUNDS;
  const cpu = await cpuInPairs(round);
  if (isCounted) found.cpu.push(cpu);
  if (values.cpu || round < WARM_UP_ROUNDS - 1) continue;
  for (const kind of ["first", "later"]) {
    const times = await inTurn(kind, round);
    if (isCounted) found[kind].push(times);
  }
}
const figures = (kind, name) => found[kind].map((round) => round[name]);
const ratios = (kind, name) => range(found[kind].map((round) => round[name] / round.off));
const cpuRatios = (name) => range(figures("cpu", name));
console.log(`Node ${process.version}, ${rounds} rounds; median and range`);
const baseline = [`CPU of an event ${range(figures("cpu", "off"), " µs")}`];
if (!values.cpu) {
  baseline.push(`first chunk ${range(figures("first", "off"), " ms")}`);
  baseline.push(`of a server that takes 25 ms ${range(figures("later", "off"), " ms")}`);
}
console.log(`off: ${baseline.join("; ")}`);
for (const name of names) {
  const [firstBar, cpuBar] = BARS[name];
  const parts = [`CPU ${cpuRatios(name)}, bar ${cpuBar}`];
  if (!values.cpu) {
    parts.push(`first chunk ${ratios("first", name)}`);
    parts.push(`of a server that takes 25 ms ${ratios("later", name)}, bar ${firstBar}`);
  }
  console.log(`${name}: ${parts.join("; ")}`);
}
for (const { child } of children) child.send("close");
await Promise.all(children.map(({ child }) => once(child, "exit")));
server.kill();
