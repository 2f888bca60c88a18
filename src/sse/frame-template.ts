import { isObject, tryParse } from "../json/object.ts";
import { decodeUtf8 } from "./bytes.ts";

/**
 * Most frames of a stream repeat the one before but for one string. A template holds what they share, learned from one
 * frame that was parsed in full; a frame that fits it to the byte needs no `JSON.parse`.
 *
 * It is exact: a frame that does not fit, for whatever reason, is left to the full parser, and
 * {@link FrameTemplate.event} gives what `JSON.parse` would have given. Property tests compare it with a reader that
 * never learns.
 */
export class FrameTemplate<Tag> {
  /** What the one who taught the template wants to know when it fits. */
  readonly tag: Tag;

  readonly #prefix: string;
  /** What may follow the literal, by the distance from its closing quote to the newline. */
  readonly #tails: readonly string[];
  readonly #example: Readonly<Record<string, unknown>>;
  readonly #outer: string;
  readonly #inner: string;

  private constructor(tag: Tag, prefix: string, suffix: string, example: Record<string, unknown>, path: Path) {
    this.tag = tag;
    this.#prefix = prefix;
    this.#tails = tailsOf(suffix);
    this.#example = example;
    [this.#outer, this.#inner] = path;
  }

  /**
   * Learns from one whole frame, or gives null where the frame's shape has no place for a template: the string at
   * `path` must be the last thing in it.
   */
  static learn<Tag>(frame: string, path: Path, tag: Tag): FrameTemplate<Tag> | null {
    if (frame.length > LONGEST_FRAME) return null;
    const parts = /^((?:event:[^\n]*\n)?data: ?)(\{[^\n]*")(?:[^"\\]|\\.)*"([}\]]*) *\}\n\n$/.exec(frame);
    // eslint-disable-next-line no-control-regex
    if (parts === null || /[^\n\x20-\x7e]/.test(frame)) return null;
    const [, head = "", start = "", end = ""] = parts;
    // The proof that the string ends up at `path`, and nowhere else: parse the frame with another one in its place.
    const example = tryParse(`${start}${PROBE}"${end}}`);
    const inner = isObject(example) ? example[path[0]] : null;
    if (!isObject(example) || !isObject(inner) || inner[path[1]] !== PROBE) return null;
    return new FrameTemplate(tag, ownCopy(head + start), `"${end}`, example, path);
  }

  /**
   * Reads the frames from `at` on that fit, one after another, and adds the string of each to `literals`. Gives where
   * the last of them ends: `at`, if there is none.
   *
   * @param view - The bytes as text, one character a byte.
   */
  readRun(view: string, bytes: Uint8Array, at: number, literals: string[]): number {
    const prefix = this.#prefix;
    const tails = this.#tails;
    // Whole-string builtins throughout: they are fast from the first call on, and cost V8 next to no compilation.
    for (let frame = at; ; ) {
      const start = frame + prefix.length;
      if (view.slice(frame, start) !== prefix) return frame;
      let end = view.indexOf('"', start);
      const newline = view.indexOf("\n", end);
      if (newline === -1) return frame;
      if (view.charCodeAt(end - 1) === BACKSLASH) end = view.lastIndexOf('"', newline);
      if (end < start || newline - end >= tails.length) return frame;
      const next = newline + 2;
      if (view.slice(end, next) !== tails[newline - end]) return frame;
      let literal: unknown = view.slice(start, end);
      if (!PLAIN.test(literal as string)) literal = tryParse(decodeUtf8(bytes, start - 1, end + 1));
      if (typeof literal !== "string") return frame; // Invalid: the full parser reports it.
      literals.push(literal);
      frame = next;
    }
  }

  /** The event of a frame whose string was `literal`, as `JSON.parse` would have given it. */
  event(literal: string): Record<string, unknown> {
    const inner = this.#example[this.#outer];
    return { ...this.#example, [this.#outer]: { ...(isObject(inner) ? inner : {}), [this.#inner]: literal } };
  }
}

/** The two keys under which the changing string stands in the event, outer first. */
export type Path = readonly [outer: string, inner: string];

const PROBE = "millrace:probe";
const LONGEST_FRAME = 4096;
const BACKSLASH = 0x5c;
/** Servers pad a frame with spaces before its last brace, to hide its length: 0 to 15 of them in recordings. */
const MOST_PADDING = 16;
/** A literal that is its own value: printable ASCII, no quote and no backslash. */
const PLAIN = /^[ !#-[\]-~]*$/;

let lastTails: { readonly suffix: string; readonly tails: readonly string[] } | undefined;

/** A provider's frames have one suffix, so that the last one is nearly always the one that is asked for. */
function tailsOf(suffix: string): readonly string[] {
  if (lastTails?.suffix === suffix) return lastTails.tails;
  const shortest = suffix.length + 1;
  const tails = Array.from({ length: shortest + MOST_PADDING }, (_, distance) =>
    distance < shortest ? "" : `${suffix}${" ".repeat(distance - shortest)}}\n\n`,
  );
  lastTails = { suffix, tails };
  return tails;
}

// V8 keeps the whole network read alive behind a string that was cut out of it.
function ownCopy(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}
