/** What a hostile or broken server must not get. */

import { gzipSync } from "node:zlib";
import { delta, ended, failure, flood, frames, reset, started, startStream } from "../wire.mjs";
import { completeWith, judge } from "./verdicts.mjs";

/** What a client may hold before it gives up on a frame that does not end. */
const FRAME_MB = 64;
const MEGABYTE = 2 ** 20;
const ENDLESS_MB = 200;
const BOMB_MB = 400;
const PEAK_MB = 300;
const FLOOD_MB = 32;
/** What a client may hold of what says nothing: buffers, and what it has compiled. */
const KEPT_MB = 8;
const silence = Buffer.from((frames({ type: "ping" }) + `: ${"keep-alive ".repeat(90)}\n\n`).repeat(64));
const begun = 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"text":"';
const filler = Buffer.alloc(MEGABYTE, "a");

/** Kept out of what clients say; any row fails where it is in there. */
export const KEY = "sk-ant-canary-0123456789";

/** The runner looks for the key; what a client makes of the error is the matter of other rows. */
const reported = (observation) => judge(["error", "complete"].includes(observation.outcome), observation);

export const safety = [
  {
    name: "endless-frame",
    title: `A frame of ${ENDLESS_MB} MB that does not end`,
    expects: `an error before ${FRAME_MB} MB are read`,
    drive: "iterate",
    isAboutMemory: true,
    async serve(request, response, count, facts) {
      startStream(response, frames(...started, delta("Hello")) + begun);
      await flood(response, filler, ENDLESS_MB, facts);
      response.end();
    },
    verdict(observation) {
      const megabytes = Math.round(observation.server.accepted / MEGABYTE);
      const pass = observation.outcome === "error" && megabytes < FRAME_MB;
      return judge(pass, observation, `${observation.outcome}, ${megabytes} MB read, peak ${observation.peakMB} MB`);
    },
  },
  {
    name: "gzip-bomb",
    title: `A frame of ${BOMB_MB} MB that gzip makes small`,
    expects: `an error, with less than ${PEAK_MB} MB of memory`,
    drive: "iterate",
    isAboutMemory: true,
    async serve(request, response, count, facts) {
      startStream(response, gzipSync(frames(...started, delta("Hello")) + begun), { "content-encoding": "gzip" });
      await flood(response, gzipSync(filler), BOMB_MB, facts);
      response.end();
    },
    verdict(observation) {
      const { outcome, peakMB } = observation;
      const pass = outcome === "error" && peakMB < PEAK_MB;
      return judge(pass, observation, peakMB === undefined ? outcome : `${outcome}, peak ${peakMB} MB`);
    },
  },
  {
    name: "silence",
    title: `${FLOOD_MB} MB of pings and comments between two texts`,
    expects: `success, and less than ${KEPT_MB} MB of them are kept`,
    drive: "weigh",
    isAboutMemory: true,
    async serve(request, response, count, facts) {
      startStream(response, frames(...started, delta("Hello ")));
      await flood(response, silence, Math.ceil((FLOOD_MB * MEGABYTE) / silence.length), facts);
      response.end(frames(delta("there"), ...ended));
    },
    verdict(observation) {
      const verdict = completeWith("Hello there")(observation);
      const { keptMB } = observation;
      return verdict.pass
        ? judge(keptMB < KEPT_MB, observation, keptMB < KEPT_MB ? undefined : `keeps ${keptMB} MB`)
        : verdict;
    },
  },
  {
    name: "redirect",
    title: "307 to another origin",
    expects: "neither the key nor the prompt goes there",
    drive: "iterate",
    elsewhere: (request, response, count, facts) => {
      facts.followed = JSON.stringify(request.headers).includes(KEY) ? "key and prompt sent" : "prompt sent";
      startStream(response).end();
    },
    serve(request, response, count, facts) {
      response.writeHead(307, { location: `${facts.elsewhere}/v1/messages` }).end();
    },
    verdict: (observation) =>
      judge(
        observation.outcome === "error" && observation.server.followed === undefined,
        observation,
        observation.server.followed,
      ),
  },
  {
    name: "secret-in-status",
    title: "The key in what a 401 says of itself",
    expects: "it is in no text of the error",
    drive: "iterate",
    serve: failure(401, "authentication_error"),
    verdict: reported,
  },
  {
    name: "secret-in-reset",
    title: "The key in what a reset says of itself",
    expects: "it is in no text of the error",
    drive: "iterate",
    serve: reset(frames(...started, delta("Hello"))),
    verdict: reported,
  },
];
