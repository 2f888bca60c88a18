import { decodedUtf8 } from "./bytes.ts";

/** Describes frames that differ in one string alone, which is the last value in their data. */
export interface RunTemplate {
  /** Matches such frames, one after another, byte for byte. */
  readonly frames: RegExp;
  /** Matches from the quote that closes the string of one frame to the quote that opens the string of the next. */
  readonly between: RegExp;
  /** The length of a frame up to and including the quote that opens its string. */
  readonly prefixLength: number;
}

/** Frames that match a template and follow one another. */
export interface Run {
  /** Their strings, one for each frame. */
  readonly strings: readonly string[];
  /** Where the last of them ends. */
  readonly end: number;
}

/** What JSON allows between the quotes of a string. */
const STRING = String.raw`[^"\\\0-\x1f]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\0-\x1f]*)*`;
/** Servers hide the length of a frame behind spaces before its last brace: recordings have up to 15 of them. */
const TAIL = String.raw`"\} {0,16}\}\n\n`;

/** How much text is matched at a time: the engine needs memory in proportion to it. */
const WINDOW = 65_536;
const TEMPLATES_KEPT = 32;
const templates = new Map<string, RunTemplate>();

/** @param prefix - What each frame begins with, up to and including the quote that opens its string. ASCII. */
export function runTemplate(prefix: string): RunTemplate {
  let template = templates.get(prefix);
  if (template === undefined) {
    const start = prefix.replace(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
    const frames = new RegExp(`(?:${start}${STRING}${TAIL})+`, "y");
    template = { frames, between: new RegExp(TAIL + start, "g"), prefixLength: prefix.length };
    if (templates.size >= TEMPLATES_KEPT) templates.clear();
    templates.set(prefix, template);
  }
  return template;
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
  { frames, between, prefixLength }: RunTemplate,
  text: string,
  at: number,
  longest: number,
): Run | null {
  const window = text.slice(at, at + Math.min(WINDOW, longest));
  frames.lastIndex = 0;
  if (!frames.test(window)) return null;
  const found = window.slice(prefixLength - 1, frames.lastIndex);
  const isOne = found.indexOf("\n") === found.length - 2;
  const list = isOne ? found : found.replace(between, '","');
  return {
    strings: JSON.parse(decodedUtf8(`[${list.slice(0, list.lastIndexOf('"') + 1)}]`)),
    end: at + frames.lastIndex,
  };
}
