import v8 from "node:v8";
import vm from "node:vm";
import { describe, expect, it } from "vitest";
import { LimitExceededError } from "../../src/errors.ts";
import { SseReader } from "../../src/frame/sse-reader.ts";
import { cutEvery, readFrames, SseFrameReader } from "./frames.ts";

const LIMIT = 1000;
const bytesOf = (text: string): Uint8Array => Buffer.from(text, "latin1");

function errorOf(text: string, size = text.length): unknown {
  return readFrames(new SseFrameReader({ frameLimit: LIMIT }), cutEvery(bytesOf(text), size)).error;
}

/** How many bytes the reader takes of a text without an end before it refuses it. */
function takenOf(line: string, size: number): number {
  const reader = new SseReader({ frameLimit: LIMIT });
  let taken = 0;
  const endless = bytesOf(line.repeat((20 * LIMIT) / line.length));
  try {
    for (const piece of cutEvery(endless, size)) {
      taken += piece.length;
      reader.push(piece);
      while (reader.advance());
    }
  } catch (error) {
    expect(error).toMatchObject({ name: "LimitExceededError", limit: "frame", limitBytes: LIMIT });
    return taken;
  }
  return Infinity;
}

describe("the limit of a frame", () => {
  const lines = [
    "data:\n",
    "data\r\n",
    "data: x\n",
    "event: a\n",
    "event\r",
    "id: 1\n",
    "x\n",
    ":\nx\n",
    `: ${"x".repeat(50)}\nx\n`,
  ];

  it.each(lines)("ends one that repeats %j without an end, at every size of a read", (line) => {
    for (const size of [1, 7, 64, 4096]) {
      const taken = takenOf(line, size);
      expect(taken).toBeGreaterThan(LIMIT);
      expect(taken).toBeLessThanOrEqual(LIMIT + size + line.length);
    }
  });

  it.each(["data: ", "event: ", "id: ", "x", ": "])("ends a line that begins with %j and has no end", (start) => {
    for (const size of [1, 7, 64]) {
      const reader = new SseReader({ frameLimit: LIMIT });
      reader.push(bytesOf(start));
      expect(reader.advance()).toBe(false);
      const pushes = Math.floor((LIMIT - start.length) / size);
      for (let i = 0; i < pushes; i++) {
        reader.push(bytesOf("x".repeat(size)));
        expect(reader.advance()).toBe(false);
      }
      reader.push(bytesOf("x".repeat(size)));
      expect(() => reader.advance()).toThrow(LimitExceededError);
    }
  });

  it("counts each byte of a frame from its first field to the end of its last line", () => {
    const fill = (frame: string, more: number): string =>
      frame.replace("#", "x".repeat(LIMIT - frame.length + 1 + more));
    for (const frame of [
      "data: #",
      "data: 1\r\nevent: a\r\n: c\r\ndata: #",
      "data:\n\ndata: #".slice(7),
      ": #",
      "x: 1\n: #",
    ]) {
      for (const end of ["", "\n", "\r\n", "\n\n", "\r\n\r\n", "\r\r"]) {
        for (const size of [1, 100, 5000]) {
          expect(errorOf(fill(frame, 0) + end, size)).toBeNull();
          expect(errorOf(fill(frame, 1) + end, size)).toBeInstanceOf(LimitExceededError);
        }
      }
    }
  });

  it("begins anew with each frame, also with one that has no data", () => {
    for (const frame of ["data: 1\n\n", "event: ping\ndata: {}\n\n", "event: x\r\n\r\n", "id: 1\r\r"]) {
      expect(errorOf(frame.repeat(500), 64)).toBeNull();
    }
  });

  it("leaves comments between frames alone, but for the length of a line", () => {
    for (const comment of [":\n", ": ping\r\n", ": ping\n\n", `: ${"x".repeat(LIMIT - 2)}\r\n`]) {
      for (const size of [1, 64, 5000]) expect(errorOf(comment.repeat(200), size)).toBeNull();
    }
    expect(errorOf(`: ${"x".repeat(LIMIT)}\n`)).toBeInstanceOf(LimitExceededError);
  });

  it("is 32 MiB unless another one is given", () => {
    const pieces = (megabytes: number): Uint8Array[] => [
      bytesOf("data: "),
      ...repeated(bytesOf("x".repeat(2 ** 20)), megabytes),
    ];
    expect(readFrames(new SseFrameReader(), pieces(31)).frames).toHaveLength(1);
    expect(readFrames(new SseFrameReader(), pieces(32)).error).toMatchObject({ limitBytes: 32 * 2 ** 20 });
  });
});

/** What the reader holds on to after it has read the pieces, in bytes. */
function held(pieces: Iterable<Uint8Array>): number {
  v8.setFlagsFromString("--expose-gc");
  const gc = vm.runInNewContext("gc") as () => void;
  const reader = new SseReader();
  gc();
  const before = v8.getHeapStatistics();
  for (const piece of pieces) {
    reader.push(piece);
    while (reader.advance());
  }
  gc();
  const after = v8.getHeapStatistics();
  reader.end();
  reader.advance();
  return after.used_heap_size + after.external_memory - before.used_heap_size - before.external_memory;
}

function* repeated(piece: Uint8Array, count: number): Generator<Uint8Array> {
  for (let i = 0; i < count; i++) yield piece;
}

describe("the memory of the reader", () => {
  it("is that of the bytes of a frame, however small its lines and pieces are", () => {
    expect(held([bytesOf("data\n".repeat(200_000))])).toBeLessThan(3e6);
    expect(held(repeated(bytesOf("data: ab\n"), 50_000))).toBeLessThan(1e6);
    expect(held(repeated(bytesOf("ab"), 200_000))).toBeLessThan(1e6);
    expect(held(repeated(bytesOf(`${"x".repeat(60_000)}\ndata: ${"y".repeat(40)}\n`), 100))).toBeLessThan(7e6);
  });

  it("does not grow with comments and pings", () => {
    const noise = bytesOf(`: ${"x".repeat(1000)}\n\n:\n`.repeat(60));
    expect(held(repeated(noise, 400))).toBeLessThan(300_000);
    const pings = bytesOf("event: ping\n\n: 1\r\n".repeat(2000));
    expect(held(repeated(pings, 200))).toBeLessThan(300_000);
  });
});

describe("the time of the reader", () => {
  /** Each takes many seconds where the time grows with the square of the size. */
  const frames: Record<string, () => Iterable<Uint8Array>> = {
    "500,000 lines that CR ends, in one read": () => [bytesOf("data\r".repeat(500_000))],
    "500,000 lines that LF ends, in one read": () => [bytesOf("data\n".repeat(500_000))],
    "200,000 lines, each in a read of its own": () => repeated(bytesOf("data: x\n"), 200_000),
    "a line of 300,000 pushes of one byte": () => repeated(bytesOf("x"), 300_000),
  };

  it.each(Object.entries(frames))("is linear: %s", (_, pieces) => {
    const start = performance.now();
    expect(readFrames(new SseFrameReader(), pieces()).error).toBeNull();
    expect(performance.now() - start).toBeLessThan(1500);
  });
});
