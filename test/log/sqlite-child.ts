/**
 * Another process that uses a log in a file. It says what it does on stdout, a line each, and ends when there is nothing
 * more to do: a log by itself does not keep it alive.
 *
 *   node test/log/sqlite-child.ts <task> <path>
 */

import { setTimeout as passed } from "node:timers/promises";
import { sqliteLog } from "../../src/log/sqlite-log.ts";

const [task = "", path = ""] = process.argv.slice(2);
const log = sqliteLog(path);
const key = (run: string) => ({ place: run, run });
const never = new AbortController().signal;
const begin = (run: string, leaseMs: number) =>
  log.begin(key(run), { token: "t", leaseMs, ttlMs: 60_000, replace: false });
const say = (line: string) => process.stdout.write(`${line}\n`);

const tasks: Readonly<Record<string, () => Promise<void>>> = {
  /** Appends until it is stopped. */
  async answer() {
    await begin("answer", 10_000);
    await log.append(key("answer"), "t", 1, ["hello"]);
    await log.wait(key("answer"), { after: Infinity, stop: false }, never);
    const { stop } = await log.append(key("answer"), "t", 2, []);
    say(`stopped: ${stop}`);
    await log.end(key("answer"), "t", 2, "end");
  },

  /** Appends, and tells the number of each entry that is in the log, until it is killed. */
  async write() {
    await begin("write", 300);
    for (let number = 1; ; number += 8) {
      const entries = Array.from({ length: 8 }, (_, nth) => `${number + nth} ${"x".repeat(500)}`);
      await log.append(key("write"), "t", number, entries);
      say(String(number + 7));
    }
  },

  /** Tries to take each of ten leases as soon as it has lapsed, and tells which it got. */
  async take() {
    await log.latest("take");
    say("ready");
    for (let run = 0; run < 10;) {
      const state = await log.read(key(`take ${run}`), 0);
      const isTaken = (state?.beat ?? 0) > 0;
      const lease = { token: `${process.pid}`, leaseMs: 60_000 };
      const isMine = state?.hasLapsed === true && (await log.take(key(`take ${run}`), state.beat, lease));
      if (isMine) say(String(run));
      if (isMine || isTaken) run += 1;
      else await passed(2);
    }
  },

  /** Appends until the log refuses, and tells why and what is in it. */
  async fill() {
    await begin("fill", 10_000);
    let last = 0;
    try {
      for (; ; last += 1) await log.append(key("fill"), "t", last + 1, ["x".repeat(20_000)]);
    } catch (error) {
      say(String(error));
    }
    const read = await log.read(key("fill"), 0);
    say(`${last > 0 && read?.last === last} ${read?.entries[0]?.data.length}`);
  },
};

await tasks[task]?.();
