import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";

/** Where a reader holds, in events with text. */
const HOLD_AT = 10;

/** Reads a stream as a row's `drive` says, for any client: gives `take`, to be called with each text. */
export function reader(drive, { holdMs, everyMs, lastEvent }, controller) {
  const seen = { text: "", events: 0, stopped: false, heldAt: undefined, weights: [] };
  /** Takes a text, which may begin anew; true where the reader leaves its loop. */
  const take = async (text, isRestart = false) => {
    if (isRestart) seen.text = "";
    if (text === "") return false;
    seen.text += text;
    seen.events++;
    const isFirst = seen.events === 1;
    // The runner notes how much the server has sent by now.
    if (isFirst && drive.endsWith("AfterFirst")) await ask("stops");
    if (isFirst && drive === "abortAfterFirst") controller.abort();
    if (drive === "hold" && seen.events === HOLD_AT) {
      for (const half of [holdMs / 2, holdMs / 2]) {
        await delay(half);
        // The runner notes how much the server could send by now.
        await ask("held");
      }
      seen.heldAt = seen.events;
    }
    if (drive === "weigh") seen.weights.push(await weight());
    if (drive === "slow") {
      await delay(everyMs);
      if ([lastEvent / 2, lastEvent].includes(seen.events)) await ask("held");
      if (seen.events === lastEvent) seen.heldAt = seen.events;
    }
    seen.stopped = drive === "breakAfterFirst" || seen.heldAt !== undefined;
    return seen.stopped;
  };
  return { seen, take };
}

/** The memory that is in use, in bytes. */
async function weight() {
  // What is found to be garbage is freed in the background, and is gone by the next time.
  for (let round = 0; round < 3; round++) {
    globalThis.gc();
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Tells the runner something, and waits for its answer. */
function ask(what) {
  return new Promise((resolve) => {
    process.once("message", resolve);
    process.send({ [what]: true });
  });
}
