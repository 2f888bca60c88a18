/** Whoever stops reading stops the generation, and pays for what was generated. */

import { flood, pace, startStream, whole } from "../serve.mjs";
import { judge } from "./verdicts.mjs";

const TOKENS = 100;
const EVERY_MS = 10;
/** What may be sent before the news of the end has come. */
const LATE_TOKENS = 20;
const CHUNKS = 40_000;
/** What a connection on loopback takes into its buffers, on both sides: some 4 MB to 10 MB by default. */
const HELD_MB = 12;
/** What a buffer may still take in the second half. */
const LATE_MB = 0.5;

const toMB = (bytes) => Math.round(bytes / 1e5) / 10;

/** How often a slow reader takes an event, and how many it takes. */
const SLOW_MS = 20;
const SLOW_EVENTS = 100;
const CALLS = 12;

/** About as much in every API. */
const total = "40 MB and more";

const stops = {
  expects: "the connection closes, the server sends no more",
  // Longer than all tokens take.
  lingerMs: TOKENS * EVERY_MS * 1.5 + 300,
  verdict(observation) {
    const { sent, sentBefore } = observation.server;
    if (!["stopped", "aborted", "error"].includes(observation.outcome)) return judge(false, observation);
    const late = sent - sentBefore;
    return judge(late <= LATE_TOKENS, observation, late === 0 ? undefined : `${late} more sent`);
  },
};

/** Passes if what the server can send has an end, at a reader that took so many events. */
const held = (wire, events) => ({
  expects: `the server can send less than ${HELD_MB} MB, and no more after 1 s`,
  async serve(request, response, count, facts) {
    startStream(response, wire.started);
    await flood(response, Buffer.from(wire.delta("x".repeat(1000))), CHUNKS, facts);
    response.end(wire.ended());
  },
  verdict(observation) {
    if (observation.heldAt !== events) return judge(false, observation);
    const [first, last] = observation.accepted.map(toMB);
    const more = Math.round((last - first) * 10) / 10;
    const words = `${first} MB${more > 0 ? `, then ${more} MB more` : ""}`;
    return judge(last < HELD_MB && more < LATE_MB, observation, words);
  },
});

/** The rows, in the words of an API. */
export const stopping = (wire) => {
  const { started, delta, ended, tellsInputFirst } = wire;
  async function tokens(request, response, count, facts) {
    const texts = Array.from({ length: TOKENS }, (_, index) => `token ${index} `);
    startStream(response, started);
    await pace(response, texts.map(delta), EVERY_MS, facts);
    response.end(ended(...texts));
  }
  return [
    {
      name: "break-stops",
      title: `\`break\` after the first of ${TOKENS} tokens`,
      drive: "breakAfterFirst",
      ...stops,
      serve: tokens,
    },
    {
      name: "abort-stops",
      title: `Abort signal after the first of ${TOKENS} tokens`,
      drive: "abortAfterFirst",
      ...stops,
      serve: tokens,
    },
    {
      name: "usage-after-abort",
      title: "Usage after an abort",
      expects: "the input tokens if the server has told them, and a word that it ended early",
      drive: "abortAfterFirst",
      needs: "usage",
      serve: tokens,
      verdict(observation) {
        const { usage } = observation;
        // Nothing is what is known of it where the server has told nothing.
        if (usage === null) return judge(!tellsInputFirst, observation, "none");
        const words = `${usage.input ?? "no"} in, ${usage.output ?? "no"} out`;
        const isMarked = usage.source !== undefined && usage.source !== "reported";
        return judge(
          (usage.input === 10 || !tellsInputFirst) && isMarked,
          observation,
          isMarked ? words : `${words}, nothing says it is not final`,
        );
      },
    },
    {
      name: "backpressure",
      title: `${total}, the reader holds at 10 events for 2 s`,
      drive: "hold",
      options: { holdMs: 2000 },
      ...held(wire, 10),
    },
    {
      name: "slow-reader",
      title: `${total}, the reader takes an event every ${SLOW_MS} ms for ${(SLOW_EVENTS * SLOW_MS) / 1000} s`,
      drive: "slow",
      options: { everyMs: SLOW_MS, lastEvent: SLOW_EVENTS },
      ...held(wire, SLOW_EVENTS),
    },
    {
      name: "signal-listeners",
      title: `${CALLS} calls with one abort signal`,
      expects: "no listener is left on it, once garbage is collected",
      drive: "iterate",
      options: { calls: CALLS },
      serve: whole(wire, "Hello"),
      verdict(observation) {
        const { outcome, listeners } = observation;
        return judge(
          outcome === "complete" && listeners === 0,
          observation,
          outcome === "complete" && listeners > 0 ? `${listeners} left` : undefined,
        );
      },
    },
  ];
};
