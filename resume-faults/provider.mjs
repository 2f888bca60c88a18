import { fakeAnthropic, reply, text, toolUse } from "../dist/testing.js";
import { PACE_MS, wordsFrom } from "./words.mjs";

/** Events before the first word. */
const BEFORE = 2;

/**
 * Starts the provider: numbered words, one every 20 ms. A request that holds a text of the assistant's is one to go on
 * from there.
 */
export async function startProvider({ words, firstDelayMs = 0, hasTool = false }) {
  const begun = [];
  const server = await fakeAnthropic({
    pace: PACE_MS,
    pings: false,
    firstDelayMs,
    validate: false,
    replies({ index, body }) {
      const last = lastWordOf(body.messages?.findLast(({ role }) => role === "assistant"));
      begun[index] = Date.now() + firstDelayMs;
      if (hasTool && !JSON.stringify(body.messages).includes("tool_result")) return reply(toolUse("work", {}));
      return reply(text(wordsFrom(index, last + 1, words)));
    },
  });
  const progress = (request) => server.requests[request]?.reply;
  return {
    url: server.url,
    get requests() {
      return server.requests.length;
    },
    /** What was sent with a request, as text. */
    body: (request) => JSON.stringify(server.requests[request]?.body ?? null),
    /** How many words of a reply have been sent. */
    sent: (request = 0) => Math.min(words, Math.max(0, (progress(request)?.eventsWritten ?? 0) - BEFORE)),
    /** When the first word of a reply was sent. */
    firstAt: (request = 0) => begun[request] + BEFORE * PACE_MS,
    /** When the last word of the first reply was to be sent. */
    lastAt: () => begun[0] + (BEFORE + words) * PACE_MS,
    outcome: (request = 0) => progress(request)?.outcome,
    closed: (request = 0) => progress(request)?.closed,
    close: () => server.close(),
  };
}

function lastWordOf(message) {
  if (message === undefined) return 0;
  const content = typeof message.content === "string" ? message.content : (message.content.at(-1)?.text ?? "");
  return Number(content.trim().split(/\s+/).at(-1)?.split(".")[1] ?? 0);
}
