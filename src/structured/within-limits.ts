import type { Native } from "../provider/native.ts";
import type { Reply } from "../recovery/reply.ts";

/**
 * Waits for the validation of a reply: not after its call is aborted, nor for longer than the call has left of its `total`
 * limit.
 *
 * @throws StreamAbortedError, StreamTimeoutError
 */
export async function withinLimits<N extends Native, V>(reply: Reply<N>, validation: V | Promise<V>): Promise<V> {
  if (!(validation instanceof Promise)) return validation;
  let end = (): void => {};
  const stopped = new Promise<never>((_, reject) => (end = reply.guard(reject)));
  try {
    return await Promise.race([validation, stopped]);
  } finally {
    end();
  }
}
