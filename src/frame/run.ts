import { decodedUtf8 } from "./bytes.ts";

/** Frames that are equal but for one string, the last thing in their data but for two braces. */
export interface RunTemplate {
  /** Frames that fit it to the byte, one after another. */
  readonly frames: RegExp;
  /** From the quote that closes the string of one frame to the quote that opens the next one's. */
  readonly between: RegExp;
  /** How long a frame is up to and including the quote that opens the string. */
  readonly prefixLength: number;
}

/** Frames that fit a template. */
export interface Run {
  /** The string of each. */
  readonly strings: readonly string[];
  /** Where the last of them ends. */
  readonly end: number;
}

/** What JSON has between the quotes of a string. */
const STRING = String.raw`[^"\\\0-\x1f]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\0-\x1f]*)*`;
/** Servers pad a frame with spaces before its last brace, to hide its length: 0 to 15 of them in recordings. */
const TAIL = String.raw`"\} {0,16}\}\n\n`;

/** As much as is looked at in one go: a pattern takes memory of the engine's for all that it has matched. */
const WINDOW = 65_536;
const TEMPLATES_KEPT = 32;
const templates = new Map<string, RunTemplate>();

/** @param prefix - The frames up to and including the quote that opens the string. ASCII. */
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
 * Reads the frames from `at` on that fit the template, one after another; null if there is none. What does not fit, for
 * whatever reason, is left to the full parser, which gives the same.
 *
 * Nothing here is done once a frame: three builtins do a whole read, and there is next to nothing for V8 to compile.
 *
 * @param text - The bytes, one character a byte.
 */
export function readRun({ frames, between, prefixLength }: RunTemplate, text: string, at: number): Run | null {
  const window = text.slice(at, at + WINDOW);
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
