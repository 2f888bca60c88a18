import { apiError, errorEvent, fakeAnthropic, reply, text, thinking, toolUse } from "../dist/testing.js";

/** Milliseconds between the events of a reply that takes its time. */
const PACE_MS = 15;

/** Numbered words, so that one that is missing or doubled is seen. */
export const words = (count, from = 1) => Array.from({ length: count }, (_, nth) => `w${from + nth} `);
export const textOf = (count) => words(count).join("");

export const SHORT = 8;
export const LONG = 80;
export const BURST = 20_000;

/** What is answered to a question, by its first word. `last`: how many words of the reply are there already. */
const SCRIPTS = {
  text: () => reply(text(words(SHORT))),
  thinking: () => reply(thinking(["Let ", "me ", "see."]), text(words(SHORT))),
  tools: ({ hasResult }) =>
    hasResult
      ? reply(text(words(SHORT)))
      : reply(text(["I look. "]), toolUse("weather", { city: "Reykjavík", days: 3 }, { fragments: 12, id: "call_1" }), {
          pace: 20,
        }),
  approval: ({ hasResult }) =>
    hasResult ? reply(text(words(SHORT))) : reply(toolUse("send_mail", { to: "Ada" }, { id: "call_2" })),
  refused: () => apiError(429, "rate_limit_error", "SECRET: your key has no quota"),
  broken: () => reply(text(words(SHORT)), errorEvent("overloaded_error", "SECRET: overloaded")),
  cut: () => reply(text(words(SHORT)), { endAfter: 6 }),
  long: ({ last }) => reply(text(words(LONG - last, last + 1)), { pace: PACE_MS }),
  burst: () => reply(text(words(BURST))),
};

/** Starts the provider. A question is `<script> <nonce>`; `requestsOf(nonce)` gives the requests for it. */
export async function startProvider() {
  const server = await fakeAnthropic({
    validate: false,
    pings: false,
    replies(request) {
      const [name] = questionIn(request).split(" ");
      const messages = request.body.messages ?? [];
      const hasResult = messages.at(-1).content.some?.(({ type }) => type === "tool_result") === true;
      return SCRIPTS[name]({ hasResult, last: lastWordOf(messages.at(-1)) });
    },
  });
  return {
    url: server.url,
    requestsOf: (nonce) => server.requests.filter((request) => questionIn(request).endsWith(` ${nonce}`)),
    close: () => server.close(),
  };
}

/** The last text of the user's. */
function questionIn({ body }) {
  const texts = (body.messages ?? []).flatMap(({ role, content }) => {
    if (role !== "user") return [];
    if (typeof content === "string") return [content];
    return content.filter(({ type }) => type === "text").map((part) => part.text);
  });
  return texts.at(-1) ?? "";
}

function lastWordOf({ role, content }) {
  if (role !== "assistant") return 0;
  const written = typeof content === "string" ? content : content.map((part) => part.text ?? "").join("");
  return Number(/w(\d+)\s*$/.exec(written)?.[1] ?? 0);
}
