import { field, isObject, type JsonObject, stringField } from "../../json/object.ts";
import type { CommonFinishReason } from "../../provider/native.ts";
import type { FinishReason } from "./wire.ts";
import { typeOf } from "./type-of.ts";

/** What a reply ended for, in words that all providers share. The words of other APIs come from servers that imitate this one. */
const KNOWN: ReadonlyMap<unknown, CommonFinishReason> = new Map(
  Object.entries({
    max_output_tokens: "length",
    length: "length",
    // Without a reason.
    incomplete: "length",
    content_filter: "content_filter",
    context_length_exceeded: "context_exceeded",
    completed: "stop",
    stop: "stop",
    tool_calls: "tool_calls",
  }),
);

/** The types of items that ask the program for something. Those of tools that run at OpenAI do not. */
const CALL = /^((function|custom_tool|computer|local_shell|apply_patch)_call|mcp_approval_request)$/;

/** How a response ended; null if it has not, or says nothing of that. */
export function finishReasonOf(response: unknown): FinishReason | null {
  const status = stringField(response, "status");
  if (status === null || /^(in_progress|queued|failed|cancelled|)$/.test(status)) return null;
  return stringField(field(response, "incomplete_details"), "reason") || status;
}

/** The same in words that all providers share. What the items say counts: a response has no other word for it. */
export function commonFinishReason(response: unknown): CommonFinishReason | null {
  const reason = finishReasonOf(response);
  if (reason === null) return null;
  const common = KNOWN.get(reason) ?? "unknown";
  if (common !== "stop") return common;
  const items = itemsIn(response);
  if (items.some((item) => asksForSomething(item, response))) return "tool_calls";
  return items.some(hasRefusal) ? "content_filter" : "stop";
}

/** Whether an item asks the program for something. */
export function asksForSomething(item: JsonObject, response: unknown): boolean {
  const { type, name, execution, environment } = item;
  if (type === "tool_search_call") return execution === "client";
  if (type === "shell_call") return !isContainer(environment);
  // Some servers report tools of their own as calls of custom tools: those were not declared.
  if (type === "custom_tool_call") return isDeclared(name, field(response, "tools"));
  return CALL.test(typeOf(item));
}

function isContainer(environment: unknown): boolean {
  return stringField(environment, "type")?.startsWith("container") === true;
}

/** Whether the response repeats the declaration of a custom tool; if it repeats none at all, that is taken for granted. */
function isDeclared(name: unknown, tools: unknown): boolean {
  if (!Array.isArray(tools) || tools.length === 0) return true;
  // Those of a namespace are one level down.
  const all = tools.flatMap((tool: unknown) => [tool, ...[field(tool, "tools") ?? []].flat()]);
  return all.some((tool) => field(tool, "type") === "custom" && field(tool, "name") === name);
}

/** Whether an item is a message that refuses. */
export function hasRefusal(item: JsonObject): boolean {
  const { content } = item;
  return Array.isArray(content) && content.some((part) => field(part, "type") === "refusal");
}

/** The items of a response. */
export function itemsIn(response: unknown): readonly JsonObject[] {
  const output = field(response, "output");
  return Array.isArray(output) ? output.filter(isObject) : [];
}
