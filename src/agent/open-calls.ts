import { type Authored, commonMessages, conversationOf } from "../call/messages-for.ts";
import { field, isObject, stringField } from "../json/object.ts";
import {
  type CommonMessage,
  type CommonPart,
  isCommonMessage,
  type ToolCallPart,
  type ToolResultPart,
} from "../prompt/common-message.ts";
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
  /** Whether it ends with the model's answer, and what was added has come too late: there is nothing to ask. */
  readonly isOver: boolean;
  /** The conversation with results for these calls, and without answers to them. */
  answered(resultOf: (call: OpenCall) => ToolResult): readonly N["promptMessage"][];
}

/** The model's turn, and what follows it before the next one. */
interface Turn {
  readonly calls: ToolCallPart[];
  readonly results: ToolResultPart[];
  readonly approvals: object[];
}

/** A message, and its parts. */
interface Entry<N extends Native> {
  readonly message: N["promptMessage"];
  readonly parts: readonly CommonPart[];
}

/** A call without a result in its own turn. */
interface Unanswered {
  readonly call: OpenCall;
  /** Its part of a message. */
  readonly part: ToolCallPart;
  /** Its result, if that stands further down. */
  readonly result: ToolResult | null;
  /** Whether the call stands there, too: no two calls with the same id can be sent. */
  readonly isRepeated: boolean;
}

/**
 * The calls that a conversation leaves open. Answers count for the turn that they follow, since ids may come again in later
 * ones. A call whose result stands anywhere below it is done: a page may have stored the turn twice, before the tool ran
 * and afterwards.
 */
export function openConversation<N extends Native>({ author, messages }: Authored<N>): OpenConversation<N> {
  const list: (Turn | Entry<N>)[] = [];
  let turn: Turn = { calls: [], results: [], approvals: [] };
  let isOfModel = false;
  let hasApprovals = false;
  let endsWithModel = false;
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
      for (const part of parts) if (part.type === "toolResult") turn.results.push(part);
    }
    isOfModel = role === "assistant";
    turn.approvals.push(...approvals);
    hasApprovals ||= approvals.length > 0;
    if (message !== null) {
      list.push({ message, parts });
      endsWithModel = isOfModel;
    }
  }
  if (isOfModel) list.push(turn);
  const turns = list.filter((entry) => "calls" in entry);
  const open = new Map<object, Unanswered[]>(
    turns.map((entry, nth) => [entry, unanswered(entry, turns.slice(nth + 1))]),
  );
  const all = [...open.values()].flat();
  const repeated = new Set<CommonPart>(all.filter(({ isRepeated }) => isRepeated).map(({ part }) => part));
  const calls = all.flatMap(({ call, result }) => (result === null ? [call] : []));
  return {
    calls,
    isSettled: all.length === 0 && !hasApprovals,
    isOver: calls.length === 0 && hasApprovals && endsWithModel,
    answered: (resultOf) =>
      list.flatMap((entry): readonly N["promptMessage"][] => {
        if ("message" in entry) return without<N>(entry, repeated);
        const unrepeated = (open.get(entry) ?? []).filter(({ isRepeated }) => !isRepeated);
        const results = unrepeated.map(({ call, result }) => result ?? resultOf(call));
        return results.length === 0 ? [] : author.toolResults(results);
      }),
  };
}

/** A prompt as data that belongs to no provider, with its answers to calls. */
export function commonPrompt<N extends Native>({ author, messages }: Authored<N>): readonly CommonMessage[] {
  const parts: (readonly CommonMessage[])[] = [];
  let rest: N["promptMessage"][] = [];
  for (const message of messages) {
    if (withoutApprovals<N>(message).approvals.length === 0) rest.push(message);
    else {
      // An answer is data already.
      parts.push(commonMessages({ author, messages: rest }), [message as CommonMessage]);
      rest = [];
    }
  }
  return conversationOf([...parts, commonMessages({ author, messages: rest })].flat());
}

function unanswered({ calls, results, approvals }: Turn, later: readonly Turn[]): Unanswered[] {
  const given = results.map(({ id }) => id);
  const open = calls.filter(({ id }) => {
    const place = given.indexOf(id);
    if (place >= 0) given.splice(place, 1);
    return place < 0;
  });
  return open.map((part) => {
    // Which of several calls with the same id is meant, nobody knows.
    const isUnique = calls.filter(({ id }) => id === part.id).length === 1;
    const answers = approvals.filter((approval) => isUnique && stringField(approval, "id") === part.id);
    const refusal = answers.find((approval) => field(approval, "approved") !== true);
    const answer = refusal === undefined ? answers.length > 0 || null : (stringField(refusal, "reason") ?? false);
    const result = later.flatMap((turn) => turn.results).find(({ id }) => id === part.id) ?? null;
    const isRepeated = result !== null && later.some((turn) => turn.calls.some(({ id }) => id === part.id));
    return { call: { ...part, answer }, part, result, isRepeated };
  });
}

/** A message without some of its parts; nothing if it has no others. */
function without<N extends Native>(
  { message, parts }: Entry<N>,
  left: ReadonlySet<CommonPart>,
): readonly N["promptMessage"][] {
  const kept = parts.filter((part) => !left.has(part));
  if (kept.length === parts.length) return [message];
  // In words of no provider: the parts of its own message belong together.
  return kept.length === 0 ? [] : [{ role: "assistant", content: kept }];
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
