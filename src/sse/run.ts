import { tryParse } from "../json/object.ts";
import { decodeUtf8 } from "./bytes.ts";

/** Frames that are equal but for one string, the last thing in their data but for two braces. */
export interface RunTemplate<Tag> {
  /** The frame up to and including the quote that opens the string. ASCII. */
  readonly prefix: string;
  /** What the one who expects such frames wants to know when they come. */
  readonly tag: Tag;
}

/** Servers pad a frame with spaces before its last brace, to hide its length: 0 to 15 of them in recordings. */
export const TAILS = Array.from({ length: 17 }, (_, spaces) => `"}${" ".repeat(spaces)}}\n\n`);
/** From the closing quote of the shortest tail to its newline. */
export const TAIL_TO_NEWLINE = 3;
/** A string that is its own JSON: printable ASCII, no quote and no backslash. */
export const PLAIN = /^[ !#-[\]-~]*$/;
const NOT_ASCII = /[^\0-\x7f]/;

/** What a string's JSON, quotes included, stands for; null where it is invalid. */
export function parseString(view: string, bytes: Uint8Array, start: number, end: number): string | null {
  // Most strings that need to be parsed do so for an escape, and are ASCII.
  const json = view.slice(start, end);
  const text = tryParse(NOT_ASCII.test(json) ? decodeUtf8(bytes, start, end) : json);
  return typeof text === "string" ? text : null;
}
