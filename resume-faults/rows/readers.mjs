// Readers that come, go, and are slow or many.
import { setTimeout as delay } from "node:timers/promises";
import { wrongWith } from "../words.mjs";
import { GRACE_MS, seconds, wrongUnlessWhole } from "./verdicts.mjs";

const PLACE = "chat";
const RELOADS = 20;
const BETWEEN_RELOADS_MS = 60;
const READERS = 1_000;
/** For the first word, from the provider to the reader who asked for it. */
const MOST_DELAY_MS = 250;
const SLOW_MS = 60;

export const readers = [
  {
    name: "calm",
    title: "Nothing happens",
    expects: "two readers have all; the first word is there within 250 ms of being sent",
    needs: [],
    words: 60,
    async play({ producer, elsewhere, words, provider }) {
      const live = await producer.produce(PLACE);
      const other = await elsewhere.readSoon(PLACE);
      const problems = [
        await wrongUnlessWhole("live reader", live, { words }),
        await wrongUnlessWhole("reader elsewhere", other, { words }),
      ];
      const delays = [live, other].map((reading) => (reading?.firstAt ? reading.firstAt - provider.firstAt() : null));
      const [first, second] = delays.map((ms) => (ms === null ? "never" : `${Math.max(0, ms)} ms`));
      return {
        problems: [...problems, !(delays[0] <= MOST_DELAY_MS) && `first word after ${first}`],
        notes: [delays[0] <= MOST_DELAY_MS && `first word after ${first}`, `elsewhere ${second}`],
      };
    },
  },
  {
    name: "reload",
    title: "20 reloads while it streams",
    expects: "each word once, over all 21 readers",
    needs: [],
    // Enough for the last of them to come while it goes on.
    words: 160,
    async play({ producer, elsewhere, words }) {
      const live = await producer.produce(PLACE);
      await live.reach(3);
      let after;
      const seen = [];
      for (let nth = 0; nth <= RELOADS; nth += 1) {
        const reading = await elsewhere.read(PLACE, { after });
        if (reading === null) return { problems: [`nothing there at reload ${nth}`] };
        if (nth < RELOADS) {
          await delay(BETWEEN_RELOADS_MS);
          const left = await reading.leave();
          // Some have no position: their clients begin anew with each reader.
          if (left.after === null) seen.length = 0;
          else after = left.after;
        } else if (!(await reading.ended(10_000))) return { problems: [`the last reader hung`] };
        if (reading.outcome !== "complete" && nth === RELOADS)
          return { problems: [`the last reader ended as ${reading.outcome} ${reading.error ?? ""}`] };
        seen.push(...reading.words);
        if (after === undefined && nth < RELOADS) seen.length = 0;
      }
      return { problems: [wrongWith(seen, words), await wrongUnlessWhole("live reader", live, { words })] };
    },
  },
  {
    name: "after-end",
    title: "Read after the end",
    expects: "all of it, complete",
    needs: [],
    words: 40,
    async play({ producer, elsewhere, words }) {
      const live = await producer.produce(PLACE);
      const whole = await wrongUnlessWhole("live reader", live, { words });
      await delay(200);
      const asked = Date.now();
      const late = await elsewhere.read(PLACE);
      const problem = late === null ? "nothing there" : await wrongUnlessWhole("reader", late, { words });
      return { problems: [whole, problem], notes: [late?.hasEnded && `in ${late.endedAt - asked} ms`] };
    },
  },
  {
    name: "slow",
    title: "A slow reader (60 ms a word) beside a fast one",
    expects: "both have all, and the fast one ends with the reply",
    needs: [],
    async play({ producer, elsewhere, words }) {
      const live = await producer.produce(PLACE);
      await live.reach(3);
      const slow = await elsewhere.readSoon(PLACE, { paceMs: SLOW_MS });
      const fast = await elsewhere.readSoon(PLACE);
      const problems = [
        await wrongUnlessWhole("live reader", live, { words }),
        await wrongUnlessWhole("fast reader", fast, { words }),
        await wrongUnlessWhole("slow reader", slow, { words, limitMs: words * SLOW_MS + 5_000 }),
      ];
      const behindMs = (fast?.endedAt ?? Infinity) - live.endedAt;
      return { problems: [...problems, behindMs > 1_000 && `fast reader: ${seconds(behindMs)} behind`] };
    },
  },
  {
    name: "many",
    title: "1,000 readers of one run",
    expects: "all have all, within the lease + 2 s after the end",
    needs: [],
    async play({ producer, elsewhere, words, leaseMs, provider }) {
      const live = await producer.produce(PLACE);
      await live.reach(5);
      const { groups, lastAt } = await elsewhere.ask("readMany", { count: READERS, place: PLACE, limitMs: 25_000 });
      const whole = groups.filter((group) => group.outcome === "complete" && wrongWith(group.words, words) === null);
      const good = whole.reduce((sum, { count }) => sum + count, 0);
      const bad = groups.find((group) => !whole.includes(group));
      const behindMs = lastAt - provider.lastAt();
      return {
        problems: [
          await wrongUnlessWhole("live reader", live, { words }),
          bad && `${good} of ${READERS}: ${wrongWith(bad.words, words) ?? ""} ${bad.error ?? bad.outcome}`,
          behindMs > leaseMs + GRACE_MS && `the last one ${seconds(behindMs)} after the end`,
        ],
        notes: [behindMs <= leaseMs + GRACE_MS && `the last one ${Math.max(0, behindMs)} ms after the end`],
      };
    },
  },
];
