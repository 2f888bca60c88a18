import { getEventListeners } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { afterAll, describe, expect, it } from "vitest";
import type { Log } from "../../src/log/log.ts";
import { sqliteLog } from "../../src/log/sqlite-log.ts";
import { logSuite } from "./suite.ts";

// On Node 20, `sqlite-in-node-24.test.ts` runs this file.
const hasSqlite = isBuiltin("node:sqlite");
const folder = mkdtempSync(join(tmpdir(), "millrace-log-"));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
const newPath = (): string => join(folder, `${(count += 1)}.db`);
const key = { place: "place", run: "run" };
const options = { token: "t", leaseMs: 60_000, ttlMs: 60_000, replace: false };
const never = new AbortController().signal;
const failure = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => null,
    (error: unknown) => error,
  );

/** The file as others see it. */
function database(path: string) {
  const sqlite = process.getBuiltinModule("node:sqlite") as {
    DatabaseSync: new (path: string) => {
      exec(sql: string): void;
      prepare(sql: string): { get(): Record<string, unknown> };
      close(): void;
    };
  };
  return new sqlite.DatabaseSync(path);
}

function written(content: string): string {
  const path = newPath();
  writeFileSync(path, content);
  return path;
}

function withTable(): string {
  const path = newPath();
  const other = database(path);
  other.exec("CREATE TABLE run (name)");
  other.close();
  return path;
}

it.skipIf(hasSqlite)("a log in a file says which Node it takes", () => {
  expect(() => sqliteLog("file.db")).toThrow(`sqliteLog takes Node 22.13 or later, for its node:sqlite, and this is v`);
});

describe.skipIf(!hasSqlite)("a log in a file", () => {
  logSuite({
    name: "sqliteLog",
    async open() {
      const path = newPath();
      const log = sqliteLog(path);
      // Other options, and so a worker of its own: as another process has it.
      const other = sqliteLog(path, { maxBytes: 2 ** 30 });
      return { log, other, close: async () => void (await Promise.all([log.close(), other.close()])) };
    },
  });

  it.each([
    ["a folder", () => folder, "it cannot be opened. Check that its folder exists"],
    ["a file in no folder", () => join(folder, "none/log.db"), "it cannot be opened. Check that its folder exists"],
    ["another file", () => written("This is a text, not a database. ".repeat(40)), "it is not a database of SQLite"],
    ["another database", withTable, "it has tables of something else"],
  ])("refuses %s", async (_, pathOf, problem) => {
    const path = pathOf();
    await using log = sqliteLog(path);
    const seen = { after: 0, stop: true };
    for (const call of [log.begin(key, options), log.read(key, 0), log.wait(key, seen, never)]) {
      const error = await failure(call);
      expect(error).toMatchObject({ code: "log", cause: { message: expect.any(String) } });
      expect(String(error)).toContain(`LogError: The log in ${path} failed: ${problem}`);
    }
  });

  it("is written by two workers at once, and refuses neither", async () => {
    const path = newPath();
    await using log = sqliteLog(path);
    await using other = sqliteLog(path, { maxBytes: 2 ** 30 });
    const write = async (to: typeof log, place: string): Promise<void> => {
      const run = { place, run: "run" };
      await to.begin(run, options);
      for (let number = 1; number <= 60; number += 1) await to.append(run, "t", number, ["a"]);
    };
    await Promise.all([write(log, "one"), write(other, "other")]);
    expect((await log.read({ place: "other", run: "run" }, 0))?.last).toBe(60);
    expect((await other.read({ place: "one", run: "run" }, 0))?.last).toBe(60);
  });

  it("says that it is damaged, and works once that is moved away", async () => {
    const path = newPath();
    await using log = sqliteLog(path);
    await log.begin(key, options);
    await log.append(key, "t", 1, ["x".repeat(50_000)]);
    await log.close();
    writeFileSync(path, Buffer.alloc(20_000, 7), { flag: "r+" });
    await using damaged = sqliteLog(path);
    expect(String(await failure(damaged.read(key, 0)))).toMatch(/damaged/);
    rmSync(path);
    expect(await damaged.begin(key, options)).toBeNull();
  });

  it("is full, keeps what it has, and goes on when there is room", async () => {
    await using log = sqliteLog(newPath(), { maxBytes: 200_000 });
    await log.begin(key, options);
    await log.append(key, "t", 1, ["x".repeat(100_000)]);
    const small = log.append(key, "t", 2, ["y"]);
    const tooLarge = log.append(key, "t", 3, ["z".repeat(100_000)]);
    expect(await failure(tooLarge)).toMatchObject({ code: "log", cause: { code: "ERR_SQLITE_ERROR", errcode: 13 } });
    // The one that was committed with it is not lost.
    expect(await small).toEqual({ isHeld: true, stop: null });
    expect((await log.read(key, 1))?.entries).toEqual([{ number: 2, data: "y" }]);
    await log.remove("place");
    await log.begin(key, options);
    expect(await log.append(key, "t", 1, ["x".repeat(100_000)])).toMatchObject({ isHeld: true });
  });

  it("says that another process has locked it, and reads meanwhile", async () => {
    const path = newPath();
    await using log = sqliteLog(path, { lockTimeoutMs: 50 });
    await log.begin(key, options);
    const other = database(path);
    other.exec("BEGIN IMMEDIATE");
    const calls = Array.from({ length: 50 }, (_, nth) => failure(log.append(key, "t", 1, [`${nth}`])));
    for (const error of await Promise.all(calls)) expect(String(error)).toMatch(/another process has had it locked/);
    expect(await log.read(key, 0)).toMatchObject({ last: 0 });
    other.exec("ROLLBACK");
    other.close();
    expect(await log.append(key, "t", 1, ["a"])).toMatchObject({ isHeld: true });
  });

  it("takes a call that cannot be done alone", async () => {
    await using log = sqliteLog(newPath());
    await log.begin(key, options);
    const broken = undefined as unknown as string;
    const calls = [["a"], ["a", broken], ["a", "b"]].map((entries) => log.append(key, "t", 1, entries));
    expect((await Promise.allSettled(calls)).map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
    expect(await log.read(key, 0)).toMatchObject({ last: 2, entries: [{ data: "a" }, { data: "b" }] });
  });

  describe.each(["the same connection", "another one"])("between two appends, sees what %s does:", (name) => {
    /** A run that was appended to, and whose lease has lapsed if it is short; and a log of this or of another connection. */
    async function appended(leaseMs = 60_000) {
      const path = newPath();
      const log = sqliteLog(path);
      const other = name === "another one" ? sqliteLog(path, { maxBytes: 2 ** 30 }) : log;
      await log.begin(key, { ...options, leaseMs });
      await log.append(key, "t", 1, ["a"]);
      expect(await log.append(key, "t", 2, ["b"])).toEqual({ isHeld: true, stop: null });
      while (leaseMs < 60_000 && !(await other.read(key, 0))?.hasLapsed);
      const { beat = 0 } = (await other.read(key, 0)) ?? {};
      expect(beat).toBe(2);
      return { log, other, beat, close: () => Promise.all([log.close(), other.close()]) };
    }
    const entries = async (log: Log): Promise<unknown> => (await log.read(key, 0))?.entries.map(({ data }) => data);

    it("a stop", async () => {
      const { log, other, close } = await appended();
      await other.stop(key, "enough");
      expect(await log.append(key, "t", 3, ["c"])).toEqual({ isHeld: true, stop: "enough" });
      expect(await log.append(key, "t", 4, ["d"])).toEqual({ isHeld: true, stop: "enough" });
      await close();
    });

    it("a stop by the next run of the place", async () => {
      const { log, other, close } = await appended();
      await other.begin({ ...key, run: "next" }, { ...options, token: "next", replace: true });
      expect(await log.append(key, "t", 3, ["c"])).toEqual({ isHeld: true, stop: "replaced" });
      await close();
    });

    it("a takeover", async () => {
      const { log, other, beat, close } = await appended(5);
      expect(await other.take(key, beat, { token: "taker", leaseMs: 60_000 })).toBe(true);
      expect(await log.append(key, "t", 3, ["c"])).toMatchObject({ isHeld: false });
      expect(await other.append(key, "taker", 3, ["C"])).toMatchObject({ isHeld: true });
      expect(await log.append(key, "t", 3, [])).toMatchObject({ isHeld: false });
      expect(await entries(log)).toEqual(["a", "b", "C"]);
      await close();
    });

    it("an end", async () => {
      const { log, other, beat, close } = await appended(5);
      expect(await other.end(key, { beat }, 3, "end")).toBe(true);
      expect(await log.append(key, "t", 3, ["c"])).toMatchObject({ isHeld: false });
      expect(await entries(log)).toEqual(["a", "b", "end"]);
      await close();
    });

    it("entries by the same token", async () => {
      const { log, other, close } = await appended();
      await other.append(key, "t", 3, ["c"]);
      expect(await log.append(key, "t", 3, ["c", "d"])).toMatchObject({ isHeld: true });
      expect(await entries(other)).toEqual(["a", "b", "c", "d"]);
      expect(await other.read(key, 0)).toMatchObject({ beat: 4 });
      await close();
    });

    it("that the run is gone, and another has its place", async () => {
      const { log, other, close } = await appended();
      await other.remove(key.place);
      expect(await log.append(key, "t", 3, ["c"])).toEqual({ isHeld: false, stop: null });
      await other.begin(key, { ...options, token: "new" });
      expect(await log.append(key, "t", 3, ["c"])).toMatchObject({ isHeld: false });
      expect(await entries(log)).toEqual([]);
      await close();
    });
  });

  it("keeps runs of the same name apart", async () => {
    await using log = sqliteLog(newPath());
    const places = ["one", "two"].map((place) => ({ place, run: "run" }));
    for (const at of places) await log.begin(at, options);
    for (const number of [1, 2]) {
      for (const at of places) {
        expect(await log.append(at, "t", number, [`${at.place} ${number}`])).toMatchObject({ isHeld: true });
      }
    }
    const read = await Promise.all(places.map((at) => log.read(at, 0)));
    expect(read.map((run) => run?.entries.map(({ data }) => data))).toEqual([
      ["one 1", "one 2"],
      ["two 1", "two 2"],
    ]);
  });

  it("has one worker for a file, and another when that has died", async () => {
    const workers: Worker[] = [];
    const started = (worker: Worker): void => void workers.push(worker);
    process.on("worker", started);
    const path = newPath();
    await using log = sqliteLog(path);
    await using same = sqliteLog(path);
    await Promise.all([log.begin(key, options), same.latest("place")]);
    expect(workers.length).toBe(1);
    const pending = [same.wait(key, { after: 0, stop: true }, never), log.append(key, "t", 1, ["a"])];
    void workers[0]?.terminate();
    for (const error of await Promise.all(pending.map(failure))) {
      expect(error).toMatchObject({ code: "log", message: expect.stringContaining("its worker has ended") });
    }
    expect(await log.append(key, "t", 1, ["a"])).toMatchObject({ isHeld: true });
    expect(workers.length).toBe(2);
    process.off("worker", started);
  });

  it("ends what waits when it is closed or left, and leaves no listener behind", async () => {
    const path = newPath();
    const [log, same] = [sqliteLog(path), sqliteLog(path)];
    await log.begin(key, options);
    const { signal } = new AbortController();
    const left = new AbortController();
    const seen = { after: 0, stop: true };
    const all = [log.wait(key, seen, signal), log.wait(key, seen, left.signal), same.wait(key, seen, signal)];
    left.abort();
    await all[1];
    await log.close();
    await all[0];
    expect(await failure(log.read(key, 0))).toMatchObject({ message: "The log was closed." });
    await same.append(key, "t", 1, ["a"]);
    await all[2];
    expect(getEventListeners(signal, "abort").length + getEventListeners(left.signal, "abort").length).toBe(0);
    const last = same.append(key, "t", 2, ["b"]);
    await same.close();
    expect(await last).toMatchObject({ isHeld: true });
  });

  it("lets a lease lapse that is from before the machine started again", async () => {
    const path = newPath();
    await using log = sqliteLog(path);
    await log.begin(key, options);
    expect(await log.read(key, 0)).toMatchObject({ hasLapsed: false });
    const other = database(path);
    other.exec("UPDATE run SET lease_end = lease_end + 1000");
    expect(await log.read(key, 0)).toMatchObject({ hasLapsed: true });
    // A wall clock that jumps ahead drops no run that somebody holds.
    other.exec("UPDATE run SET lease_end = lease_end - 1000, drop_at = 0");
    expect(await log.read(key, 0)).toMatchObject({ hasLapsed: false });
    other.close();
  });

  it("deletes what has expired when runs begin, a few at once", async () => {
    const path = newPath();
    await using log = sqliteLog(path);
    const other = database(path);
    for (let nth = 0; nth < 15; nth += 1) {
      const run = { place: `${nth}`, run: "run" };
      await log.begin(run, options);
      await log.append(run, "t", 1, ["a"]);
      await log.end(run, "t", 2, "end");
    }
    other.exec("UPDATE run SET drop_at = 0");
    const counts = [];
    for (const place of ["a", "b"]) {
      await log.begin({ place, run: "run" }, options);
      counts.push(
        other.prepare("SELECT (SELECT count(*) FROM run) AS runs, (SELECT count(*) FROM entry) AS entries").get(),
      );
    }
    other.close();
    expect(counts).toMatchObject([
      { runs: 6, entries: 10 },
      { runs: 2, entries: 0 },
    ]);
  });
});
