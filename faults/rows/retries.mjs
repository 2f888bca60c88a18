/** What is sent again, and what is not. */

import { end, failure, inTurn, reset, startStream, whole } from "../serve.mjs";
import { isAccident, judge, notRetried, retriedTo } from "./verdicts.mjs";

const retried = { expects: "the text, once", drive: "iterate", verdict: retriedTo("Hello there") };
const final = { expects: "an error after one request", drive: "iterate", verdict: notRetried };
const dropped = (request, response) => response.socket.resetAndDestroy();
/** Three for each model. */
const CIRCLE_REQUESTS = 12;
/** What a call of a tool is given. */
const INPUT = '{"path":"/tmp/a"}';
/** What a timer may be early. */
const EARLY_MS = 50;

/** A 429 that says to come back when `waitMs()` have passed. */
const told = (wire, waitMs, headers) => ({
  drive: "iterate",
  serve: inTurn(
    (request, response, count, facts) => {
      const ms = waitMs();
      facts.dueAt = performance.now() + ms;
      failure(429, wire.errorBody("limited"), headers(ms))(request, response);
    },
    whole(wire, "Hello ", "there"),
  ),
  verdict(observation) {
    const { requests, dueAt } = observation.server;
    const [first, second] = requests;
    if (second !== undefined && second.at < dueAt - EARLY_MS) {
      return judge(false, observation, `again after ${Math.round(second.at - first.at)} ms`);
    }
    return retriedTo("Hello there")(observation);
  },
});
/** Until a full second, since a date has no more; longer than clients wait of their own accord. */
const dateMs = () => Math.ceil(Date.now() / 1000 + 2) * 1000 - Date.now();

/** The rows, in the words of an API. */
export const retries = (wire) => {
  const { begun, started, delta, error, errorBody, overloaded } = wire;
  const good = whole(wire, "Hello ", "there");
  const again = (fault) => inTurn(fault, good);
  return [
    { name: "reset-before-headers", title: "Reset before the headers", ...retried, serve: again(dropped) },
    { name: "reset-after-headers", title: "Reset after the headers", ...retried, serve: again(reset("")) },
    {
      name: "overloaded-first",
      title: "Overloaded as first event",
      ...retried,
      serve: again(end(error("overloaded"))),
    },
    {
      name: "overloaded-before-content",
      title: "Overloaded after the first event, no content yet",
      ...retried,
      serve: again(end(begun + error("overloaded"))),
    },
    {
      name: "status-overloaded",
      title: "529 (Anthropic) or 503 (OpenAI)",
      ...retried,
      serve: again(failure(overloaded, errorBody("overloaded"))),
    },
    {
      name: "status-502",
      title: "502 with a page of HTML",
      ...retried,
      serve: again((request, response) => {
        response.writeHead(502, { "content-type": "text/html" });
        response.end("<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>");
      }),
    },
    {
      name: "retry-after",
      title: "429 with `retry-after: 1`",
      expects: "the text, and a second request after 1 s",
      ...told(
        wire,
        () => 1000,
        () => ({ "retry-after": "1" }),
      ),
    },
    {
      name: "retry-after-ms",
      title: "429 with `retry-after-ms: 1000`",
      expects: "the text, and a second request after 1 s",
      ...told(
        wire,
        () => 1000,
        () => ({ "retry-after-ms": "1000" }),
      ),
    },
    {
      name: "retry-after-date",
      title: "429 with a date as `retry-after`, 2 to 3 s ahead",
      expects: "the text, and a second request after that date",
      ...told(wire, dateMs, (ms) => ({ "retry-after": new Date(Date.now() + ms).toUTCString() })),
    },
    {
      name: "retry-after-a-day",
      title: "429 with `retry-after` of a day",
      ...final,
      expects: "an error at once",
      whenHung: "waits",
      serve: again(failure(429, errorBody("limited"), { "retry-after": "86400" })),
    },
    {
      name: "should-retry-false",
      title: "500 with `x-should-retry: false`",
      ...final,
      serve: again(failure(500, errorBody("internal"), { "x-should-retry": "false" })),
    },
    {
      name: "spend-limit",
      title: "429 since a spend limit or a quota is used up",
      ...final,
      serve: again(failure(429, errorBody("spent"))),
    },
    {
      name: "no-text-twice",
      title: "Reset after some text, nothing configured",
      expects: "an error or the text, but nothing twice",
      drive: "iterate",
      serve: again(reset(started + delta("Hello "))),
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
      options: { recover: "restart" },
      serve: inTurn((request, response) => {
        startStream(response, started + delta("Hello ") + delta("the"));
        setTimeout(() => response.socket?.resetAndDestroy(), 50);
      }, good),
      verdict: retriedTo("Hello there"),
    },
    {
      name: "tool-twice",
      title: "Reset after a text and a tool call, asked to go on; the model calls it again",
      expects: "the call is handed out once at most",
      drive: "tools",
      needs: "recover",
      options: { recover: "continue" },
      serve: inTurn(reset(wire.textAndCall("Hello ", INPUT)), end(wire.textAndCallReply("there", INPUT)), good),
      verdict(observation) {
        const { tools, toolsRan } = observation;
        const pass = tools.length <= 1 && toolsRan <= 1 && ["complete", "error"].includes(observation.outcome);
        return judge(pass, observation, tools.length > 1 ? `handed out ${tools.length} times` : undefined);
      },
    },
    {
      name: "fallback-circle",
      title: "Overload of every model, and the fallbacks lead back to themselves",
      expects: `an error that says why, after ${CIRCLE_REQUESTS} requests at most`,
      drive: "iterate",
      needs: "fallback",
      options: { fallback: wire.fallback },
      serve: failure(overloaded, errorBody("overloaded")),
      verdict(observation) {
        const { length } = observation.server.requests;
        const { error } = observation;
        if (isAccident(error)) return judge(false, observation, `${error.name}: ${error.message}`);
        const pass = observation.outcome === "error" && length <= CIRCLE_REQUESTS;
        return judge(pass, observation, length > CIRCLE_REQUESTS ? `sent ${length} times` : undefined);
      },
    },
  ];
};
