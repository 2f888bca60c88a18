// Hundreds of kept runs at a time, each with readers elsewhere: nothing is lost, and memory stays flat.
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as passed } from "node:timers/promises";
import { call, client } from "../dist/anthropic.js";
import { keep, read } from "../dist/resume.js";
import { expect, inParallel } from "./harness.mjs";
import { openLog } from "./resume.mjs";

const [EVENTS, PACE_MS] = [100, 100];
const SAMPLE_MS = 5_000;
/** Long enough for a reader that is late on a busy machine. */
const TTL_MS = 30_000;
/** How much more the last third of the run may hold on average than the first: in parts, and in megabytes. */
const [MOST_GROWTH, MOST_MORE] = [1.15, 10];

export async function readers({ seconds = 300, streams = 500, log: name = "redis" }, print) {
  const { log, close } = await openLog(name);
  const server = fork(new URL("../bench/resume-server.mjs", import.meta.url), [String(PACE_MS), String(EVENTS)]);
  const [{ port }] = await once(server, "message");
  const own = client({ apiKey: "sk-ant-test", baseURL: `http://127.0.0.1:${port}/paced` });
  const ask = call("claude-sonnet-5-5", { stream: true, client: own }, () => "Hello");
  const words = Array.from({ length: EVENTS }, (_, nth) => `word ${nth} `).join("");
  const strays = [];
  process.on("unhandledRejection", (reason) => strays.push(reason));
  const held = [];
  const sampling = setInterval(() => held.push(megabytes()), SAMPLE_MS);
  const until = performance.now() + seconds * 1_000;
  let done = 0;
  let latest = 0;
  try {
    await inParallel(Infinity, streams, async (nth) => {
      // They begin one after another, as in life.
      if (nth < streams) await passed((nth * EVENTS * PACE_MS) / streams);
      if (performance.now() > until) return false;
      const id = `place ${nth}`;
      const kept = keep(ask(), { log, id, ttl: TTL_MS });
      const others = Promise.all([1, 2, 3].map(() => elsewhere(log, id, kept.run)));
      const live = await textOf(kept);
      const ended = performance.now();
      const texts = await others;
      latest = Math.max(latest, performance.now() - ended);
      await kept.log.settled;
      expect(kept.log.state === "ended", `run ${nth}: its log is ${kept.log.state} (${kept.log.error})`);
      const wrong = [live, ...texts].findIndex((text) => text !== words);
      expect(
        wrong === -1,
        `run ${nth}, reader ${wrong}: ${[live, ...texts][wrong]?.length} of ${words.length} characters`,
      );
      done += 1;
      if (done % (10 * streams) === 0) print(`${done} runs so far, ${held.at(-1)?.toFixed()} MB`);
      return true;
    });
    expect(strays.length === 0, `nobody handled ${strays[0]}`);
    const third = Math.floor(held.length / 3);
    const [first, last] = [mean(held.slice(third, 2 * third)), mean(held.slice(-third))];
    print(
      `${done} runs with three readers each, ${streams} at a time, log in ${name}: all have all; the last reader was done ` +
        `${latest.toFixed()} ms after the live one at most; ${first.toFixed()} MB in the second third, ${last.toFixed()} MB in the last`,
    );
    expect(last < MOST_GROWTH * first + MOST_MORE, `memory grows from ${first.toFixed()} to ${last.toFixed()} MB`);
  } finally {
    clearInterval(sampling);
    server.kill();
    await close();
  }
}

async function elsewhere(log, id, run) {
  for (;;) {
    const reply = await read(log, id, { run });
    if (reply !== null) return textOf(reply);
    // It has not begun.
    await passed(20);
  }
}

async function textOf(pairs) {
  let text = "";
  for await (const [{ content }] of pairs) text += content;
  return text;
}

/** What is held after a collection. */
function megabytes() {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / 2 ** 20;
}

const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;
