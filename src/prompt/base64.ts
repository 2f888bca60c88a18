interface BufferLike {
  from(buffer: ArrayBufferLike, byteOffset: number, length: number): { toString(encoding: "base64"): string };
}

// btoa takes a string: pieces keep it small, and a multiple of three bytes needs no padding between them.
const PIECE = 3 * 8192;

/**
 * The base64 text of bytes (RFC 4648, section 4, padded), on every runtime.
 *
 * @internal
 */
export function base64(bytes: Uint8Array): string {
  // Not the bare name: bundlers for browsers would pull in a polyfill.
  const { Buffer } = globalThis as { Buffer?: BufferLike | undefined };
  if (Buffer !== undefined) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  let encoded = "";
  for (let start = 0; start < bytes.length; start += PIECE) {
    encoded += btoa(String.fromCharCode(...bytes.subarray(start, start + PIECE)));
  }
  return encoded;
}
