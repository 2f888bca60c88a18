import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { FrameReader } from "../../src/frame/frame-reader.ts";
import { SseReader, type SseReaderOptions } from "../../src/frame/sse-reader.ts";
import { cutAt, cutEvery, type Reading, readFrames } from "./frames.ts";

const PREFIX = 'event: delta\ndata: {"index":0,"delta":{"type":"text","text":"';
const encoder = new TextEncoder();

/** What a provider's reader does with runs: it gives the string of an expected frame, and the data of any other. */
class DeltaReader implements FrameReader<string> {
  /** How many frames came in runs. */
  inRuns = 0;
  readonly #reader: SseReader<string>;
  #strings: readonly string[] = [];
  #given = 0;

  constructor(options: SseReaderOptions) {
    this.#reader = new SseReader(options);
    this.#reader.expect([PREFIX], "tag");
  }

  push(piece: Uint8Array): void {
    this.#reader.push(piece);
  }

  next(): string | null {
    const ready = this.#strings[this.#given++];
    if (ready !== undefined) return ready;
    if (!this.#reader.advance()) return null;
    const { run, values, data } = this.#reader;
    if (run === null) return stringOf(data);
    expect(run).toBe("tag");
    this.inRuns += values.length;
    this.#strings = values as readonly string[];
    this.#given = 0;
    return this.next();
  }

  end(): void {
    this.#reader.end();
  }
}

function stringOf(data: string): string {
  if (!data.startsWith(PREFIX.slice(PREFIX.indexOf("{")))) return data;
  try {
    return JSON.parse(data).delta.text;
  } catch {
    return data;
  }
}

function read(pieces: Iterable<Uint8Array>, options: SseReaderOptions = {}): Reading<string> & { inRuns: number } {
  const reader = new DeltaReader(options);
  const reading = readFrames(reader, pieces);
  return { ...reading, inRuns: reader.inRuns };
}

/** The plain path reads every frame by itself: whatever it gives, the fast path must give. */
function expectTwins(pieces: readonly Uint8Array[], options: SseReaderOptions = {}): void {
  const { frames, error } = read(pieces, options);
  const plain = read(pieces, { ...options, runs: false });
  expect(plain.inRuns).toBe(0);
  expect({ frames, error }).toEqual({ frames: plain.frames, error: plain.error });
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
    arbitrary: fc.constantFrom(
      "event: ping\ndata: {}\n\n",
      ": comment\n\n",
      ": comment\n",
      "id: 1\n",
      "\n",
      "data: 1\r\n\r\n",
      "data: 1\r\r",
      "\ufeffdata: 1\n\n",
      '"}}\n\n',
    ),
  },
);

describe("a run of expected frames", () => {
  const places = fc.array(fc.nat(), { maxLength: 4 });

  it("gives what the plain path gives, however the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), places, (frames, cuts) => {
        expectTwins(cutAt(encoder.encode(frames.join("")), cuts));
      }),
      { numRuns: 700 },
    );
  });

  it("gives the same in pieces of one byte, where hardly any frame comes in a run", () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 6 }), (frames) => {
        const bytes = encoder.encode(frames.join(""));
        expect(read(cutEvery(bytes, 1)).frames).toEqual(read([bytes]).frames);
      }),
      { numRuns: 300 },
    );
  });

  it("gives the same for bytes that are not UTF-8", () => {
    const tail = encoder.encode('"}}\n\n');
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 8 }), { maxLength: 5 }), (texts) => {
        expectTwins([Buffer.concat(texts.flatMap((text) => [encoder.encode(PREFIX), text, tail]))]);
      }),
      { numRuns: 700 },
    );
  });

  it("ends at the same frame for its size, and with the same error", () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), places, fc.nat(80), (frames, cuts, more) => {
        expectTwins(cutAt(encoder.encode(frames.join("")), cuts), { frameLimit: PREFIX.length + more });
      }),
      { numRuns: 700 },
    );
    const small = `${PREFIX}a"}}\n\n`;
    const large = `${PREFIX}ab"}}\n\n`;
    const { frames, error } = read([encoder.encode(small.repeat(3) + large)], { frameLimit: small.length - 2 });
    expect(frames).toEqual(["a", "a", "a"]);
    expect(error).toMatchObject({ code: "limit", limit: "frame", limitBytes: small.length - 2 });
    expectTwins([encoder.encode(small.repeat(3) + large)], { frameLimit: small.length - 2 });
  });

  it("takes all frames that fit, escapes and padding included", () => {
    const texts = ["plain", "", "é — 📖", "a\nb\\", '"quoted"', "\u2028\u007f"];
    const frames = texts.map((text, pad) => `${PREFIX}${JSON.stringify(text).slice(1, -1)}"}${" ".repeat(pad)}}\n\n`);
    expect(read([encoder.encode(frames.join(""))])).toEqual({ frames: texts, error: null, inRuns: texts.length });
  });

  it("does not begin inside a frame or a line", () => {
    const frameOf = (text: string): string => `${PREFIX}${text}"}}\n\n`;
    expectTwins(["\ndata: x\n", frameOf("a"), ": comment\n\n: more", frameOf("b")].map((text) => encoder.encode(text)));
    expectTwins([frameOf("a"), "id: 1\r", frameOf("b"), "\r", frameOf("c")].map((text) => encoder.encode(text)));
  });

  it("does not leave a byte order mark to what follows it", () => {
    expectTwins([encoder.encode(`${PREFIX}a"}}\n\n\ufeffdata: 1\n\n`)]);
  });

  it("does not depend on how much comes at once: 20 MB of escapes, and one string of 20 MB", () => {
    const escapes = `${PREFIX}${"\\n".repeat(100)}"}}\n\n`.repeat(80_000);
    const { frames, inRuns } = read([encoder.encode(escapes)]);
    expect(frames).toHaveLength(80_000);
    expect(new Set(frames)).toEqual(new Set(["\n".repeat(100)]));
    expect(inRuns).toBeGreaterThan(75_000);
    const long = read([encoder.encode(`${PREFIX}${"\\n".repeat(10_000_000)}"}}\n\n`)]);
    expect(long.frames).toEqual(["\n".repeat(10_000_000)]);
  });
});
