/** Whoever stops reading stops the generation, and pays for what was generated. */

import { delta, ended, flood, frames, pace, started, startStream } from "../wire.mjs";
import { judge } from "./verdicts.mjs";

const TOKENS = 100;
const EVERY_MS = 10;
/** What one may send before the news of the end has come. */
const LATE_TOKENS = 20;
const CHUNKS = 40_000;
const HELD_MB = 12;

const chunk = Buffer.from(frames(delta("x".repeat(1000))));
const toMB = (bytes) => Math.round(bytes / 1e6);

async function tokens(request, response, count, facts) {
  const events = Array.from({ length: TOKENS }, (_, index) => delta(`token ${index} `));
  startStream(response, frames(...started));
  await pace(response, events, EVERY_MS, facts);
  response.end(frames(...ended));
}

const stops = {
  expects: "the connection closes",
  // Longer than all tokens take.
  lingerMs: TOKENS * EVERY_MS * 1.5 + 300,
  serve: tokens,
  verdict(observation) {
    const { sent } = observation.server;
    if (!["stopped", "aborted", "error"].includes(observation.outcome)) return judge(false, observation);
    return judge(sent <= LATE_TOKENS, observation, `${sent} of ${TOKENS} sent`);
  },
};

export const stopping = [
  { name: "break-stops", title: "`break` after the first token", drive: "breakAfterFirst", ...stops },
  { name: "abort-stops", title: "Abort signal after the first token", drive: "abortAfterFirst", ...stops },
  {
    name: "usage-after-abort",
    title: "Usage after an abort",
    expects: "the input tokens, and that it is not the last word",
    drive: "abortAfterFirst",
    serve: tokens,
    verdict(observation) {
      const { usage } = observation;
      if (usage === null) return judge(false, observation, "none");
      const words = `${usage.input ?? "no"} in, ${usage.output ?? "no"} out`;
      const isMarked = usage.source !== undefined && usage.source !== "reported";
      return judge(usage.input === 10 && isMarked, observation, isMarked ? words : `${words}, as if final`);
    },
  },
  {
    name: "backpressure",
    title: `${toMB(chunk.length * CHUNKS)} MB, the reader holds at 10 events`,
    expects: `the server can send less than ${HELD_MB} MB`,
    drive: "hold",
    options: { holdMs: 1500 },
    async serve(request, response, count, facts) {
      startStream(response, frames(...started));
      await flood(response, chunk, CHUNKS, facts);
      response.end(frames(...ended));
    },
    verdict(observation) {
      if (observation.heldAt !== 10) return judge(false, observation);
      const megabytes = toMB(observation.acceptedWhileHeld);
      return judge(megabytes < HELD_MB, observation, `${megabytes} MB sent`);
    },
  },
];
