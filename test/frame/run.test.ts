import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SseReader } from "../../src/frame/sse-reader.ts";

const PREFIX = 'event: delta\ndata: {"index":0,"delta":{"type":"text","text":"';
const encoder = new TextEncoder();

/** What is read of the pieces, whichever way it came: the data of each frame, and how many of them came in a run. */
function read(pieces: readonly Uint8Array[], runs: boolean): { frames: unknown[]; inRuns: number } {
  const reader = new SseReader<string>({ runs });
  reader.expect(PREFIX, "tag");
  const frames: unknown[] = [];
  let inRuns = 0;
  const drain = (): void => {
    while (reader.advance()) {
      if (reader.run === null) frames.push(parsed(reader.data));
      else frames.push(...reader.strings);
      inRuns += reader.run === null ? 0 : reader.strings.length;
    }
  };
  for (const piece of pieces) {
    reader.push(piece);
    drain();
  }
  reader.end();
  drain();
  return { frames, inRuns };
}

/** The string of an expected frame, as a run gives it; of any other its data. */
function parsed(data: string): unknown {
  if (!data.startsWith(PREFIX.slice(PREFIX.indexOf("{")))) return data;
  try {
    return JSON.parse(data).delta.text;
  } catch {
    return data;
  }
}

const escape = fc.constantFrom("\\n", '\\"', "\\\\", "\\/", "\\u00e9", "\\ud83d\\ude00", "\\u12", "\\x", "\\");
const literal = fc
  .array(fc.oneof(fc.string({ unit: "binary" }), fc.string(), escape, fc.constantFrom('"', "\r", "\n", "\u0001")), {
    maxLength: 6,
  })
  .map((parts) => parts.join(""));
const valid = fc.string({ unit: "binary" }).map((text) => JSON.stringify(text).slice(1, -1));
const frame = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(valid, fc.nat(18)).map(([text, pad]) => `${PREFIX}${text}"}${" ".repeat(pad)}}\n\n`),
  },
  { weight: 2, arbitrary: literal.map((text) => `${PREFIX}${text}"}}\n\n`) },
  { weight: 1, arbitrary: literal.map((text) => `${PREFIX}${text}"},"more":"x"}\n\n`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("event: ping\ndata: {}\n\n", ": comment\n\n", "\n", "data: 1\r\n\r\n", '"}}\n\n'),
  },
);

describe("a run of expected frames", () => {
  it("gives what the full parser gives, however the bytes are split", () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), fc.array(fc.nat(), { maxLength: 4 }), (frames, cuts) => {
        const bytes = encoder.encode(frames.join(""));
        const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
        const pieces = [0, ...places].map((start, i) => bytes.slice(start, places[i] ?? bytes.length));
        expect(read(pieces, true).frames).toEqual(read(pieces, false).frames);
      }),
      { numRuns: 2000 },
    );
  });

  it("gives the same for bytes that are no UTF-8", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 8 }), { maxLength: 5 }), (texts) => {
        const tail = encoder.encode('"}}\n\n');
        const pieces = texts.map((text) => Buffer.concat([encoder.encode(PREFIX), text, tail]));
        expect(read([Buffer.concat(pieces)], true).frames).toEqual(read([Buffer.concat(pieces)], false).frames);
      }),
      { numRuns: 1000 },
    );
  });

  it("takes all frames that fit, escapes and padding included", () => {
    const texts = ["plain", "", "é — 📖", "a\nb\\", '"quoted"', "\u2028\u007f"];
    const frames = texts.map((text, pad) => `${PREFIX}${JSON.stringify(text).slice(1, -1)}"}${" ".repeat(pad)}}\n\n`);
    expect(read([encoder.encode(frames.join(""))], true)).toEqual({ frames: texts, inRuns: texts.length });
  });

  it("is not looked for inside a frame, not after a line that stood alone either", () => {
    const texts = ["\ndata: x\n", `${PREFIX}a"}}\n\n`, ": comment\n\n: more", `${PREFIX}b"}}\n\n`];
    const pieces = texts.map((text) => encoder.encode(text));
    expect(read(pieces, true).frames).toEqual(read(pieces, false).frames);
  });

  it("does not depend on how much comes at once: 20 MB of escapes, and one string of 20 MB", () => {
    const escapes = `${PREFIX}${"\\n".repeat(100)}"}}\n\n`.repeat(80_000);
    const { frames, inRuns } = read([encoder.encode(escapes)], true);
    expect(frames).toHaveLength(80_000);
    expect(new Set(frames)).toEqual(new Set(["\n".repeat(100)]));
    expect(inRuns).toBeGreaterThan(75_000);
    const long = read([encoder.encode(`${PREFIX}${"\\n".repeat(10_000_000)}"}}\n\n`)], true);
    expect(long.frames).toEqual(["\n".repeat(10_000_000)]);
  });
});
