import { type Fault, type FaultOptions, faultWithin, plannedFaults } from "./fault.ts";
import { spoiledFrames } from "./frame-fault.ts";
import type { Frame, FrameStyle } from "./frame.ts";
import type { ResponseWriter } from "./response-writer.ts";
import type { Wire } from "./wire.ts";

/** How a reply is delivered. May be set for the whole server or for one reply. */
export interface DeliveryOptions extends FaultOptions, FrameStyle {
  /** Milliseconds between writes to the socket. Default 0: as fast as the client reads. */
  readonly pace?: number | undefined;
  /** Milliseconds before the response begins. Default 0. */
  readonly firstDelayMs?: number | undefined;
  /** The number of bytes in each write to the socket: 1 or more, `Infinity` for everything at once. Default: one event. */
  readonly chunkBytes?: number | undefined;
  /**
   * Whether to pad events as the API does: with 0 to 15 spaces before their last brace, or with an `obfuscation`. Default
   * true.
   */
  readonly pad?: boolean | undefined;
  /**
   * Which events without content to send: `true` for the API's single one, `false` for none, a number for so many per
   * event.
   */
  readonly pings?: boolean | number | undefined;
  /** Whether to send a comment before every event. */
  readonly comments?: boolean | undefined;
  /** Whether to send an event of an unknown type after every event but the last. */
  readonly unknownEvents?: boolean | undefined;
  /** Whether to send `data: [DONE]` at the end. Default: as the API does: only for Chat Completions. */
  readonly done?: boolean | undefined;
  /** Whether to compress the body, even if the client does not accept that. */
  readonly gzip?: boolean | undefined;
  /** Keeps the response open after the last event: for a number of milliseconds, or `true` until the client closes it. */
  readonly holdOpen?: boolean | number | undefined;
}

/**
 * Sends a stream until it ends, a fault strikes, or the client goes away. Each write is one event, or `chunkBytes` long,
 * and the pace is the given one, or as fast as the client reads.
 *
 * @param total - The number of frames.
 */
export async function deliverStream(
  writer: ResponseWriter,
  frames: Iterable<Frame>,
  total: number,
  options: DeliveryOptions,
  wire: Wire,
): Promise<void> {
  const spoiled = spoiledFrames(frames, total, options, wire);
  const whole = countsBytesFromEnd(options) ? [...spoiled] : null;
  const bytes = (): number => whole?.reduce((sum, frame) => sum + frame.bytes.length, 0) ?? Infinity;
  const faults = plannedFaults(options, { events: total, bytes });
  const output = new Output(writer, options, wire);
  let events = 0;
  let offset = 0;
  for (const { bytes, pause, added, isBulk } of whole ?? spoiled) {
    if (writer.isClosed) break;
    const fault = faultWithin(faults, { events, bytes: offset, length: bytes.length });
    if (fault !== null && fault.bytes === 0) return output.breakOff(fault.strike);
    if (pause > 0) await writer.wait(pause);
    if (fault !== null) return output.breakOff(fault.strike, bytes.subarray(0, fault.bytes));
    await output.write(bytes, isBulk);
    offset += bytes.length;
    if (added === undefined) events++;
    writer.progress.eventsWritten += added ?? 1;
  }
  const fault = faultWithin(faults, { events, bytes: offset, length: 1 });
  if (fault !== null) return output.breakOff(fault.strike);
  await output.flush();
  const { holdOpen = false } = options;
  if (holdOpen === true) await writer.closed;
  else if (holdOpen !== false) await writer.wait(holdOpen);
  await writer.end();
}

/** Whether a fault counts bytes from the end, so that the whole stream is needed first. Endless streams have no end. */
function countsBytesFromEnd(options: FaultOptions): boolean {
  const { disconnectAtByte = 0, endAtByte = 0, stallAtByte = 0, endless, endlessBytes = Infinity } = options;
  const isEndless = endless !== undefined && endlessBytes === Infinity;
  return !isEndless && Math.min(disconnectAtByte, endAtByte, stallAtByte) < 0;
}

/** Writes frames to the socket at a given pace, each in one write or cut into writes of a given length. */
class Output {
  readonly #writer: ResponseWriter;
  readonly #options: DeliveryOptions;
  readonly #wire: Wire;
  readonly #cutter: Cutter;
  readonly #pacer: Pacer;

  constructor(writer: ResponseWriter, options: DeliveryOptions, wire: Wire) {
    this.#writer = writer;
    this.#options = options;
    this.#wire = wire;
    this.#cutter = new Cutter(options.chunkBytes);
    this.#pacer = new Pacer(writer, options.pace ?? 0);
  }

  async write(bytes: Uint8Array, isBulk = false): Promise<void> {
    if (isBulk) await this.flush();
    for (const piece of isBulk ? [bytes] : this.#cutter.push(bytes)) await this.#send(piece);
  }

  async flush(): Promise<void> {
    for (const piece of this.#cutter.rest()) await this.#send(piece);
  }

  /** Writes what is left, then lets the fault strike. */
  async breakOff(strike: Fault["strike"], bytes?: Uint8Array): Promise<void> {
    if (bytes !== undefined) await this.write(bytes);
    await this.flush();
    if (!this.#writer.isClosed) await strike(this.#writer, this.#options, this.#wire);
  }

  async #send(piece: Uint8Array): Promise<void> {
    await this.#pacer.turn();
    await this.#writer.write(piece);
  }
}

/** Cuts a series of bytes into pieces of one length, regardless of frames. */
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
    this.#pending = [];
    this.#pendingLength = 0;
  }
}

/** Spaces out writes by the clock, so that a late write does not delay those after it. */
class Pacer {
  readonly #writer: ResponseWriter;
  readonly #pace: number;
  #due: number | null = null;

  constructor(writer: ResponseWriter, pace: number) {
    this.#writer = writer;
    this.#pace = pace;
  }

  /** Waits until the next write is due. */
  async turn(): Promise<void> {
    const now = performance.now();
    if (this.#due === null) {
      this.#due = now + this.#pace;
      return;
    }
    // Even without a pace, wait for another turn of the event loop, since Node merges the writes of one turn.
    await this.#writer.wait(Math.max(0, this.#due - now));
    this.#due = Math.max(this.#due, now - this.#pace) + this.#pace;
  }
}
