/** What a reply says, and what a client makes of it. */

import {
  blockStop,
  delta,
  end,
  ended,
  errorEvent,
  frames,
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
