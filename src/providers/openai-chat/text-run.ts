import { isObject, type JsonObject, tryParse } from "../../json/object.ts";
import { isEqual } from "../../json/own.ts";

/** Events that differ in one text of the first choice alone, and in their padding. */
export interface TextRun {
  /** What the text is added to. */
  readonly field: "content" | "reasoning" | "reasoning_content" | "arguments";
  /** The index of the call whose arguments it is added to. */
  readonly index: unknown;
  /** The JSON of an event around its text, and around its padding if it has some. */
  readonly parts: readonly string[];
}

/** The place of a text in an event. */
interface Place {
  readonly field: TextRun["field"];
  readonly index: unknown;
  readonly holder: JsonObject;
}

/** The run that an event may begin; null if it does anything else than to add to a text. */
export function textRun(event: JsonObject, json: string): TextRun | null {
  const place = placeOf(event);
  const text = place?.holder[place.field];
  if (place === null || typeof text !== "string") return null;
  const cuts = [cutAround(json, place.field)];
  if (typeof event["obfuscation"] === "string") cuts.push(cutAround(json, "obfuscation"));
  let start = 0;
  const parts: string[] = [];
  for (const [from, to] of cuts) {
    if (from < start) return null;
    parts.push(json.slice(start, from));
    start = to;
  }
  parts.push(json.slice(start));
  const run = { field: place.field, index: place.index, parts };
  return isExact(run, event) ? run : null;
}

/** The event of a run with the texts from a place on. */
export function eventInRun({ parts }: TextRun, texts: readonly string[], at: number): JsonObject {
  const json = parts.reduce((before, part, place) => {
    return before + JSON.stringify(texts[at + place - 1]).slice(1, -1) + part;
  });
  // It was an object when the run began.
  return JSON.parse(json) as JsonObject;
}

/** What stands around the texts in the frames of a run. */
export function frameParts({ parts }: TextRun): readonly string[] {
  return parts.map((part, place) => (place === 0 ? "data: " : "") + part + (place === parts.length - 1 ? "\n\n" : ""));
}

/** Whether the JSON of an event is one of the run. */
export function isInRun({ parts }: TextRun, json: string): boolean {
  const [first = "", ...rest] = parts;
  const last = rest.at(-1) ?? "";
  if (!json.startsWith(first) || !json.endsWith(last)) return false;
  const values = rest
    .slice(0, -1)
    .reduce<string[]>(
      (texts, part) => [...texts.slice(0, -1), ...splitOnce(texts.at(-1) ?? "", part)],
      [json.slice(first.length, json.length - last.length)],
    );
  return values.length === rest.length && values.every((value) => INNER.test(value));
}

/** A string of JSON without its quotes. */
const INNER = /^[^"\\]*(?:\\.[^"\\]*)*$/;

function splitOnce(text: string, part: string): string[] {
  const at = text.indexOf(part);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + part.length)];
}

function placeOf({ choices, error, usage, x_groq }: JsonObject): Place | null {
  const choice: unknown = Array.isArray(choices) && choices.length === 1 ? choices[0] : undefined;
  if (error || isObject(usage) || x_groq !== undefined || !isObject(choice) || (choice["index"] ?? 0) !== 0)
    return null;
  const { delta, message, finish_reason, logprobs } = choice;
  if (finish_reason || isObject(logprobs) || message !== undefined || choice["usage"] || !isObject(delta)) return null;
  const found: Place[] = [];
  for (const key of Object.keys(delta)) {
    const value = delta[key];
    if (value === null || value === "" || key === "role") continue;
    if (key === "content" || key === "reasoning" || key === "reasoning_content") {
      found.push({ field: key, index: undefined, holder: delta });
    } else if (key === "tool_calls") found.push(...argumentsIn(value));
    else if (typeof value === "object") return null;
  }
  return found.length === 1 ? (found[0] ?? null) : null;
}

/** The place of a fragment that has nothing but an index; two places, if it is anything else. */
function argumentsIn(fragments: unknown): Place[] {
  const other = { field: "arguments", index: undefined, holder: {} } as const;
  const [fragment, ...more]: readonly unknown[] = Array.isArray(fragments) ? fragments : [];
  if (!isObject(fragment) || more.length > 0) return [other, other];
  const { index, function: body, ...rest } = fragment;
  const isBare = isObject(body) && Object.keys(body).join() === "arguments" && typeof index === "number";
  return isBare && Object.keys(rest).length === 0 ? [{ field: "arguments", index, holder: body }] : [other, other];
}

/** Where the string of a field begins and ends, without its quotes. */
function cutAround(json: string, field: string): readonly [from: number, to: number] {
  const key = `"${field}":"`;
  const at = json.lastIndexOf(key);
  const from = at + key.length;
  const to = at < 0 ? -1 : /^[^"\\]*(?:\\.[^"\\]*)*/.exec(json.slice(from))?.[0].length;
  return to === undefined || to < 0 ? [-1, -1] : [from, from + to];
}

/**
 * Whether the parts are what stands around the text and the padding, and nothing else: then events of the run differ from
 * each other as they should. No part may be mistaken for one where a text ends with its beginning.
 */
function isExact(run: TextRun, event: JsonObject): boolean {
  const { parts, field } = run;
  const [first = "", ...rest] = parts;
  if (/[^ -~]/.test(parts.join("")) || [...rest.slice(0, -1), rest.at(-1) + first].some(repeats)) return false;
  const probe = tryParse(
    ["\\u0001", "\\u0002"]
      .slice(0, rest.length)
      .reduce((json, text, place) => json + text + (rest[place] ?? ""), first),
  );
  const place = isObject(probe) ? placeOf(probe) : null;
  const original = placeOf(event)?.holder[field];
  if (!isObject(probe) || place === null || place.field !== field || place.holder[field] !== "\u0001") return false;
  place.holder[field] = original;
  if (rest.length > 1) {
    if (probe["obfuscation"] !== "\u0002") return false;
    probe["obfuscation"] = event["obfuscation"];
  }
  return isEqual(probe, event);
}

/** Whether what follows a quote within a part is how the part itself goes on. */
function repeats(part: string): boolean {
  const inner = part.slice(1, -1);
  for (let at = inner.indexOf('"'); at >= 0; at = inner.indexOf('"', at + 1)) {
    if (inner.startsWith(inner.slice(at + 1))) return true;
  }
  return false;
}
