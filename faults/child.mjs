// Plays one row with one client, in a process of its own, and sends what it observed to the runner.
import { getEventListeners } from "node:events";
import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";
import { inspect } from "node:util";
import { reader } from "./reader.mjs";

const { module, drive, options, lingerMs, ...about } = JSON.parse(process.argv[2]);
const { key } = about;

const { run } = await import(module);
const unhandled = [];
process.on("unhandledRejection", (reason) => unhandled.push(String(reason)));
process.send({ ready: true });

/**
 * How often a timer ought to run; how late it ever was is how long the event loop did nothing else. No longer than this
 * process has computed meanwhile: other processes may keep the processors busy.
 */
const TICK_MS = 20;
let [tickAt, computed, delayMs] = [performance.now(), computedMs(), 0];
const tick = () => {
  const [now, soFar] = [performance.now(), computedMs()];
  delayMs = Math.max(delayMs, Math.round(Math.min(now - tickAt - TICK_MS, soFar - computed)));
  [tickAt, computed] = [now, soFar];
};
setInterval(tick, TICK_MS).unref();

const controller = new AbortController();
const { seen, take } = reader(drive, options, controller);
const start = performance.now();
const { calls = 1 } = options;
const job = { ...about, take, controller, signal: controller.signal, tools: drive === "tools", ...options };
let observation = { error: null, tools: [], toolsRan: 0, usage: null, notes: [] };
let thrown = null;
try {
  // What an adapter fills in as it goes is there when it throws.
  for (let count = 0; count < calls; count++) await run(job, observation);
} catch (error) {
  thrown = error;
}
const problem = thrown ?? observation.error;
const ms = Math.round(performance.now() - start);
tick();
const { aborted } = controller.signal;
await delay(lingerMs);

observation = {
  outcome: aborted ? "aborted" : problem !== null ? "error" : seen.stopped ? "stopped" : "complete",
  ...observation,
  text: seen.text,
  heldAt: seen.heldAt,
  error: problem === null ? null : describe(problem),
  ms,
  delayMs,
  peakMB: Math.round(process.resourceUsage().maxRSS / 1024),
  keptMB: Math.round((seen.weights.at(-1) - seen.weights[0]) / 2 ** 20),
  listeners: await listenersOn(controller.signal),
  unhandled,
};
process.send({ observation }, () => process.exit());

function computedMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** How many listeners a signal has, without those that go with what nobody holds any more. */
async function listenersOn(signal) {
  const count = () => getEventListeners(signal, "abort").length;
  for (let round = 0; round < 10 && count() > 0; round++) {
    globalThis.gc();
    // What is told of garbage is told in a turn of its own.
    await turn();
  }
  return count();
}

/** An error, and all that a log may show of it. */
function describe(error) {
  const text = [inspect(error, { depth: 10 }), error?.stack, json(error), json(error?.cause)].join("\n");
  const message = typeof error === "object" ? error.message : String(error);
  return { name: error?.name ?? typeof error, message: String(message).slice(0, 500), hasKey: text.includes(key) };
}

function json(value) {
  try {
    return JSON.stringify(value);
  } catch {
    return "";
  }
}
