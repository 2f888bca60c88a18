// Hundreds of paced streams at a time, with faults by chance: each must come to what was planned for it.
import { caller, expect, inParallel, startServer } from "./harness.mjs";
import { planOf } from "./plan.mjs";

/** No longer than this without progress; a paced event comes every 40 ms. */
const IDLE_MS = 10_000;

async function read(ask, seed, plan) {
  const stream = ask(String(seed));
  let text = "";
  try {
    let pieces = 0;
    for await (const [chunk] of stream) {
      text += chunk.content;
      if (chunk.content === "" || ++pieces < plan.at) continue;
      if (plan.kind === "break") break;
      if (plan.kind === "abort") stream.abort("enough");
    }
  } catch (error) {
    expect(error === stream.error, `stream ${seed} threw something else than its error: ${error}`);
  }
  return { stream, text };
}

export async function soak({ seconds = 300, streams = 500 }, print) {
  const server = await startServer();
  const unhandled = [];
  process.on("unhandledRejection", (reason) => unhandled.push(reason));
  const ask = caller(server, "soak", { retry: { delay: 20 }, timeout: { idle: IDLE_MS } });
  const counts = {};
  const until = performance.now() + seconds * 1_000;
  let done = 0;
  let told = performance.now();
  try {
    await inParallel(Infinity, streams, async (seed) => {
      if (performance.now() > until) return false;
      const plan = planOf(seed);
      const { stream, text } = await read(ask, seed, plan);
      const { length: attempts } = stream.attempts;
      const found = [stream.outcome, stream.content, text, attempts];
      const planned = [plan.outcome, plan.content, plan.content, plan.attempts ?? Math.min(attempts, 2)];
      expect(String(found) === String(planned), `stream ${seed} (${plan.kind}): ${found}, and not ${planned}`);
      const { source, input_tokens, output_tokens } = stream.usage;
      const usage = [source, input_tokens, output_tokens];
      const reported = plan.outcome === "complete" ? ["reported", 10, 42] : ["partial", 10, 1];
      expect(String(usage) === String(reported), `stream ${seed} (${plan.kind}): usage ${usage}, and not ${reported}`);
      counts[plan.kind] = (counts[plan.kind] ?? 0) + 1;
      done++;
      if (performance.now() - told > 30_000) {
        told = performance.now();
        print(`${done} streams so far`);
      }
      return true;
    });
    for (let tries = 0; tries < 20 && (await server.inUse()) > 0; tries++) await new Promise((r) => setTimeout(r, 50));
    expect((await server.inUse()) === 0, "connections are left in use");
    expect(unhandled.length === 0, `unhandled: ${unhandled[0]}`);
    print(`${done} streams, ${streams} at a time: all came to what was planned`);
    for (const [kind, count] of Object.entries(counts)) print(`  ${String(count).padStart(6)} ${kind}`);
  } finally {
    server.stop();
  }
}
