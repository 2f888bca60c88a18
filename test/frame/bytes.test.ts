import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";

describe.each(["Buffer", "no Buffer"])("text of bytes, in a runtime with %s", (runtime) => {
  afterEach(() => vi.unstubAllGlobals());

  it("has one character a byte, and is UTF-8 again where it is decoded", async () => {
    vi.resetModules();
    if (runtime === "no Buffer") vi.stubGlobal("Buffer", undefined);
    const { textOfBytes, decodedUtf8 } = await import("../../src/frame/bytes.ts");
    vi.unstubAllGlobals();
    const reference = new TextDecoder("utf-8", { ignoreBOM: true });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.string({ unit: "binary" }).map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          const text = textOfBytes(bytes);
          expect([...text].map((character) => character.charCodeAt(0))).toEqual([...bytes]);
          expect(decodedUtf8(text)).toBe(reference.decode(bytes));
        },
      ),
    );
    const long = new Uint8Array(100_000).map((_, i) => i);
    expect(textOfBytes(long.subarray(10))).toBe(Buffer.from(long.subarray(10)).toString("latin1"));
  });
});
