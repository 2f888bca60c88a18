/** How a stream may end, other than as it should. */

import { end, pace, reset, startStream } from "../serve.mjs";
import { completeWith, errorWith, judge } from "./verdicts.mjs";

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

/** The rows, in the words of an API. */
export const endings = (wire) => {
  const { begun, started, delta, stopped, ended, keepAlive } = wire;
  const said = ["Hello ", "the"];
  const texts = started + said.map(delta).join("");
  const whole = texts + stopped(...said);
  const { secondStart, textBeforeStart, textAfterStop } = wire.contradictions;
  return [
    {
      name: "truncated",
      title: "Body ends in the middle of a text",
      expects: "an error, and the text so far",
      drive: "iterate",
      serve: end(texts),
      verdict: errorWith("Hello the"),
    },
    {
      name: "text-ended-then-eof",
      title: "Body ends after a text, before what makes the message whole",
      expects: "an error, and the text",
      drive: "iterate",
      serve: end(wire.textEnded?.(...said)),
      verdict: errorWith("Hello the"),
    },
    {
      name: "reset-mid-frame",
      title: "Reset in the middle of a frame",
      expects: "an error, and the text so far",
      drive: "iterate",
      serve: reset(texts + delta("re").slice(0, -20)),
      verdict: errorWith("Hello the"),
    },
    {
      name: "error-mid-stream",
      title: "An error inside the stream, after some text",
      expects: "reading throws, and the text so far is there",
      drive: "iterate",
      serve: end(texts + wire.error("internal", "Internal server error")),
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
        const timer = setInterval(() => response.write(`${keepAlive}: still here\n\n`), 50);
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
      title: "Stall after the first event, limit of 600 ms",
      ...limited,
      serve: (request, response) => void startStream(response, begun),
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
        const tokens = Array(10).fill("a");
        startStream(response, started);
        await pace(response, tokens.map(delta), 100, facts);
        response.end(ended(...tokens));
      },
      verdict: completeWith("aaaaaaaaaa"),
    },
    {
      name: "stop-reason-then-eof",
      title: "Body ends after what makes the message whole",
      expects: "success: the message is whole",
      drive: "iterate",
      serve: end(whole),
      verdict: completeWith("Hello the"),
    },
    {
      name: "early-stop-reason",
      title: "A stop reason, and text for 3 s after it",
      expects: "success, with all of the text",
      drive: "iterate",
      async serve(request, response, count, facts) {
        const { first, after, last } = wire.earlyStop("Hello", Array(10).fill("a"));
        startStream(response, first);
        await pace(response, after, 300, facts);
        response.end(last);
      },
      verdict: completeWith(`Hello${"a".repeat(10)}`),
    },
    {
      name: "stop-reason-then-stall",
      title: "Stall after what makes the message whole",
      expects: `success within ${AFTER_STOP_MS / 1000} s: the message is whole`,
      drive: "iterate",
      serve: (request, response) => void startStream(response, whole),
      verdict: (observation) => inTime(AFTER_STOP_MS, observation, completeWith("Hello the")(observation)),
    },
    {
      name: "unterminated-frame",
      title: "Last frame has no blank line, its JSON is whole",
      expects: "success: it makes the message whole",
      drive: "iterate",
      serve: end(whole.slice(0, -2)),
      verdict: completeWith("Hello the"),
    },
    {
      name: "malformed-frame",
      title: "Malformed frame in the middle",
      expects: "an error, and the text so far",
      drive: "iterate",
      serve: end(texts + wire.malformed + delta("re") + ended(...said, "re")),
      verdict: errorWith("Hello the"),
    },
    {
      name: "second-start",
      title: "The message begins again in the middle",
      expects: "an error, and the text so far",
      drive: "iterate",
      serve: end(texts + secondStart),
      verdict: errorWith("Hello the"),
    },
    {
      name: "delta-before-start",
      title: "A text before the event that begins it",
      ...contradicting,
      serve: end(textBeforeStart),
    },
    {
      name: "delta-after-stop",
      title: "A text after the event that ends it",
      ...contradicting,
      serve: end(textAfterStop),
    },
    {
      name: "json-error",
      title: "200 with an error of the API as JSON",
      expects: "an error in the provider's words",
      drive: "iterate",
      serve(request, response) {
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify(wire.errorBody("invalid", undefined, REFUSAL)));
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
};
