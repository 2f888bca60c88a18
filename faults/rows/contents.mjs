/** What a reply says, and what a client makes of it. */

import { end, inTurn, startStream, whole } from "../serve.mjs";
import { judge } from "./verdicts.mjs";

const args = ({ tools }) => tools.map((tool) => JSON.stringify(tool.args)).join(" ");

const withTool = { drive: "tools", needs: "tools" };

/** The size of a large frame, in bytes: less than any client may refuse. */
const LARGE_BYTES = 8 * 2 ** 20;
// Of 13 bytes each, so that a piece that is missing or out of place shows.
const large = "012345678\u20AC\n".repeat(LARGE_BYTES / 13);

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
/** Passes if no call was handed out or run. */
const handedNone = (observation) => {
  const { tools, toolsRan } = observation;
  if (toolsRan > 0) return judge(false, observation, `runs it with ${args(observation)}`);
  if (tools.length > 0) return judge(false, observation, `hands out ${args(observation)}`);
  return judge(["complete", "error"].includes(observation.outcome), observation);
};

/** The rows, in the words of an API. */
export const contents = (wire) => {
  const { started, delta, ended } = wire;
  /** A client that runs tools by itself asks again. */
  const then = whole(wire, "Done.");
  return [
    {
      name: "output-tokens",
      title: "Output tokens, of which there were 42",
      expects: "42",
      drive: "iterate",
      serve: whole(wire, "Hello"),
      verdict: (observation) =>
        judge(observation.usage?.output === 42, observation, `${observation.usage?.output ?? "none"}`),
    },
    {
      name: "usage-twice",
      title: "Usage twice, of 20 tokens and of 42 in all",
      ...counts,
      serve: end(wire.usageTwice),
    },
    {
      name: "usage-zero",
      title: "Usage of 42 tokens, and zeros after it",
      ...counts,
      serve: end(wire.usageZero),
    },
    {
      name: "tool-cut",
      title: "Tool input cut at the limit of tokens",
      expects: "the call is not handed out as a good one",
      ...withTool,
      serve: inTurn(end(wire.callCut('{"path":"/tmp/build",', '"dryR')), then),
      verdict: handedNone,
    },
    {
      name: "tool-then-error",
      title: "An error inside the stream, in the middle of a tool's input",
      expects: "an error, and no call",
      ...withTool,
      serve: end(wire.callBegun('{"path":"/tmp/build",') + wire.error("internal", "No.")),
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
      serve: inTurn(end(wire.callReply("")), then),
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
      serve: inTurn(end(wire.interleaved(...inputs)), then),
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
      serve: (request, response) => void startStream(response).end(wire.reply(large)),
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
        const [before, after] = delta("a?b").split("?");
        startStream(response, started);
        response.write(Buffer.concat([Buffer.from(before), Buffer.from([0xff]), Buffer.from(after)]));
        response.end(ended("a\uFFFDb"));
      },
      verdict(observation) {
        const isRight = observation.outcome === "complete" && observation.text === "a\uFFFDb";
        return judge(isRight, observation);
      },
    },
  ];
};
