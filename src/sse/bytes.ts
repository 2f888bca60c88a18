// One character per byte, so that a position in the text is an offset in the bytes. Bytes below 0x80 are themselves;
// what the others become differs between runtimes (latin1 here, windows-1252 there), and nobody may look.

// Buffer decodes short slices several times faster than TextDecoder does; it is there on Node, Bun and Deno.
const NodeBuffer = (globalThis as { Buffer?: typeof Buffer }).Buffer;
const utf8Decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const byteDecoder = new TextDecoder("latin1");

function asBuffer(constructor: typeof Buffer, bytes: Uint8Array): Buffer {
  return bytes instanceof constructor ? bytes : constructor.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The bytes as text with one character per byte, exact below 0x80. */
export function asciiView(bytes: Uint8Array): string {
  return NodeBuffer === undefined ? byteDecoder.decode(bytes) : asBuffer(NodeBuffer, bytes).toString("latin1");
}

/** The bytes from `start` to `end` as UTF-8; invalid sequences become U+FFFD, a byte order mark is kept. */
export function decodeUtf8(bytes: Uint8Array, start = 0, end = bytes.length): string {
  return NodeBuffer === undefined
    ? utf8Decoder.decode(bytes.subarray(start, end))
    : asBuffer(NodeBuffer, bytes).toString("utf8", start, end);
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
