// Stops, of this run and no other.
import { setTimeout as delay } from "node:timers/promises";
import { tally } from "../words.mjs";
import { wrongUnlessWhole } from "./verdicts.mjs";

const STOP_MS = 1_000;
const PLACE = "chat";

/** What is wrong with a stop that was asked for at a time. */
async function wrongUnlessStopped(name, { live, other, provider, request, at }) {
  const limitMs = 5_000;
  await Promise.all([
    live.ended(limitMs),
    other?.ended(limitMs),
    Promise.race([provider.closed(request), delay(limitMs)]),
  ]);
  const isOpen = provider.outcome(request) === "pending";
  const lateMs = live.endedAt - at;
  return [
    isOpen && `${name}: the provider goes on`,
    !live.hasEnded && `${name}: live reader hung`,
    live.hasEnded && live.outcome !== "aborted" && `${name}: ended as ${live.outcome}`,
    lateMs > STOP_MS && `${name}: only after ${lateMs} ms`,
    other && !other.hasEnded && `${name}: reader elsewhere hung`,
    other?.hasEnded && other.outcome !== "aborted" && `${name}: elsewhere ended as ${other.outcome}`,
    other && live.hasEnded && tally(other.words).last < live.words.length - 2 && `${name}: elsewhere lacks words`,
  ];
}

/** Asks until there is something to stop. */
async function stopSoon(process, place) {
  for (const until = Date.now() + 1_000; Date.now() < until;) {
    const { isStopped } = await process.ask("stop", { place });
    if (isStopped) return true;
    await delay(10);
  }
  return false;
}

export const stops = [
  {
    name: "stop",
    title: "A stop from elsewhere: before the first word, in mid-stream, twice, after the end",
    expects: "`aborted` within 1 s everywhere, and the provider's connection closed; after the end nothing changes",
    needs: ["stop"],
    words: 60,
    firstDelayMs: 600,
    async play({ producer, elsewhere, words, provider }) {
      const early = await producer.produce("early");
      const earlyAt = Date.now();
      const isStopped = await stopSoon(elsewhere, "early");
      const problems = await wrongUnlessStopped("early", { live: early, provider, request: 0, at: earlyAt });

      const [live, ending] = [await producer.produce("middle"), await producer.produce("late")];
      const other = await elsewhere.readSoon("middle");
      await live.reach(15);
      const at = Date.now();
      const request = provider.requests - 2;
      const first = await elsewhere.ask("stop", { place: "middle" });
      await elsewhere.ask("stop", { place: "middle" });
      problems.push(
        ...(await wrongUnlessStopped("in mid-stream", {
          live,
          other,
          provider,
          request: numberOf(live) ?? request,
          at,
        })),
      );

      problems.push(await wrongUnlessWhole("not stopped", ending, { words }));
      await delay(200);
      const late = await elsewhere.ask("stop", { place: "late" });
      const reader = await elsewhere.read("late");
      problems.push(
        reader === null ? "after the end: nothing there" : await wrongUnlessWhole("after the end", reader, { words }),
      );
      return {
        problems: [
          ...problems,
          !isStopped && "early: not told",
          !first.isStopped && "in mid-stream: not told",
          late.isStopped && "after the end: said to be stopped",
        ],
        notes: [`after ${early.endedAt - earlyAt} and ${live.endedAt - at} ms`],
      };
    },
  },
  {
    name: "two-turns",
    title: "Two turns in one place, a stop of the first during the second",
    expects: "the first is `aborted`, the second has all, for its readers, too",
    needs: ["stop"],
    words: 80,
    async play({ producer, elsewhere, words }) {
      const first = await producer.produce(PLACE, { run: "first" });
      await first.reach(15);
      const second = await producer.produce(PLACE, { run: "second", replace: true });
      await second.reach(15);
      const other = await elsewhere.readSoon(PLACE, { run: "second" });
      await elsewhere.ask("stop", { place: PLACE, run: "first" });
      const problems = [
        await wrongUnlessWhole("second turn", second, { words }),
        await wrongUnlessWhole("second turn elsewhere", other, { words }),
      ];
      await first.ended(3_000);
      const latest = await elsewhere.read(PLACE);
      await latest?.ended(3_000);
      return {
        problems: [
          ...problems,
          first.outcome !== "aborted" && `first turn: ${first.outcome ?? "goes on"}`,
          latest?.words.join() !== second.words.join() && "a later reader is not given the second turn",
        ],
      };
    },
  },
];

/** The request that a reader reads the reply to. */
function numberOf({ words: [first] }) {
  return first === undefined ? null : Number(first.split(".")[0]);
}
