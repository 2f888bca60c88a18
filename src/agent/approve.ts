import { InvalidOptionError } from "../errors.ts";
import { field, isObject, stringField } from "../json/object.ts";
import type { ToolApprovalPart } from "../prompt/common-message.ts";

/** A message that says which calls may run. */
export interface ApprovalMessage {
  /** Answers come from the user. */
  readonly role: "user";
  /** One answer for each call. */
  readonly content: readonly ToolApprovalPart[];
}

/**
 * Adds the answers to the calls that wait for approval. Returns the prompt of the next run.
 *
 * @param history - `run.history()` or `run.commonHistory()` of a run that ended with `stopReason: "approval"`, or what you
 *   have stored of it.
 * @param answers - `Record<string, boolean | string>`, by the ids in `run.approvals`: true lets the call run. False, or a
 *   reason, goes to the model. A call that is left out does not run either. Pass what a page sent: it is checked.
 * @returns The same list if it has all of the answers already, or results for the calls. Store what is new before you start
 *   the run: an answer that comes twice then starts one run.
 * @throws InvalidOptionError if there are no answers, if a call is unknown or already has a different answer, or if an answer
 *   is neither a boolean nor a string.
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
export function approve<M>(history: readonly M[], answers: unknown): readonly (M | ApprovalMessage)[] {
  if (!isObject(answers)) throw new InvalidOptionError("answers", "they must be an object, by the ids of calls.");
  const parts = Object.entries(answers).map(([id, answer]) => answerPart(id, answer));
  if (parts.length === 0) throw new InvalidOptionError("answers", "there is no answer.");
  const content = parts.filter((part) => isNew(history, part));
  return content.length === 0 ? history : [...history, { role: "user", content }];
}

/** Answers may have come from a page. */
function answerPart(id: string, answer: unknown): ToolApprovalPart {
  if (typeof answer === "string") return { type: "toolApproval", id, approved: false, reason: answer };
  if (typeof answer === "boolean") return { type: "toolApproval", id, approved: answer };
  throw new InvalidOptionError(`answers.${id}`, "it must be true, false or a reason.");
}

/** @throws InvalidOptionError if the conversation has no such call, or another answer to it. */
function isNew(history: readonly unknown[], { id, approved, reason }: ToolApprovalPart): boolean {
  const places = [...history.keys()].filter((at) => holds(withoutApprovals(history[at]), id));
  const last = places.at(-1);
  if (last === undefined)
    throw new InvalidOptionError(`answers.${id}`, `the conversation has no such call.${waiting(history)}`);
  // Ids may come again in later turns: a call, its result, another call.
  const isOpen = places.reduce((isAsked, at) => isCall(history[at], id) ?? !isAsked, false);
  if (!isOpen) return false;
  const earlier = history
    .slice(last + 1)
    .flatMap(partsOf)
    .filter((other) => isApproval(other) && other["id"] === id);
  const isOther = earlier.some((other) => other["approved"] !== approved || other["reason"] !== reason);
  if (isOther)
    throw new InvalidOptionError(`answers.${id}`, "the conversation has another answer to this call already.");
  return earlier.length === 0;
}

/** Whether a message has the call or its result; null if it is a provider's own, which is not known here. */
function isCall(message: unknown, id: string): boolean | null {
  const own = partsOf(message).filter((part) => part["id"] === id);
  if (own.some(({ type }) => type === "toolCall")) return true;
  return own.some(({ type }) => type === "toolResult") ? false : null;
}

function partsOf(message: unknown): Record<string, unknown>[] {
  const content = field(message, "content");
  return Array.isArray(content) ? content.filter(isObject) : [];
}

const isApproval = ({ type }: Record<string, unknown>): boolean => type === "toolApproval";

function withoutApprovals(message: unknown): unknown {
  const parts = partsOf(message);
  return parts.some(isApproval) ? parts.filter((part) => !isApproval(part)) : message;
}

/** Whether a value is somewhere in a message: providers have the ids of calls in places of their own. */
function holds(value: unknown, id: string): boolean {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value === id;
  return Object.values(value).some((part) => holds(part, id));
}

/** The calls that wait, as far as the messages are those of no provider. */
function waiting(history: readonly unknown[]): string {
  const ids = new Set<string>();
  for (const part of history.flatMap(partsOf)) {
    const id = stringField(part, "id") ?? "";
    if (part["type"] === "toolCall") ids.add(id);
    if (part["type"] === "toolResult") ids.delete(id);
  }
  return ids.size === 0 ? "" : ` These wait: ${[...ids].join(", ")}.`;
}
