import { StreamAbortedError, StreamTimeoutError } from "../errors.ts";
import { startTimer } from "../http/timeout.ts";
import type { Native } from "../provider/native.ts";
import { whenAborted } from "../recovery/abort-signal.ts";
import type { Reply } from "../recovery/reply.ts";

/**
 * Waits for the validation of a reply that has ended: not after its call is aborted, nor for longer than the call has
 * left of its `total` limit. Time between the end of the reply and the validation does not count.
 *
 * @throws StreamAbortedError, StreamTimeoutError
 */
export async function withinLimits<N extends Native, V>(reply: Reply<N>, validation: V | Promise<V>): Promise<V> {
  if (!(validation instanceof Promise)) return validation;
  const { plan, prepared, times, guards } = reply;
  const cleanups: (() => void)[] = [];
  const stopped = new Promise<never>((_, reject) => {
    const totalMs = prepared?.totalTimeoutMs ?? plan.timeout.total;
    const takenMs = (times.end ?? 0) - (plan.spent.since ?? times.start ?? 0);
    const timeout = new StreamTimeoutError("total", totalMs, "the validation took too long");
    cleanups.push(startTimer(Math.max(0, totalMs - takenMs), () => reject(timeout)));
    for (const signal of [plan.signal, prepared?.dynamicConfig?.signal]) {
      if (signal === undefined) continue;
      const abort = (): void => reject(new StreamAbortedError(signal.reason));
      if (signal.aborted) abort();
      else cleanups.push(whenAborted(signal, abort));
    }
    guards.add(reject);
    cleanups.push(() => guards.delete(reject));
  });
  try {
    return await Promise.race([validation, stopped]);
  } finally {
    for (const cleanup of cleanups) cleanup();
  }
}
