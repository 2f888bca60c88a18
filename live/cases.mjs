// What is asked of the API, what should hold, and the replies with which a fake server stands in for it.
import { tool, user } from "millrace";
import { call } from "millrace/anthropic";
import { reply, thinking, toolUse } from "millrace/testing";

const weather = tool({
  name: "get_weather",
  description: "Returns the weather in a city, as of now.",
  inputSchema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  call: ({ city }) => `Rain in ${city}.`,
});

/** Far more tokens than the shortest prompt that any model caches. */
const RULES = Array.from({ length: 500 }, (_, place) => `Rule ${place + 1}: a book has at least ${place} pages.`);
const CACHED_TOKENS = 7000;
/** The rest of the reply would take seconds. */
const AT_ONCE_MS = 1000;
/** How many numbers are read before the reader leaves. */
const ENOUGH = 5;
const COUNTED = Array.from({ length: 300 }, (_, place) => String(place + 1)).join(" ");

/**
 * Each case plays streams by `recorded`, a client whose responses are compared with the fake's, and by `plain`, one with
 * nothing between it and the network. `check(words, holds)` says what should hold; `paid(stream)` counts the cost.
 * `rare` are blocks that the model may leave out or add.
 */
export const cases = [
  {
    name: "a tool",
    rare: ["text", "thinking"],
    replies: [reply("Let me see.", toolUse("get_weather", { city: "Paris" })), "It rains in Paris."],
    async play({ model, recorded, plain, check, paid }) {
      const options = { stream: true, tools: [weather], callParams: { max_tokens: 1000 } };
      const ask = () => "What is the weather in Paris? Ask the tool: do not guess.";
      const stream = call(model, { ...options, client: recorded }, ask)();
      const outputs = [];
      for await (const [, called] of stream) if (called !== null) outputs.push([called, await called.call()]);
      paid(stream);
      check("the stream is complete", stream.outcome === "complete");
      check("its tool was called, with a city", typeof outputs[0]?.[0].args.city === "string");
      check("its usage was reported", stream.commonUsage.source === "reported" && stream.commonUsage.outputTokens > 0);
      check("its cost is known", stream.cost !== null);
      const next = call(model, { ...options, client: plain }, () => stream.history(outputs))();
      const answer = await next.response();
      paid(next);
      check("the tool's result was accepted, and answered", answer.content !== "");
    },
  },
  {
    name: "thinking",
    rare: [],
    replies: [reply(thinking("17 * 23 = 391, and 391 + 9 = 400."), "400"), "800"],
    async play({ model, recorded, plain, check, paid }) {
      const callParams = { max_tokens: 4000, thinking: { type: "adaptive", display: "summarized" } };
      const options = { stream: true, callParams };
      const ask = () => "What is 17 * 23 + 9? Think step by step before you answer, and check the result twice.";
      const stream = call(model, { ...options, client: recorded }, ask)();
      await stream.response();
      paid(stream);
      check("there is thinking, with a signature", stream.thinking !== "" && stream.signature !== "");
      const next = call(model, { ...options, client: plain }, () => [...stream.history(), user("Double it.")])();
      await next.response();
      paid(next);
      check("the thinking was accepted when it came back", next.outcome === "complete");
    },
  },
  {
    name: "stopped early",
    rare: ["thinking"],
    replies: [reply(COUNTED), "5"],
    async play({ model, recorded, plain, check, paid }) {
      const options = { stream: true, callParams: { max_tokens: 2000 } };
      const ask = () => "Count from 1 to 300, in digits, separated by spaces. Write nothing else.";
      const stream = call(model, { ...options, client: plain }, ask)();
      let read = 0;
      let left = 0;
      for await (const [chunk] of stream) {
        if (chunk.content === "" || ++read < ENOUGH) continue;
        left = performance.now();
        break;
      }
      paid(stream);
      check("there was a reply to leave", left > 0);
      check("the reader was let go at once", performance.now() - left < AT_ONCE_MS);
      check("the stream is aborted", stream.outcome === "aborted");
      check("its usage is a lower bound", stream.commonUsage.source === "partial");
      const question = user("You were interrupted. Which number came last? Answer with digits alone.");
      const next = call(model, { ...options, client: recorded }, () => [...stream.history(), question])();
      await next.response();
      paid(next);
      check("the half answer was accepted as history", next.outcome === "complete");
    },
  },
  {
    name: "cached",
    rare: ["thinking"],
    replies: [
      reply("No.", { usage: { cache_creation_input_tokens: CACHED_TOKENS, cache_read_input_tokens: 0 } }),
      reply("No.", { usage: { cache_creation_input_tokens: 0, cache_read_input_tokens: CACHED_TOKENS } }),
    ],
    async play({ model, recorded, check, paid }) {
      // A prompt that nobody sent before.
      const text = [`These are the rules of ${new Date().toISOString()}.`, ...RULES].join("\n");
      const cached = [{ type: "text", text, cache_control: { type: "ephemeral" } }];
      const options = { client: recorded, stream: true, callParams: { max_tokens: 300, system: cached } };
      const ask = call(model, options, () => "Is there a rule about whales? Answer with one word.");
      const streams = [ask(), ask()];
      for (const stream of streams) {
        await stream.response();
        paid(stream);
      }
      const [first, second] = streams.map(({ commonUsage }) => commonUsage);
      check("the first request wrote to the cache", first.cacheWriteTokens > 0);
      check("the second one read from it", second.cachedTokens > 0 && second.cachedTokens >= first.cacheWriteTokens);
    },
  },
];
