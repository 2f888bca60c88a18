import { LimitExceededError } from "../errors.ts";
import { decodedUtf8, textOfBytes } from "./bytes.ts";
import { DEFAULT_FRAME_LIMIT } from "./frame-reader.ts";
import { Pieces } from "./pieces.ts";
import { readRun, type RunTemplate, runTemplate } from "./run.ts";

const BYTE_ORDER_MARK = "\xef\xbb\xbf";
/** V8 has no longer strings, and throws a RangeError of its own. */
const LONGEST_STRING = 2 ** 29 - 24;

/** Settings of an {@link SseReader}. */
export interface SseReaderOptions {
  /**
   * The largest frame, in bytes: from its first field to the end of its last line, with all fields, comments and line
   * ends between them. Comments between frames belong to no frame, but none of their lines may be longer. Default 32 MiB.
   */
  readonly frameLimit?: number | undefined;
  /** Whether expected frames may take the fast path. The plain path gives the same. Default true. */
  readonly runs?: boolean | undefined;
}

/**
 * Reads server-sent events from bytes, by the rules of the HTML standard (section 9.2.6). A provider's `FrameReader`
 * wraps it: `push` a network read, then `advance` from frame to frame until it returns false.
 *
 * It is linear in the bytes, however they were cut, and holds at most one read and one frame.
 *
 * @example
 * ```ts
 * const reader = new SseReader();
 * reader.push(bytes);
 * while (reader.advance()) console.log(reader.event, reader.data);
 * ```
 */
export class SseReader<Tag = unknown> {
  /** The current frame's `event` field, or `""`. */
  event = "";
  /** The current frame's `data` lines, joined by line feeds. Not set on a run. */
  data = "";
  /** The tag given to {@link expect}, while the reader is on a run of expected frames; null on a single frame. */
  run: Tag | null = null;
  /** The values in which the frames of the run differ, frame by frame. */
  values: readonly (string | number)[] = [];
  /** Whether the bytes have ended: inside the current frame, if there is one. */
  unterminated = false;

  readonly #frameLimit: number;
  readonly #runs: boolean;
  #expected: RunTemplate | null = null;
  #expectedTag: Tag | null = null;
  /** The last read, one character a byte. */
  #read = "";
  #at = 0;
  /** Where the next LF and the next CR of the read are, at or after `#at`; beyond its end if there is none. */
  #nextLf = -1;
  #nextCr = -1;
  /** The last read ended with a CR, so that an LF at the start of the next one belongs to it. */
  #isAfterCr = false;
  #isFirstLine = true;
  /** A line whose end has not arrived yet. */
  readonly #cutLine = new Pieces();
  /** The whole lines of the current frame, in bytes; 0 between frames. */
  #frameLength = 0;
  #name = "";
  /** The first `data` line of the current frame: most have no other. */
  #data: string | null = null;
  readonly #moreData = new Pieces();
  /** The lines that belong to no event; null once there was one. */
  #other: Pieces | null = new Pieces();
  #bareLine = "";

  constructor({ frameLimit = DEFAULT_FRAME_LIMIT, runs = true }: SseReaderOptions = {}) {
    this.#frameLimit = Math.min(frameLimit, LONGEST_STRING);
    this.#runs = runs;
  }

  /** Takes the next bytes, once {@link advance} has returned false: unread bytes of the last ones would be lost. */
  push(bytes: Uint8Array): void {
    this.#begin(textOfBytes(bytes));
  }

  #begin(read: string): void {
    this.#read = read;
    this.#at = 0;
    this.#nextLf = -1;
    this.#nextCr = -1;
    if (!this.#isAfterCr || read === "") return;
    this.#isAfterCr = false;
    if (!read.startsWith("\n")) return;
    this.#at = 1;
    if (this.#frameLength > 0) this.#frameLength++;
  }

  /**
   * Goes to the next frame, or to a run of expected ones. False: more bytes are needed.
   *
   * @throws LimitExceededError - The frame is larger than `frameLimit`.
   */
  advance(): boolean {
    if (this.#at >= this.#read.length) return false;
    const isBetween = this.#frameLength === 0 && this.#cutLine.length === 0;
    const expected = isBetween ? this.#expected : null;
    // The limit does not count the two line ends that close a frame.
    const run = expected === null ? null : readRun(expected, this.#read, this.#at, this.#frameLimit + 2);
    if (run !== null) {
      this.#at = run.end;
      this.#isFirstLine = false;
      this.#bareLine = "";
      this.run = this.#expectedTag;
      this.values = run.values;
      return true;
    }
    this.run = null;
    return this.#advanceByLine();
  }

  /** Says that no more bytes come: {@link advance} may give one more frame, marked {@link unterminated}. */
  end(): void {
    this.unterminated = true;
    // One line end closes a cut line, the other one the frame.
    this.#begin("\n\n");
  }

  /** Takes the text of bytes that do not consist of events. It is empty if there was an event, or only fields of one. */
  takeOther(): string {
    const text = decodedUtf8((this.#other?.take() ?? "").slice(0, -1));
    // The end may have cut the first field within its name.
    return ["data", "event", "id", "retry"].some((name) => name.startsWith(text)) ? "" : text;
  }

  /** The last line after the last event, if it seems to be JSON rather than a field: some servers end with an error so. */
  get bareLine(): string {
    return decodedUtf8(this.#bareLine);
  }

  /**
   * Announces frames that differ in a few values alone: from now on, those that match take the fast path.
   *
   * @param parts - What stands around the values: see {@link runTemplate}. Null if none is expected any more.
   * @param tag - The value of {@link run} on them.
   */
  expect(parts: readonly string[] | null, tag: Tag): void {
    this.#expected = this.#runs && parts !== null ? runTemplate(parts) : null;
    this.#expectedTag = tag;
  }

  #advanceByLine(): boolean {
    const read = this.#read;
    while (this.#at < read.length) {
      const start = this.#at;
      if (this.#nextLf < start) this.#nextLf = read.indexOf("\n", start) >>> 0;
      if (this.#nextCr < start) this.#nextCr = read.indexOf("\r", start) >>> 0;
      const end = Math.min(this.#nextLf, this.#nextCr);
      const piece = read.slice(start, end);
      const cutLength = this.#cutLine.length;
      this.#checkLimit(cutLength + piece.length);
      if (end > read.length) {
        this.#cutLine.add(piece);
        this.#at = read.length;
        return false;
      }
      this.#at = end + 1;
      if (read[end] === "\r") {
        this.#isAfterCr = this.#at === read.length;
        if (read[this.#at] === "\n") this.#at++;
      }
      const line = cutLength === 0 ? piece : this.#cutLine.take() + piece;
      if (this.#readLine(line, cutLength + this.#at - start)) return true;
    }
    return false;
  }

  #checkLimit(lineLength: number): void {
    // An empty line adds nothing: it closes the frame.
    if (lineLength > 0 && this.#frameLength + lineLength > this.#frameLimit) {
      throw new LimitExceededError("frame", this.#frameLimit);
    }
  }

  /** Takes a line, `length` bytes long with its end. True: it closed a frame that has data. */
  #readLine(given: string, length: number): boolean {
    const line = this.#isFirstLine && given.startsWith(BYTE_ORDER_MARK) ? given.slice(3) : given;
    this.#isFirstLine = false;
    if (line === "") return this.#closeFrame();
    const colon = line.indexOf(":") >>> 0;
    // A comment does not begin a frame.
    if (colon > 0 || this.#frameLength > 0) this.#frameLength += length;
    const name = line.slice(0, colon);
    const value = line.slice(colon + (line[colon + 1] === " " ? 2 : 1));
    if (name === "data") {
      if (this.#data === null) {
        this.#data = value;
      } else {
        this.#moreData.add("\n");
        this.#moreData.add(value);
      }
    } else if (name === "event") {
      this.#name = decodedUtf8(value);
    } else if (colon > 0 && this.#other !== null && !/^(id|retry)$/.test(name)) {
      this.#other.add(`${line}\n`);
      if (this.#other.length > this.#frameLimit) throw new LimitExceededError("frame", this.#frameLimit);
    } else if (line.startsWith("{")) {
      this.#bareLine = line;
    }
    return false;
  }

  #closeFrame(): boolean {
    const hasData = this.#data !== null;
    if (hasData) {
      this.#other = null;
      this.#bareLine = "";
    }
    this.event = this.#name;
    this.data = decodedUtf8((this.#data ?? "") + this.#moreData.take());
    this.#name = "";
    this.#data = null;
    this.#frameLength = 0;
    return hasData;
  }
}
