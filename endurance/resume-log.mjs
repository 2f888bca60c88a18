// The log as one process has it: its calls fail, hang, come late, or never arrive.
import { setTimeout as passed } from "node:timers/promises";
import { drawer } from "./resume-plan.mjs";

/** What a call fails with. */
class Fault extends Error {}

const SLOW_MS = 60;
const never = () => new Promise(() => {});

/**
 * @param faults - How often calls go wrong, of a thousand.
 * @returns The log, with `die()`, after which nothing gets through, and `freeze()`, until whose promise nothing does.
 */
export function processLog(log, faults, seed) {
  const { below } = drawer(seed);
  let isDead = false;
  let thawed = null;
  let failedAt = 0;
  const through = async (method, args) => {
    if (thawed !== null) await thawed;
    if (isDead) return never();
    return log[method](...args);
  };
  const call = async (method, args) => {
    const lot = below(1000);
    const { fails, loses, isSlow, hangs } = faults;
    if (lot < fails + loses + hangs) failedAt = performance.now();
    if (lot < fails) throw new Fault("the log failed");
    if (lot < fails + loses) {
      await through(method, args);
      throw new Fault("the answer was lost");
    }
    if (lot < fails + loses + hangs) return never();
    if (lot < fails + loses + hangs + isSlow) {
      await passed(below(SLOW_MS));
      const answer = await through(method, args);
      await passed(below(SLOW_MS));
      return answer;
    }
    return through(method, args);
  };
  const methods = ["begin", "append", "end", "take", "read", "stop", "latest", "remove"];
  return {
    ...Object.fromEntries(methods.map((method) => [method, (...args) => call(method, args)])),
    /** Settles when its signal aborts, whatever happens to the log. */
    async wait(key, seen, signal) {
      if (below(1000) < faults.fails) throw new Fault("the log failed");
      if (thawed === null && !isDead) return log.wait(key, seen, signal);
      await new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener("abort", resolve)));
    },
    /** When a call failed last. */
    get failedAt() {
      return failedAt;
    },
    die: () => void (isDead = true),
    freeze: (ms) => void (thawed = passed(ms).then(() => void (thawed = null))),
  };
}
