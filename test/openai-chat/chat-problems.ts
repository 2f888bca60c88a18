import { isDeeper } from "../../src/json/depth.ts";
import { isObject, type JsonObject, tryParse } from "../../src/json/object.ts";

/** What the strictest of the servers would refuse about a body: platform.openai.com/docs/api-reference/chat/create. */
export function chatProblems(body: unknown): readonly string[] {
  if (!isObject(body) || typeof body["model"] !== "string") return ["model is missing"];
  const { messages, tools, stream, stream_options } = body;
  const found: string[] = [];
  if (stream !== true && stream_options !== undefined) found.push("stream_options without stream");
  if (!Array.isArray(messages) || messages.length === 0) return [...found, "messages is empty"];
  if (!isWellFormed(body)) found.push("half a character");
  /** The calls that the next messages have to answer. */
  let open = new Set<unknown>();
  messages.forEach((message: unknown, place) => {
    const problem = (text: string): void => void found.push(`messages.${place}: ${text}`);
    if (!isObject(message)) return problem("is no object");
    const { role, content, tool_call_id, tool_calls } = message;
    if (role === "tool") {
      if (!open.delete(tool_call_id)) problem("answers no call");
      if (typeof content !== "string") problem("has no content");
      return;
    }
    if (open.size > 0) problem("comes before all calls were answered");
    open = new Set(callsIn(tool_calls, problem));
    if (!KNOWN.has(String(role))) problem("has a role that is not known");
    for (const key of Object.keys(message)) if (!FIELDS.has(key)) problem(`has the unknown field ${key}`);
    const isBlank = content === undefined || content === null || (typeof content === "string" && content.trim() === "");
    if (isBlank && open.size === 0 && message["refusal"] === undefined) problem("has no content");
  });
  if (open.size > 0) found.push("messages ends before all calls were answered");
  if (tools !== undefined) found.push(...problemsOfTools(tools));
  return found;
}

const KNOWN = new Set(["system", "developer", "user", "assistant"]);
const FIELDS = new Set(["role", "content", "tool_calls", "name", "refusal", "audio"]);

function callsIn(calls: unknown, problem: (text: string) => void): string[] {
  if (calls === undefined) return [];
  if (!Array.isArray(calls) || calls.length === 0) problem("has tool_calls without calls");
  const ids: string[] = [];
  for (const call of Array.isArray(calls) ? (calls as unknown[]) : []) {
    const { id, type, function: fn, custom, ...more } = isObject(call) ? call : ({} as JsonObject);
    if (typeof id !== "string" || id === "" || ids.includes(id)) problem("has a call without an id of its own");
    const body = type === "custom" ? custom : fn;
    if (!/^(function|custom)$/.test(String(type)) || (fn !== undefined && custom !== undefined)) {
      problem("has a call that is not of one type");
    }
    if (!isObject(body) || typeof body["name"] !== "string" || body["name"] === "")
      problem("has a call without a name");
    if (type === "custom") {
      if (!isObject(body) || typeof body["input"] !== "string") problem("has an input that is no text");
    } else {
      const input: unknown =
        isObject(body) && typeof body["arguments"] === "string" ? tryParse(body["arguments"]) : null;
      if (!isObject(input) || isDeeper(input, 1_000) || !isWellFormed(input))
        problem("has arguments that are no object");
    }
    if (Object.keys(more).length > 0) problem(`has a call with ${Object.keys(more).join()}`);
    ids.push(String(id));
  }
  return ids;
}

function problemsOfTools(tools: unknown): string[] {
  const names: unknown[] = [];
  return (Array.isArray(tools) && tools.length > 0 ? (tools as unknown[]) : [null]).flatMap((tool) => {
    const { type, function: fn } = isObject(tool) ? tool : ({} as JsonObject);
    const { name, parameters } = isObject(fn) ? fn : ({} as JsonObject);
    const isFit = type === "function" && /^[\w-]{1,64}$/.test(String(name)) && isObject(parameters);
    if (!isFit || names.includes(name)) return ["a tool is not a function with a name of its own"];
    names.push(name);
    return [];
  });
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === "string") return !/\p{Surrogate}/u.test(value);
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([key, part]) => isWellFormed(key) && isWellFormed(part));
}
