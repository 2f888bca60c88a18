import { apiError, errorEvent, fakeAnthropic, reply, text, thinking, toolUse } from "../dist/testing.js";

/** Milliseconds between the events of a reply that takes its time. */
const PACE_MS = 15;

/** Numbered words, so that one that is missing or doubled is seen. */
const words = (count, from = 1) => Array.from({ length: count }, (_, nth) => `w${from + nth} `);
export const textOf = (count) => words(count).join("");

export const SHORT = 8;
export const LONG = 80;
/** More words than a page waits for: half a minute of them. */
export const ENDLESS = 2_000;
export const GUST = 2_000;
export const BURST = 20_000;

/** What is answered to a question, by its first word. `last`: how many words of the reply are there already. */
const SCRIPTS = {
  text: () => reply(text(words(SHORT))),
  thinking: () => reply(thinking(["Let ", "me ", "see."]), text(words(SHORT))),
  tools: ({ hasResult }) =>
    hasResult
      ? reply(text(words(SHORT)))
      : reply(text(["I look. "]), toolUse("weather", { city: "Reykjavík", days: 3 }, { fragments: 12, id: "call_1" }), {
          pace: 40,
        }),
  approval: ({ hasResult }) =>
    hasResult ? reply(text(words(SHORT))) : reply(toolUse("send_mail", { to: "Ada" }, { id: "call_2" })),
  refused: () => apiError(429, "rate_limit_error", "SECRET: your key has no quota"),
  broken: () => reply(text(words(SHORT)), errorEvent("overloaded_error", "SECRET: overloaded")),
  cut: () => reply(text(words(SHORT)), { endAfter: 6 }),
  long: ({ last }) => reply(text(words(LONG - last, last + 1)), { pace: PACE_MS }),
  slow: ({ last }) => reply(text(words(LONG - last, last + 1)), { pace: 3 * PACE_MS }),
  endless: () => reply(text(words(ENDLESS)), { pace: PACE_MS }),
  gust: () => reply(text(words(GUST)), { chunkBytes: 65_536 }),
  burst: () => reply(text(words(BURST)), { chunkBytes: 65_536 }),
};

/** Starts the provider. A question is `<script> <nonce>`; `requestsOf(nonce)` gives the requests for it. */
export async function startProvider() {
  const server = await fakeAnthropic({
    validate: false,
    pings: false,
    replies(request) {
      const [name] = questionIn(request).split(" ");
      const last = request.body.messages.at(-1);
      const hasResult = Array.isArray(last.content) && last.content.some(({ type }) => type === "tool_result");
      return SCRIPTS[name]({ hasResult, last: lastWordOf(request) });
    },
  });
  return {
    url: server.url,
    requestsOf: (nonce) => server.requests.filter((request) => questionIn(request).endsWith(` ${nonce}`)),
    close: () => server.close(),
  };
}

/** The last question. A request to go on with an answer has other words after it. */
function questionIn({ body }) {
  const users = (body.messages ?? []).filter(({ role }) => role === "user");
  return users.map(textIn).findLast((text) => text.split(" ")[0] in SCRIPTS) ?? "";
}

/** The last word of the answer that is to be gone on with. */
function lastWordOf(request) {
  const { messages } = request.body;
  const since = messages.slice(messages.findLastIndex((message) => textIn(message) === questionIn(request)));
  const begun = since
    .filter(({ role }) => role === "assistant")
    .map(textIn)
    .join("");
  return Number(/w(\d+)\s*$/.exec(begun)?.[1] ?? 0);
}

const textIn = ({ content }) =>
  typeof content === "string" ? content : content.map((part) => part.text ?? "").join("");
