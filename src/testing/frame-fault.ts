import { endlessFrames, type EndlessOptions } from "./endless.ts";
import type { Frame, FrameStyle } from "./frame.ts";

/** How single events may be spoiled, while the stream goes on. An index below 0 counts from the end: -1 is the last. */
export interface FrameFaultOptions extends EndlessOptions {
  /** The index of an event whose JSON breaks off in the middle. Its frame is whole. */
  readonly malformAt?: number | undefined;
  /** The index of an event that comes twice. */
  readonly duplicateAt?: number | undefined;
  /** The index of an event that changes places with the next one. */
  readonly swapAt?: number | undefined;
  /** The index of an event with bytes that are no UTF-8 in the last of its strings. It is JSON all the same. */
  readonly invalidUtf8At?: number | undefined;
}

/** The frames of a stream, with the faults that do not end it. */
export function* spoiledFrames(
  frames: Iterable<Frame>,
  total: number,
  options: FrameFaultOptions & FrameStyle,
): Generator<Frame> {
  const is = (index: number, at: number | undefined): boolean => at !== undefined && index === placeOf(at, total);
  const { malformAt, duplicateAt, swapAt, invalidUtf8At, endless, endlessAfter = 2 } = options;
  let index = 0;
  let held: Frame[] = [];
  for (const frame of frames) {
    if (endless !== undefined && is(index, endlessAfter)) yield* endlessFrames(endless, options);
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
  if (endless !== undefined && is(index, endlessAfter)) yield* endlessFrames(endless, options);
}

function placeOf(at: number, total: number): number {
  return at < 0 ? Math.max(0, total + at) : at;
}

/** Leaves out the second half of the data. */
function malformedBytes(bytes: Uint8Array): Buffer {
  const { frame, start, end } = dataOf(bytes);
  let middle = start + Math.ceil((end - start) / 2);
  // A character is not halved: that is another fault.
  while (((frame[middle] ?? 0) & 0xc0) === 0x80) middle--;
  return Buffer.concat([frame.subarray(0, middle), frame.subarray(end)]);
}

/** The Euro sign without its last byte, and a byte that UTF-8 never has. */
const NO_UTF8 = Buffer.from([0xe2, 0x82, 0xff]);

function invalidUtf8(bytes: Uint8Array): Buffer {
  const { frame, start, end } = dataOf(bytes);
  // Before the quote that ends a value, and no key; or at the end of what is no such JSON.
  const [last] = [...frame.toString("latin1", start, end).matchAll(/(?<!\\)"(?=\s*[,}\]])/g)].slice(-1);
  const place = last === undefined ? end : start + last.index;
  return Buffer.concat([frame.subarray(0, place), NO_UTF8, frame.subarray(place)]);
}

/** Where the last line of data in a frame begins and ends. */
function dataOf(bytes: Uint8Array): { frame: Buffer; start: number; end: number } {
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // One character a byte, so that places in the text are places in the bytes.
  const text = frame.toString("latin1");
  const [line] = [...text.matchAll(/(?<=^data: ?)\S.*$/gm)].slice(-1);
  const start = line?.index ?? 0;
  return { frame, start, end: line === undefined ? text.replace(/[\r\n]+$/, "").length : start + line[0].length };
}
