/** How a stream may end, other than as it should. */

import {
  blockStop,
  delta,
  end,
  ended,
  errorEvent,
  frames,
  messageStart,
  messageStop,
  pace,
  reset,
  started,
  startStream,
  stopReason,
} from "../wire.mjs";
import { completeWith, errorWith, judge } from "./verdicts.mjs";

const texts = frames(...started, delta("Hello "), delta("the"));
const stopped = frames(blockStop, stopReason());

const STALL_MS = 600;
/** When a limit must have worked: some clients ask again, and each request has the limit. */
const STALL_ENDS_MS = 10 * STALL_MS;
/** How long a whole message may wait for an end that does not come. */
const AFTER_STOP_MS = 5_000;
const REFUSAL = "prompt is too long: 210000 tokens > 200000 maximum";

const limited = {
  expects: `an error within ${STALL_ENDS_MS / 1000} s, further requests included`,
  drive: "iterate",
  options: { firstMs: STALL_MS },
  verdict: (observation) => inTime(STALL_ENDS_MS, observation, errorWith("")(observation)),
};

const contradicting = {
  expects: "an error",
  drive: "iterate",
  verdict: (observation) => judge(observation.outcome === "error", observation),
};

/** The verdict, unless it came too late. */
const inTime = (limitMs, observation, verdict) => {
  const { ms } = observation;
  return verdict.pass && ms > limitMs ? judge(false, observation, `after ${(ms / 1000).toFixed(1)} s`) : verdict;
};

export const endings = [
  {
    name: "truncated",
    title: "Body ends before `message_stop`",
    expects: "an error, and the text so far",
    drive: "iterate",
    serve: end(texts),
    verdict: errorWith("Hello the"),
  },
  {
    name: "reset-mid-frame",
    title: "Reset in the middle of a frame",
    expects: "an error, and the text so far",
    drive: "iterate",
    serve: reset(texts + frames(delta("re")).slice(0, -20)),
    verdict: errorWith("Hello the"),
  },
  {
    name: "error-mid-stream",
    title: "`error` event after some text",
    expects: "reading throws, and the text so far is there",
    drive: "iterate",
    serve: end(texts + frames(errorEvent("api_error", "Internal server error"))),
    verdict: errorWith("Hello the"),
  },
  {
    name: "stall-pings",
    title: "Stall with pings, limit of 600 ms",
    expects: "an error after the limit, and the text so far",
    drive: "iterate",
    options: { idleMs: STALL_MS },
    serve(request, response) {
      startStream(response, texts);
      const timer = setInterval(() => response.write(frames({ type: "ping" }) + ": still here\n\n"), 50);
      response.on("close", () => clearInterval(timer));
    },
    verdict: errorWith("Hello the"),
  },
  {
    name: "stall-before-headers",
    title: "Stall before the headers, limit of 600 ms",
    ...limited,
    serve() {},
  },
  {
    name: "stall-before-content",
    title: "Stall after `message_start`, limit of 600 ms",
    ...limited,
    serve: (request, response) => void startStream(response, frames(messageStart())),
  },
  {
    name: "proxy-is-silent",
    title: "A proxy that never answers `CONNECT`, limit of 600 ms",
    ...limited,
    needs: "agent",
    options: { connectMs: STALL_MS, as: "behind-silent-proxy" },
    serve() {},
  },
  {
    name: "slow-is-no-stall",
    title: "Ten tokens in 1 s, limit of 600 ms",
    expects: "success: there is progress",
    drive: "iterate",
    options: { idleMs: STALL_MS },
    async serve(request, response, count, facts) {
      startStream(response, frames(...started));
      await pace(response, Array(10).fill(delta("a")), 100, facts);
      response.end(frames(...ended));
    },
    verdict: completeWith("aaaaaaaaaa"),
  },
  {
    name: "stop-reason-then-eof",
    title: "Body ends after the stop reason",
    expects: "success: the message is whole",
    drive: "iterate",
    serve: end(texts + stopped),
    verdict: completeWith("Hello the"),
  },
  {
    name: "early-stop-reason",
    title: "A stop reason, and text for 3 s after it",
    expects: "success, with all of the text",
    drive: "iterate",
    async serve(request, response, count, facts) {
      startStream(response, frames(...started, delta("Hello"), stopReason()));
      await pace(response, Array(10).fill(delta("a")), 300, facts);
      response.end(frames(blockStop, messageStop));
    },
    verdict: completeWith(`Hello${"a".repeat(10)}`),
  },
  {
    name: "stop-reason-then-stall",
    title: "Stall after the stop reason",
    expects: `success within ${AFTER_STOP_MS / 1000} s: the message is whole`,
    drive: "iterate",
    serve: (request, response) => void startStream(response, texts + stopped),
    verdict: (observation) => inTime(AFTER_STOP_MS, observation, completeWith("Hello the")(observation)),
  },
  {
    name: "unterminated-frame",
    title: "Last frame has no blank line, its JSON is whole",
    expects: "success: it is the stop reason",
    drive: "iterate",
    serve: end((texts + stopped).slice(0, -2)),
    verdict: completeWith("Hello the"),
  },
  {
    name: "malformed-frame",
    title: "Malformed frame in the middle",
    expects: "an error, and the text so far",
    drive: "iterate",
    serve: end(texts + "event: content_block_delta\ndata: {]\n\n" + frames(delta("re"), ...ended)),
    verdict: errorWith("Hello the"),
  },
  {
    name: "second-start",
    title: "Second `message_start` in the middle",
    expects: "an error, and the text so far",
    drive: "iterate",
    serve: end(texts + frames(messageStart(), ...started.slice(1), delta("Hello "), ...ended)),
    verdict: errorWith("Hello the"),
  },
  {
    name: "delta-before-start",
    title: "A text before its `content_block_start`",
    ...contradicting,
    serve: end(frames(messageStart(), delta("Hello "), started[1], delta("the"), ...ended)),
  },
  {
    name: "delta-after-stop",
    title: "A text after its `content_block_stop`",
    ...contradicting,
    serve: end(frames(...started, delta("Hello "), blockStop, delta("the"), stopReason(), messageStop)),
  },
  {
    name: "json-error",
    title: "200 with an error of the API as JSON",
    expects: "an error in the provider's words",
    drive: "iterate",
    serve(request, response) {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(errorEvent("invalid_request_error", REFUSAL)));
    },
    verdict(observation) {
      const { outcome, error } = observation;
      if (outcome !== "error") return judge(false, observation);
      const isToldWhy = error.message.includes(REFUSAL);
      return judge(isToldWhy, observation, isToldWhy ? undefined : "an error in other words");
    },
  },
  {
    name: "html",
    title: "200 with a page of HTML",
    expects: "an error",
    drive: "iterate",
    serve(request, response) {
      response.writeHead(200, { "content-type": "text/html" });
      response.end("<!doctype html><title>Sign in</title><p>Please sign in to the network.</p>");
    },
    verdict: (observation) => judge(observation.outcome === "error", observation),
  },
];
