import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as passed } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { sqliteLog } from "../../src/log/sqlite-log.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-log-"));
afterAll(() => rmSync(folder, { recursive: true }));

const script = resolve(import.meta.dirname, "sqlite-child.ts");
const key = (run: string) => ({ place: run, run });
const never = new AbortController().signal;

/** Starts another process on a log. */
function start(task: string, path: string, shell = "exec"): ChildProcess {
  const line = `${shell} ${process.execPath} ${script} ${task} ${path}`;
  return spawn("bash", ["-c", line], { stdio: ["ignore", "pipe", "inherit"] });
}

/** What a process says, until it has ended by itself. */
async function said({ stdout }: ChildProcess): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of createInterface({ input: stdout ?? process.stdin })) lines.push(line);
  return lines;
}

// On Node 20, `sqlite-in-node-24.test.ts` runs this file.
describe.skipIf(!isBuiltin("node:sqlite"))("a log in a file, for several processes", () => {
  it("tells one of what another writes, and the other of a stop, within a second", async () => {
    const path = join(folder, "answer.db");
    await using log = sqliteLog(path);
    const child = start("answer", path);
    const lines = said(child);
    while ((await log.latest("answer")) === null) await passed(10);
    await log.wait(key("answer"), { after: 0, stop: true }, never);
    expect((await log.read(key("answer"), 0))?.entries).toEqual([{ number: 1, data: "hello" }]);
    await log.stop(key("answer"), "enough");
    const stopped = performance.now();
    await log.wait(key("answer"), { after: 1, stop: true }, never);
    expect(performance.now() - stopped).toBeLessThan(1_000);
    expect(await lines).toEqual(["stopped: enough"]);
  });

  it("is whole after a process is killed while it writes", async () => {
    const path = join(folder, "write.db");
    await using log = sqliteLog(path);
    const child = start("write", path);
    let told = 0;
    for await (const line of createInterface({ input: child.stdout ?? process.stdin })) {
      told = Number(line);
      if (told >= 200) child.kill("SIGKILL");
    }
    const read: string[] = [];
    for (;;) {
      const { last = 0, entries = [] } = (await log.read(key("write"), read.length)) ?? {};
      read.push(...entries.map(({ data }) => data));
      if (read.length === last) break;
    }
    expect(read.length).toBeGreaterThanOrEqual(told);
    expect(read.map((data) => Number.parseInt(data))).toEqual(read.map((_, index) => index + 1));
    let state = await log.read(key("write"), read.length);
    while (state?.hasLapsed === false) state = await log.read(key("write"), read.length);
    expect(await log.end(key("write"), { beat: state?.beat ?? 0 }, read.length + 1, "end")).toBe(true);
  });

  it("gives each lapsed lease to one of the processes that race for it", async () => {
    const path = join(folder, "take.db");
    await using log = sqliteLog(path);
    const children = [1, 2, 3].map(() => start("take", path));
    const lines = children.map(said);
    await Promise.all(children.map(({ stdout }) => once(stdout ?? process.stdin, "data")));
    const runs = Array.from({ length: 10 }, (_, nth) => nth);
    for (const run of runs) {
      const options = { token: "t", leaseMs: 50 + 10 * run, ttlMs: 60_000, replace: false };
      await log.begin(key(`take ${run}`), options);
    }
    const taken = (await Promise.all(lines)).flat().filter((line) => line !== "ready");
    expect(taken.map(Number).toSorted()).toEqual(runs);
  });

  it("says that it cannot write any more, and still gives what it has", async () => {
    // The largest file that the process may write is 600 KB: as on a full disk, writing fails.
    const lines = await said(start("fill", join(folder, "fill.db"), "ulimit -f 600; exec"));
    expect(lines).toEqual([
      expect.stringMatching(/^LogError: The log in .*fill\.db failed: (it is full|reading or writing it failed)/),
      "true 20000",
    ]);
  });
});
