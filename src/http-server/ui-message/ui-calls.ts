import { REFUSED } from "../../agent/tool-refused-error.ts";
import { field, isObject, type JsonObject, stringField, tryParse } from "../../json/object.ts";
import type { CommonPart, ToolApprovalPart } from "../../prompt/common-message.ts";
import { jsonData } from "../../tool/plain-data.ts";
import { toolResult } from "../../tool/tool-result.ts";

/** A call of a tool, and its result. */
export interface Exchange {
  readonly said: CommonPart;
  readonly given: CommonPart;
}

/** A call, with all parts of a page that are of it. */
interface Call {
  id: string;
  readonly name: string;
  readonly args: unknown;
  readonly parts: JsonObject[];
  /** After how many messages of the user its result came; null before. */
  answeredAfter: number | null;
}

/** A message of a page. */
interface PageMessage {
  readonly role: unknown;
  readonly parts: readonly JsonObject[];
}

/**
 * The calls of a conversation, by the first part of each. A page may have a call twice: waiting for an approval, and in a
 * later message with its result. It is one call, which is not asked for or run again.
 */
export class UICalls {
  readonly #calls = new Map<JsonObject, Call>();
  readonly #ids = new Map<string, Call>();

  constructor(messages: readonly PageMessage[]) {
    let questions = 0;
    for (const { role, parts } of messages) {
      if (role === "user" && parts.length > 0) questions += 1;
      if (role === "assistant") for (const part of parts) this.#add(part, questions);
    }
  }

  /** The call that begins with a part, once. Undefined for any other part. */
  take(part: JsonObject): Exchange | undefined {
    const call = this.#calls.get(part);
    this.#calls.delete(part);
    return call && exchangeOf(call);
  }

  #add(part: JsonObject, questions: number): void {
    const type = stringField(part, "type") ?? "";
    const isDynamic = type === "dynamic-tool";
    const name = isDynamic ? stringField(part, "toolName") : type.startsWith("tool-") ? type.slice(5) : "";
    const id = stringField(part, "toolCallId");
    if (id === null || !name || part["providerExecuted"] === true || part["state"] === "input-streaming") return;
    const answeredAfter = hasResult(part) ? questions : null;
    const call: Call = { id, name, args: argsOf(part), parts: [part], answeredAfter };
    const known = this.#ids.get(id);
    if (known === undefined) this.#put(part, call);
    // Some servers begin to count anew with each reply; providers want ids that differ.
    else if (isAnother(call, known)) this.#put(part, { ...call, id: this.#freeId(id) });
    else if (known.answeredAfter !== null && known.answeredAfter < questions && answeredAfter === null) {
      // Another call, of a later answer. The page knows it by this id, so the one that is over gets a new one.
      known.id = this.#freeId(id);
      this.#ids.set(known.id, known);
      this.#put(part, call);
    } else {
      known.parts.push(part);
      known.answeredAfter ??= answeredAfter;
    }
  }

  #put(part: JsonObject, call: Call): void {
    this.#calls.set(part, call);
    this.#ids.set(call.id, call);
  }

  #freeId(id: string): string {
    for (let nth = 2; ; nth++) if (!this.#ids.has(`${id}_${nth}`)) return `${id}_${nth}`;
  }
}

/** Whether two calls have nothing but their id in common. One whose input is not known has an empty one. */
function isAnother(call: Call, known: Call): boolean {
  if (call.answeredAfter === null || known.answeredAfter === null) return false;
  const input = JSON.stringify(call.args);
  return call.name !== known.name || (input !== "{}" && input !== JSON.stringify(known.args));
}

const RESULTS: readonly unknown[] = ["output-available", "output-error", "output-denied"];

function hasResult({ state }: JsonObject): boolean {
  return RESULTS.includes(state);
}

/** Calls without a result get an error: no provider takes them otherwise. */
function exchangeOf({ id, name, args, parts }: Call): Exchange {
  const said: CommonPart = { type: "toolCall", id, name, args };
  const result = parts.find(hasResult);
  if (result !== undefined) return { said, given: resultOf(id, result) };
  const answers = parts.filter(({ state }) => state === "approval-responded");
  const approvals = answers.map(({ approval }) => approvalPart(id, approval));
  const approval = approvals.find(({ approved }) => !approved) ?? approvals[0];
  return { said, given: approval ?? resultOf(id, parts[0] ?? {}) };
}

function argsOf({ input, rawInput }: JsonObject): unknown {
  const raw = typeof rawInput === "string" ? tryParse(rawInput) : rawInput;
  return jsonData(isObject(input) ? input : isObject(raw) ? raw : {});
}

function resultOf(id: string, part: JsonObject): CommonPart {
  const failed = (content: string): CommonPart => ({ type: "toolResult", id, content, isError: true });
  const { state } = part;
  if (state === "output-available") {
    const { content, isError } = toolResult(id, part["output"]);
    // Neutral parts: nothing else is taken for one.
    return { type: "toolResult", id, content: content as string | readonly CommonPart[], isError };
  }
  if (state === "output-error") return failed(stringField(part, "errorText") || "The tool failed.");
  if (state === "output-denied" || state === "approval-requested") {
    const reason = stringField(part["approval"], "reason");
    return failed(reason ? `${REFUSED}: ${reason}` : `${REFUSED}.`);
  }
  return failed("The tool did not run.");
}

/** The answer that a part of a UI message holds. */
function approvalPart(id: string, approval: unknown): ToolApprovalPart {
  const reason = stringField(approval, "reason");
  const approved = field(approval, "approved") === true;
  return { type: "toolApproval", id, approved, ...(reason !== null && { reason }) };
}
