// Kept runs with readers that come and go, producers that die, and a log that fails: see resume-plan.mjs.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as passed } from "node:timers/promises";
import { memoryLog, redisLog, sqliteLog } from "../dist/resume.js";
import { expect, inParallel } from "./harness.mjs";
import { play } from "./resume-run.mjs";
import { drawRun, simplerThan } from "./resume-plan.mjs";

/** How many runs go on at a time: most of the time they wait. They begin one after another. */
const WIDTH = 150;
const STAGGER_MS = 10;
/** A process that is late by more than this is not what is tested: its runs are played again, a few at a time. */
const LATEST_MS = 60;
const [SECOND_WIDTH, MOST_PLAYED] = [30, 5];
/** How often a simpler run is played to see whether it fails, too: how it goes depends on time. */
const REPEATS = 3;
const MOST_SHRUNK = 15;

const openers = {
  memory: async () => ({ log: memoryLog({ maxRuns: 1e6, maxBytes: 2 ** 32 }), close: async () => {} }),
  async sqlite() {
    const folder = mkdtempSync(join(tmpdir(), "millrace-endurance-"));
    const log = sqliteLog(join(folder, "log.sqlite"));
    const close = async () => {
      await log.close();
      rmSync(folder, { recursive: true });
    };
    return { log, close };
  },
  async redis() {
    const { startRedis } = await import("../scripts/redis.mjs");
    const { createClient } = await import("redis");
    const server = await startRedis();
    const client = await createClient({ url: server.url }).connect();
    const log = redisLog(client);
    const close = async () => {
      await log.close();
      client.destroy();
      await server.stop();
    };
    return { log, close };
  },
};

/** Opens an empty log of a kind. */
export function openLog(name) {
  expect(name in openers, `there is no log "${name}": memory, sqlite, redis`);
  return openers[name]();
}

export async function resume({ runs = 10_000, seed = 1, log: name = "memory" }, print) {
  const { log, close } = await openLog(name);
  const strays = [];
  const stray = (error) => void strays.push(error?.stack ?? String(error));
  process.on("unhandledRejection", stray);
  const pulse = startPulse();
  const states = {};
  /** By what they are about: the first of each kind, and how many there were. */
  const failures = new Map();
  let done = 0;
  try {
    const playOnce = async (plan, isLast = false) => {
      const { problems, state, lagMs } = await play(log, plan, pulse.lag);
      states[state] = (states[state] ?? 0) + 1;
      done += 1;
      if (done % 2_000 === 0) print(`${done} runs so far`);
      if (problems.length > 0 && lagMs > LATEST_MS && !isLast) return true;
      for (const problem of problems) {
        const known = failures.get(kindOf(problem));
        if (known === undefined) failures.set(kindOf(problem), { plan, problem, count: 1 });
        else known.count += 1;
      }
      return false;
    };
    let disturbed = [];
    await inParallel(runs, WIDTH, async (nth) => {
      if (nth < WIDTH) await passed(nth * STAGGER_MS);
      const plan = drawRun(seed + nth);
      if (await playOnce(plan)) disturbed.push(plan);
    });
    for (let times = 1; times < MOST_PLAYED && disturbed.length > 0; times++) {
      print(`${disturbed.length} runs are played again: this process was late`);
      const again = disturbed.splice(0);
      await inParallel(again.length, SECOND_WIDTH, async (nth) => {
        if (await playOnce(again[nth], times === MOST_PLAYED - 1)) disturbed.push(again[nth]);
      });
    }
    print(
      `${done} runs from seed ${seed} on, log in ${name}: ${JSON.stringify(states)}; this process was late by ${pulse.lag(0).toFixed()} ms at most`,
    );
    for (const { plan, problem, count } of failures.values()) {
      print(`${count} times: ${problem} (seed ${plan.seed})`);
      print(`  in short: ${shortly(await shrink(log, plan, kindOf(problem), pulse.lag))}`);
    }
    expect(failures.size === 0, `${failures.size} kinds of failure`);
    expect(strays.length === 0, `nobody handled ${strays.length}: ${strays[0]}`);
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
    const before = timers();
    // A producer whose log does not answer gives it up after three leases.
    for (let tries = 0; tries < 50 && timers() > 1; tries++) await passed(100);
    expect(timers() <= 1, `${timers()} timers are left running, of ${before}`);
  } finally {
    pulse.stop();
    process.off("unhandledRejection", stray);
    await close();
  }
}

/** A plan without its texts, which the seed gives. */
function shortly(plan) {
  const replies = plan.replies.map((reply) => ({ ...reply, texts: reply.texts.length, pauses: reply.pauses.join() }));
  return JSON.stringify({ ...plan, replies });
}

/** The same failure, without the details. */
const kindOf = (problem) => problem.slice(0, 25);

async function shrink(log, plan, kind, lag) {
  let best = plan;
  let left = MOST_SHRUNK;
  for (let isSmaller = true; isSmaller && left > 0;) {
    isSmaller = false;
    for (const candidate of simplerThan(best)) {
      if (left-- <= 0) break;
      const played = await Promise.all(Array.from({ length: REPEATS }, () => play(log, candidate, lag)));
      if (!played.some(({ problems }) => problems.some((problem) => kindOf(problem) === kind))) continue;
      best = candidate;
      isSmaller = true;
      break;
    }
  }
  return best;
}

/** Tells for how long at once this process has been busy: what is due meanwhile is late. */
function startPulse() {
  const EVERY_MS = 20;
  const late = [];
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    late.push({ at: now, ms: now - last - EVERY_MS });
    last = now;
  }, EVERY_MS).unref();
  const lag = (since) =>
    Math.max(
      0,
      ...late
        .slice(-2_000)
        .filter(({ at }) => at >= since)
        .map(({ ms }) => ms),
    );
  return { lag, stop: () => clearInterval(timer) };
}
