import { setTimeout as passed } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BeginOptions, Log, RunKey } from "../../src/log/log.ts";

/** A log to test. */
export interface LogSubject {
  readonly name: string;
  /** Makes a log, and another view of the same entries, as another process has it; the log itself where there is none. */
  open(): Promise<{ readonly log: Log; readonly other: Log; close(): Promise<void> }>;
}

/** Long enough for a few calls on a busy machine. */
const LEASE_MS = 400;
const unstopped = { after: Infinity, stop: false };
const never = new AbortController().signal;

let count = 0;
const fresh = (): RunKey => ({ place: `place ${process.pid}-${(count += 1)}`, run: "one" });
const options = (token: string, change: Partial<BeginOptions> = {}): BeginOptions => ({
  token,
  leaseMs: LEASE_MS,
  ttlMs: 60_000,
  replace: false,
  ...change,
});

/** What every log promises: the contract is `src/log/log.ts`. */
export function logSuite(subject: LogSubject): void {
  describe(subject.name, () => {
    let log: Log;
    let other: Log;
    let close: () => Promise<void>;
    beforeAll(async () => void ({ log, other, close } = await subject.open()), 60_000);
    afterAll(() => close());

    const lapsed = async (key: RunKey): Promise<number> => {
      for (;;) {
        const state = await other.read(key, 0);
        if (state?.hasLapsed) return state.beat;
        await passed(LEASE_MS / 8);
      }
    };

    it("gives entries in order, after any number, here and elsewhere", async () => {
      const key = fresh();
      // Both are open before a lease can lapse.
      for (const reader of [log, other]) expect(await reader.read(key, 0)).toBeNull();
      expect(await log.begin(key, options("t"))).toBeNull();
      // The answer may have been lost.
      expect(await other.begin(key, options("t"))).toBeNull();
      expect(await log.read(key, 0)).toMatchObject({
        last: 0,
        entries: [],
        isEnded: false,
        hasLapsed: false,
        stop: null,
      });
      expect(await log.append(key, "t", 1, ["a", "b"])).toEqual({ isHeld: true, stop: null });
      expect(await log.append(key, "t", 3, ["ünïcödé 🙂\n"])).toEqual({ isHeld: true, stop: null });
      const all = [
        { number: 1, data: "a" },
        { number: 2, data: "b" },
        { number: 3, data: "ünïcödé 🙂\n" },
      ];
      for (const view of [log, other]) {
        expect(await view.read(key, 0)).toMatchObject({ last: 3, entries: all });
        expect(await view.read(key, 2)).toMatchObject({ last: 3, entries: all.slice(2) });
        expect(await view.read(key, 3)).toMatchObject({ last: 3, entries: [] });
      }
    });

    it("takes an append twice, and never with a gap, of anybody else, or after the end", async () => {
      const key = fresh();
      await log.begin(key, options("t"));
      await log.append(key, "t", 1, ["a", "b"]);
      expect(await log.append(key, "t", 1, ["a", "b"])).toMatchObject({ isHeld: true });
      expect(await log.append(key, "t", 2, ["b", "c"])).toMatchObject({ isHeld: true });
      expect(await log.append(key, "t", 5, ["e"])).toMatchObject({ isHeld: false });
      expect(await log.append(key, "x", 4, ["d"])).toMatchObject({ isHeld: false });
      expect(await log.end(key, "x", 4, "end")).toBe(false);
      expect(await log.end(key, "t", 5, "end")).toBe(false);
      expect(await log.end(key, "t", 4, "end")).toBe(true);
      expect(await log.end(key, "t", 4, "end")).toBe(true);
      expect(await log.end(key, "t", 4, "another end")).toBe(false);
      expect(await log.append(key, "t", 5, ["e"])).toMatchObject({ isHeld: false });
      const { entries, isEnded } = (await other.read(key, 0)) ?? {};
      expect([entries?.map(({ data }) => data), isEnded]).toEqual([["a", "b", "c", "end"], true]);
    });

    it("has one live run in a place, unless that is replaced", async () => {
      const key = fresh();
      const second = { ...key, run: "two" };
      const third = { ...key, run: "three" };
      expect(await log.latest(key.place)).toBeNull();
      await log.begin(key, options("1"));
      expect(await other.begin(second, options("2"))).toBe("one");
      expect(await log.latest(key.place)).toBe("one");
      const told = log.wait(key, unstopped, never);
      expect(await other.begin(second, options("2", { replace: true }))).toBeNull();
      await told;
      expect(await log.append(key, "1", 1, ["a"])).toEqual({ isHeld: true, stop: "replaced" });
      expect(await log.latest(key.place)).toBe("two");
      expect(await log.append(second, "2", 1, ["b"])).toEqual({ isHeld: true, stop: null });
      await log.end(second, "2", 2, "end");
      await log.end(key, "1", 2, "end");
      expect(await log.begin(third, options("3"))).toBeNull();
      expect(await other.latest(key.place)).toBe("three");
    });

    it("stops a run whose lease has lapsed, once another begins in its place: its producer may only be frozen", async () => {
      const key = fresh();
      await log.begin(key, options("1"));
      await lapsed(key);
      const told = log.wait(key, unstopped, never);
      expect(await other.begin({ ...key, run: "two" }, options("2"))).toBeNull();
      await told;
      expect(await log.append(key, "1", 1, ["late"])).toEqual({ isHeld: true, stop: "replaced" });
      expect(await log.latest(key.place)).toBe("two");
    });

    it("tells the producer to stop, once, and not one that has ended", async () => {
      const key = fresh();
      expect(await log.stop(key, "nobody there")).toBe(false);
      await log.begin(key, options("t"));
      const told = log.wait(key, unstopped, never);
      expect(await other.stop(key, "enough")).toBe(true);
      expect(await other.stop(key, "again")).toBe(true);
      await told;
      expect(await log.append(key, "t", 1, [])).toEqual({ isHeld: true, stop: "enough" });
      expect(await other.read(key, 0)).toMatchObject({ stop: "enough", last: 0 });
      expect(await log.end(key, "t", 1, "end")).toBe(true);
      expect(await other.stop(key, "late")).toBe(false);
    });

    it("wakes those that wait: for entries, for the end, for their own signal", async () => {
      const key = fresh();
      await log.begin(key, options("t"));
      const entry = other.wait(key, { after: 0, stop: true }, never);
      await log.append(key, "t", 1, ["a"]);
      await entry;
      // What is there already is not waited for.
      await other.wait(key, { after: 0, stop: true }, never);
      const end = other.wait(key, { after: 1, stop: true }, never);
      await log.end(key, "t", 2, "end");
      await end;
      const next = fresh();
      await log.begin(next, options("t"));
      const controller = new AbortController();
      const left = other.wait(next, { after: 0, stop: true }, controller.signal);
      controller.abort();
      await left;
    });

    it.concurrent("lets a lease lapse that is not renewed, and a reader end the run, once", async () => {
      const key = fresh();
      await log.begin(key, options("t"));
      await log.append(key, "t", 1, ["a"]);
      const { beat: early } = (await other.read(key, 0)) ?? { beat: -1 };
      expect(await other.end(key, { beat: early }, 2, "too early")).toBe(false);
      const beat = await lapsed(key);
      expect(await other.end(key, { beat: beat - 1 }, 2, "an older beat")).toBe(false);
      const ends = await Promise.all(
        Array.from({ length: 8 }, (_, nth) => (nth % 2 ? log : other).end(key, { beat }, 2, `end ${nth}`)),
      );
      expect(ends.filter(Boolean).length).toBe(1);
      // The producer wakes up.
      expect(await log.append(key, "t", 2, ["b"])).toMatchObject({ isHeld: false });
      expect(await log.end(key, "t", 2, "mine")).toBe(false);
      const { entries = [], isEnded } = (await log.read(key, 0)) ?? {};
      expect(entries.map(({ data }) => data)).toEqual(["a", `end ${ends.indexOf(true)}`]);
      expect(isEnded).toBe(true);
    });

    it.concurrent("keeps a run whose lease has lapsed, if its producer comes back first", async () => {
      const key = fresh();
      await log.begin(key, options("t"));
      const beat = await lapsed(key);
      expect(await log.append(key, "t", 1, ["a"])).toMatchObject({ isHeld: true });
      expect(await other.end(key, { beat }, 2, "end")).toBe(false);
      expect(await other.take(key, beat, { token: "u", leaseMs: LEASE_MS })).toBe(false);
      expect(await other.read(key, 0)).toMatchObject({ hasLapsed: false, isEnded: false });
      // It has lapsed again, which those do not know who saw it the first time.
      const again = await lapsed(key);
      expect(await other.end(key, { beat }, 2, "end")).toBe(false);
      expect(await other.take(key, beat, { token: "u", leaseMs: LEASE_MS })).toBe(false);
      expect(await other.end(key, { beat: again }, 2, "end")).toBe(true);
    });

    it.concurrent("gives a lapsed lease to one of those that ask for it", async () => {
      const key = fresh();
      await log.begin(key, options("t"));
      await log.append(key, "t", 1, ["a"]);
      const beat = await lapsed(key);
      const tokens = Array.from({ length: 8 }, (_, nth) => `taker ${nth}`);
      const taken = await Promise.all(
        tokens.map((token, nth) => (nth % 2 ? log : other).take(key, beat, { token, leaseMs: LEASE_MS })),
      );
      expect(taken.filter(Boolean).length).toBe(1);
      const token = tokens[taken.indexOf(true)] ?? "";
      expect(await log.append(key, "t", 2, ["b"])).toMatchObject({ isHeld: false });
      expect(await log.append(key, token, 2, ["c"])).toMatchObject({ isHeld: true });
      expect(await other.read(key, 1)).toMatchObject({ entries: [{ number: 2, data: "c" }], hasLapsed: false });
      // Whoever has it already may ask again, since the answer may have been lost; but not once the run has ended.
      const lease = { token, leaseMs: LEASE_MS };
      expect(await log.take(key, beat, lease)).toBe(true);
      expect(await log.end(key, token, 3, "end")).toBe(true);
      expect(await log.take(key, beat, lease)).toBe(false);
    });

    it("drops runs after their time, and places that are removed", async () => {
      const key = fresh();
      await log.begin(key, options("t", { ttlMs: 150 }));
      await log.append(key, "t", 1, ["a"]);
      await log.end(key, "t", 2, "end");
      while ((await other.read(key, 0)) !== null) await passed(20);
      expect(await other.latest(key.place)).toBeNull();
      const next = fresh();
      await log.begin(next, options("t"));
      await log.append(next, "t", 1, ["a"]);
      await other.remove(next.place);
      expect(await log.read(next, 0)).toBeNull();
      expect(await log.latest(next.place)).toBeNull();
      expect(await log.append(next, "t", 2, ["b"])).toMatchObject({ isHeld: false });
      expect(await log.end(next, "t", 2, "end")).toBe(false);
    });

    it("gives all of a long run, in however many reads", async () => {
      const key = fresh();
      await log.begin(key, options("t"));
      const data = Array.from({ length: 3_000 }, (_, nth) => `${nth} ${"x".repeat(nth % 97)}`);
      for (let at = 0; at < data.length; at += 500) {
        expect(await log.append(key, "t", at + 1, data.slice(at, at + 500))).toMatchObject({ isHeld: true });
      }
      const read: string[] = [];
      while (read.length < data.length) {
        const { entries = [] } = (await other.read(key, read.length)) ?? {};
        expect(entries.length).toBeGreaterThan(0);
        expect(entries[0]?.number).toBe(read.length + 1);
        read.push(...entries.map((entry) => entry.data));
      }
      expect(read).toEqual(data);
    });
  });
}
