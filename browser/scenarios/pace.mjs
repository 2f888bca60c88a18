import { BURST, textOf } from "../provider.mjs";
import { whole } from "./expect.mjs";

const LONGEST_MS = 50;

/** Much at once. */
export const pace = [
  {
    name: "burst",
    expects: `${BURST.toLocaleString("en")} deltas at once: no task of 50 ms with millrace/browser`,
    async play(scene, findings) {
      const page = await scene.open({ log: "memory" });
      const start = Date.now();
      const state = await page.ask("burst", { waitMs: 60_000 });
      whole(findings, state, { text: textOf(BURST) });
      const { longest } = await page.details();
      if (scene.client.id === "connect") findings.holds("longest task", longest < LONGEST_MS, `${longest} ms`);
      findings.note(`${((Date.now() - start) / 1_000).toFixed(1)} s, longest task ${Math.round(longest)} ms`);
    },
  },
];
