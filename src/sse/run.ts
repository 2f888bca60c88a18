import { decodedUtf8 } from "./bytes.ts";

/** Frames that are equal but for one string, the last thing in their data but for two braces. */
export interface RunTemplate<Tag> {
  /** The frame up to and including the quote that opens the string. ASCII. */
  readonly prefix: string;
  /** What the one who expects such frames wants to know when they come. */
  readonly tag: Tag;
}

/** Frames that fit a template to the byte, one after another. */
export interface Run {
  /** The string of each. */
  readonly strings: readonly string[];
  /** Where the last of them ends. */
  readonly end: number;
}

/** The patterns of a prefix. */
interface Pattern {
  readonly frames: RegExp;
  /** From the quote that closes the string of one frame to the quote that opens the next one's. */
  readonly between: RegExp;
}

/** What JSON has between the quotes of a string. */
const STRING = String.raw`[^"\\\0-\x1f]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\0-\x1f]*)*`;
/** Servers pad a frame with spaces before its last brace, to hide its length: 0 to 15 of them in recordings. */
const TAIL = String.raw`"\} {0,16}\}\n\n`;

const PATTERNS_KEPT = 32;
const patterns = new Map<string, Pattern>();

/**
 * Reads the frames from `at` on that fit the template to the byte, one after another; null if there is none. What does
 * not fit, for whatever reason, is left to the full parser, which gives the same.
 *
 * Nothing here is done once a frame: three builtins do a whole read, and there is next to nothing for V8 to compile.
 *
 * @param text - The bytes, one character a byte.
 */
export function readRun(prefix: string, text: string, at: number): Run | null {
  const { frames, between } = patternOf(prefix);
  frames.lastIndex = at;
  if (!frames.test(text)) return null;
  const end = frames.lastIndex;
  const list = text.slice(at + prefix.length - 1, end).replace(between, '","');
  return { strings: JSON.parse(decodedUtf8(`[${list.slice(0, list.lastIndexOf('"') + 1)}]`)), end };
}

function patternOf(prefix: string): Pattern {
  let pattern = patterns.get(prefix);
  if (pattern === undefined) {
    const start = prefix.replace(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
    pattern = { frames: new RegExp(`(?:${start}${STRING}${TAIL})+`, "y"), between: new RegExp(TAIL + start, "g") };
    if (patterns.size >= PATTERNS_KEPT) patterns.clear();
    patterns.set(prefix, pattern);
  }
  return pattern;
}
