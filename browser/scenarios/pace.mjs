import { BURST, GUST, textOf } from "../provider.mjs";
import { whole } from "./expect.mjs";

const LONGEST_MS = 50;

/** Much at once. */
export const pace = [
  {
    name: "burst",
    expects: `${BURST.toLocaleString("en")} deltas: no task of ${LONGEST_MS} ms (useChat: ${GUST.toLocaleString("en")} deltas)`,
    async play(scene, findings) {
      const isOurs = scene.client.id === "connect";
      const page = await scene.open({ log: "memory", persist: "users", resume: true });
      const text = textOf(isOurs ? BURST : GUST);
      whole(findings, await page.ask(isOurs ? "burst" : "gust", { waitMs: 50_000 }), { text });
      const longest = [(await page.details()).longest];
      // The best of three: the machine may have other work, too. After a reload all of it comes from the log.
      while (isOurs && longest.at(-1) >= LONGEST_MS && longest.length < 3) {
        await page.reload();
        await page.until(({ turns }) => turns.at(-1)?.outcome !== undefined);
        longest.push((await page.details()).longest);
      }
      if (isOurs) findings.holds("longest task", longest.at(-1) < LONGEST_MS, `${longest.join(", ")} ms`);
      findings.note(`longest task ${Math.round(longest.at(-1))} ms`);
    },
  },
];
