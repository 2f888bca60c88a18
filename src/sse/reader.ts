import { LimitExceededError } from "../errors.ts";
import { asciiView, decodeUtf8, joinBytes } from "./bytes.ts";
import { readRun, type RunTemplate } from "./run.ts";

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;
const BYTE_ORDER_MARK = "\xef\xbb\xbf";
const TEMPLATES_KEPT = 8;
const NO_BYTES = new Uint8Array(0);

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
export class SseReader<Tag = unknown> {
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
  /** Where the next CR of the read is, at or after `#at`; far behind its end, if there is none. */
  #nextCr = -1;
  #isAfterCr = false;
  #isFirstLine = true;
  /** Nothing of the next frame has been read. */
  #isBetween = true;
  /** The parts of a line whose end has not come yet. */
  #pieces: Uint8Array[] = [];
  #piecesLength = 0;
  #name = "";
  #lines: string | null = null;
  #dataLength = 0;

  constructor({ frameLimit = Infinity, runs = true }: SseReaderOptions = {}) {
    this.#frameLimit = frameLimit;
    this.#runs = runs;
  }

  /** Takes the next bytes. Only when {@link advance} has given false: what is left of the last ones would be lost. */
  push(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = asciiView(bytes);
    this.#at = 0;
    this.#nextCr = -1;
  }

  /** Goes to the next frame, or to a run of expected ones. False: none is whole yet. */
  advance(): boolean {
    if (this.#at >= this.#bytes.length) return false;
    if (this.#isAfterCr) {
      this.#isAfterCr = false;
      if (this.#bytes[this.#at] === LF) return ++this.#at < this.#bytes.length && this.advance();
    }
    for (let i = 0; this.#isBetween && i < this.#templates.length; i++) {
      const { prefix, tag } = this.#templates[i] as RunTemplate<Tag>;
      const run = readRun(prefix, this.#view, this.#bytes, this.#at);
      if (run === null) continue;
      this.#at = run.end;
      this.run = tag;
      this.strings = run.strings;
      return true;
    }
    this.run = null;
    this.#isBetween = false;
    return this.#advanceByLine();
  }

  /** No more bytes will come. `advance` may give one more frame, marked {@link unterminated}. */
  end(): void {
    this.unterminated = true;
    // A line end closes the cut line, a second one the frame.
    this.push(this.#joinPieces(Uint8Array.of(LF, LF)));
  }

  /** Frames like this may come from now on, and may then take the short way. */
  expect(template: RunTemplate<Tag>): void {
    if (!this.#runs || this.#templates.some(({ prefix }) => prefix === template.prefix)) return;
    this.#templates = [template, ...this.#templates.slice(0, TEMPLATES_KEPT - 1)];
  }

  #advanceByLine(): boolean {
    const bytes = this.#bytes;
    while (this.#at < bytes.length) {
      const start = this.#at;
      const nextLf = this.#view.indexOf("\n", start) >>> 0;
      if (this.#nextCr < start) this.#nextCr = this.#view.indexOf("\r", start) >>> 0;
      const end = Math.min(nextLf, this.#nextCr);
      if (end > bytes.length) {
        // A copy: the runtime may use the read's memory again, and a short piece must not keep a long read alive.
        this.#pieces.push(bytes.slice(start));
        this.#piecesLength += bytes.length - start;
        this.#at = bytes.length;
        this.#checkLimit(this.#piecesLength);
        return false;
      }
      this.#at = end + 1;
      if (bytes[end] === CR) {
        this.#isAfterCr = this.#at === bytes.length;
        if (bytes[this.#at] === LF) this.#at++;
      }
      const rest = bytes.subarray(start, end);
      if (this.#readLine(this.#pieces.length === 0 ? rest : this.#joinPieces(rest))) return true;
    }
    return false;
  }

  #joinPieces(last: Uint8Array): Uint8Array {
    const joined = joinBytes([...this.#pieces, last], this.#piecesLength + last.length);
    this.#pieces = [];
    this.#piecesLength = 0;
    return joined;
  }

  #checkLimit(lineLength: number): void {
    if (this.#dataLength + lineLength > this.#frameLimit) throw new LimitExceededError("frame", this.#frameLimit);
  }

  /** Takes a line; true when it closes a frame that has data. */
  #readLine(line: Uint8Array): boolean {
    const start = this.#isFirstLine && asciiView(line.subarray(0, 3)) === BYTE_ORDER_MARK ? 3 : 0;
    this.#isFirstLine = false;
    const { length } = line;
    if (start === length) return this.#closeFrame();
    const colon = line.indexOf(COLON, start);
    const nameEnd = colon === -1 ? length : colon;
    const valueStart = Math.min(nameEnd + (line[nameEnd + 1] === SPACE ? 2 : 1), length);
    const name = nameEnd - start > 5 ? "" : decodeUtf8(line, start, nameEnd);
    if (name === "data") {
      this.#checkLimit(length - valueStart);
      this.#dataLength += length - valueStart;
      const value = decodeUtf8(line, valueStart);
      this.#lines = this.#lines === null ? value : `${this.#lines}\n${value}`;
    } else if (name === "event") {
      this.#name = decodeUtf8(line, valueStart);
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
    this.#isBetween = true;
    return hasData;
  }
}
