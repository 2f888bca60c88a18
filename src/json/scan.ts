import { Frame } from "./frame.ts";
import { type JsonErrorReason, JsonSyntaxError } from "./syntax-error.ts";

/** What may come next: some of the first five, else one of the others, which {@link STEPS} reads. None at the end. */
const VALUE = 1;
const KEY = 2;
const COLON = 4;
const COMMA = 8;
const CLOSE = 16;
export const IN_STRING = 1 << 5;
const IN_KEY = 2 << 5;
export const IN_NUMBER = 3 << 5;
const IN_WORD = 4 << 5;

const RUN = /[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\x00-\x1f]*)*/y;
const DIGITS = /[-+.\dEe]*/y;
// The next ones match as far as what has come is the start of such a token.
const ESCAPE = /\\(?:u[\da-fA-F]{0,3})?/y;
const NUMBER = /-?(?:(?:0|[1-9]\d*)(?:\.(?:\d+(?:[eE][+-]?\d*)?)?|[eE][+-]?\d*)?)?/y;
const WORD = /t(?:r(?:ue?)?)?|f(?:a(?:l(?:se?)?)?)?|n(?:u(?:ll?)?)?/y;
const START = /^/;

/** What a copy of an object's property costs, or of an empty container, where that of an array's element costs 1. */
const PROPERTY_WEIGHT = 8;

/** How far a text has been read. */
export class Scan {
  expected = VALUE;
  /** Holds the value: `root.list[0]`. */
  readonly root = new Frame(null, [], 0);
  /** The innermost open container. */
  top = this.root;
  readonly maxDepth: number;
  error: JsonSyntaxError | null = null;

  /** How much of the text was read. */
  offset = 0;
  /** The start of an escape or a word that is cut in two: read again, together with what follows. */
  carry = "";
  /** What has come of a string, a key or a number. */
  token = "";
  /** How much of the open string the value shows; -1: nothing, not even the empty string. */
  shown = -1;
  flattenAt = 4096;

  /** Rises with each change of the value. */
  version = 0;
  /** What a copy of the open containers costs, in elements of an array. */
  weight = 0;
  /** The version that was last copied. */
  copied = 0;
  /** Whether the last snapshot was an older one. */
  isLate = false;

  constructor(maxDepth: number) {
    this.maxDepth = maxDepth;
  }

  put(value: unknown): void {
    this.top.put(value);
    this.version++;
  }

  /** The value at the current place is whole. */
  next(): void {
    const { top } = this;
    top.index++;
    this.weight += top.list === null ? PROPERTY_WEIGHT : 1;
    this.expected = top.depth === 0 ? 0 : COMMA | CLOSE;
  }

  /** Lets the value show all that has come of the open string. */
  show(): void {
    const { length } = this.token;
    if (length === this.shown) return;
    this.shown = length;
    this.put(this.token);
    if (length > this.flattenAt) {
      flatten(this.token);
      this.flattenAt = length * 2;
    }
  }

  fail(position: number, found: string, reason: JsonErrorReason = found === "" ? "incomplete" : "unexpected"): never {
    if (this.expected === IN_STRING) this.show();
    const problem = {
      unexpected: `unexpected ${printable(found)}`,
      incomplete: "the text ends too early",
      depth: found,
    };
    this.error = new JsonSyntaxError(reason, position, problem[reason], this.root.list?.[0]);
    throw this.error;
  }
}

function printable(character: string): string {
  return /[!-~]/.test(character)
    ? `"${character}"`
    : `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/**
 * Reads on from `at`, and returns how far it came. These are called through a table, and are small: inlined into each
 * other they cost more to compile, at the start of every process, than they gain.
 */
type Step = (scan: Scan, text: string, at: number) => number;

const STEPS: readonly Step[] = [readStructure, readString, readString, readNumber, readWord];

/** Reads the text's next part. */
export function read(scan: Scan, fragment: string): void {
  const text = scan.carry + fragment;
  scan.carry = "";
  for (let at = 0; at < text.length;) at = (STEPS[scan.expected >> 5] ?? readStructure)(scan, text, at);
  scan.offset += text.length - scan.carry.length;
}

function readStructure(scan: Scan, text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    const c = text.charCodeAt(at);
    const { expected } = scan;
    if (c === 0x22) {
      if ((expected & (VALUE | KEY)) === 0) refuse(scan, text, at);
      scan.expected = (expected & VALUE) === 0 ? IN_KEY : IN_STRING;
      return at + 1;
    }
    if (c === 0x2c) {
      if ((expected & COMMA) === 0) refuse(scan, text, at);
      scan.expected = scan.top.list === null ? KEY : VALUE;
    } else if (c === 0x3a) {
      if (expected !== COLON) refuse(scan, text, at);
      scan.expected = VALUE;
    } else if (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) {
      continue;
    } else if (c === 0x5d || c === 0x7d) {
      if ((expected & CLOSE) === 0 || (scan.top.list === null) === (c === 0x5d)) refuse(scan, text, at);
      close(scan);
    } else {
      if ((expected & VALUE) === 0) refuse(scan, text, at);
      if (c !== 0x5b && c !== 0x7b) {
        scan.expected = c < 0x40 ? IN_NUMBER : IN_WORD;
        return at;
      }
      if (scan.top.depth >= scan.maxDepth)
        scan.fail(scan.offset + at, `deeper than maxDepth, ${scan.maxDepth}`, "depth");
      open(scan, c === 0x5b);
    }
  }
  return text.length;
}

function refuse(scan: Scan, text: string, at: number): never {
  scan.fail(scan.offset + at, text.charAt(at));
}

function open(scan: Scan, isList: boolean): void {
  const frame = new Frame(scan.top, isList ? [] : null, scan.weight);
  scan.put(frame.list ?? frame.object);
  scan.top = frame;
  scan.weight += PROPERTY_WEIGHT;
  scan.expected = CLOSE | (isList ? VALUE : KEY);
}

function close(scan: Scan): void {
  const { outer, outerWeight, copied } = scan.top;
  scan.top = outer;
  scan.weight = outerWeight;
  // What a snapshot shows of it stays what all later ones show.
  if (scan.copied === scan.version) outer.put(copied);
  else if (scan.isLate) scan.version++;
  scan.isLate = false;
  scan.next();
}

function readString(scan: Scan, text: string, at: number): number {
  RUN.lastIndex = at;
  RUN.test(text);
  const end = RUN.lastIndex;
  const piece = text.slice(at, end);
  scan.token += piece.includes("\\") ? JSON.parse(`"${piece}"`) : piece;
  if (end === text.length) return end;
  if (text.charCodeAt(end) !== 0x22) return readCutEscape(scan, text, end);
  endString(scan);
  return end + 1;
}

function endString(scan: Scan): void {
  const { token, shown } = scan;
  scan.token = "";
  if (scan.expected === IN_KEY) {
    scan.top.key = token;
    scan.expected = COLON;
    return;
  }
  scan.shown = -1;
  if (shown !== token.length) scan.put(token);
  if (shown !== -1) flatten(token);
  scan.next();
}

function readCutEscape(scan: Scan, text: string, at: number): number {
  ESCAPE.lastIndex = at;
  const end = ESCAPE.test(text) ? ESCAPE.lastIndex : at;
  if (end < text.length) refuse(scan, text, end);
  scan.carry = text.slice(at);
  return end;
}

function readWord(scan: Scan, text: string, at: number): number {
  WORD.lastIndex = at;
  const end = WORD.test(text) ? WORD.lastIndex : at;
  const c = text.charCodeAt(at);
  if (end - at === (c === 0x66 ? 5 : 4)) {
    scan.put(c === 0x6e ? null : c === 0x74);
    scan.next();
    return end;
  }
  if (end < text.length) refuse(scan, text, end);
  scan.carry = text.slice(at);
  return end;
}

function readNumber(scan: Scan, text: string, at: number): number {
  DIGITS.lastIndex = at;
  DIGITS.test(text);
  const end = DIGITS.lastIndex;
  scan.token += text.slice(at, end);
  if (end < text.length) endNumber(scan, text, end);
  return end;
}

/** Takes the number that ends before `at`. */
export function endNumber(scan: Scan, text: string, at: number): void {
  const { token } = scan;
  NUMBER.lastIndex = 0;
  NUMBER.test(token);
  const end = NUMBER.lastIndex;
  // Of all that NUMBER matches, what ends in a digit is whole.
  if (end < token.length || !/\d$/.test(token)) {
    scan.fail(scan.offset + at - token.length + end, token.charAt(end) || text.charAt(at));
  }
  scan.token = "";
  scan.put(+token);
  scan.next();
}

/** Makes one string of the many that it was put together from: a regular expression cannot do otherwise. */
function flatten(text: string): void {
  START.test(text);
}
