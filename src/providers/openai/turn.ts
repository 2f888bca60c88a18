import { field, isObject, type JsonObject, stringField } from "../../json/object.ts";
import { wellFormedJson } from "../../json/stringify.ts";
import type { Blocks } from "../../provider/decoder.ts";
import { asksForSomething, commonFinishReason, hasRefusal } from "./finish-reason.ts";
import type { InputItem } from "./input-item.ts";
import type { ReplyItem } from "./reply-item.ts";
import { typeOf } from "./type-of.ts";

/** Keys that a reply has and a request may not: some are added by official SDKs, or by other servers. */
const RESPONSE_ONLY = /^(created_by|parsed|parsed_arguments|output_text|obfuscation|copilot_usage)$/;

/**
 * The items that would send a reply back, whatever happened to the stream, with all of its text. Empty if nothing can be
 * sent: before the first content, and after a refusal.
 *
 * Left out are calls that were cut and are not answered, what tools of the server have not finished, empty text, and
 * reasoning that cannot be verified, or whose item is left out or was cut. Ids stay only after reasoning: by them the API
 * knows what it led to, and asks for it. Input that is not a JSON object becomes `{"INVALID_JSON":"…"}`.
 */
export function itemsOf(
  message: unknown,
  replyItems: readonly ReplyItem[],
  isWhole: boolean,
  answered?: Blocks,
): readonly InputItem[] {
  const isRefused = commonFinishReason(message) === "content_filter";
  if (isRefused || replyItems.some(({ block }) => hasRefusal(block))) return [];
  const sent: JsonObject[] = [];
  let reasoning: JsonObject[] = [];
  // Whether the reasoning that led to the last item is sent.
  let isProven = false;
  for (const item of replyItems) {
    const { type, block } = item;
    // Some servers do not close an item before the reply is whole.
    const isDone = item.isDone || isWhole;
    if (type === "reasoning") {
      const isKept = isDone && hasThought(block);
      if (isKept) reasoning.push(block);
      isProven &&= isKept;
      continue;
    }
    const kept = sentItem(item, message, answered?.has(block) === true);
    // If it was empty, the reasoning may belong to what follows.
    if (kept === null && type === "message") continue;
    if (reasoning.length > 0) isProven = kept !== null && isDone;
    if (kept !== null && isProven) sent.push(...reasoning, isDone ? kept : withoutId(kept));
    else if (kept !== null) sent.push(withoutId(kept));
    reasoning = [];
  }
  // Items of a response are items of a request, future ones included: the API takes back what it gave.
  return sent as unknown as InputItem[];
}

/** Whether reasoning may be sent back: the API verifies its token, other servers read it. */
function hasThought({ encrypted_content: token, content }: JsonObject): boolean {
  return (typeof token === "string" && token !== "") || (Array.isArray(content) && content.length > 0);
}

/** The id of what names nothing by it: only the API's store would know it. */
function withoutId(item: JsonObject): JsonObject {
  const { id, ...others } = item;
  return /^(message|function_call|custom_tool_call)$/.test(typeOf(item)) && id !== undefined ? others : item;
}

function sentItem(item: ReplyItem, message: unknown, isAnswered: boolean): JsonObject | null {
  const { type, block, isDone } = item;
  if (type === "message") return sentMessage(block, isDone);
  if (!asksForSomething(block, message)) return isDone ? block : null;
  if (item.isNamed) return sentCall(item, isAnswered);
  return isDone && (isAnswered || item.state === "complete") ? block : null;
}

function sentMessage(block: JsonObject, isDone: boolean): JsonObject | null {
  const { content } = block;
  const parts = Array.isArray(content) ? content.filter((part) => isObject(part) && part["text"] !== "") : [];
  if (parts.length === 0) return typeof content === "string" && content !== "" ? block : null;
  return isDone && parts.length === (content as unknown[]).length
    ? block
    : { ...block, content: parts, ...(!isDone && { status: "incomplete" }) };
}

/** What may be the escape of half a character, in JSON. */
const HALVES = /\\ud/i;

function sentCall({ block, id, name, state, text, value }: ReplyItem, isAnswered: boolean): JsonObject | null {
  const isCut = state === "streaming" || state === "truncated";
  if (isCut && !isAnswered) return null;
  const isFunction = block["type"] === "function_call";
  const isInvalid = isCut || state === "invalid";
  // A call without arguments has none, and other servers want JSON all the same.
  const args =
    isInvalid || HALVES.test(text)
      ? wellFormedJson(JSON.stringify(isInvalid ? { INVALID_JSON: text } : (value ?? text)))
      : text || "{}";
  const isUsable = block["call_id"] === id && block["name"] === name && !isCut;
  if (isUsable && (!isFunction || block["arguments"] === args)) return block;
  const input = isFunction ? { arguments: args } : { input: text };
  return { ...block, ...input, call_id: id, name, ...(isCut && { status: "completed" }) };
}

/**
 * The items without what only replies have, without messages that are blank, and without reasoning that nothing of the
 * model follows, or a message without its id: that of a neutral message.
 */
export function sendable(items: readonly InputItem[]): readonly InputItem[] {
  const kept: object[] = [];
  for (const item of items.toReversed() as readonly JsonObject[]) {
    const isReasoning = item["type"] === "reasoning";
    if (isReasoning ? canLeadTo(kept.at(-1), item) : !isBlank(item)) kept.push(stripped(item));
  }
  return kept.reverse() as InputItem[];
}

/** Whether reasoning may stand before an item: by the ids, the API asks for the message that it led to. Calls may have none. */
function canLeadTo(item: object | undefined, { id }: JsonObject): boolean {
  const isNameless = id !== undefined && field(item, "role") !== undefined && field(item, "id") === undefined;
  return isOfModel(item) && !isNameless;
}

/** Whether an item is one that the model wrote. */
function isOfModel(item: object | undefined): boolean {
  const role = field(item, "role");
  return item !== undefined && (role === undefined ? !OUTPUT.test(typeOf(item)) : role === "assistant");
}

/** The items that answer calls. */
const OUTPUT = /^(function_call|custom_tool_call|computer_call|local_shell_call|apply_patch_call)_output$/;

function isBlank({ role, content }: JsonObject): boolean {
  if (role !== "assistant") return false;
  const parts: readonly unknown[] = Array.isArray(content) ? content : [{ text: content }];
  return parts.every((part) => {
    const text = stringField(part, "text");
    return text !== null && !/\S/.test(text);
  });
}

function stripped(value: object): object {
  const fields: JsonObject = { ...value };
  let hasChanged = false;
  for (const [key, part] of Object.entries(value)) {
    if (RESPONSE_ONLY.test(key)) {
      delete fields[key];
      hasChanged = true;
    } else if (key === "content" && Array.isArray(part)) {
      const parts = part.map((one: unknown) => (isObject(one) ? stripped(one) : one));
      if (parts.every((one, place) => one === part[place])) continue;
      fields[key] = parts;
      hasChanged = true;
    }
  }
  // The same object if nothing was to be left out: the turns of a long conversation share them.
  return hasChanged ? fields : value;
}
