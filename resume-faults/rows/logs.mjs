// Logs that fail: Redis is gone, or empty; the log throws, or hangs; the disk is full.
import { setTimeout as delay } from "node:timers/promises";
import { seconds, wrongUnlessCut, wrongUnlessWhole } from "./verdicts.mjs";

const PLACE = "chat";
const OUTAGE_MS = 5_000;
/** Nobody waits longer for a word that is on time than this. */
const LONGEST_GAP_MS = 500;

/** Redis cannot be reached for a while, and has its data afterwards. */
const outage = (name, title, begin) => ({
  name,
  title,
  expects: "every reader has all; the live one is not held up",
  needs: ["redis"],
  // A stream that goes on after the outage, and a lease that outlasts it.
  words: 340,
  leaseMs: 10_000,
  async play({ producer, elsewhere, words, store }) {
    const live = await producer.produce(PLACE);
    await live.reach(5);
    const early = await elsewhere.readSoon(PLACE);
    await live.reach(20);
    begin(store.proxy);
    await delay(OUTAGE_MS);
    store.proxy.mend();
    const problems = [
      await wrongUnlessWhole("live reader", live, { words }),
      held(live),
      await wrongUnlessWhole("reader elsewhere", early, { words }),
    ];
    const late = await elsewhere.read(PLACE);
    problems.push(
      late === null ? "a later reader: nothing there" : await wrongUnlessWhole("a later reader", late, { words }),
    );
    return { problems };
  },
});

/** The log of a producer fails in mid-stream, and stays so. */
const failing = (row, begin) => ({
  expects: "the live reader has all, at once; elsewhere a cut within the lease + 2 s",
  ...row,
  async play({ producer, elsewhere, words, leaseMs, provider }) {
    const live = await producer.produce(PLACE);
    await live.reach(5);
    const early = await elsewhere.readSoon(PLACE);
    await live.reach(20);
    const at = Date.now();
    const sent = provider.sent();
    await begin(producer);
    const [whole, cut] = await Promise.all([
      wrongUnlessWhole("live reader", live, { words }),
      // How much a log on a full disk had taken is its own affair.
      wrongUnlessCut("reader elsewhere", early, { at, sent, leaseMs, mostLost: Infinity }),
    ]);
    const log = await producer.ask("log", { place: PLACE, limitMs: 8_000 }).catch(() => ({ state: "still open" }));
    return {
      problems: [whole, held(live), ...cut, log?.state === "still open" && "the producer does not give its log up"],
      notes: [early?.hasEnded && `cut after ${seconds(early.endedAt - at)}`, log && `the log is "${log.state}"`],
    };
  },
});

const held = (live) => live.longestGapMs > LONGEST_GAP_MS && `live reader: held up for ${seconds(live.longestGapMs)}`;

export const logs = [
  outage("cut", "All connections to Redis cut for 5 s, data kept", (proxy) => proxy.cut()),
  outage("silence", "Redis does not answer for 5 s, connections kept", (proxy) => proxy.silence()),
  {
    name: "empty",
    title: "Redis restarted empty in mid-stream",
    expects: "the live reader has all; elsewhere a cut within the lease + 2 s, or all",
    needs: ["redis"],
    async play({ producer, elsewhere, words, leaseMs, store, provider }) {
      const live = await producer.produce(PLACE);
      await live.reach(5);
      const early = await elsewhere.readSoon(PLACE);
      await live.reach(30);
      const at = Date.now();
      const sent = provider.sent();
      await store.restart();
      const whole = await wrongUnlessWhole("live reader", live, { words });
      await early?.ended(12_000);
      if (early?.outcome === "complete") {
        return { problems: [whole, held(live), await wrongUnlessWhole("reader elsewhere", early, { words })] };
      }
      const cut = await wrongUnlessCut("reader elsewhere", early, { at, sent, leaseMs });
      const log = await producer.ask("log", { place: PLACE, limitMs: 8_000 }).catch(() => null);
      return {
        problems: [whole, held(live), ...cut],
        notes: [early?.hasEnded && `cut after ${seconds(early.endedAt - at)}`, log && `the log is "${log.state}"`],
      };
    },
  },
  failing({ name: "throws", title: "A log that throws from mid-stream on", needs: ["faulty-log"] }, (producer) =>
    producer.ask("fault", { kind: "throws" }),
  ),
  failing({ name: "hangs", title: "A log that hangs from mid-stream on", needs: ["faulty-log"] }, (producer) =>
    producer.ask("fault", { kind: "hangs" }),
  ),
  // Of 96 KB, which hold the first words.
  failing({ name: "disk", title: "A full disk (`ulimit -f`)", needs: ["file"], blocks: 192 }, () => {}),
];
