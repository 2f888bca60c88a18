import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Log } from "../../src/log/log.ts";
import { memoryLog } from "../../src/log/memory-log.ts";
import { BATCH_MS } from "../../src/resume/batch-clock.ts";
import { LogWriter } from "../../src/resume/log-writer.ts";
import type { LogRecord } from "../../src/resume/record.ts";

const KEY = { place: "chat", run: "run" };
const LEASE_MS = 3_000;
const event = (text: string): LogRecord => ({ type: "event", event: { text } });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A run whose first batch is written. */
async function begun() {
  const log = memoryLog();
  const append = vi.spyOn(log as unknown as { "~append"(): unknown }, "~append");
  const onStop = vi.fn<(reason: string) => void>();
  const begin = { ttlMs: 60_000, replace: false };
  const writer = new LogWriter({ log, key: KEY, token: "token", leaseMs: LEASE_MS, begin, onStop });
  writer.put(event("first"), 5);
  await writer.obstacle;
  await vi.advanceTimersByTimeAsync(BATCH_MS);
  expect(append.mock.calls.length).toBe(1);
  append.mockClear();
  const entries = async () => (await log.read(KEY, 0))?.entries.map(({ data }) => data) ?? [];
  return { log, append, onStop, writer, entries };
}

describe("a run whose log is in this process", () => {
  it("is written once somebody reads it, with all that there is by then", async () => {
    const { append, writer, entries } = await begun();
    for (const text of ["one", "two"]) writer.put(event(text), 3);
    await vi.advanceTimersByTimeAsync(10 * BATCH_MS);
    expect(append).not.toHaveBeenCalled();
    expect(await entries()).toEqual([expect.stringContaining("first"), expect.stringMatching(/one.*two/)]);
    writer.put(event("three"), 5);
    expect((await entries()).at(-1)).toContain("three");
    await entries();
    expect(append).toHaveBeenCalledTimes(2);
  });

  it.each(["before", "after"])(
    "is written in batches for readers that have begun to wait %s an event came",
    async (when) => {
      const { log, append, writer } = await begun();
      const controller = new AbortController();
      const wait = (): Promise<void> => log.wait(KEY, { after: 1, stop: false }, controller.signal);
      const early = when === "before" ? wait() : null;
      writer.put(event("one"), 3);
      const late = early ?? wait();
      writer.put(event("two"), 3);
      expect(append).not.toHaveBeenCalled();
      await vi.advanceTimersByTimeAsync(BATCH_MS);
      await late;
      expect(append).toHaveBeenCalledTimes(1);
      // That reader waits no more, and nobody else does.
      writer.put(event("three"), 5);
      await vi.advanceTimersByTimeAsync(10 * BATCH_MS);
      expect(append).toHaveBeenCalledTimes(1);
    },
  );

  it("learns at once that it is to stop, though it is silent", async () => {
    const { log, onStop } = await begun();
    await log.stop(KEY, "enough");
    expect(onStop.mock.calls).toEqual([["enough"]]);
  });

  it("learns at once that it was removed", async () => {
    const { log, writer } = await begun();
    writer.put(event("one"), 3);
    await log.remove(KEY.place);
    expect(writer.state).toBe("lost");
  });

  it("keeps its lease, though nothing is written", async () => {
    const { log, writer } = await begun();
    writer.put(event("one"), 3);
    await vi.advanceTimersByTimeAsync(10 * LEASE_MS);
    const other = { token: "other", leaseMs: LEASE_MS, ttlMs: 60_000, replace: false };
    expect(await log.begin({ place: KEY.place, run: "other" }, other)).toBe(KEY.run);
  });

  it("is written if much waits, and at its end", async () => {
    const { append, writer, entries } = await begun();
    const large = "x".repeat(200 * 1024);
    writer.put(event(large), large.length);
    expect(append).toHaveBeenCalledTimes(1);
    writer.put(event("last"), 4);
    await writer.end({ type: "end", outcome: "complete", error: null, cost: null, time: 0 });
    expect(writer.state).toBe("ended");
    const texts = [/first/, /x{200}/, /last.*complete/].map((text) => expect.stringMatching(text));
    expect(await entries()).toEqual(texts);
  });

  it("is written as soon as the log can be asked again, if much waits by then", async () => {
    const { append, writer } = await begun();
    append.mockImplementationOnce(() => {
      throw new Error("full");
    });
    const large = "x".repeat(200 * 1024);
    writer.put(event(large), large.length);
    writer.put(event(large), large.length);
    expect([append.mock.calls.length, writer.isBehind]).toEqual([1, true]);
    await vi.advanceTimersByTimeAsync(2 * BATCH_MS);
    expect([append.mock.calls.length, writer.isBehind]).toEqual([3, false]);
  });

  it.each<[string, (log: Log) => Log]>([
    ["has a method of its own", (log) => Object.assign(log, { append: log.append.bind(log) })],
    ["inherits from it", (log) => Object.assign(Object.create(log) as Log, delegating(log))],
    ["is a proxy", (log) => new Proxy(log, { get: (of, name) => (of[name as keyof Log] as () => unknown).bind(of) })],
    ["extends its class", () => extended()],
  ])("is written as it goes on if its log is made of one in memory: one that %s", async (_, made) => {
    const log = made(memoryLog());
    const begin = { ttlMs: 60_000, replace: false };
    const writer = new LogWriter({ log, key: KEY, token: "token", leaseMs: LEASE_MS, begin, onStop() {} });
    await writer.obstacle;
    for (const text of ["one", "two", "three"]) {
      writer.put(event(text), text.length);
      await vi.advanceTimersByTimeAsync(2 * BATCH_MS);
    }
    expect(writer.state).toBe("open");
    expect((await log.read(KEY, 0))?.entries).toHaveLength(3);
  });
});

const METHODS = ["begin", "append", "end", "take", "read", "wait", "stop", "latest", "remove"] as const;

function delegating(log: Log): Log {
  return Object.fromEntries(METHODS.map((name) => [name, (log[name] as () => unknown).bind(log)])) as unknown as Log;
}

function extended(): Log {
  const MemoryLog = memoryLog().constructor as new (...limits: number[]) => Log;
  class Extended extends MemoryLog {
    override append(...args: Parameters<Log["append"]>): ReturnType<Log["append"]> {
      return super.append(...args);
    }
  }
  return new Extended(1e6, 10);
}
