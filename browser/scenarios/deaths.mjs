import { ENDLESS, LONG, textOf } from "../provider.mjs";
import { LEASE_MS } from "../server.mjs";
import { broken, whole } from "./expect.mjs";

/** Servers that are killed in mid-stream. Another one takes their address. */
export const deaths = [
  {
    name: "kill",
    expects: "cut within the lease + 2 s, and said to be",
    async play(scene, findings) {
      const { page, killedAt } = await killed(scene, "redis", "endless");
      if (!scene.client.reconnects) await reloaded(page);
      const state = await page.until(({ status }) => status === "error");
      const took = Date.now() - killedAt;
      findings.holds("told too late", took < LEASE_MS + 2_000, `${took} ms`);
      findings.note(`after ${(took / 1_000).toFixed(1)} s`);
      broken(findings, state, { error: "The reply was cut off.", outcome: "truncated" });
      const { text } = state.turns.at(-1);
      findings.holds("text", textOf(ENDLESS).startsWith(text) && text.length > 10, text);
    },
  },
  {
    name: "kill-takeover",
    expects: "the whole answer, each word once; one more request",
    async play(scene, findings) {
      const { page, killedAt } = await killed(scene, "takeover", "slow");
      if (!scene.client.reconnects) await reloaded(page);
      const isOver = ({ status, turns }) => status === "error" || turns.at(-1)?.outcome !== undefined;
      const { status } = await page.until(isOver);
      // The page has seen words that were not logged yet, and useChat cannot take them back.
      if (status === "error" && scene.client.transport === "millrace") {
        findings.note("after a reload");
        await page.reload();
        await page.until(isOver);
      }
      whole(findings, await page.settled(), { text: textOf(LONG) });
      findings.equal("requests", scene.requests.length, 2);
      findings.note(`after ${((Date.now() - killedAt) / 1_000).toFixed(1)} s`);
    },
  },
];

async function killed(scene, log, script) {
  const server = await scene.killable();
  const page = await scene.open({ log, persist: "users", resume: true, port: server.port });
  await page.begin(script);
  await page.streaming(15);
  server.kill();
  return { page, killedAt: Date.now() };
}

/** Its own transport leaves that to the user. */
async function reloaded(page) {
  await page.until(({ status }) => status === "error");
  await page.reload();
}
