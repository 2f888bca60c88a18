// Plays many hostile cases, finds the one that failed, and makes it as small as it can.
import { drawCase, framesOf } from "./hostile-case.mjs";
import { play, startOrigin } from "./hostile-check.mjs";

/** How many cases are played at a time, if nothing else is asked for. */
const WIDTH = 25;
const TRIES = 400;

/**
 * Plays the cases of a range of seeds.
 *
 * @returns How many there were, and the first that failed, with its problems and as little of it as fails the same way;
 * null if none did.
 */
export async function runHostile(library, { seed, cases, until = Infinity, width = WIDTH, print = () => {} }) {
  const origin = await startOrigin();
  const strays = [];
  const stray = (error) => void strays.push(`nobody handled ${error?.stack ?? String(error)}`);
  process.on("unhandledRejection", stray);
  process.on("uncaughtException", stray);
  const playAll = async (plans) => {
    const thrown = (error) => [`the play threw ${error?.stack ?? String(error)}`];
    const found = await Promise.all(plans.map((plan) => play(library, plan, origin).catch(thrown)));
    // A rejection counts as unhandled once all that could handle it has run.
    for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
    return { found, strays: [...strays.splice(0), ...polluted()] };
  };
  const problemsOf = async (plan) => {
    const result = await playAll([plan]);
    return [...result.found.flat(), ...result.strays];
  };
  try {
    let done = 0;
    while (done < cases && performance.now() < until) {
      const count = Math.min(width, cases - done);
      const plans = Array.from({ length: count }, (_, at) => drawCase(seed + done + at));
      const { found, strays: loose } = await playAll(plans);
      for (const [at, plan] of plans.entries()) {
        const problems = loose.length > 0 ? await problemsOf(plan) : found[at];
        if (problems.length > 0) return { done, failure: { ...(await shrink(plan, problems, problemsOf)) } };
      }
      if (loose.length > 0) return { done, failure: { seed: seed + done, problems: loose, plan: null } };
      done += count;
      if (Math.floor(done / 10_000) > Math.floor((done - count) / 10_000)) print(`${done} cases so far`);
    }
    return { done, failure: null };
  } finally {
    origin.stop();
    process.off("unhandledRejection", stray);
    process.off("uncaughtException", stray);
  }
}

const NAMES = Object.getOwnPropertyNames(Object.prototype).length;

function polluted() {
  return Object.getOwnPropertyNames(Object.prototype).length === NAMES ? [] : ["Object.prototype has changed"];
}

/** The same failure in fewer words: what it is about, without the details. */
const kindOf = ([problem]) => problem.slice(0, 50);

async function shrink(plan, problems, problemsOf) {
  const { seed } = plan;
  const kind = kindOf(problems);
  let best = plan;
  let least = problems;
  let left = TRIES;
  const attempt = async (candidate) => {
    if (left-- <= 0) return false;
    const found = await problemsOf(candidate);
    if (found.length === 0 || kindOf(found) !== kind) return false;
    best = candidate;
    least = found;
    return true;
  };
  for (const [name, value] of Object.entries(SIMPLEST)) {
    if (JSON.stringify(best[name]) !== JSON.stringify(value)) await attempt({ ...best, [name]: value });
  }
  while (best.replies.length > 1 && (await attempt({ ...best, replies: best.replies.slice(0, -1) })));
  for (let at = 0; at < best.replies.length; at++) {
    const change = (more) =>
      attempt({ ...best, replies: best.replies.map((reply, place) => (place === at ? { ...reply, ...more } : reply)) });
    if (best.replies[at].events === undefined) continue;
    await change({ cut: 1 });
    await change({ end: "clean" });
    await change({ pieces: "whole" });
    for (let place = best.replies[at].changes.length - 1; place >= 0; place--) {
      await change({ changes: best.replies[at].changes.filter((_, index) => index !== place) });
    }
    if (!(await change({ frames: framesOf(best.replies[at]), events: [], changes: [] }))) continue;
    for (let place = best.replies[at].frames.length - 1; place >= 0; place--) {
      await change({ frames: best.replies[at].frames.filter((_, index) => index !== place) });
    }
  }
  return { seed, problems: least, plan: best };
}

const SIMPLEST = {
  isReal: false,
  retry: false,
  fallback: "none",
  budget: null,
  prices: "none",
  limit: null,
  total: null,
  isLimited: false,
  validator: "none",
  onInterrupt: "fail",
  validationRetries: 0,
  tools: null,
  leave: { how: "never", at: 0 },
  reader: "pairs",
};

/** A failure in words. */
export function describeFailure({ seed, problems, plan }) {
  const shortened = JSON.stringify(plan, null, 1)
    ?.replace(/\[{20,}|(long <b>words<\/b> ){3,}|(\{\\"a\\":){3,}/g, "…")
    ?.slice(0, 6_000);
  return `seed ${seed}:\n${problems.join("\n")}\nThe least that fails the same way:\n${shortened}`;
}
