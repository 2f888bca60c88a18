import { type JsonObject, stringField } from "../../json/object.ts";
import { stringify, wellFormedJson } from "../../json/stringify.ts";
import type { Blocks } from "../../provider/decoder.ts";
import type { OpenChoice } from "./choice.ts";
import type { Dialect } from "./dialects.ts";
import { listOf } from "./fields.ts";
import { commonFinishReason } from "./finish-reason.ts";
import type { AssistantMessageParam, ChatMessageParam } from "./message-param.ts";
import type { OpenToolCall } from "./tool-calls.ts";
import { contentOf } from "./view.ts";

/**
 * The turn that would send a choice back, whatever happened to the stream, with all of its text. Empty if nothing can be
 * sent: before the first content, and after a refusal.
 *
 * Left out are calls that were cut and are not answered, and everything that only responses have: some servers refuse
 * fields that they do not know. Input that is not a JSON object becomes `{ "INVALID_JSON": "…" }`, since many servers
 * parse it.
 */
export function itemsOf(choice: OpenChoice, dialect: Dialect, answered?: Blocks): readonly ChatMessageParam[] {
  const { message, native, calls } = choice;
  if (message["refusal"] || commonFinishReason(native["finish_reason"]) === "content_filter") return [];
  const sent = calls.list.filter(
    ({ state, block }) => state === "complete" || state === "invalid" || answered?.has(block) === true,
  );
  const content = contentOf(message);
  const item: JsonObject = { role: "assistant" };
  if (content !== "") item["content"] = content;
  const id = stringField(message["audio"], "id");
  if (id !== null) item["audio"] = { id };
  if (sent.length > 0) item["tool_calls"] = sent.map((call) => paramOf(call, dialect));
  if (Object.keys(item).length === 1) return [];
  for (const key of REASONING) if (key in message) item[key] = message[key];
  return [accepted(item as unknown as AssistantMessageParam, dialect)];
}

function paramOf(call: OpenToolCall, { extraContent }: Dialect): JsonObject {
  const { id, name, text, isCustom, block } = call;
  if (isCustom) return { id, type: "custom", custom: { name, input: text } };
  const { extra_content } = block;
  return {
    id,
    type: "function",
    function: { name, arguments: jsonOf(call) },
    ...(extraContent && extra_content !== undefined && { extra_content }),
  };
}

/** The input as JSON: as the model wrote it, unless that is not a JSON object or has half a character in it. */
function jsonOf({ text, state, value }: OpenToolCall): string {
  const isWhole = state === "complete";
  if (isWhole && !/\\ud/i.test(text)) return text || "{}";
  return wellFormedJson(stringify(isWhole ? value : { INVALID_JSON: text }));
}

/** A message with the reasoning that a server wants back, and without any other: most servers refuse or ignore it. */
export function accepted<M extends ChatMessageParam>(message: M, { reasoning }: Dialect): M {
  if (message.role !== "assistant") return message;
  const asksForTools = listOf(message.tool_calls).length > 0;
  const kept = reasoning === "reasoning_content" && !asksForTools ? undefined : reasoning;
  const dropped = REASONING.filter((key) => key !== kept && key in message);
  // DeepSeek refuses calls of tools without it.
  const isMissing = kept === "reasoning_content" && !(kept in message);
  if (dropped.length === 0 && !isMissing) return message;
  const rest = Object.entries(message).filter(([key]) => !(dropped as readonly string[]).includes(key));
  return { ...Object.fromEntries(rest), ...(isMissing && { reasoning_content: "" }) } as M;
}

const REASONING = ["reasoning_content", "reasoning_details"] as const;

/** The messages without turns of the model that are empty, which servers refuse. */
export function sendable(items: readonly ChatMessageParam[]): readonly ChatMessageParam[] {
  return items.filter((item) => item.role !== "assistant" || item.audio != null || !isBlank(item));
}

function isBlank({ content, tool_calls, function_call, refusal }: AssistantMessageParam): boolean {
  const isEmpty = !content || (typeof content === "string" && !/\S/.test(content));
  return isEmpty && listOf(tool_calls).length === 0 && !function_call && !refusal;
}
