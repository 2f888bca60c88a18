import { LimitExceededError } from "../errors.ts";
import { decodedUtf8, textOfBytes } from "./bytes.ts";
import { readRun, type RunTemplate, runTemplate } from "./run.ts";

const BYTE_ORDER_MARK = "\xef\xbb\xbf";

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
  #expected: RunTemplate | null = null;
  #expectedTag: Tag | null = null;
  /** The last read, one character a byte. */
  #read = "";
  #at = 0;
  /** Where the next CR of the read is, at or after `#at`; far behind its end, if there is none. */
  #nextCr = -1;
  #isAfterCr = false;
  #isFirstLine = true;
  /** Nothing of the next frame has been read. */
  #isBetween = true;
  /** The parts of a line whose end has not come yet. */
  #pieces: string[] = [];
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
    this.#begin(textOfBytes(bytes));
  }

  #begin(read: string): void {
    this.#read = read;
    this.#at = 0;
    this.#nextCr = -1;
  }

  /** Goes to the next frame, or to a run of expected ones. False: none is whole yet. */
  advance(): boolean {
    if (this.#at >= this.#read.length) return false;
    if (this.#isAfterCr) {
      this.#isAfterCr = false;
      if (this.#read[this.#at] === "\n") return ++this.#at < this.#read.length && this.advance();
    }
    const expected = this.#isBetween ? this.#expected : null;
    const run = expected === null ? null : readRun(expected, this.#read, this.#at);
    if (run !== null) {
      this.#at = run.end;
      this.run = this.#expectedTag;
      this.strings = run.strings;
      return true;
    }
    this.run = null;
    return this.#advanceByLine();
  }

  /** No more bytes will come. `advance` may give one more frame, marked {@link unterminated}. */
  end(): void {
    this.unterminated = true;
    // A line end closes the cut line, a second one the frame.
    this.#begin("\n\n");
  }

  /**
   * Frames may come from now on that are equal but for one string, and may then take the short way.
   *
   * @param prefix - The frames up to and including the quote that opens the string. ASCII.
   * @param tag - What {@link run} is on them.
   */
  expect(prefix: string, tag: Tag): void {
    const template = this.#runs ? runTemplate(prefix) : null;
    if (template === this.#expected) return;
    this.#expected = template;
    this.#expectedTag = tag;
  }

  #advanceByLine(): boolean {
    const read = this.#read;
    while (this.#at < read.length) {
      this.#isBetween = false;
      const start = this.#at;
      const nextLf = read.indexOf("\n", start) >>> 0;
      if (this.#nextCr < start) this.#nextCr = read.indexOf("\r", start) >>> 0;
      const end = Math.min(nextLf, this.#nextCr);
      const piece = read.slice(start, end);
      if (end > read.length) {
        this.#pieces.push(piece);
        this.#piecesLength += piece.length;
        this.#at = read.length;
        this.#checkLimit(this.#piecesLength);
        return false;
      }
      this.#at = end + 1;
      if (read[end] === "\r") {
        this.#isAfterCr = this.#at === read.length;
        if (read[this.#at] === "\n") this.#at++;
      }
      if (this.#readLine(this.#pieces.length === 0 ? piece : this.#joinPieces(piece))) return true;
    }
    return false;
  }

  #joinPieces(last: string): string {
    const line = [...this.#pieces, last].join("");
    this.#pieces = [];
    this.#piecesLength = 0;
    return line;
  }

  #checkLimit(lineLength: number): void {
    if (this.#dataLength + lineLength > this.#frameLimit) throw new LimitExceededError("frame", this.#frameLimit);
  }

  /** Takes a line; true when it closes a frame that has data. */
  #readLine(given: string): boolean {
    const line = this.#isFirstLine && given.startsWith(BYTE_ORDER_MARK) ? given.slice(3) : given;
    this.#isFirstLine = false;
    if (line === "") return this.#closeFrame();
    const colon = line.indexOf(":") >>> 0;
    const name = line.slice(0, colon);
    const value = line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    if (name === "data") {
      this.#checkLimit(value.length);
      this.#dataLength += value.length;
      this.#lines = this.#lines === null ? value : `${this.#lines}\n${value}`;
    } else if (name === "event") {
      this.#name = decodedUtf8(value);
    }
    return false;
  }

  #closeFrame(): boolean {
    const hasData = this.#lines !== null;
    this.event = this.#name;
    this.data = decodedUtf8(this.#lines ?? "");
    this.#name = "";
    this.#lines = null;
    this.#dataLength = 0;
    this.#isBetween = true;
    return hasData;
  }
}
