/** What a reply says, and what a client makes of it. */

import {
  blockStop,
  delta,
  end,
  ended,
  errorEvent,
  frames,
  inBlock,
  inputDelta,
  inTurn,
  messageStart,
  messageStop,
  started,
  startStream,
  stopReason,
  toolStart,
  whole,
} from "../wire.mjs";
import { judge } from "./verdicts.mjs";

const toolCall = (reason, ...fragments) =>
  frames(messageStart(), toolStart, ...fragments.map(inputDelta), blockStop, stopReason(reason), messageStop);
const args = ({ tools }) => tools.map((tool) => JSON.stringify(tool.args)).join(" ");

/** A client that runs tools by itself asks again. */
const then = whole("Done.");
const withTool = { drive: "tools", needs: "tools" };

/** The size of a large frame, in bytes: less than any client may refuse. */
const LARGE_BYTES = 8 * 2 ** 20;
// Of 13 bytes each, so that a piece that is missing or out of place shows.
const large = "012345678\u20AC\n".repeat(LARGE_BYTES / 13);

/** A `message_delta` that reports both counters. */
const counted = (reason, input, output) => ({
  ...stopReason(reason),
  usage: { input_tokens: input, output_tokens: output },
});
const counts = {
  expects: "10 in, 42 out",
  drive: "iterate",
  needs: "usage",
  verdict(observation) {
    const { usage } = observation;
    if (usage === null) return judge(false, observation, "none");
    const { input, output } = usage;
    return judge(input === 10 && output === 42, observation, `${input ?? "no"} in, ${output ?? "no"} out`);
  },
};

const inputs = [{ path: "/tmp/a" }, { path: "/tmp/b", dryRun: true }].map((input) => JSON.stringify(input));
const interleaved = [
  ...[0, 1].map((index) => inBlock(index, toolStart)),
  // In pieces that are no JSON by themselves.
  ...[0, 10].flatMap((from) =>
    inputs.map((json, index) => inBlock(index, inputDelta(from === 0 ? json.slice(0, 10) : json.slice(10)))),
  ),
  ...[0, 1].map((index) => inBlock(index, blockStop)),
];

/** Passes if no call was handed out or run. */
const handedNone = (observation) => {
  const { tools, toolsRan } = observation;
  if (toolsRan > 0) return judge(false, observation, `runs it with ${args(observation)}`);
  if (tools.length > 0) return judge(false, observation, `hands out ${args(observation)}`);
  return judge(["complete", "error"].includes(observation.outcome), observation);
};

export const contents = [
  {
    name: "output-tokens",
    title: "Output tokens, of which there were 42",
    expects: "42",
    drive: "iterate",
    serve: end(frames(...started, delta("Hello"), ...ended)),
    verdict: (observation) =>
      judge(observation.usage?.output === 42, observation, `${observation.usage?.output ?? "none"}`),
  },
  {
    name: "usage-twice",
    title: "Usage in two `message_delta`, of 20 tokens and of 42 in all",
    ...counts,
    serve: end(
      frames(...started, delta("Hello"), blockStop, counted(null, 10, 20), counted("end_turn", 10, 42), messageStop),
    ),
  },
  {
    name: "usage-zero",
    title: "Usage of 42 tokens, and zeros in a second `message_delta`",
    ...counts,
    serve: end(
      frames(
        ...started,
        delta("Hello"),
        blockStop,
        counted("end_turn", 10, 42),
        counted("end_turn", 0, 0),
        messageStop,
      ),
    ),
  },
  {
    name: "tool-cut",
    title: "Tool input cut at `max_tokens`",
    expects: "the call is not handed out as a good one",
    ...withTool,
    serve: inTurn(end(toolCall("max_tokens", '{"path":"/tmp/build",', '"dryR')), then),
    verdict: handedNone,
  },
  {
    name: "tool-then-error",
    title: "`error` event in the middle of a tool's input",
    expects: "an error, and no call",
    ...withTool,
    serve: end(frames(messageStart(), toolStart, inputDelta('{"path":"/tmp/build",'), errorEvent("api_error", "No."))),
    verdict(observation) {
      const verdict = handedNone(observation);
      return verdict.pass ? judge(observation.outcome === "error", observation) : verdict;
    },
  },
  {
    name: "tool-no-arguments",
    title: "Tool call without arguments",
    expects: "the call, with `{}`",
    ...withTool,
    serve: inTurn(end(toolCall("tool_use", "")), then),
    verdict(observation) {
      const { tools } = observation;
      const isRight = tools.length === 1 && args(observation) === "{}";
      return judge(isRight, observation, tools.length === 0 ? "no call" : `hands out ${args(observation)}`);
    },
  },
  {
    name: "tools-interleaved",
    title: "Two tool calls whose inputs come by turns",
    expects: "both calls, each with its own input",
    ...withTool,
    serve: inTurn(end(frames(messageStart(), ...interleaved, stopReason("tool_use"), messageStop)), then),
    verdict(observation) {
      const { tools } = observation;
      const handed = tools.map((tool) => JSON.stringify(tool.args)).toSorted();
      const isRight = handed.join() === inputs.toSorted().join();
      return judge(isRight, observation, tools.length === 0 ? "no call" : `hands out ${args(observation)}`);
    },
  },
  {
    name: "large-frame",
    title: `A frame of ${LARGE_BYTES / 2 ** 20} MB`,
    expects: "its text, whole",
    // A busy machine takes its time for so many bytes.
    limitMs: 30_000,
    drive: "iterate",
    serve: (request, response) => void startStream(response).end(frames(...started, delta(large), ...ended)),
    verdict(observation) {
      const { outcome, text } = observation;
      const isCut = text !== "" && text !== large;
      const pass = outcome === "complete" && text === large;
      return judge(pass, observation, isCut ? `${outcome}, ${text.length} of ${large.length} characters` : undefined);
    },
  },
  {
    name: "invalid-utf8",
    title: "A byte that is not UTF-8 in a text",
    expects: "U+FFFD in its place, and all else",
    drive: "iterate",
    serve(request, response) {
      const [before, after] = frames(delta("a?b")).split("?");
      startStream(response, frames(...started));
      response.write(Buffer.concat([Buffer.from(before), Buffer.from([0xff]), Buffer.from(after)]));
      response.end(frames(...ended));
    },
    verdict(observation) {
      const isRight = observation.outcome === "complete" && observation.text === "a\uFFFDb";
      return judge(isRight, observation);
    },
  },
];
