import { Frame } from "./frame.ts";

export const VALUE = 1;
export const KEY = 2;
export const COLON = 4;
export const COMMA = 8;
export const CLOSE = 16;
export const IN_STRING = 32;
export const IN_KEY = 64;
export const IN_NUMBER = 96;
export const IN_WORD = 128;

const RUN = /[^"\\\x00-\x1f]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{0,4})?/y;
const NUMBER = /-?(?:(?:0|[1-9]\d*)(?:\.(?:\d+(?:[eE][+-]?\d*)?)?|[eE][+-]?\d*)?)?/y;
const DIGITS = /[-+.\dEe]*/y;
const WORD = /t(?:r(?:ue?)?)?|f(?:a(?:l(?:se?)?)?)?|n(?:u(?:ll?)?)?/y;
const FLAT = /^/;

export class Scan {
  expected = VALUE;
  readonly root = new Frame(null, [], null, 0);
  top = this.root;
  readonly maxDepth: number;
  carry = "";
  token = "";
  shown = -1;
  flattenAt = 4096;
  version = 0;
  weight = 0;
  copied = 0;
  isLate = false;
  badAt = -1;

  constructor(maxDepth: number) {
    this.maxDepth = maxDepth;
  }

  put(value: unknown): void {
    this.top.put(value);
    this.version++;
  }

  after(): void {
    const top = this.top;
    top.index++;
    this.weight += top.object === null ? 1 : 8;
    this.expected = top.parent === null ? 0 : COMMA | CLOSE;
  }
}

type Step = (scan: Scan, text: string, at: number) => number;

export function read(scan: Scan, text: string): void {
  scan.carry = "";
  for (let at = 0; at < text.length;) {
    const step = STEPS[scan.expected >> 5];
    if (step === undefined) return;
    at = step(scan, text, at);
  }
}

function structure(scan: Scan, text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) continue;
    const expected = scan.expected;
    if (c === 0x22) {
      if ((expected & (VALUE | KEY)) === 0) return fail(scan, at);
      scan.expected = (expected & VALUE) === 0 ? IN_KEY : IN_STRING;
      return at + 1;
    }
    if (c === 0x2c) {
      if ((expected & COMMA) === 0) return fail(scan, at);
      scan.expected = scan.top.object === null ? VALUE : KEY;
    } else if (c === 0x3a) {
      if (expected !== COLON) return fail(scan, at);
      scan.expected = VALUE;
    } else if ((c | 0x20) === 0x7d) {
      if ((expected & CLOSE) === 0 || (scan.top.object === null) !== (c === 0x5d)) return fail(scan, at);
      close(scan);
    } else {
      if ((expected & VALUE) === 0) return fail(scan, at);
      if ((c | 0x20) !== 0x7b) {
        scan.expected = c < 0x40 ? IN_NUMBER : IN_WORD;
        return at;
      }
      if (scan.top.depth >= scan.maxDepth) return fail(scan, at);
      open(scan, c === 0x5b);
    }
  }
  return text.length;
}

function fail(scan: Scan, at: number): number {
  throw new Error(`bad ${at}`);
}

function open(scan: Scan, isList: boolean): void {
  const frame = new Frame(scan.top, isList ? [] : null, isList ? null : {}, scan.weight);
  scan.put(frame.list ?? frame.object);
  scan.top = frame;
  scan.weight += 8;
  scan.expected = isList ? VALUE | CLOSE : KEY | CLOSE;
}

function close(scan: Scan): void {
  const { parent, weight, listCopy, objectCopy } = scan.top;
  if (parent === null) return;
  scan.top = parent;
  if (scan.copied === scan.version) parent.put(listCopy ?? objectCopy);
  else if (scan.isLate) {
    scan.version++;
    scan.isLate = false;
  }
  scan.weight = weight;
  scan.after();
}

function word(scan: Scan, text: string, at: number): number {
  WORD.lastIndex = at;
  WORD.test(text);
  const end = WORD.lastIndex;
  const c = text.charCodeAt(at);
  if (end - at === (c === 0x66 ? 5 : 4)) {
    scan.put(c === 0x6e ? null : c === 0x74);
    scan.after();
    return end;
  }
  if (end < text.length) return fail(scan, end > at ? end : at);
  scan.carry = text.slice(at);
  return end;
}

function number(scan: Scan, text: string, start: number): number {
  DIGITS.lastIndex = start;
  DIGITS.test(text);
  const end = DIGITS.lastIndex;
  scan.token += text.slice(start, end);
  if (end < text.length) endNumber(scan, text, end);
  return end;
}

export function endNumber(scan: Scan, text: string, at: number): void {
  const token = scan.token;
  NUMBER.lastIndex = 0;
  NUMBER.test(token);
  const end = NUMBER.lastIndex;
  const last = end === 0 ? 0 : token.charCodeAt(end - 1);
  if (end < token.length || last < 0x30 || last > 0x39) fail(scan, end);
  scan.token = "";
  scan.put(+token);
  scan.after();
}

function key(scan: Scan, text: string, start: number): number {
  const end = characters(scan, text, start);
  if (end === text.length) return end;
  scan.top.key = scan.token;
  scan.token = "";
  scan.expected = COLON;
  return end + 1;
}

function string(scan: Scan, text: string, start: number): number {
  const isFirst = scan.token === "";
  const end = characters(scan, text, start);
  const { token } = scan;
  if (end === text.length) {
    if (token.length > scan.flattenAt) {
      FLAT.test(token);
      scan.flattenAt = token.length * 2;
    }
    return end;
  }
  if (!isFirst) FLAT.test(token);
  if (scan.shown !== token.length) scan.put(token);
  scan.token = "";
  scan.shown = -1;
  scan.after();
  return end + 1;
}

const STEPS: readonly Step[] = [structure, string, key, number, word];

function characters(scan: Scan, text: string, start: number): number {
  let piece = "";
  for (let at = start; ; at = ESCAPE.lastIndex) {
    RUN.lastIndex = at;
    RUN.test(text);
    const end = RUN.lastIndex;
    piece += text.slice(at, end);
    const c = end < text.length ? text.charCodeAt(end) : 0x22;
    const character = c === 0x5c ? escape(scan, text, end) : "";
    if (character === "") {
      scan.token += piece;
      if (c === 0x5c) return text.length;
      if (c !== 0x22) fail(scan, end);
      return end;
    }
    piece += character;
  }
}

function escape(scan: Scan, text: string, at: number): string {
  ESCAPE.lastIndex = at;
  ESCAPE.test(text);
  const end = ESCAPE.lastIndex;
  if (end - at === 6) return String.fromCharCode(parseInt(text.slice(at + 2, end), 16));
  if (end - at === 2) {
    const index = NAMES.indexOf(text.charAt(at + 1));
    if (index !== -1) return ESCAPED.charAt(index);
  }
  if (end < text.length) fail(scan, end);
  scan.carry = text.slice(at);
  return "";
}
const ESCAPED = '\b\f\n\r\t"\\/';
const NAMES = 'bfnrt"\\/';
