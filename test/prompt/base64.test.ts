import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { base64 } from "../../src/prompt/base64.ts";

const oracle = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

afterEach(() => void vi.unstubAllGlobals());

describe.each(["with Buffer", "without Buffer"])("%s", (runtime) => {
  const encode = (bytes: Uint8Array): string => {
    if (runtime === "without Buffer") vi.stubGlobal("Buffer", undefined);
    const encoded = base64(bytes);
    vi.unstubAllGlobals();
    return encoded;
  };

  test("is the padded base64 of RFC 4648", () => {
    const vectors = {
      "": "",
      f: "Zg==",
      fo: "Zm8=",
      foo: "Zm9v",
      foob: "Zm9vYg==",
      fooba: "Zm9vYmE=",
      foobar: "Zm9vYmFy",
    };
    for (const [text, encoded] of Object.entries(vectors)) {
      expect(encode(new TextEncoder().encode(text))).toBe(encoded);
    }
  });

  test("encodes any bytes", () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => encode(bytes) === oracle(bytes)));
  });

  test("encodes a view of a larger buffer", () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, i) => i).subarray(7, 50);
    expect(encode(bytes)).toBe(oracle(bytes));
  });

  test("encodes lengths around its pieces", () => {
    for (const length of [24575, 24576, 24577, 49152, 100_001]) {
      const bytes = Uint8Array.from({ length }, (_, i) => i * 31);
      expect(encode(bytes)).toBe(oracle(bytes));
    }
  });
});
