import { isObject, type JsonObject, tryParse } from "../../json/object.ts";
import { isEqual } from "../../json/own.ts";
import { DELTAS } from "./growth.ts";

/** Events that append to the same text, and differ in that, their number and their padding alone. */
export interface TextRun {
  readonly type: string;
  /** Any event of the run, for everything in which they do not differ. */
  readonly event: JsonObject;
  /** The JSON of an event around these values. */
  readonly parts: readonly string[];
  /** Which of the values of an event is its text, and which its number; -1 if it has none. */
  readonly text: number;
  readonly number: number;
}

/** The values of an event of a run: they begin at a place in those of all. */
export type RunValues = readonly (string | number)[];

/** Where a value begins and ends, without its quotes. */
interface Cut {
  readonly field: "delta" | "sequence_number" | "obfuscation";
  readonly from: number;
  readonly to: number;
}

/** A string of JSON without its quotes, or digits. */
const TEXT = /[^"\\]*(?:\\.[^"\\]*)*/y;
const DIGITS = /\d*/y;

/** The run that an event may begin; null if it does anything else than to append to a text. */
export function textRun(type: string, event: JsonObject, json: string): TextRun | null {
  const { delta, logprobs, sequence_number: number, obfuscation } = event;
  const isMore = Array.isArray(logprobs) && logprobs.length > 0;
  if (!DELTAS.has(type) || event["type"] !== type || typeof delta !== "string" || isMore) return null;
  const cuts = [cutAround(json, "delta", '"')];
  if (typeof number === "number") cuts.push(cutAround(json, "sequence_number", ""));
  if (typeof obfuscation === "string") cuts.push(cutAround(json, "obfuscation", '"'));
  cuts.sort((a, b) => a.from - b.from);
  let start = 0;
  const parts: string[] = [];
  for (const { from, to } of cuts) {
    if (from < start) return null;
    parts.push(json.slice(start, from));
    start = to;
  }
  parts.push(json.slice(start));
  const fields = cuts.map(({ field }) => field);
  const run = { type, event, parts, text: fields.indexOf("delta"), number: fields.indexOf("sequence_number") };
  return isExact(run, fields) ? run : null;
}

/** The event of a run with the values from a place on. */
export function eventInRun(run: TextRun, values: RunValues, at: number): JsonObject {
  // It was an object when the run began.
  return JSON.parse(jsonInRun(run, values, at)) as JsonObject;
}

function jsonInRun({ parts }: TextRun, values: RunValues, at: number): string {
  return parts.reduce((before, part, place) => {
    const value = JSON.stringify(values[at + place - 1]);
    return before + (before.endsWith('"') ? value.slice(1, -1) : value) + part;
  });
}

/** What stands around the values in the frames of a run. */
export function frameParts({ type, parts }: TextRun, isNamed: boolean): readonly string[] {
  const start = `${isNamed ? `event: ${type}\n` : ""}data: `;
  return parts.map((part, place) => (place === 0 ? start : "") + part + (place === parts.length - 1 ? "\n\n" : ""));
}

/** Whether an event seems to be one of the run: its JSON has all of the parts. */
export function isInRun({ parts }: TextRun, json: string): boolean {
  let end = 0;
  return parts.every((part) => {
    const at = json.indexOf(part, end);
    end = at + part.length;
    return at >= 0;
  });
}

function cutAround(json: string, field: Cut["field"], quote: string): Cut {
  const key = `"${field}":${quote}`;
  const at = json.lastIndexOf(key);
  const from = at < 0 ? -1 : at + key.length;
  const value = quote === "" ? DIGITS : TEXT;
  value.lastIndex = from;
  return { field, from, to: at < 0 ? -1 : from + (value.exec(json)?.[0].length ?? 0) };
}

/**
 * Whether the parts are what stands around the values, and nothing else: then events of the run differ as they should.
 *
 * No part can be seen by mistake where a text ends with its beginning: the quote that closes the text would be one that
 * opens a string in the part, and so on, up to the key that the part ends with, of which only the other quote would do.
 * That holds as long as no quote is escaped.
 */
function isExact(run: TextRun, fields: readonly Cut["field"][]): boolean {
  if (/[^ -~]|\\/.test(run.parts.join(""))) return false;
  const probes = fields.map((field, place) => (field === "sequence_number" ? 987_654_321 : `\u0001${place}`));
  const probe = tryParse(jsonInRun(run, probes, 0));
  if (!isObject(probe)) return false;
  for (const [place, field] of fields.entries()) {
    if (probe[field] !== probes[place]) return false;
    probe[field] = run.event[field];
  }
  return isEqual(probe, run.event);
}
