import type { SseStyle } from "../sse/encode.ts";
import { type FaultOptions, plannedFault } from "./fault.ts";
import type { ResponseWriter } from "./response-writer.ts";

/** How a reply travels: given to the server for all of its replies, or to one of them. */
export interface DeliveryOptions extends FaultOptions {
  /** Milliseconds between one write to the socket and the next. Default 0: as fast as the client reads. */
  readonly pace?: number | undefined;
  /** Milliseconds before the response begins. Default 0. */
  readonly firstDelayMs?: number | undefined;
  /**
   * How many bytes go into a write to the socket: 1 or more, `Infinity` for all at once. If not given, every event is
   * a write of its own.
   */
  readonly chunkBytes?: number | undefined;
  /** Whether events are padded with 0 to 15 spaces before their last brace, as the API does. Default true. */
  readonly pad?: boolean | undefined;
  /** `ping` events: `true` is the one that the API sends, `false` none, a number so many before every event. */
  readonly pings?: boolean | number | undefined;
  /** Whether a comment goes before every event. */
  readonly comments?: boolean | undefined;
  /** Whether an event of an unknown kind goes after every event but the last. */
  readonly unknownEvents?: boolean | undefined;
  /** What ends a line. Default `"\n"`. */
  readonly lineEnd?: SseStyle["lineEnd"];
  /** Leaves out the `event:` lines. */
  readonly noEventLine?: boolean | undefined;
  /** Sends `data: [DONE]` at the end, as some compatible servers do. */
  readonly done?: boolean | undefined;
  /** Compresses the body, whether or not the client asked for it. */
  readonly gzip?: boolean | undefined;
  /** Keeps the response open after the last event: for so many milliseconds, or until the client closes it. */
  readonly holdOpen?: boolean | number | undefined;
}

/** One event, on its way to the wire. */
export interface Frame {
  readonly bytes: Uint8Array;
  /** Milliseconds of silence before it. */
  readonly pause: number;
}

/**
 * Sends a stream: in writes of an event or of `chunkBytes`, at the pace that was asked for or that the client can take,
 * until it ends, a fault strikes, or the client goes away.
 *
 * @param total - How many frames there are.
 */
export async function deliverStream(
  writer: ResponseWriter,
  frames: Iterable<Frame>,
  total: number,
  options: DeliveryOptions,
): Promise<void> {
  const fault = plannedFault(options, total);
  const cutter = new Cutter(options.chunkBytes);
  const pacer = new Pacer(writer, options.pace ?? 0);
  let sent = 0;
  const write = async (bytes: Uint8Array): Promise<void> => {
    await pacer.turn();
    await writer.write(bytes);
  };
  for (const { bytes, pause } of frames) {
    if (writer.isClosed || sent === fault?.after) break;
    if (pause > 0) await writer.wait(pause);
    for (const piece of cutter.push(bytes)) await write(piece);
    sent++;
    writer.progress.eventsWritten = sent;
  }
  for (const piece of cutter.rest()) await write(piece);
  if (fault !== null && sent === fault.after) return fault.strike(writer);
  const { holdOpen = false } = options;
  if (holdOpen === true) await writer.closed;
  else if (holdOpen !== false) await writer.wait(holdOpen);
  await writer.end();
}

/** Cuts a flow of bytes into pieces of one length, whatever the frames were. */
class Cutter {
  readonly #length: number | undefined;
  #pending: Uint8Array[] = [];
  #pendingLength = 0;

  constructor(length: number | undefined) {
    this.#length = length;
  }

  *push(bytes: Uint8Array): Generator<Uint8Array> {
    if (this.#length === undefined) return yield bytes;
    this.#pending.push(bytes);
    this.#pendingLength += bytes.length;
    if (this.#pendingLength < this.#length) return;
    const whole = Buffer.concat(this.#pending);
    let start = 0;
    for (; start + this.#length <= whole.length; start += this.#length)
      yield whole.subarray(start, start + this.#length);
    this.#pending = [whole.subarray(start)];
    this.#pendingLength = whole.length - start;
  }

  *rest(): Generator<Uint8Array> {
    if (this.#pendingLength > 0) yield Buffer.concat(this.#pending);
  }
}

/** Spaces writes out in time, by the clock: a late write does not delay those after it. */
class Pacer {
  readonly #writer: ResponseWriter;
  readonly #pace: number;
  #due: number | null = null;

  constructor(writer: ResponseWriter, pace: number) {
    this.#writer = writer;
    this.#pace = pace;
  }

  /** Waits for the time of the next write. */
  async turn(): Promise<void> {
    const now = performance.now();
    if (this.#due === null) {
      this.#due = now + this.#pace;
      return;
    }
    // Without a pace, another turn of the event loop still makes it another write: Node joins those of one turn.
    await this.#writer.wait(Math.max(0, this.#due - now));
    this.#due = Math.max(this.#due, now - this.#pace) + this.#pace;
  }
}
