import { status } from "../../dist/resume.js";
import { SHORT, textOf } from "../provider.mjs";
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
      broken(findings, state, { error: "Too many requests at the moment. Try again in a little while." });
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
    async play(scene, findings) {
      const page = await scene.open();
      await page.begin("long");
      await page.streaming();
      const stoppedAt = await page.stop();
      await closedWithin(findings, scene, stoppedAt);
      const state = await page.settled();
      findings.equal("status", state.status, "ready");
      findings.holds(
        "text",
        textOf(80).startsWith(state.turns[1].text) && state.turns[1].text.length > 10,
        state.turns[1].text,
      );
    },
  },
  {
    name: "stop-kept",
    expects: "no error; the kept run ends as aborted",
    async play(scene, findings) {
      const page = await scene.open({ log: "memory" });
      await page.begin("long");
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
    expects: "the provider's connection closed within 100 ms",
    async play(scene, findings) {
      const page = await scene.open();
      await page.begin("long");
      await page.streaming();
      await closedWithin(findings, scene, await page.leave());
    },
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

async function closedWithin(findings, scene, start) {
  findings.equal("the provider's connection", await scene.requests[0].reply.closed, "aborted");
  const took = Date.now() - start;
  findings.holds("closed too late", took <= CLOSE_MS, `${took} ms`);
  findings.note(`${took} ms`);
}
