import { LimitExceededError, MalformedFrameError } from "../../../src/errors.ts";
import type { FrameReader } from "../../../src/frame/frame-reader.ts";
import { DEEPEST, isDeeper } from "../../../src/json/depth.ts";
import { isObject, type JsonObject, tryParse } from "../../../src/json/object.ts";

/** Reads frames: the length of a payload, the payload, which is JSON, and its checksum. Numbers have four bytes. */
export class FolioFrames implements FrameReader<JsonObject> {
  readonly #limit: number;
  #pieces: Buffer[] = [];
  #size = 0;
  /** How many bytes it takes to go on: pieces are not joined before. */
  #needed = 4;

  constructor(limit: number) {
    this.#limit = limit;
  }

  push(bytes: Uint8Array): void {
    this.#pieces.push(Buffer.from(bytes));
    this.#size += bytes.length;
  }

  next(): JsonObject | null {
    if (this.#size < this.#needed) return null;
    const bytes = this.#pieces.length > 1 ? Buffer.concat(this.#pieces) : this.#pieces[0]!;
    const length = bytes.readUInt32BE();
    if (length > this.#limit) throw new LimitExceededError("frame", this.#limit);
    const end = length + 8;
    const isWhole = this.#size >= end;
    const rest = isWhole ? bytes.subarray(end) : bytes;
    this.#pieces = [rest];
    this.#size = rest.length;
    this.#needed = isWhole ? 4 : end;
    return isWhole ? parse(bytes.subarray(4, end - 4), bytes.readUInt32BE(end - 4)) : null;
  }

  end(isClean: boolean): void {
    if (isClean && this.#size > 0) throw new MalformedFrameError("", "the body ends within it");
  }
}

/** The reader of events that were parsed already. */
export function createEventFrames(): FrameReader<JsonObject, unknown> {
  const events: JsonObject[] = [];
  return { push: (event) => void events.push(event as JsonObject), next: () => events.shift() ?? null, end() {} };
}

function parse(payload: Buffer, checksum: number): JsonObject {
  if (adler32(payload) !== checksum) throw new MalformedFrameError(payload.toString(), "its checksum is wrong");
  const event = tryParse(payload.toString());
  if (!isObject(event)) throw new MalformedFrameError(payload.toString());
  if (isDeeper(event, DEEPEST)) throw new LimitExceededError("depth");
  return event;
}

/** Writes a frame. */
export function encodeFrame(event: unknown): Buffer {
  const payload = Buffer.from(JSON.stringify(event));
  const frame = Buffer.alloc(payload.length + 8);
  frame.writeUInt32BE(payload.length);
  frame.writeUInt32BE(adler32(payload), payload.copy(frame, 4) + 4);
  return frame;
}

/** The checksum of RFC 1950. */
function adler32(bytes: Uint8Array): number {
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return ((b << 16) | a) >>> 0;
}
