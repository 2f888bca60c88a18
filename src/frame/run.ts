import { decodedUtf8 } from "./bytes.ts";

/** Describes frames that differ in a few values alone: strings, and whole numbers. */
export interface RunTemplate {
  /** Matches such frames, one after another, byte for byte. */
  readonly frames: RegExp;
  /** Matches what stands between a value and the next one, in the same frame or in the next. */
  readonly between: RegExp;
  /** What each frame begins with, up to its first value. */
  readonly start: string;
  /** What follows each of its values, up to the next one; empty if that is not always the same. */
  readonly rest: readonly string[];
  /** How many values a frame has. */
  readonly values: number;
}

/** Frames that match a template and follow one another. */
export interface Run {
  /** Their values, frame by frame. */
  readonly values: readonly (string | number)[];
  /** Where the last of them ends. */
  readonly end: number;
}

/** What JSON allows as a string. */
const STRING = String.raw`"[^"\\\0-\x1f]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\0-\x1f]*)*"`;
const NUMBER = String.raw`(?:0|[1-9]\d{0,14})`;
/** Servers hide the length of a frame behind spaces before its last brace: recordings have up to 15 of them. */
const TAIL = String.raw`\} {0,16}\}\n\n`;

/** How much text is matched at a time: the engine needs memory in proportion to it. */
const WINDOW = 65_536;
const TEMPLATES_KEPT = 32;
const templates = new Map<string, RunTemplate>();

/**
 * @param parts - What stands around the values of each frame, in ASCII, from its beginning on. A part that ends with a quote
 *   is followed by a string, which the next part closes; any other is followed by a whole number. After a single part come a
 *   string, and what closes two objects.
 */
export function runTemplate(parts: readonly string[]): RunTemplate {
  const name = parts.join("\0");
  let template = templates.get(name);
  if (template === undefined) {
    template = made(parts);
    if (templates.size >= TEMPLATES_KEPT) templates.clear();
    templates.set(name, template);
  }
  return template;
}

function made(parts: readonly string[]): RunTemplate {
  const isString = (place: number): boolean => parts[place]?.endsWith('"') === true;
  // Quotes belong to the values.
  const [start = "", ...rest] = parts.map((part, place) =>
    part.slice(
      place > 0 && isString(place - 1) ? 1 : 0,
      isString(place) && (place === 0 || place < parts.length - 1) ? -1 : undefined,
    ),
  );
  const ends = rest.length === 0 ? [TAIL] : rest.map(escaped);
  const first = escaped(start);
  const frame = first + ends.map((part, place) => (isString(place) ? STRING : NUMBER) + part).join("");
  const between = [ends.at(-1) + first, ...ends.slice(0, -1)].join("|");
  return {
    frames: new RegExp(`(?:${frame})+`, "y"),
    between: new RegExp(between, "g"),
    start,
    rest,
    values: ends.length,
  };
}

function escaped(text: string): string {
  return text.replace(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
}

/**
 * Reads the run that begins at `at`, or gives null where the frame there does not match. The plain path then reads that
 * frame, and would have read those of the run to the same effect.
 *
 * Nothing here is done for each frame: three built-ins read a whole run, and V8 has next to nothing to compile.
 *
 * @param text - The bytes, one character a byte.
 * @param longest - The size that no frame may exceed, in bytes, with the blank line that closes it.
 */
export function readRun(
  { frames, between, start, rest }: RunTemplate,
  text: string,
  at: number,
  longest: number,
): Run | null {
  const window = text.slice(at, at + Math.min(WINDOW, longest));
  frames.lastIndex = 0;
  if (!frames.test(window)) return null;
  const found = window.slice(start.length, frames.lastIndex);
  const isOne = found.indexOf("\n") === found.length - 2;
  // As if another frame followed.
  const list = isOne ? valuesOf(found, rest) : (found + start).replace(between, ",").slice(0, -1);
  return { values: JSON.parse(decodedUtf8(`[${list}]`)), end: at + frames.lastIndex };
}

/** The values of a single frame, as a list. */
function valuesOf(found: string, rest: readonly string[]): string {
  const tail = rest.at(-1);
  if (tail === undefined) return found.slice(0, found.lastIndexOf('"') + 1);
  let list = found.slice(0, -tail.length);
  for (const part of rest) if (part !== tail) list = list.replace(part, ",");
  return list;
}
