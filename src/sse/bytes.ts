// One character per byte, so that a position in the text is an offset in the bytes. Bytes below 0x80 are themselves;
// what the others become differs between runtimes (latin1 here, windows-1252 there), and nobody may look.

/** What Buffer has on Node, Bun and Deno: several times faster than TextDecoder for short slices. */
interface Slicing {
  latin1Slice(start: number, end: number): string;
  utf8Slice(start: number, end: number): string;
}

const { Buffer: Buffers } = globalThis as { Buffer?: typeof Buffer };
const utf8Decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const byteDecoder = new TextDecoder("latin1");

/** The bytes as a Buffer, not copied; null where there is none, or none with these methods. */
function slicing(bytes: Uint8Array): Slicing | null {
  if (canSlice(bytes)) return bytes;
  const buffer = Buffers?.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer !== undefined && canSlice(buffer) ? buffer : null;
}

function canSlice(bytes: Uint8Array): bytes is Uint8Array & Slicing {
  return "latin1Slice" in bytes && "utf8Slice" in bytes;
}

/** The bytes as text with one character per byte, exact below 0x80. */
export function asciiView(bytes: Uint8Array): string {
  return slicing(bytes)?.latin1Slice(0, bytes.length) ?? byteDecoder.decode(bytes);
}

/** What the bytes behind a part of such a text are as UTF-8; null where they cannot be told from it. */
export function decodeView(view: string): string | null {
  return Buffers !== undefined && canSlice(Buffers.prototype) ? Buffers.from(view, "latin1").toString() : null;
}

/** The bytes from `start` to `end` as UTF-8; invalid sequences become U+FFFD, a byte order mark is kept. */
export function decodeUtf8(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return slicing(bytes)?.utf8Slice(start, end) ?? utf8Decoder.decode(bytes.subarray(start, end));
}

/** One array out of many. */
export function joinBytes(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    joined.set(piece, offset);
    offset += piece.length;
  }
  return joined;
}
