import type { Log } from "../log/log.ts";

/** How long records wait for others, at most: the delay of a reader elsewhere. */
export const BATCH_MS = 50;

interface Clock {
  readonly waiting: Set<() => void>;
  timer: ReturnType<typeof setTimeout> | null;
}

/**
 * When the runs of a log are written: all of those that have something to write at the same time, since what many do one
 * after another costs far less than what each does by itself. The log can send them together, too. Logs share no timer:
 * that of a Worker ends with its request, which has a log of its own.
 */
const clocks = new WeakMap<Log, Clock>();

/** Calls it after {@link BATCH_MS} at the latest, once. */
export function atNextBatch(log: Log, write: () => void): void {
  const clock = clocks.get(log) ?? { waiting: new Set(), timer: null };
  clocks.set(log, clock);
  clock.waiting.add(write);
  clock.timer ??= setTimeout(() => writeAll(clock), BATCH_MS);
}

/** Calls it no more. */
export function notAtNextBatch(log: Log, write: () => void): void {
  clocks.get(log)?.waiting.delete(write);
}

function writeAll(clock: Clock): void {
  clock.timer = null;
  const due = [...clock.waiting];
  clock.waiting.clear();
  for (const write of due) write();
}
