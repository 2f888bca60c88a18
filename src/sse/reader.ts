import { LimitExceededError } from "../errors.ts";
import { asciiView, decodeUtf8, joinBytes } from "./bytes.ts";
import { readRun, type RunTemplate } from "./run.ts";

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const NO_BYTES = new Uint8Array(0);
const TEMPLATES_KEPT = 8;

/** Settings of an {@link SseReader}. */
export interface SseReaderOptions {
  /** The largest frame, in bytes. */
  readonly frameLimit?: number | undefined;
  /** Whether expected frames may take the short way. The plain way gives the same. Default true. */
  readonly runs?: boolean | undefined;
}

/**
 * Reads server-sent events out of bytes, by the rules of the HTML standard (section 9.2.6): `push` a network read, then
 * `advance` from frame to frame until it gives false. Synchronous, linear in the bytes however they are split, and
 * nothing is copied but lines that a read cut in two.
 *
 * @example
 * ```ts
 * reader.push(bytes);
 * while (reader.advance()) console.log(reader.event, reader.data);
 * ```
 */
export class SseReader<Tag = never> {
  /** The current frame's `event` field, or `""`. */
  event = "";
  /** The current frame's data lines, joined by newlines. Not set on a run. */
  data = "";
  /** The tag of the run of expected frames that the reader stands on, or null: it stands on one frame. */
  run: Tag | null = null;
  /** The strings in which the frames of the run differ. */
  strings: readonly string[] = [];
  /** True when the bytes ended inside the current frame. */
  unterminated = false;

  readonly #frameLimit: number;
  readonly #runs: boolean;
  #templates: RunTemplate<Tag>[] = [];

  #bytes: Uint8Array = NO_BYTES;
  #view = "";
  #at = 0;
  /** Where the next CR of the read is, or past its end. */
  #carriageReturn = -1;
  #afterCarriageReturn = false;
  #atStart = true;
  /** The parts of a line whose end has not come yet. */
  #pieces: Uint8Array[] = [];
  #piecesLength = 0;

  /** True between two frames: nothing of the next one has been read. */
  #between = true;
  #name = "";
  #lines: string | null = null;
  #dataLength = 0;

  constructor(options: SseReaderOptions = {}) {
    this.#frameLimit = options.frameLimit ?? Infinity;
    this.#runs = options.runs ?? true;
  }

  /** Takes the next bytes. Only when {@link advance} has given false: what is left of the last ones would be lost. */
  push(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = asciiView(bytes);
    this.#at = 0;
    this.#carriageReturn = -1;
  }

  /** Every byte was read, though perhaps not every frame taken of a run. */
  get isEmpty(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Goes to the next frame, or to a run of expected ones. False: none is whole yet. */
  advance(): boolean {
    if (this.#afterCarriageReturn && this.#at < this.#bytes.length) this.#skipLineFeed();
    if (this.#between && this.#at < this.#bytes.length) {
      if (this.#advanceByRun()) return true;
      this.#between = false;
    }
    this.run = null;
    while (this.#at < this.#bytes.length) {
      const end = this.#lineEnd();
      if (end === -1) {
        this.#keepPiece();
        return false;
      }
      if (this.#line(end)) return true;
    }
    return false;
  }

  /** No more bytes will come. `advance` may give one more frame, marked {@link unterminated}. */
  end(): void {
    this.#keepPiece();
    const line = joinBytes(this.#pieces, this.#piecesLength);
    this.#pieces = [];
    this.#piecesLength = 0;
    this.unterminated = true;
    // A line end closes the cut line, a second one the frame.
    this.push(joinBytes([line, Uint8Array.of(LF, LF)], line.length + 2));
  }

  /** Frames like this may come from now on, and may then be read as a run. */
  expect(template: RunTemplate<Tag>): void {
    if (!this.#runs || this.#templates.some(({ prefix }) => prefix === template.prefix)) return;
    this.#templates = [template, ...this.#templates.slice(0, TEMPLATES_KEPT - 1)];
  }

  #advanceByRun(): boolean {
    const strings: string[] = [];
    for (let i = 0; i < this.#templates.length; i++) {
      const template = this.#templates[i];
      if (template === undefined) return false;
      const end = readRun(template.prefix, this.#view, this.#bytes, this.#at, strings);
      if (end === this.#at) continue;
      this.#at = end;
      this.run = template.tag;
      this.strings = strings;
      return true;
    }
    return false;
  }

  #skipLineFeed(): void {
    this.#afterCarriageReturn = false;
    if (this.#bytes[this.#at] === LF) this.#at++;
  }

  #lineEnd(): number {
    if (this.#carriageReturn < this.#at) {
      const next = this.#view.indexOf("\r", this.#at);
      this.#carriageReturn = next === -1 ? this.#view.length + 1 : next;
    }
    const lineFeed = this.#view.indexOf("\n", this.#at);
    if (lineFeed !== -1 && lineFeed < this.#carriageReturn) return lineFeed;
    return this.#carriageReturn < this.#view.length ? this.#carriageReturn : lineFeed;
  }

  #keepPiece(): void {
    if (this.#at >= this.#bytes.length) return;
    // A copy: the runtime may use the read's memory again, and a short piece must not keep a long read alive.
    this.#pieces.push(this.#bytes.slice(this.#at));
    this.#piecesLength += this.#bytes.length - this.#at;
    this.#at = this.#bytes.length;
    this.#checkLimit(this.#piecesLength);
  }

  #checkLimit(lineLength: number): void {
    if (this.#dataLength + lineLength > this.#frameLimit) throw new LimitExceededError("frame", this.#frameLimit);
  }

  /** Takes the line that ends at `end`; true when it closes a frame that has data. */
  #line(end: number): boolean {
    const start = this.#at;
    this.#at = end + 1;
    if (this.#bytes[end] === CR) {
      if (this.#bytes[this.#at] === LF) this.#at++;
      else if (this.#at === this.#bytes.length) this.#afterCarriageReturn = true;
    }
    if (this.#piecesLength === 0) return this.#field(this.#bytes, start, end);
    this.#pieces.push(this.#bytes.subarray(start, end));
    const length = this.#piecesLength + end - start;
    const line = joinBytes(this.#pieces, length);
    this.#pieces = [];
    this.#piecesLength = 0;
    return this.#field(line, 0, length);
  }

  #field(bytes: Uint8Array, lineStart: number, end: number): boolean {
    let start = lineStart;
    if (this.#atStart) {
      this.#atStart = false;
      if (bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf) start += 3;
    }
    if (start === end) return this.#closeFrame();
    let colon = bytes.indexOf(COLON, start);
    if (colon === -1 || colon > end) colon = end;
    if (colon === start) return false; // A comment.
    const valueStart = Math.min(bytes[colon + 1] === SPACE ? colon + 2 : colon + 1, end);
    const nameLength = colon - start;
    if (nameLength === 4 && decodeUtf8(bytes, start, colon) === "data") {
      this.#checkLimit(end - valueStart);
      this.#dataLength += end - valueStart;
      const value = decodeUtf8(bytes, valueStart, end);
      this.#lines = this.#lines === null ? value : `${this.#lines}\n${value}`;
    } else if (nameLength === 5 && decodeUtf8(bytes, start, colon) === "event") {
      this.#name = decodeUtf8(bytes, valueStart, end);
    }
    return false;
  }

  #closeFrame(): boolean {
    const hasData = this.#lines !== null;
    this.event = this.#name;
    this.data = this.#lines ?? "";
    this.#name = "";
    this.#lines = null;
    this.#dataLength = 0;
    this.#between = true;
    return hasData;
  }
}
