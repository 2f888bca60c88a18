import type { ToolApprovalPart } from "../prompt/common-message.ts";

/** A message that says which calls may run. */
export interface ApprovalMessage {
  /** Answers come from the user. */
  readonly role: "user";
  /** One answer for each call. */
  readonly content: readonly ToolApprovalPart[];
}

/**
 * Adds to a conversation which of the calls that wait in it may run: the prompt of the next run.
 *
 * @param history - `run.history()` or `run.commonHistory()` of a run that ended with `stopReason: "approval"`, or what you
 *   have stored of it.
 * @param answers - By the ids in `run.approvals`: true lets the call run. False, or a reason, is told to the model. A call
 *   that is left out is not run either.
 * @example
 * ```ts
 * import { agent, approve, type CommonMessage, call, tool } from "millrace";
 * import * as z from "zod";
 *
 * const input = z.object({ path: z.string() });
 * const remove = tool({ name: "remove", input, needsApproval: true, call: ({ path }) => `${path} is gone.` });
 * const ask = call("anthropic/claude-sonnet-5-5", { stream: true, tools: [remove] }, (chat: readonly CommonMessage[]) => chat);
 * const work = agent(ask);
 *
 * const run = work([{ role: "user", content: "Remove old.txt." }]);
 * await run.finish();
 * const answers = Object.fromEntries(run.approvals.map(({ id, args }) => [id, args.path.startsWith("old")]));
 * await work(approve(run.commonHistory(), answers)).finish();
 * ```
 */
export function approve<M>(
  history: readonly M[],
  answers: Readonly<Record<string, boolean | string>>,
): readonly (M | ApprovalMessage)[] {
  const content = Object.entries(answers).map(([id, answer]): ToolApprovalPart =>
    typeof answer === "string"
      ? { type: "toolApproval", id, approved: false, reason: answer }
      : { type: "toolApproval", id, approved: answer },
  );
  return content.length === 0 ? history : [...history, { role: "user", content }];
}
