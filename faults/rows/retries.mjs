/** What is sent again, and what is not. */

import {
  delta,
  errorEvent,
  failure,
  frames,
  inTurn,
  messageStart,
  reset,
  started,
  startStream,
  whole,
  end,
} from "../wire.mjs";
import { judge, notRetried, retriedTo } from "./verdicts.mjs";

const good = whole("Hello ", "there");
const again = (fault) => inTurn(fault, good);
const retried = { expects: "the text, once", drive: "iterate", verdict: retriedTo("Hello there") };
const final = { expects: "an error after one request", drive: "iterate", verdict: notRetried };
const dropped = (request, response) => response.socket.resetAndDestroy();

export const retries = [
  { name: "reset-before-headers", title: "Reset before the headers", ...retried, serve: again(dropped) },
  { name: "reset-after-headers", title: "Reset after the headers", ...retried, serve: again(reset("")) },
  {
    name: "overloaded-first",
    title: "Overloaded as first event",
    ...retried,
    serve: again(end(frames(errorEvent()))),
  },
  {
    name: "overloaded-before-content",
    title: "Overloaded after `message_start`, no content yet",
    ...retried,
    serve: again(end(frames(messageStart(), errorEvent()))),
  },
  { name: "status-529", title: "529", ...retried, serve: again(failure(529, "overloaded_error")) },
  {
    name: "retry-after",
    title: "429 with `retry-after: 1`",
    expects: "the text, and a second request after 1 s",
    drive: "iterate",
    serve: again(failure(429, "rate_limit_error", { "retry-after": "1" })),
    verdict(observation) {
      const [first, second] = observation.server.requests;
      const waitMs = second === undefined ? Infinity : second.at - first.at;
      if (waitMs < 950) return judge(false, observation, `again after ${Math.round(waitMs)} ms`);
      return retriedTo("Hello there")(observation);
    },
  },
  {
    name: "retry-after-a-day",
    title: "429 with `retry-after` of a day",
    ...final,
    expects: "an error at once",
    whenHung: "waits",
    serve: again(failure(429, "rate_limit_error", { "retry-after": "86400" })),
  },
  {
    name: "should-retry-false",
    title: "500 with `x-should-retry: false`",
    ...final,
    serve: again(failure(500, "api_error", { "x-should-retry": "false" })),
  },
  {
    name: "spend-limit",
    title: "429 since a spend limit is reached",
    ...final,
    serve: again(failure(429, "rate_limit_error", {}, { error_code: "enforced_spend_limit_reached" })),
  },
  {
    name: "no-text-twice",
    title: "Reset after some text, nothing configured",
    expects: "an error or the text, but nothing twice",
    drive: "iterate",
    serve: again(reset(frames(...started, delta("Hello ")))),
    verdict(observation) {
      const { outcome, text } = observation;
      const isOnce = outcome === "error" ? text === "Hello " : outcome === "complete" && text === "Hello there";
      return judge(isOnce, observation, isOnce ? undefined : `${outcome}, text ${JSON.stringify(text)}`);
    },
  },
  {
    name: "recovers",
    title: "Reset after some text, asked to begin anew",
    expects: "the text, once",
    drive: "iterate",
    needs: "recover",
    options: { recover: true },
    serve: inTurn((request, response) => {
      startStream(response, frames(...started, delta("Hello "), delta("the")));
      setTimeout(() => response.socket?.resetAndDestroy(), 50);
    }, good),
    verdict: retriedTo("Hello there"),
  },
];
