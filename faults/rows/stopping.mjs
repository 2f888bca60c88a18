/** Whoever stops reading stops the generation, and pays for what was generated. */

import { delta, ended, flood, frames, pace, started, startStream, whole } from "../wire.mjs";
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

const chunk = Buffer.from(frames(delta("x".repeat(1000))));
const toMB = (bytes) => Math.round(bytes / 1e5) / 10;

/** How often a slow reader takes an event, and how many it takes. */
const SLOW_MS = 20;
const SLOW_EVENTS = 100;
const CALLS = 12;

const total = `${Math.round(toMB(chunk.length * CHUNKS))} MB`;

async function tokens(request, response, count, facts) {
  const events = Array.from({ length: TOKENS }, (_, index) => delta(`token ${index} `));
  startStream(response, frames(...started));
  await pace(response, events, EVERY_MS, facts);
  response.end(frames(...ended));
}

const stops = {
  expects: "the connection closes, the server sends no more",
  // Longer than all tokens take.
  lingerMs: TOKENS * EVERY_MS * 1.5 + 300,
  serve: tokens,
  verdict(observation) {
    const { sent, sentBefore } = observation.server;
    if (!["stopped", "aborted", "error"].includes(observation.outcome)) return judge(false, observation);
    const late = sent - sentBefore;
    return judge(late <= LATE_TOKENS, observation, late === 0 ? undefined : `${late} more sent`);
  },
};

/** Passes if what the server can send has an end, at a reader that took so many events. */
const held = (events) => ({
  expects: `the server can send less than ${HELD_MB} MB, and no more after 1 s`,
  async serve(request, response, count, facts) {
    startStream(response, frames(...started));
    await flood(response, chunk, CHUNKS, facts);
    response.end(frames(...ended));
  },
  verdict(observation) {
    if (observation.heldAt !== events) return judge(false, observation);
    const [first, last] = observation.accepted.map(toMB);
    const more = Math.round((last - first) * 10) / 10;
    const words = `${first} MB${more > 0 ? `, then ${more} MB more` : ""}`;
    return judge(last < HELD_MB && more < LATE_MB, observation, words);
  },
});

export const stopping = [
  { name: "break-stops", title: `\`break\` after the first of ${TOKENS} tokens`, drive: "breakAfterFirst", ...stops },
  {
    name: "abort-stops",
    title: `Abort signal after the first of ${TOKENS} tokens`,
    drive: "abortAfterFirst",
    ...stops,
  },
  {
    name: "usage-after-abort",
    title: "Usage after an abort",
    expects: "the input tokens, and a word that it ended early",
    drive: "abortAfterFirst",
    needs: "usage",
    serve: tokens,
    verdict(observation) {
      const { usage } = observation;
      if (usage === null) return judge(false, observation, "none");
      const words = `${usage.input ?? "no"} in, ${usage.output ?? "no"} out`;
      const isMarked = usage.source !== undefined && usage.source !== "reported";
      return judge(
        usage.input === 10 && isMarked,
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
    ...held(10),
  },
  {
    name: "slow-reader",
    title: `${total}, the reader takes an event every ${SLOW_MS} ms for ${(SLOW_EVENTS * SLOW_MS) / 1000} s`,
    drive: "slow",
    options: { everyMs: SLOW_MS, lastEvent: SLOW_EVENTS },
    ...held(SLOW_EVENTS),
  },
  {
    name: "signal-listeners",
    title: `${CALLS} calls with one abort signal`,
    expects: "no listener is left on it, once garbage is collected",
    drive: "iterate",
    options: { calls: CALLS },
    serve: whole("Hello"),
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
