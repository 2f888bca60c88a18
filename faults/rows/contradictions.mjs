/** Events whose fields are not what they ought to be. */

import { end, inTurn, whole } from "../serve.mjs";
import { isAccident, judge } from "./verdicts.mjs";

/** Passes if the text is there, and neither reading nor looking at the stream failed on the field. */
const unshaken = {
  expects: "the text, in success or in an error that is about it",
  drive: "iterate",
  verdict(observation) {
    const { outcome, text, error, notes } = observation;
    if (isAccident(error)) return judge(false, observation, `${error.name}: ${error.message}`);
    return judge(["complete", "error"].includes(outcome) && text === "Hello" && notes.length === 0, observation);
  },
};

/** The rows, in the words of an API. */
export const contradictions = (wire) => [
  {
    name: "content-null",
    title: "`null` in place of the content, in the last event",
    ...unshaken,
    serve: end(wire.odd.contentNull),
  },
  {
    name: "content-null-then-eof",
    title: "`null` in place of the content, then the end of the body",
    ...unshaken,
    serve: end(wire.odd.contentNullThenEof),
  },
  {
    name: "stop-reason-object",
    title: '`{"toString": 1}` as stop reason',
    ...unshaken,
    serve: end(wire.odd.reasonObject),
  },
  {
    name: "iterations-null",
    title: "`[null]` in the usage",
    ...unshaken,
    serve: end(wire.odd.usageListOfNull),
  },
  {
    name: "tool-empty-cut",
    title: "Tool call without arguments, cut at the limit of tokens",
    expects: "the call is not handed out",
    drive: "tools",
    needs: "tools",
    serve: inTurn(end(wire.callCut("")), whole(wire, "Done.")),
    verdict(observation) {
      const { tools, toolsRan, outcome } = observation;
      const pass = tools.length === 0 && toolsRan === 0 && ["complete", "error"].includes(outcome);
      return judge(pass, observation, tools.length > 0 ? "hands it out" : undefined);
    },
  },
];
