/** How long records wait for others, at most: the delay of a reader elsewhere. */
export const BATCH_MS = 50;

/**
 * When the runs of this process are written: all of those that have something to write at the same time, since what many do
 * one after another costs far less than what each does by itself. A log can send them together, too.
 */
const waiting = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | null = null;

/** Calls it after {@link BATCH_MS} at the latest, once. */
export function atNextBatch(write: () => void): void {
  waiting.add(write);
  timer ??= setTimeout(writeAll, BATCH_MS);
}

/** Calls it no more. */
export function notAtNextBatch(write: () => void): void {
  waiting.delete(write);
}

function writeAll(): void {
  timer = null;
  const due = [...waiting];
  waiting.clear();
  for (const write of due) write();
}
