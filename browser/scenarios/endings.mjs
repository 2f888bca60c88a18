import { status } from "../../dist/resume.js";
import { ENDLESS, SHORT, textOf } from "../provider.mjs";
import { broken } from "./expect.mjs";

const CLOSE_MS = 100;

/** Ends that are not those of a whole answer. */
export const endings = [
  {
    name: "error-before",
    expects: "the error, and no answer",
    async play(scene, findings) {
      const page = await scene.open();
      const state = await page.ask("refused");
      broken(findings, state, {});
      findings.holds("the error says nothing", /again/.test(state.error), state.error);
      findings.equal(
        "turns",
        state.turns.map(({ role }) => role),
        ["user"],
      );
    },
  },
  {
    name: "error-after",
    expects: "the text so far, and the error",
    async play(scene, findings) {
      const page = await scene.open({ log: "memory" });
      const state = await page.ask("broken");
      broken(findings, state, { text: textOf(SHORT), outcome: "failed" });
    },
  },
  {
    name: "truncation",
    expects: "the text so far, and that it was cut",
    async play(scene, findings) {
      const page = await scene.open();
      const state = await page.ask("cut");
      broken(findings, state, { text: textOf(4), error: "The reply was cut off.", outcome: "truncated" });
    },
  },
  {
    name: "stop",
    expects: "no error; the provider's connection closed within 100 ms",
    play: (scene, findings) =>
      closedInTime(findings, async () => {
        const page = await scene.open();
        await page.begin("endless");
        await page.streaming();
        const took = await closedAfter(findings, scene, await page.stop());
        const state = await page.settled();
        findings.equal("status", state.status, "ready");
        const { text } = state.turns[1];
        findings.holds("text", textOf(ENDLESS).startsWith(text) && text.length > 10, text);
        return took;
      }),
  },
  {
    name: "stop-kept",
    expects: "no error; the kept run ends as aborted",
    async play(scene, findings) {
      const page = await scene.open({ log: "memory" });
      await page.begin("endless");
      const { turns } = await page.streaming();
      // What the transport of useChat leaves to the application.
      if (scene.client.transport === "default") await page.endRun(turns[1].id);
      await page.stop();
      const state = await page.settled();
      findings.equal("status", state.status, "ready");
      await scene.requests[0].reply.closed;
      const { outcome } = (await status(scene.log("memory"), scene.id)) ?? {};
      findings.equal("outcome of the run", outcome, "aborted");
    },
  },
  {
    name: "leave",
    expects: "the provider's connection closed within 100 ms after that of the page",
    play: (scene, findings) =>
      closedInTime(findings, async () => {
        const page = await scene.open();
        await page.begin("endless");
        await page.streaming();
        const closing = closedAfter(findings, scene, 0);
        await page.leave();
        return (await closing) - scene.leftAt;
      }),
  },
  {
    name: "leave-kept",
    expects: "the reply goes on to its end",
    async play(scene, findings) {
      const page = await scene.open({ log: "memory" });
      await page.begin("long");
      await page.streaming();
      await page.leave();
      findings.equal("the provider's connection", await scene.requests[0].reply.closed, "complete");
    },
  },
];

/** The best of three: the machine may have other work, too. */
async function closedInTime(findings, attempt) {
  const times = [];
  do times.push(await attempt());
  while (times.at(-1) > CLOSE_MS && times.length < 3);
  findings.holds("closed too late", times.at(-1) <= CLOSE_MS, `${times.join(", ")} ms`);
  findings.note(`${times.at(-1)} ms`);
}

/** How long it took until the provider's connection was closed. */
async function closedAfter(findings, scene, start) {
  findings.equal("the provider's connection", await scene.requests.at(-1).reply.closed, "aborted");
  return Date.now() - start;
}
