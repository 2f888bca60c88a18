import type { Authored } from "../call/messages-for.ts";
import { field, isObject, stringField } from "../json/object.ts";
import { type CommonMessage, isCommonMessage, type ToolCallPart } from "../prompt/common-message.ts";
import type { Native } from "../provider/native.ts";
import type { ToolResult } from "../tool/tool-result.ts";

/** A call that has no result in the conversation. */
export interface OpenCall extends ToolCallPart {
  /** What was answered: true, or why not. Null if nobody has answered. */
  readonly answer: boolean | string | null;
}

/** A conversation whose calls may wait for something. */
export interface OpenConversation<N extends Native> {
  readonly calls: readonly OpenCall[];
  /** Whether it can be sent as it is. */
  readonly isSettled: boolean;
  /** The conversation with results for these calls, and without answers to them. */
  answered(resultOf: (call: OpenCall) => ToolResult): readonly N["promptMessage"][];
}

/** The model's turn, and what follows it before the next one. */
interface Turn {
  readonly calls: ToolCallPart[];
  readonly results: string[];
  readonly approvals: object[];
}

/**
 * The calls that a conversation leaves open. Results and answers count for the turn that they follow: ids may come again in
 * later ones.
 */
export function openConversation<N extends Native>({ author, messages }: Authored<N>): OpenConversation<N> {
  const list: (Turn | { readonly message: N["promptMessage"] })[] = [];
  let turn: Turn = { calls: [], results: [], approvals: [] };
  let isOfModel = false;
  let hasApprovals = false;
  for (const given of messages) {
    const { message, approvals } = withoutApprovals<N>(given);
    const { role, content = "" } = (message === null ? null : commonMessage(author, message)) ?? {};
    const parts = typeof content === "string" ? [] : content;
    if (role === "assistant") {
      if (!isOfModel) turn = { calls: [], results: [], approvals: [] };
      for (const part of parts) if (part.type === "toolCall") turn.calls.push(part);
    } else {
      // Results stand directly after the model's turn.
      if (isOfModel) list.push(turn);
      for (const part of parts) if (part.type === "toolResult") turn.results.push(part.id);
    }
    isOfModel = role === "assistant";
    turn.approvals.push(...approvals);
    hasApprovals ||= approvals.length > 0;
    if (message !== null) list.push({ message });
  }
  if (isOfModel) list.push(turn);
  const open = new Map(list.map((entry) => [entry, "calls" in entry ? openCalls(entry) : []]));
  const calls = [...open.values()].flat();
  return {
    calls,
    isSettled: calls.length === 0 && !hasApprovals,
    answered: (resultOf) =>
      list.flatMap((entry): readonly N["promptMessage"][] => {
        if ("message" in entry) return [entry.message];
        const results = (open.get(entry) ?? []).map(resultOf);
        return results.length === 0 ? [] : author.toolResults(results);
      }),
  };
}

function openCalls({ calls, results, approvals }: Turn): OpenCall[] {
  const given = [...results];
  const open = calls.filter(({ id }) => {
    const place = given.indexOf(id);
    if (place >= 0) given.splice(place, 1);
    return place < 0;
  });
  return open.map((call) => {
    // Which of several calls with the same id is meant, nobody knows.
    const isUnique = calls.filter(({ id }) => id === call.id).length === 1;
    const answers = approvals.filter((approval) => isUnique && stringField(approval, "id") === call.id);
    const refusal = answers.find((approval) => field(approval, "approved") !== true);
    const answer = refusal === undefined ? answers.length > 0 || null : (stringField(refusal, "reason") ?? false);
    return { ...call, answer };
  });
}

/** A message without the answers in it; null if there is nothing else. */
function withoutApprovals<N extends Native>(
  message: N["promptMessage"],
): { readonly message: N["promptMessage"] | null; readonly approvals: readonly object[] } {
  const content: unknown = field(message, "content");
  const parts: readonly unknown[] = Array.isArray(content) ? content : [];
  const approvals = parts.filter(isObject).filter(({ type }) => type === "toolApproval");
  if (approvals.length === 0) return { message, approvals };
  const rest = parts.filter((part) => !approvals.some((approval) => approval === part));
  // A message like the one before.
  return { message: rest.length === 0 ? null : { ...(message as object), content: rest }, approvals };
}

function commonMessage<N extends Native>(
  author: Authored<N>["author"],
  message: N["promptMessage"],
): CommonMessage | undefined {
  return isCommonMessage(message as object) ? (message as CommonMessage) : author.common([message])[0];
}
