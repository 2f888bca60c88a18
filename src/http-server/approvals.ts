/** The calls that wait for somebody's approval, as a run of an agent and its messages have them. */

import { field, stringField } from "../json/object.ts";
import type { ToolApprovalPart } from "../prompt/common-message.ts";
import { isError } from "../tool/plain-data.ts";

/** A call that an agent has asked approval for. */
export interface PendingApproval {
  /** What the answer names. */
  readonly id: string;
  /** The id of the call. */
  readonly toolCallId: string;
  /** The name of the tool. */
  readonly name: string;
  /** Its input. */
  readonly args: unknown;
}

/** The calls that a run waits for approval of. */
export function approvalsOf(run: object): readonly PendingApproval[] {
  const approvals: unknown = "approvals" in run ? run.approvals : null;
  return Array.isArray(approvals) ? approvals.filter(isApproval) : [];
}

function isApproval(value: unknown): value is PendingApproval {
  return ["id", "toolCallId", "name"].every((name) => stringField(value, name) !== null);
}

/** Whether the output of a call says that somebody has refused it. A log keeps the words of an error alone: it cannot tell. */
export function isRefusal(output: unknown): boolean {
  return isError(output) && "code" in output && output.code === "tool_refused";
}

/** The answer that a part of a UI message holds. */
export function approvalPart(id: string, approval: unknown): ToolApprovalPart {
  const reason = stringField(approval, "reason");
  const approved = field(approval, "approved") === true;
  return { type: "toolApproval", id, approved, ...(reason !== null && { reason }) };
}
