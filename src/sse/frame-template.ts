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
  /** The decoded string of the frame that fitted last. */
  literal = "";

  readonly #prefix: string;
  /** What may follow the literal, by the distance from its closing quote to the newline. */
  readonly #tails: readonly (string | undefined)[];
  readonly #example: Readonly<Record<string, unknown>>;
  readonly #outer: string;
  readonly #inner: string;

  private constructor(tag: Tag, prefix: string, suffix: string, example: Record<string, unknown>, path: Path) {
    this.tag = tag;
    this.#prefix = prefix;
    const tails: string[] = [];
    for (let spaces = 0; spaces <= MOST_PADDING; spaces++) {
      tails[suffix.length + spaces + 1] = `${suffix}${" ".repeat(spaces)}}\n\n`;
    }
    this.#tails = tails;
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
    const example = parse(`${start}${PROBE}"${end}}`);
    const inner = isRecord(example) ? example[path[0]] : null;
    if (!isRecord(example) || !isRecord(inner) || inner[path[1]] !== PROBE) return null;
    return new FrameTemplate(tag, ownCopy(head + start), ownCopy(`"${end}`), example, path);
  }

  /**
   * Where the frame that begins at `at` ends, if it fits; else -1. Sets {@link literal}.
   *
   * @param view - The bytes as text, one character a byte.
   */
  match(view: string, bytes: Uint8Array, at: number): number {
    // Whole-string builtins throughout: they are fast from the first call on, and cost V8 next to no compilation.
    const start = at + this.#prefix.length;
    if (view.slice(at, start) !== this.#prefix) return -1;
    let end = view.indexOf('"', start);
    const newline = view.indexOf("\n", end);
    if (newline === -1) return -1;
    if (this.#tails[newline - end] === undefined) end = view.lastIndexOf('"', newline);
    const tail = this.#tails[newline - end];
    const next = newline + 2;
    if (end < start || tail === undefined || view.slice(end, next) !== tail) return -1;
    const literal = view.slice(start, end);
    if (PLAIN.test(literal)) this.literal = literal;
    else if (!this.#decode(bytes, start - 1, end + 1)) return -1;
    return next;
  }

  /** The event of a frame whose string was `literal`, as `JSON.parse` would have given it. */
  event(literal: string): Record<string, unknown> {
    const inner = this.#example[this.#outer];
    return { ...this.#example, [this.#outer]: { ...(isRecord(inner) ? inner : {}), [this.#inner]: literal } };
  }

  /** Decodes the literal, quotes included. False where it is none: the full parser reports it. */
  #decode(bytes: Uint8Array, start: number, end: number): boolean {
    const literal = parse(decodeUtf8(bytes, start, end));
    if (typeof literal !== "string") return false;
    this.literal = literal;
    return true;
  }
}

/** The two keys under which the changing string stands in the event, outer first. */
export type Path = readonly [outer: string, inner: string];

const PROBE = "millrace:probe";
const LONGEST_FRAME = 4096;
/** Servers pad a frame with spaces before its last brace, to hide its length: 0 to 15 of them in recordings. */
const MOST_PADDING = 16;
/** A literal that is its own value: printable ASCII, no quote and no backslash. */
const PLAIN = /^[ !#-[\]-~]*$/;

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// V8 keeps the whole network read alive behind a string that was cut out of it.
function ownCopy(text: string): string {
  return JSON.parse(JSON.stringify(text)) as string;
}
