import { Frame } from "./frame.ts";
import { type JsonErrorReason, JsonSyntaxError } from "./syntax-error.ts";

/** What may come next: some of the first five, or one of the others; nothing after the document. */
const VALUE = 1;
const KEY = 2;
const COLON = 4;
const COMMA = 8;
const CLOSE = 16;
export const IN_STRING = 1 << 5;
const IN_KEY = 2 << 5;
const IN_NUMBER = 3 << 5;
const IN_WORD = 4 << 5;

// What a string does not have between its quotation marks. To look for it is faster than to match all the rest.
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const SPECIAL = /["\\\0-\x1f]/g;
const CHARACTERS = /[ !#-[\]-\uffff]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[ !#-[\]-\uffff]*)*/y;
const DIGITS = /[-+.\dEe]*/y;
// The next ones match as far as it may be the start of such a token.
const NUMBER = /-?(?:(?:0|[1-9]\d*)(?:\.(?:\d+(?:[eE][+-]?\d*)?)?|[eE][+-]?\d*)?)?/y;
const WORD = /t(?:r(?:ue?)?)?|f(?:a(?:l(?:se?)?)?)?|n(?:u(?:ll?)?)?/y;
const ESCAPE = /\\(?:u[\da-fA-F]{0,3})?/y;

/** What it costs to copy a property of an object, or one container more, if an element of an array costs 1. */
const PROPERTY_WEIGHT = 3;
const CONTAINER_WEIGHT = 1;

const NONE = Symbol("none");

/** How far a document was read, and its value so far. */
export class Scan {
  expected = VALUE;
  readonly maxDepth: number;
  error: JsonSyntaxError | null = null;

  /** How much text was read. */
  offset = 0;
  /** The start of a word or an escape that was cut in two: it is read again, with what follows. */
  carry = "";
  /** What has come of a string, a key or a number. */
  token = "";
  /** A string, number or word that was just read to its end; else {@link NONE}. */
  read: unknown = NONE;
  /** How much of an open string the value shows; -1: not even an empty one. */
  shown = -1;
  flattenAt = 4096;

  /** Holds the value. */
  readonly document: unknown[] = [];
  /** The innermost open array or object, or the document. */
  top = new Frame(null, this.document, 0);
  /** Rises with every change of the value. */
  version = 0;
  /** What it costs to copy all that is open, in elements of an array. */
  weight = 0;
  /** The version of the last snapshot. */
  copied = 0;
  /** Whether an older snapshot was given since. */
  isLate = false;

  constructor(maxDepth: number) {
    this.maxDepth = maxDepth;
  }

  /** Shows what has come of an open string. */
  show(): void {
    const { top, token } = this;
    if (token.length === this.shown) return;
    this.shown = token.length;
    if (top.list === null && top.key !== "__proto__") top.object[top.key] = token;
    else top.put(token);
    this.version++;
    if (token.length > this.flattenAt) this.flatten();
  }

  flatten(): void {
    flatten(this.token);
    this.flattenAt = this.token.length * 4;
  }

  fail(position: number, problem: string, reason: JsonErrorReason): never {
    if (this.expected === IN_STRING) this.show();
    this.error = new JsonSyntaxError(reason, position, problem, this.document[0]);
    throw this.error;
  }
}

/** Reads on from a place in the text, and returns the place that it came to. */
type Reader = (scan: Scan, text: string, at: number) => number;

// Called through a table, V8 does not inline them into each other: compiling that costs more than it gains.
const READERS: readonly Reader[] = [readMarks, readString, readString, readNumber, readWord];

/** Reads the next part of the text. */
export function read(scan: Scan, fragment: string): void {
  const text = scan.carry === "" ? fragment : scan.carry + fragment;
  scan.carry = "";
  for (let at = 0; at < text.length;) {
    at = (READERS[scan.expected >> 5] ?? readMarks)(scan, text, at);
    if (scan.read === NONE) continue;
    // Written out here alone: V8 compiles a function once more at each place where it inlines it.
    const { top, read: value } = scan;
    if (top.list === null && top.key !== "__proto__") top.object[top.key] = value;
    else top.put(value);
    scan.version++;
    scan.read = NONE;
    next(scan);
  }
  scan.offset += text.length - scan.carry.length;
  if (scan.expected === IN_STRING) scan.show();
}

/** Whether the text has nothing but a string's characters. */
export function isInString(text: string): boolean {
  SPECIAL.lastIndex = 0;
  return !SPECIAL.test(text);
}

/** Reads up to where a string, a number or a word starts. */
function readMarks(scan: Scan, text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    const c = text.charCodeAt(at);
    const { expected, top } = scan;
    if (c === 0x22) {
      scan.expected = expected & KEY ? IN_KEY : expected & VALUE ? IN_STRING : refuse(scan, text, at);
      return at + 1;
    }
    if (c === 0x2c) scan.expected = expected & COMMA ? (top.list === null ? KEY : VALUE) : refuse(scan, text, at);
    else if (c === 0x3a) scan.expected = expected & COLON ? VALUE : refuse(scan, text, at);
    else if (c === 0x5d || c === 0x7d) {
      if (!(expected & CLOSE) || (top.list === null) === (c === 0x5d)) refuse(scan, text, at);
      close(scan);
    } else if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) {
      if (!(expected & VALUE)) refuse(scan, text, at);
      if (c !== 0x5b && c !== 0x7b) {
        scan.expected = c < 0x40 ? IN_NUMBER : IN_WORD;
        return at;
      }
      const { maxDepth } = scan;
      if (top.depth >= maxDepth) scan.fail(scan.offset + at, `deeper than ${maxDepth} levels (maxDepth)`, "depth");
      open(scan, c === 0x5b);
    }
  }
  return text.length;
}

function open(scan: Scan, isList: boolean): void {
  const frame = new Frame(scan.top, isList ? [] : null, scan.weight);
  scan.top.put(frame.list ?? frame.object);
  scan.version++;
  scan.top = frame;
  scan.weight += CONTAINER_WEIGHT;
  scan.expected = CLOSE | (isList ? VALUE : KEY);
}

function close(scan: Scan): void {
  const { copied, outer, outerWeight } = scan.top;
  scan.top = outer;
  scan.weight = outerWeight;
  // What the last snapshot shows of it stays in all later ones.
  if (scan.copied === scan.version) outer.put(copied);
  else if (scan.isLate) scan.version++;
  scan.isLate = false;
  next(scan);
}

/** The value that is read now is whole. */
function next(scan: Scan): void {
  const { top } = scan;
  top.index++;
  scan.weight += top.list === null ? PROPERTY_WEIGHT : 1;
  scan.expected = top.depth === 0 ? 0 : COMMA | CLOSE;
}

function readString(scan: Scan, text: string, start: number): number {
  SPECIAL.lastIndex = start;
  let end = SPECIAL.test(text) ? SPECIAL.lastIndex - 1 : text.length;
  // Beyond the end it would be NaN, for which V8 drops compiled code.
  let c = end < text.length ? text.charCodeAt(end) : 0;
  let token = text.slice(start, end);
  if (c === 0x5c) {
    end = matchEnd(CHARACTERS, text, end);
    token = JSON.parse(`"${text.slice(start, end)}"`);
    c = end < text.length ? text.charCodeAt(end) : 0;
  }
  if (scan.token !== "") token = scan.token + token;
  scan.token = c === 0x22 ? "" : token;
  if (c !== 0x22) return end === text.length ? end : cut(scan, text, end, matchEnd(ESCAPE, text, end));
  if (scan.expected === IN_KEY) {
    scan.top.key = token;
    scan.expected = COLON;
  } else if (scan.shown === -1) scan.read = token;
  else endShown(scan, token);
  return end + 1;
}

/** Ends a string of which the value shows a part, or all. */
function endShown(scan: Scan, token: string): void {
  flatten(token);
  if (scan.shown === token.length) next(scan);
  else scan.read = token;
  scan.shown = -1;
}

function readWord(scan: Scan, text: string, at: number): number {
  const c = text.charCodeAt(at);
  const end = matchEnd(WORD, text, at);
  if (end - at !== (c === 0x66 ? 5 : 4)) return cut(scan, text, at, end);
  scan.read = c === 0x6e ? null : c === 0x74;
  return end;
}

/** Puts off a word or an escape of which only the start has come, up to `end`. */
function cut(scan: Scan, text: string, at: number, end: number): number {
  if (end < text.length) refuse(scan, text, end);
  scan.carry = text.slice(at);
  return end;
}

function readNumber(scan: Scan, text: string, at: number): number {
  const isWhole = scan.token === "";
  const last = isWhole ? readInteger(scan, text, at) : at;
  if (last > at) return last;
  const end = matchEnd(isWhole ? NUMBER : DIGITS, text, at);
  const token = scan.token + text.slice(at, end);
  scan.token = end < text.length ? "" : token;
  if (end < text.length) endNumber(scan, text, end, token, isWhole ? token.length : matchEnd(NUMBER, token, 0));
  return end;
}

/** Takes a short whole number that ends in this text, as most do; else gives back `start`, and leaves it to the rest. */
function readInteger(scan: Scan, text: string, start: number): number {
  let at = start;
  let value = 0;
  let c = text.charCodeAt(at);
  // No leading zero, and no more digits than V8 keeps as they are.
  if (c === 0x30) return start;
  for (
    const stop = Math.min(text.length - 1, start + 9);
    at < stop && c >= 0x30 && c <= 0x39;
    c = text.charCodeAt(++at)
  ) {
    value = value * 10 + c - 0x30;
  }
  if (at === start || (c !== 0x2c && c !== 0x5d && c !== 0x7d)) return start;
  scan.read = value;
  return at;
}

/** Takes the number that ends before `at`, if it could be one up to its end. */
function endNumber(scan: Scan, text: string, at: number, token: string, goodLength: number): void {
  // Of what NUMBER matches, all that ends in a digit is whole.
  const last = token.charCodeAt(goodLength - 1);
  if (goodLength < token.length || !(last >= 0x30 && last <= 0x39)) {
    refuse(scan, token + text.slice(at), goodLength, scan.offset + at - token.length);
  }
  scan.read = +token;
}

/** No more text comes: takes the number that had no end, or refuses what is not whole. */
export function endText(scan: Scan): void {
  const { token, carry } = scan;
  if (scan.expected === IN_NUMBER) {
    const goodLength = matchEnd(NUMBER, token, 0);
    if (scan.top.depth === 0 || goodLength < token.length) {
      endNumber(scan, "", 0, token, goodLength);
      scan.top.put(scan.read);
      scan.version++;
      scan.read = NONE;
      next(scan);
    }
  }
  if (scan.expected !== 0) refuse(scan, carry, carry.length);
}

/** Refuses a character, or the end, of a text that starts at `start`. */
function refuse(scan: Scan, text: string, at: number, start = scan.offset): never {
  if (at === text.length) scan.fail(start + at, "the text ends too early", "incomplete");
  scan.fail(start + at, `unexpected ${JSON.stringify(text.charAt(at))}`, "unexpected");
}

/** Makes one string of the pieces that it consists of: a regular expression needs it whole. */
function flatten(text: string): void {
  /./.test(text);
}

/** Where the sticky pattern's match at `at` ends: there, if it does not match. */
function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}
