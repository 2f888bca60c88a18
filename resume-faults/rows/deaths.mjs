// Producers that die, freeze, or meet another.
import { setTimeout as delay } from "node:timers/promises";
import { repliesIn, tally, wrongWith } from "../words.mjs";
import { lostBy, seconds, wrongUnlessCut, wrongUnlessWhole } from "./verdicts.mjs";

const PLACE = "chat";
const FREEZE_MS = 4_000;
const MANY = 10;

export const deaths = [
  {
    name: "kill",
    title: "`kill -9` of the producer in mid-stream",
    expects: "an early reader and a late one end as cut off within the lease + 2 s, with all but the last 100 ms",
    needs: ["processes"],
    async play({ producer, elsewhere, provider, leaseMs }) {
      const live = await producer.produce(PLACE);
      await live.reach(5);
      const early = await elsewhere.readSoon(PLACE);
      await live.reach(40);
      const at = Date.now();
      producer.signal("SIGKILL");
      const sent = tally(live.words).last;
      const late = await elsewhere.read(PLACE, { limitMs: 12_000 }).catch((error) => error);
      const problems = [
        ...(await wrongUnlessCut("early reader", early, { at, sent, leaseMs })),
        ...(late instanceof Error
          ? [`late reader: ${late.code === "hangs" ? "hung" : late.message}`]
          : await wrongUnlessCut("late reader", late, { at, sent, leaseMs })),
      ];
      await provider.closed();
      return {
        problems,
        notes: early?.hasEnded && [
          `after ${seconds(early.endedAt - at)}`,
          `${lostBy(early, sent)} of ${sent} words lost`,
        ],
      };
    },
  },
  {
    name: "freeze",
    title: "The producer stopped (SIGSTOP) for 4 s, which is beyond its lease, and then going on",
    expects: "its own reader gets all; elsewhere a cut within the lease + 2 s, and nothing after it; or all of it",
    needs: ["processes"],
    async play({ producer, elsewhere, words, leaseMs }) {
      const live = await producer.produce(PLACE);
      await live.reach(5);
      const early = await elsewhere.readSoon(PLACE);
      await live.reach(30);
      const at = Date.now();
      producer.signal("SIGSTOP");
      const sent = live.words.length;
      await delay(FREEZE_MS);
      const isCut = early?.hasEnded;
      producer.signal("SIGCONT");
      const problems = [await wrongUnlessWhole("live reader", live, { words })];
      if (!isCut) {
        problems.push(await wrongUnlessWhole("reader elsewhere", early, { words }));
        return { problems, notes: ["waited, and had all"] };
      }
      problems.push(...(await wrongUnlessCut("reader elsewhere", early, { at, sent, leaseMs })));
      const late = await elsewhere.read(PLACE);
      await late?.ended(2_000);
      const isSame = late?.words.join() === early.words.join() && late?.outcome === early.outcome;
      const log = await producer.ask("log", { place: PLACE, limitMs: 8_000 });
      return {
        problems: [...problems, !isSame && `a later reader: ${late?.words.length} words, ${late?.outcome}`],
        notes: [`cut after ${seconds(early.endedAt - at)}`, log && `its log is then "${log.state}"`],
      };
    },
  },
  {
    name: "two-producers",
    title: "Two producers at once in one place",
    expects: "one request, one reply, not mixed; the second is refused or reads the first",
    needs: [],
    async play({ producer, elsewhere, words, provider }) {
      const asked = [producer, elsewhere].map((process) => process.produce(PLACE).catch((error) => error));
      const both = await Promise.all(asked);
      const readings = both.filter((one) => !(one instanceof Error));
      await Promise.all(readings.map((reading) => reading.ended(10_000)));
      const whole = readings.filter((reading) => wrongWith(reading.words, words) === null);
      const refused = [...both.filter((one) => one instanceof Error), ...readings].filter((one) =>
        String(one.error ?? one.message).startsWith("place_occupied"),
      );
      const reader = await elsewhere.read(PLACE);
      await reader?.ended(3_000);
      const mixed = [...readings, reader].some((reading) => reading && repliesIn(reading.words).length > 1);
      const { requests } = provider;
      return {
        problems: [
          requests !== 1 && `${requests} requests`,
          mixed && "two replies mixed",
          whole.length + refused.length < 2 && `${whole.length} had a whole reply`,
        ],
        notes: [refused.length === 1 ? "the second is refused" : "both read one"],
      };
    },
  },
  {
    name: "takeover",
    title: "`kill -9` of the producer, and ten readers that may go on in its place",
    expects: "one more request; all ten have the rest, each word once",
    needs: ["processes", "takeover"],
    async play({ producer, elsewhere, provider, words, leaseMs }) {
      const live = await producer.produce(PLACE);
      await live.reach(40);
      const first = await elsewhere.read(PLACE, { takeOver: true }).catch((error) => error);
      if (first instanceof Error) {
        return { skipped: first.code === "invalid_option", notes: ["not built yet"], problems: [first.message] };
      }
      const others = await Promise.all(
        Array.from({ length: MANY - 1 }, () => elsewhere.read(PLACE, { takeOver: true })),
      );
      const at = Date.now();
      producer.signal("SIGKILL");
      const all = [first, ...others];
      const limitMs = leaseMs + 2_000 + words * 30;
      const ended = await Promise.all(all.map((reading) => reading.ended(limitMs)));
      const texts = new Set(all.map((reading) => reading.words.join()));
      const numbers = first.words.map((word) => `0.${word.split(".")[1]}`);
      return {
        problems: [
          ended.some((one) => !one) && `${ended.filter((one) => !one).length} hung`,
          provider.requests !== 2 && `${provider.requests} requests in all`,
          texts.size > 1 && `${texts.size} different replies`,
          wrongWith(numbers, words),
          ...new Set(all.map(({ outcome }) => outcome !== "complete" && `ended as ${outcome}`)),
        ],
        notes: [`went on after ${seconds((first.times[tally(live.words).last] ?? at) - at)}`],
      };
    },
  },
  {
    name: "takeover-agent",
    title: "The same with an agent, while its tool runs",
    expects:
      "the tool is called once, and the model is told that its outcome is unknown; all ten have the answer, each word once",
    needs: ["processes", "takeover"],
    hasTool: true,
    words: 60,
    async play({ producer, elsewhere, provider, words, leaseMs, calls }) {
      await producer.produce(PLACE);
      for (const until = Date.now() + 5_000; calls() === 0 && Date.now() < until;) await delay(20);
      const open = () => elsewhere.read(PLACE, { takeOver: true });
      const all = await Promise.all(Array.from({ length: MANY }, open));
      const at = Date.now();
      producer.signal("SIGKILL");
      const ended = await Promise.all(all.map((reading) => reading.ended(leaseMs + 2_000 + words * 30)));
      const [first] = all;
      return {
        problems: [
          ended.some((one) => !one) && `${ended.filter((one) => !one).length} hung`,
          calls() !== 1 && `the tool was called ${calls()} times`,
          provider.requests !== 2 && `${provider.requests} requests in all`,
          !provider.body(1).includes("outcome of this call is unknown") && "the model was told something else",
          new Set(all.map((reading) => reading.words.join())).size > 1 && "different answers",
          wrongWith(first.words, words),
          ...new Set(all.map(({ outcome }) => outcome !== "complete" && `ended as ${outcome}`)),
        ],
        notes: [`went on after ${seconds((first.firstAt ?? at) - at)}`],
      };
    },
  },
];
