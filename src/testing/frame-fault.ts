import { endlessFrames, type EndlessOptions } from "./endless.ts";
import type { Frame, FrameStyle } from "./frame.ts";
import type { Wire } from "./wire.ts";

/** Faults in single events, after which the stream goes on. A negative index counts from the end: -1 is the last event. */
export interface FrameFaultOptions extends EndlessOptions {
  /** The index of an event whose JSON breaks off in the middle. The frame itself is intact. */
  readonly malformAt?: number | undefined;
  /** The index of an event that is sent twice. */
  readonly duplicateAt?: number | undefined;
  /** The index of an event that is swapped with the next one. */
  readonly swapAt?: number | undefined;
  /** The index of an event whose last string contains invalid UTF-8. The event is valid JSON otherwise. */
  readonly invalidUtf8At?: number | undefined;
}

/** Applies the faults that do not end a stream to its frames. */
export function* spoiledFrames(
  frames: Iterable<Frame>,
  total: number,
  options: FrameFaultOptions & FrameStyle,
  wire: Wire,
): Generator<Frame> {
  const is = (index: number, at: number | undefined): boolean => at !== undefined && index === placeOf(at, total);
  const { malformAt, duplicateAt, swapAt, invalidUtf8At, endless, endlessAfter = 2 } = options;
  let index = 0;
  let held: Frame[] = [];
  for (const frame of frames) {
    if (endless !== undefined && is(index, endlessAfter)) yield* endlessFrames(endless, options, wire);
    const malformed = is(index, malformAt) ? { ...frame, bytes: malformedBytes(frame.bytes) } : frame;
    const spoiled = is(index, invalidUtf8At) ? { ...malformed, bytes: invalidUtf8(malformed.bytes) } : malformed;
    const copies = is(index, duplicateAt) ? [spoiled, { ...spoiled, pause: 0, added: 1 }] : [spoiled];
    if (is(index, swapAt)) {
      held = copies;
    } else {
      yield* [...copies, ...held];
      held = [];
    }
    index++;
  }
  yield* held;
  if (endless !== undefined && is(index, endlessAfter)) yield* endlessFrames(endless, options, wire);
}

function placeOf(at: number, total: number): number {
  return at < 0 ? Math.max(0, total + at) : at;
}

/** Removes the second half of the data. */
function malformedBytes(bytes: Uint8Array): Buffer {
  const { frame, start, end } = dataOf(bytes);
  let middle = start + Math.ceil((end - start) / 2);
  // Characters are kept whole, since invalid UTF-8 is another fault.
  while (((frame[middle] ?? 0) & 0xc0) === 0x80) middle--;
  return Buffer.concat([frame.subarray(0, middle), frame.subarray(end)]);
}

/** A Euro sign without its last byte, and a byte that never occurs in UTF-8. */
const INVALID_UTF8 = Buffer.from([0xe2, 0x82, 0xff]);

function invalidUtf8(bytes: Uint8Array): Buffer {
  const { frame, start, end } = dataOf(bytes);
  // Before the quote that ends the last string value, or at the end of data that has none.
  const [last] = [...frame.toString("latin1", start, end).matchAll(/(?<!\\)"(?=\s*[,}\]])/g)].slice(-1);
  const place = last === undefined ? end : start + last.index;
  return Buffer.concat([frame.subarray(0, place), INVALID_UTF8, frame.subarray(place)]);
}

/** Where the last data line of a frame begins and ends. */
function dataOf(bytes: Uint8Array): { frame: Buffer; start: number; end: number } {
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // With one character per byte, positions in the text are positions in the bytes.
  const text = frame.toString("latin1");
  const [line] = [...text.matchAll(/(?<=^data: ?)\S.*$/gm)].slice(-1);
  if (line !== undefined) return { frame, start: line.index, end: line.index + line[0].length };
  let end = text.length;
  while (end > 0 && "\r\n".includes(text.charAt(end - 1))) end--;
  return { frame, start: 0, end };
}
