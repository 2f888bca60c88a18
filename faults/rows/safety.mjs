/** What a hostile or broken server must not get. */

import { gzipSync } from "node:zlib";
import { end, failure, flood, reset, startStream, whole } from "../serve.mjs";
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
const filler = Buffer.alloc(MEGABYTE, "a");
const emptyLines = Buffer.from("data:\n".repeat(MEGABYTE / 8));
/** How long a client may keep its process from anything else. */
const FROZEN_MS = 1_000;
const TAGS = MEGABYTE;

/** Kept out of what clients say; any row fails where it is in there. */
export const KEY = "sk-ant-canary-0123456789";

const keyOf = ({ headers }) => headers["x-api-key"] ?? String(headers.authorization).replace("Bearer ", "");

/** The runner looks for the key; what a client makes of the error is the matter of other rows. */
const reported = (observation) => judge(["error", "complete"].includes(observation.outcome), observation);

/** Passes if the error comes, and nothing else had to wait for it. */
const unfrozen = {
  expects: `an error, and no timer of the program is later than ${FROZEN_MS / 1000} s`,
  drive: "iterate",
  whenHung: "hangs: nothing else runs",
  verdict(observation) {
    const { outcome, delayMs } = observation;
    const pass = outcome === "error" && delayMs <= FROZEN_MS;
    return judge(pass, observation, delayMs > FROZEN_MS ? `${outcome}, ${delayMs} ms late` : undefined);
  },
};

/** What the request said its key is, given back in an answer of the server's. */
const echoed = (title, answer) => ({
  name: `secret-in-${title.split(" ")[0].toLowerCase()}`,
  title: `The key, given back in the ${title}`,
  expects: "it is in no text of the error",
  drive: "iterate",
  serve: answer,
  verdict: (observation) => judge(observation.outcome === "error", observation),
});

/** The rows, in the words of an API. */
export const safety = (wire) => {
  const { started, delta, ended, endless, errorBody } = wire;
  const texts = started + delta("Hello");
  const silence = Buffer.from(`${wire.keepAlive}: ${"keep-alive ".repeat(90)}\n\n`.repeat(64));
  return [
    echoed("body of a 400", (request, response, count, facts) =>
      failure(400, errorBody("invalid", { key: keyOf(request), again: [`${keyOf(request)}.`] }))(
        request,
        response,
        count,
        facts,
      ),
    ),
    echoed("headers of a 400", (request, response) => {
      const key = keyOf(request);
      const headers = { [wire.idHeader]: key, "x-echo": key, "retry-after": key };
      failure(400, errorBody("invalid"), headers)(request, response);
    }),
    echoed("location of a 307", (request, response) => {
      response.writeHead(307, { location: `${wire.path}?key=${keyOf(request)}` }).end();
    }),
    {
      name: "object-as-client",
      title: "An object with a key and an address in place of a client, another address in the environment",
      expects: "the prompt does not go to the other address",
      drive: "iterate",
      needs: "object-as-client",
      options: { as: "object" },
      environment: ({ elsewhere }) => wire.variables(elsewhere, "sk-ant-of-the-environment"),
      elsewhere: (request, response, count, facts) => {
        facts.followed = "prompt sent";
        startStream(response).end();
      },
      serve: whole(wire, "Hello"),
      verdict: ({ server, outcome, ...observation }) =>
        judge(
          ["error", "complete"].includes(outcome) && server.followed === undefined,
          { outcome, ...observation },
          server.followed,
        ),
    },
    {
      name: "endless-frame",
      title: `A frame of ${ENDLESS_MB} MB that does not end`,
      expects: `an error before ${FRAME_MB} MB are read`,
      drive: "iterate",
      isAboutMemory: true,
      async serve(request, response, count, facts) {
        startStream(response, texts + endless);
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
      name: "endless-empty-lines",
      title: `${ENDLESS_MB} MB of data lines without text`,
      // Ten million lines are a second or two of work, and more than that on a busy machine.
      limitMs: 60_000,
      expects: `an error before ${FRAME_MB} MB are read`,
      drive: "iterate",
      isAboutMemory: true,
      async serve(request, response, count, facts) {
        startStream(response, texts);
        await flood(response, emptyLines, Math.ceil((ENDLESS_MB * MEGABYTE) / emptyLines.length), facts);
        response.end();
      },
      verdict(observation) {
        const megabytes = Math.round(observation.server.accepted / MEGABYTE);
        const pass = observation.outcome === "error" && megabytes < FRAME_MB;
        return judge(pass, observation, `${observation.outcome}, ${megabytes} MB read, peak ${observation.peakMB} MB`);
      },
    },
    {
      name: "page-of-tags",
      title: `400 with a page of ${TAGS / MEGABYTE} MB of \`<\``,
      ...unfrozen,
      serve(request, response) {
        response.writeHead(400, { "content-type": "text/html" });
        response.end("<".repeat(TAGS));
      },
    },
    {
      name: "event-of-tags",
      title: `An error inside the stream, with ${TAGS / MEGABYTE} MB of \`<\``,
      ...unfrozen,
      serve: end(texts + wire.error("internal", "<".repeat(TAGS))),
    },
    {
      name: "gzip-bomb",
      title: `A frame of ${BOMB_MB} MB that gzip makes small`,
      expects: `an error, with less than ${PEAK_MB} MB of memory`,
      drive: "iterate",
      isAboutMemory: true,
      async serve(request, response, count, facts) {
        startStream(response, gzipSync(texts + endless), { "content-encoding": "gzip" });
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
        startStream(response, started + delta("Hello "));
        await flood(response, silence, Math.ceil((FLOOD_MB * MEGABYTE) / silence.length), facts);
        response.end(delta("there") + ended("Hello ", "there"));
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
        response.writeHead(307, { location: `${facts.elsewhere}${wire.path}` }).end();
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
      serve: failure(401, errorBody("unauthorized")),
      verdict: reported,
    },
    {
      name: "secret-in-reset",
      title: "The key in what a reset says of itself",
      expects: "it is in no text of the error",
      drive: "iterate",
      serve: reset(texts),
      verdict: reported,
    },
  ];
};
