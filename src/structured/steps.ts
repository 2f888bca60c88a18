import type { Step } from "../provider/decoder.ts";
import type { Native } from "../provider/native.ts";
import type { Reply } from "../recovery/reply.ts";

/**
 * The steps of a reply, one after another; its error at the end, unless it was stopped by its reader.
 *
 * Leaving the iteration ends the reply.
 */
export async function* stepsOf<N extends Native>(reply: Reply<N>): AsyncGenerator<Step<N>, void, undefined> {
  try {
    for (;;) {
      const step = reply.next();
      if (step !== null) yield step;
      else if (reply.outcome !== "pending") break;
      else await new Promise<void>((resolve) => (reply.onReady = resolve));
    }
  } finally {
    if (reply.outcome === "pending") reply.abort();
  }
  if (reply.error !== null) throw reply.error;
}
