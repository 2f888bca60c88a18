import { LONG, SHORT, textOf } from "../provider.mjs";
import { whole } from "./expect.mjs";

/** Pages that are loaded again, or lose their connection. */
export const reloads = [
  {
    name: "reload-streaming",
    expects: "the whole answer, once",
    play: (scene, findings) => reloadWhile(scene, findings, "users"),
  },
  {
    name: "reload-partial",
    expects: "the same, though the page has part of the answer",
    play: (scene, findings) => reloadWhile(scene, findings, "all"),
  },
  {
    name: "reload-ended",
    expects: "the whole answer, once",
    play: (scene, findings) => reloadAfter(scene, findings, "users"),
  },
  {
    name: "reload-answered",
    expects: "the same, though the page has it already",
    play: (scene, findings) => reloadAfter(scene, findings, "all"),
  },
  {
    name: "lost-connection",
    expects: "the whole answer, once; of useChat's own transport, an error",
    async play(scene, findings) {
      const proxy = await scene.cuttable();
      const page = await scene.open({ log: "memory", port: proxy.port });
      await page.begin(scene.client.reconnects ? "long" : "endless");
      await page.streaming(3);
      proxy.reset();
      if (scene.client.reconnects) {
        await page.streaming(20);
        proxy.reset();
        whole(findings, await page.settled(), { text: textOf(LONG) });
      } else {
        findings.equal("status", (await page.settled()).status, "error");
      }
    },
  },
];

async function reloadWhile(scene, findings, persist) {
  const page = await scene.open({ log: "memory", persist, resume: true });
  await page.begin("long");
  await page.streaming();
  await page.reload();
  await page.streaming(2);
  await page.reload();
  whole(findings, await finished(page), { text: textOf(LONG) });
}

async function reloadAfter(scene, findings, persist) {
  const page = await scene.open({ log: "memory", persist, resume: true });
  await page.ask("text");
  await page.reload();
  whole(findings, await finished(page), { text: textOf(SHORT) });
}

/** A page shows nothing for a moment after it was loaded. */
async function finished(page) {
  await page.until(({ turns }) => turns.at(-1)?.role === "assistant" && turns.at(-1).outcome !== undefined);
  return page.settled();
}
