/** What servers do that imitate an API, and gateways in front of it. */

import { end, inTurn, whole } from "../serve.mjs";
import { completeWith, errorWith, judge } from "./verdicts.mjs";

const INPUTS = ['{"path":"/tmp/a"}', '{"path":"/tmp/b","dryRun":true}'];

/** Passes if both calls are handed out, each with its own input. */
const both = ({ tools, ...observation }) => {
  const handed = tools.map(({ args }) => JSON.stringify(args));
  const words = handed.length === 0 ? undefined : `hands out ${handed.join(" ")}`;
  return judge(handed.join() === INPUTS.join(), observation, words);
};

/** The rows, in the words of an API. */
export const imitations = (wire) => [
  {
    name: "done-in-the-middle",
    title: "`[DONE]` in the middle of a text",
    expects: "an error, and the text so far",
    drive: "iterate",
    serve: end(`${wire.started}${wire.delta("Hello ")}${wire.delta("the")}data: [DONE]\n\n`),
    verdict: errorWith("Hello the"),
  },
  {
    name: "failed-alone",
    title: "A message that says it has failed, without an error",
    expects: "an error, and the text so far",
    drive: "iterate",
    serve: end(wire.imitations.failedAlone),
    verdict: errorWith("Hello"),
  },
  {
    name: "ids-change",
    title: "Another id in each event",
    expects: "success, with all of the text",
    drive: "iterate",
    serve: end(wire.imitations.idsChange),
    verdict: completeWith("Hello there"),
  },
  {
    name: "empty-at-the-end",
    title: "A last event that holds nothing of what was streamed",
    expects: "success, with the call",
    drive: "tools",
    needs: "tools",
    serve: inTurn(end(wire.imitations.emptyAtTheEnd), whole(wire, "Done.")),
    verdict({ tools, ...observation }) {
      return judge(tools.length === 1, observation, tools.length === 0 ? "no call" : undefined);
    },
  },
  {
    name: "one-index",
    title: "Two tool calls under one index, one after the other",
    expects: "both calls, each with its own input",
    drive: "tools",
    needs: "tools",
    serve: inTurn(end(wire.imitations.oneIndex?.(...INPUTS)), whole(wire, "Done.")),
    verdict: both,
  },
  {
    name: "no-index",
    title: "Two whole tool calls without an index",
    expects: "both calls, each with its own input",
    drive: "tools",
    needs: "tools",
    serve: inTurn(end(wire.imitations.noIndex?.(...INPUTS)), whole(wire, "Done.")),
    verdict: both,
  },
];
