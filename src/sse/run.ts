import { tryParse } from "../json/object.ts";
import { decodeUtf8, ownSlice } from "./bytes.ts";

/** Frames that are equal but for one string, the last thing in their data but for two braces. */
export interface RunTemplate<Tag> {
  /** The frame up to and including the quote that opens the string. ASCII. */
  readonly prefix: string;
  /** What the one who expects such frames wants to know when they come. */
  readonly tag: Tag;
}

/** Servers pad a frame with spaces before its last brace, to hide its length: 0 to 15 of them in recordings. */
const TAILS = Array.from({ length: 17 }, (_, spaces) => `"}${" ".repeat(spaces)}}\n\n`);
/** From the closing quote to the newline of the shortest tail. */
const SHORTEST = 3;
/** A string that is its own JSON: printable ASCII, no quote and no backslash. */
const PLAIN = /^[ !#-[\]-~]*$/;
const NOT_ASCII = /[^\0-\x7f]/;
const BACKSLASH = 0x5c;

/**
 * Reads the frames from `at` on that fit the template to the byte, one after another, and adds the string of each to
 * `strings`. Gives where the last of them ends: `at`, if there is none. What does not fit, for whatever reason, is left
 * to the full parser, which gives the same.
 *
 * @param view - The bytes as text, one character a byte.
 */
export function readRun(prefix: string, view: string, bytes: Uint8Array, at: number, strings: string[]): number {
  // Whole-string builtins throughout: they are fast from the first call on, and cost V8 next to no compilation.
  for (let frame = at; ;) {
    const start = frame + prefix.length;
    if (view.slice(frame, start) !== prefix) return frame;
    let end = view.indexOf('"', start);
    const newline = view.indexOf("\n", start);
    if (end === -1 || newline === -1) return frame;
    if (view.charCodeAt(end - 1) === BACKSLASH) end = view.lastIndexOf('"', newline);
    const spaces = newline - end - SHORTEST;
    if (end < start || spaces < 0 || spaces >= TAILS.length) return frame;
    const next = newline + 2;
    if (view.slice(end, next) !== TAILS[spaces]) return frame;
    let string: unknown = ownSlice(view, bytes, start, end);
    if (!PLAIN.test(string as string)) string = tryParse(quoted(view, bytes, start - 1, end + 1));
    if (typeof string !== "string") return frame; // Invalid: the full parser reports it.
    strings.push(string);
    frame = next;
  }
}

/** A string with its quotes. Most that need to be parsed do so for an escape, and are ASCII. */
function quoted(view: string, bytes: Uint8Array, start: number, end: number): string {
  const text = view.slice(start, end);
  return NOT_ASCII.test(text) ? decodeUtf8(bytes, start, end) : text;
}
