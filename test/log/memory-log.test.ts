import { expect, it, vi } from "vitest";
import { memoryLog } from "../../src/log/memory-log.ts";
import { logSuite } from "./suite.ts";

logSuite({
  name: "memoryLog",
  async open() {
    const log = memoryLog();
    return { log, other: log, close: async () => {} };
  },
});

const options = { token: "t", leaseMs: 60_000, ttlMs: 60_000, replace: false };
const key = (place: string) => ({ place, run: "run" });

it("a full log in memory drops runs that have ended, the oldest first, and then refuses", async () => {
  const log = memoryLog({ maxBytes: 100, maxRuns: 3 });
  for (const place of ["a", "b", "c"]) {
    await log.begin(key(place), options);
    await log.append(key(place), "t", 1, ["x".repeat(15)]);
  }
  await expect(log.begin(key("d"), options)).rejects.toThrow(
    /full: it has 3 runs \(maxRuns: 3\) and 90 bytes .* no room for a run more/,
  );
  await log.end(key("b"), "t", 2, "");
  await log.end(key("a"), "t", 2, "");
  await log.begin(key("d"), options);
  expect([await log.latest("b"), await log.latest("a")]).toEqual([null, "run"]);
  await log.append(key("d"), "t", 1, ["x".repeat(25)]);
  expect([await log.latest("a"), await log.latest("c")]).toEqual([null, "run"]);
  await expect(log.append(key("c"), "t", 2, ["x".repeat(20)])).rejects.toThrow(/full/);
  expect((await log.read(key("c"), 0))?.last).toBe(1);
});

it("a full log in memory does not drop a run to make room for its own entries", async () => {
  const log = memoryLog({ maxBytes: 100 });
  await log.begin(key("a"), { ...options, leaseMs: 20 });
  await log.append(key("a"), "t", 1, ["x".repeat(40)]);
  await vi.waitUntil(async () => (await log.read(key("a"), 0))?.hasLapsed);
  await expect(log.append(key("a"), "t", 2, ["x".repeat(40)])).rejects.toThrow(/full/);
  expect((await log.read(key("a"), 0))?.last).toBe(1);
});
