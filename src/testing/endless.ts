import type { Frame, FrameStyle } from "./frame.ts";
import { encodedEvent, type Wire } from "./wire.ts";

/** Endless streams, and events of any size. */
export interface EndlessOptions {
  /**
   * What to send endlessly, in large writes, as fast as the client reads: deltas of the first text, events without content,
   * comments, or spaces inside a single event. With `gzip`, this is a compression bomb.
   */
  readonly endless?: "delta" | "ping" | "comment" | "padding" | undefined;
  /** After how many events it starts. Default 2, which for the Messages API is where the first block has begun. */
  readonly endlessAfter?: number | undefined;
  /**
   * The number of bytes after which it stops, and the stream goes on. A padded event has exactly this length. Default: it
   * only stops when the client closes the connection.
   */
  readonly endlessBytes?: number | undefined;
}

const WRITE_BYTES = 262_144;
const TEXT = " and";

/** Makes the frames of an endless stream, up to `endlessBytes`. */
export function endlessFrames(
  kind: NonNullable<EndlessOptions["endless"]>,
  { endlessBytes = Infinity, ...style }: EndlessOptions & FrameStyle,
  wire: Wire,
): Generator<Frame> {
  const { lineEnd = "\n" } = style;
  if (kind === "padding") return paddedFrame(endlessBytes, style, wire);
  if (kind === "comment") return repeated(Buffer.from(`: PROCESSING${lineEnd}${lineEnd}`), 0, endlessBytes);
  const event = kind === "ping" ? wire.ping() : wire.delta(TEXT);
  return repeated(encodedEvent(event, wire, style), event === null ? 0 : 1, endlessBytes);
}

/** Repeats a unit until the total reaches a length. */
function* repeated(unit: Buffer, events: number, length: number): Generator<Frame> {
  const most = Math.max(1, Math.floor(WRITE_BYTES / unit.length));
  const block = Buffer.alloc(most * unit.length, unit);
  for (let left = Math.ceil(length / unit.length); left > 0;) {
    const count = Math.min(left, most);
    yield { bytes: block.subarray(0, count * unit.length), pause: 0, added: count * events, isBulk: true };
    left -= count;
  }
}

/** One delta, padded in the API's manner, but to the given length. */
function* paddedFrame(length: number, style: FrameStyle, wire: Wire): Generator<Frame> {
  const frame = encodedEvent(wire.delta(TEXT), wire, style);
  const brace = frame.lastIndexOf("}");
  yield { bytes: frame.subarray(0, brace), pause: 0, added: 0, isBulk: true };
  yield* repeated(Buffer.from(" "), 0, Math.max(0, length - frame.length));
  yield { bytes: frame.subarray(brace), pause: 0, added: 1, isBulk: true };
}
