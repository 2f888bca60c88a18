// One process of a play: produces and reads with one library, and tells the runner what its readers see.
import { setTimeout as delay } from "node:timers/promises";
import { faultyWith } from "./faulty.mjs";

const { module, settings } = JSON.parse(process.argv[2]);
const { open } = await import(module);

const fault = { kind: null };
const client = await open(settings, faultyWith(fault));
const readings = new Map();
const send = (message) => process.send(message);

process.on("unhandledRejection", (reason) => send({ type: "unhandled", text: String(reason?.message ?? reason) }));
// A library's client of Redis may throw where nobody listens: that a server would end is what the table is to say.
process.on("uncaughtException", (error) => {
  send({ type: "crash", text: String(error?.message ?? error) });
  setTimeout(() => process.exit(1), 50);
});

const commands = {
  async produce({ reading, place, replace, run }) {
    return begin(reading, await client.produce(place, { replace, run }));
  },
  async read({ reading, place, run, after, paceMs, takeOver }) {
    const opened = await client.read(place, { run, after, takeOver });
    if (opened === null) return { isNothing: true };
    return begin(reading, opened, { paceMs });
  },
  /** Many readers at once, told of in one answer. */
  async readMany({ count, place }) {
    const all = Array.from({ length: count }, async () => {
      const words = [];
      try {
        const opened = await client.read(place, {});
        if (opened === null) return { outcome: "nothing", words, endedAt: Date.now() };
        await each(opened, (word) => words.push(word));
        return { outcome: opened.outcome(), words, endedAt: Date.now() };
      } catch (error) {
        return { outcome: "error", error: messageOf(error), words, endedAt: Date.now() };
      }
    });
    return summary(await Promise.all(all));
  },
  leave({ reading }) {
    const { opened, words } = readings.get(reading);
    void opened.leave();
    // Where the next reader is to go on.
    return { after: opened.position(), count: words.length };
  },
  async stop({ place, run }) {
    return { isStopped: await client.stop(place, run) };
  },
  fault({ kind }) {
    fault.kind = kind;
    return {};
  },
  /** What the producer knows of its log, once it has done all that it will do with it. */
  async log({ place }) {
    return (await client.log?.(place)) ?? null;
  },
};

/** Follows a reading, and sends what it gives. */
function begin(name, opened, { paceMs = 0 } = {}) {
  const words = [];
  readings.set(name, { opened, words });
  const follow = async () => {
    try {
      await each(opened, async (word, isRestart) => {
        if (isRestart) words.length = 0;
        if (word !== null) words.push(word);
        send({ type: "word", reading: name, word, isRestart, at: Date.now() });
        if (paceMs > 0) await delay(paceMs);
      });
      send({ type: "ended", reading: name, outcome: opened.outcome(), at: Date.now() });
    } catch (error) {
      send({ type: "ended", reading: name, outcome: opened.outcome("error"), error: messageOf(error), at: Date.now() });
    }
  };
  void follow();
  return { run: opened.run ?? null };
}

/** Takes the words one by one, however they come. */
async function each(opened, take) {
  let rest = "";
  for await (const text of opened.texts) {
    if (text === null) {
      rest = "";
      await take(null, true);
      continue;
    }
    const parts = (rest + text).split(" ");
    rest = parts.pop();
    for (const part of parts) await take(part, false);
  }
}

function summary(results) {
  const groups = new Map();
  for (const { outcome, error, words } of results) {
    const key = JSON.stringify([outcome, error ?? null, words.join(" ")]);
    groups.set(key, (groups.get(key) ?? 0) + 1);
  }
  return {
    groups: [...groups].map(([key, count]) => {
      const [outcome, error, words] = JSON.parse(key);
      return { count, outcome, error, words: words === "" ? [] : words.split(" ") };
    }),
    lastAt: Math.max(...results.map(({ endedAt }) => endedAt)),
  };
}

const messageOf = (error) => String(error?.code ?? "") + (error?.code ? ": " : "") + String(error?.message ?? error);

process.on("message", async ({ id, command, options }) => {
  try {
    send({ type: "answer", id, value: await commands[command](options) });
  } catch (error) {
    send({ type: "answer", id, error: messageOf(error), code: error?.code });
  }
});
send({ type: "ready" });
