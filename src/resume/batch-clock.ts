import type { Log } from "../log/log.ts";

/** How long records wait for others, at most: the delay of a reader elsewhere. */
export const BATCH_MS = 50;
/** How many runs are written without a pause: live readers have to wait for it, some 20 µs for each. */
const MOST_AT_ONCE = 100;

interface Clock {
  /** Those that are written when the time has come. */
  waiting: Set<() => void>;
  /** Those whose time has come. */
  due: Set<() => void>;
  timer: ReturnType<typeof setTimeout> | null;
}

/**
 * When the runs of a log are written: all of those that have something to write at the same time, since what many do one
 * after another costs far less than what each does by itself. The log can send them together, too. Logs share no timer:
 * that of a Worker ends with its request, which has a log of its own.
 */
const clocks = new WeakMap<Log, Clock>();

/** Calls it after {@link BATCH_MS}, or a little later if there are many, once. */
export function atNextBatch(log: Log, write: () => void): void {
  const clock = clocks.get(log) ?? { waiting: new Set(), due: new Set(), timer: null };
  clocks.set(log, clock);
  clock.waiting.add(write);
  clock.timer ??= setTimeout(() => writeSome(clock), BATCH_MS);
}

/** Calls it no more. */
export function notAtNextBatch(log: Log, write: () => void): void {
  const clock = clocks.get(log);
  clock?.waiting.delete(write);
  clock?.due.delete(write);
}

function writeSome(clock: Clock): void {
  if (clock.due.size === 0) {
    clock.due = clock.waiting;
    clock.waiting = new Set();
  }
  try {
    let count = 0;
    for (const write of clock.due) {
      if (count === MOST_AT_ONCE) break;
      count += 1;
      clock.due.delete(write);
      write();
    }
  } finally {
    // Not before: what is written may have more to write at once.
    const isLeft = clock.due.size > 0;
    const isOver = !isLeft && clock.waiting.size === 0;
    clock.timer = isOver ? null : setTimeout(() => writeSome(clock), isLeft ? 0 : BATCH_MS);
  }
}
