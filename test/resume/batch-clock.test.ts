import { afterEach, describe, expect, it, vi } from "vitest";
import { memoryLog } from "../../src/neutral-resume.ts";
import { LogWriter } from "../../src/resume/log-writer.ts";
import { BATCH_MS, BatchClock } from "../../src/resume/batch-clock.ts";
import { mortal } from "./mortal-log.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("the clock of batches", () => {
  it("calls what waits for one log together, and once", () => {
    vi.useFakeTimers();
    const clock = BatchClock.of(memoryLog());
    const called: string[] = [];
    const off = (): void => void called.push("off");
    for (const name of ["one", "two"]) clock.add(() => called.push(name));
    clock.add(off);
    clock.delete(off);
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(2 * BATCH_MS);
    expect(called).toEqual(["one", "two"]);
  });

  it("lets others go first after a hundred, and calls none twice or too early", () => {
    vi.useFakeTimers();
    const clock = BatchClock.of(memoryLog());
    const called: number[] = [];
    const off = (): void => void called.push(-1);
    // Each has something to write again at once.
    const again = (nth: number) => (): void => {
      called.push(nth);
      clock.add(again(nth));
    };
    for (let nth = 0; nth < 250; nth++) clock.add(again(nth));
    clock.add(off);
    vi.advanceTimersByTime(BATCH_MS);
    expect(called.length).toBe(100);
    clock.delete(off);
    vi.advanceTimersByTime(BATCH_MS - 1);
    expect(called).toEqual(Array.from({ length: 250 }, (_, nth) => nth));
    vi.advanceTimersByTime(BATCH_MS);
    expect(called.slice(250)).toEqual(called.slice(0, 250));
  });

  it("is the same for all runs of a log", async () => {
    vi.useFakeTimers();
    // That in memory is written when it is read.
    const { log } = mortal(memoryLog());
    const begin = { ttlMs: 1_000, replace: false };
    const add = vi.spyOn(BatchClock.prototype, "add");
    for (const place of ["one", "two", "three"]) {
      const key = { place, run: "run" };
      const writer = new LogWriter({ log, key, token: place, leaseMs: 1_000, begin, onStop() {} });
      await writer.obstacle;
    }
    expect(add.mock.contexts).toHaveLength(3);
    expect(new Set(add.mock.contexts)).toHaveLength(1);
  });

  it("does not wait for the timer of another log, which may have ended with a request of a Worker", () => {
    vi.useFakeTimers();
    const [ofOne, ofOther] = [vi.fn(), vi.fn()];
    BatchClock.of(memoryLog()).add(ofOne);
    vi.clearAllTimers();
    BatchClock.of(memoryLog()).add(ofOther);
    vi.advanceTimersByTime(BATCH_MS);
    expect([ofOne.mock.calls.length, ofOther.mock.calls.length]).toEqual([0, 1]);
  });
});
