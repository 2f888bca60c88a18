import { isObject, type JsonObject } from "../../json/object.ts";
import { getOwn, isEqual, setOwn } from "../../json/own.ts";

/** Where the events of a kind append, and which field of an event has the whole. */
export interface Growth {
  /** The type of the item that grows. */
  readonly item: string;
  /** The list that has the part that grows; null if that is the item itself. */
  readonly list: "content" | "summary" | null;
  /** The type of that part, or the name of an object in the item; `""` if the item itself grows. */
  readonly part: string;
  /** The field that grows. It has the same name in the event that has the whole. */
  readonly field: string;
}

const inList = (item: string, list: "content" | "summary", part: string, field = "text"): Growth => {
  return { item, list, part, field };
};
const inItem = (item: string, field: string, part = ""): Growth => ({ item, list: null, part, field });

/** By the names of events: `response.<name>.delta` and `response.<name>.done`. */
const GROWTHS: Readonly<Record<string, Growth>> = {
  output_text: inList("message", "content", "output_text"),
  refusal: inList("message", "content", "refusal", "refusal"),
  reasoning_text: inList("reasoning", "content", "reasoning_text"),
  reasoning_summary_text: inList("reasoning", "summary", "summary_text"),
  function_call_arguments: inItem("function_call", "arguments"),
  custom_tool_call_input: inItem("custom_tool_call", "input"),
  mcp_call_arguments: inItem("mcp_call", "arguments"),
  mcp_call_output: inItem("mcp_call", "output"),
  code_interpreter_call_code: inItem("code_interpreter_call", "code"),
  apply_patch_call_operation_diff: inItem("apply_patch_call", "diff", "operation"),
};

const byEvent = (end: string): ReadonlyMap<string, Growth> =>
  new Map(Object.entries(GROWTHS).map(([name, growth]) => [`response.${name}.${end}`, growth]));

/** What the events that append append to. */
export const DELTAS = byEvent("delta");
/** What the events that have the whole have. */
export const WHOLES = byEvent("done");

/** The fields of parts that hold their text. */
export const TEXTS: ReadonlyMap<unknown, string> = new Map(
  Object.values(GROWTHS).flatMap(({ list, part, field }) => (list === null ? [] : [[part, field] as const])),
);

/** Nothing, as far as a value can say that: it does not replace something. */
function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/**
 * Sets a field, unless that would replace something by nothing. Objects of one type are merged.
 *
 * @returns Whether anything has changed.
 */
export function setFuller(target: JsonObject, key: string, value: unknown): boolean {
  const known = getOwn(target, key);
  if (known !== undefined && known !== null && isEmpty(value)) return false;
  if (isObject(known) && isObject(value) && "type" in known && known["type"] === value["type"]) {
    let hasChanged = false;
    for (const [name, part] of Object.entries(value)) hasChanged = setFuller(known, name, part) || hasChanged;
    return hasChanged;
  }
  if (key in target && isEqual(known, value)) return false;
  setOwn(target, key, copied(value));
  return true;
}

/** A copy: readers keep events, which must not change with the message. */
export function copied<T>(value: T): T;
export function copied(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copied);
  if (!isObject(value)) return value;
  const copy: JsonObject = {};
  for (const key in value) {
    if (key === "__proto__") setOwn(copy, key, copied(value[key]));
    else copy[key] = copied(value[key]);
  }
  return copy;
}

/** The object in a field; it begins here if there is none. */
export function objectIn(owner: JsonObject, name: string): JsonObject {
  const known = owner[name];
  return isObject(known) ? known : (owner[name] = {});
}

/** The list in a field; it begins here if there is none. */
export function listIn(owner: JsonObject, name: string): unknown[] {
  const known = owner[name];
  return Array.isArray(known) ? known : (owner[name] = []);
}
