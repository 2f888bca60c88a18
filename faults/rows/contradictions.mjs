/** Events whose fields are not what they ought to be. */

import {
  blockStop,
  delta,
  end,
  frames,
  inTurn,
  inputDelta,
  messageStart,
  messageStop,
  started,
  stopReason,
  toolStart,
  whole,
} from "../wire.mjs";
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
const ending = (event) => end(frames(...started, delta("Hello"), blockStop, event, messageStop));

export const contradictions = [
  {
    name: "content-null",
    title: "`content: null` in a `message_delta`",
    ...unshaken,
    serve: ending({ ...stopReason(), delta: { ...stopReason().delta, content: null } }),
  },
  {
    name: "content-null-then-eof",
    title: "`content: null` in a `message_delta` without a stop reason, then the end of the body",
    ...unshaken,
    serve: end(frames(...started, delta("Hello"), { ...stopReason(null), delta: { content: null } })),
  },
  {
    name: "stop-reason-object",
    title: '`{"toString": 1}` as stop reason',
    ...unshaken,
    serve: ending(stopReason({ toString: 1 })),
  },
  {
    name: "iterations-null",
    title: "`usage.iterations: [null]`",
    ...unshaken,
    serve: ending({ ...stopReason(), usage: { output_tokens: 42, iterations: [null] } }),
  },
  {
    name: "tool-empty-cut",
    title: "Tool call without arguments, cut at `max_tokens`",
    expects: "the call is not handed out",
    drive: "tools",
    needs: "tools",
    serve: inTurn(
      end(frames(messageStart(), toolStart, inputDelta(""), blockStop, stopReason("max_tokens"), messageStop)),
      whole("Done."),
    ),
    verdict(observation) {
      const { tools, toolsRan, outcome } = observation;
      const pass = tools.length === 0 && toolsRan === 0 && ["complete", "error"].includes(outcome);
      return judge(pass, observation, tools.length > 0 ? "hands it out" : undefined);
    },
  },
];
