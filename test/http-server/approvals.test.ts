import { expect, it } from "vitest";
import { approvalsOf, type Ending } from "../../src/http-server/feed.ts";
import { endEvent } from "../../src/http-server/wire.ts";
import { shownBy } from "../../src/http-server/response-options.ts";
import { UIEncoder, type UIVersion } from "../../src/http-server/ui-message/ui-encoder.ts";

const approval = { id: "x", toolCallId: "t1", name: "pay", args: { dollars: 7 } };
const ending: Ending = {
  outcome: "complete",
  error: null,
  isStopped: false,
  finishReasons: ["tool_use"],
  commonFinishReasons: ["tool_calls"],
  usage: null,
  cost: null,
  model: null,
  stopReason: "approval",
  approvals: approvalsOf({ approvals: [approval, { id: 7 }] }),
};
const shown = shownBy({});
const endOf = (version: UIVersion | undefined) => {
  const encoding = {
    messageId: "m",
    run: null,
    version,
    earlier: null,
    isReplay: false,
    shown,
    metadataOf: () => ({}),
  };
  return new UIEncoder(encoding).end(ending).map(({ type }) => type);
};

it("a run that waits for approval asks for it: in our own events, and in those of the AI SDK but for version 5", () => {
  expect(endEvent(ending, shown)).toMatchObject({ stopReason: "approval", approvals: [approval] });
  expect(endOf(undefined)).toEqual(["tool-approval-request", "message-metadata", "finish"]);
  expect(endOf(5)).toEqual(["message-metadata", "finish"]);
});
