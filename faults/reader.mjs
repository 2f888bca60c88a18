import { setTimeout as delay } from "node:timers/promises";

/** Where a reader holds, in events with text. */
const HOLD_AT = 10;

/** Reads a stream as a row's `drive` says, for any client: gives `take`, to be called with each text. */
export function reader(drive, { holdMs }, controller) {
  const seen = { text: "", events: 0, stopped: false, heldAt: undefined };
  /** Takes a text, which may begin anew; true where the reader leaves its loop. */
  const take = async (text, isRestart = false) => {
    if (isRestart) seen.text = "";
    if (text === "") return false;
    seen.text += text;
    seen.events++;
    if (drive === "abortAfterFirst" && seen.events === 1) controller.abort();
    if (drive === "hold" && seen.events === HOLD_AT) {
      await delay(holdMs);
      seen.heldAt = seen.events;
      // The server says how much it could send by now.
      await ask("held");
    }
    seen.stopped = drive === "breakAfterFirst" || seen.heldAt !== undefined;
    return seen.stopped;
  };
  return { seen, take };
}

/** Tells the runner something, and waits for its answer. */
function ask(what) {
  return new Promise((resolve) => {
    process.once("message", resolve);
    process.send({ [what]: true });
  });
}
