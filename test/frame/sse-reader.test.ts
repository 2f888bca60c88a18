import { createParser } from "eventsource-parser";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LimitExceededError } from "../../src/errors.ts";
import { SseReader } from "../../src/frame/sse-reader.ts";

interface Frame {
  event: string;
  data: string;
}

const encoder = new TextEncoder();

function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...places].map((start, i) => bytes.slice(start, places[i] ?? bytes.length));
}

function read(pieces: readonly Uint8Array[], finish = true): Frame[] {
  const reader = new SseReader();
  const frames: Frame[] = [];
  const drain = (): void => {
    while (reader.advance()) frames.push({ event: reader.event, data: reader.data });
  };
  for (const piece of pieces) {
    reader.push(piece);
    drain();
  }
  if (finish) {
    reader.end();
    drain();
  }
  return frames;
}

const one = (text: string, finish = false): Frame[] => read([encoder.encode(text)], finish);

describe("SseReader", () => {
  it("reads the lines of the standard", () => {
    expect(one("event: a\ndata: 1\n\n")).toEqual([{ event: "a", data: "1" }]);
    expect(one("data:1\n\n")).toEqual([{ event: "", data: "1" }]);
    expect(one("data:  two spaces\n\n")).toEqual([{ event: "", data: " two spaces" }]);
    expect(one("data: 1\ndata\ndata: 3\n\n")).toEqual([{ event: "", data: "1\n\n3" }]);
    expect(one(": comment\nid: 7\nretry: 10\ndata: 1\n\n")).toEqual([{ event: "", data: "1" }]);
    expect(one("event: lost\n\ndata: 1\n\n")).toEqual([{ event: "", data: "1" }]);
    expect(one("data: \u2028\u2029\u0085\n\n")).toEqual([{ event: "", data: "\u2028\u2029\u0085" }]);
    expect(one("datax: 1\n\n")).toEqual([]);
    expect(one(" data: 1\n\n")).toEqual([]);
  });

  it("takes CR, LF and CRLF, mixed and split", () => {
    for (const end of ["\n", "\r", "\r\n"]) {
      const text = `event: a${end}data: 1${end}data: 2${end}${end}data: 3${end}${end}`;
      const frames = [
        { event: "a", data: "1\n2" },
        { event: "", data: "3" },
      ];
      expect(one(text)).toEqual(frames);
      expect(read([...encoder.encode(text)].map((byte) => Uint8Array.of(byte)))).toEqual(frames);
    }
  });

  it("skips a byte order mark, also a split one, and keeps one inside", () => {
    const bytes = encoder.encode("\ufeffdata: \ufeff1\n\n");
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(read([bytes.slice(0, cut), bytes.slice(cut)])).toEqual([{ event: "", data: "\ufeff1" }]);
    }
  });

  it("gives an unterminated frame at the end, marked", () => {
    for (const text of [
      "data: 1\n\ndata: 2",
      "data: 1\n\ndata: 2\n",
      "data: 1\r\n\r\ndata: 2\r",
      "data: 1\n\ndata: 2\r\n",
    ]) {
      const reader = new SseReader();
      reader.push(encoder.encode(text));
      expect(reader.advance()).toBe(true);
      expect(reader.advance()).toBe(false);
      expect(reader.unterminated).toBe(false);
      reader.end();
      expect(reader.advance()).toBe(true);
      expect([reader.data, reader.unterminated]).toEqual(["2", true]);
      expect(reader.advance()).toBe(false);
    }
  });

  it("replaces invalid UTF-8 as TextDecoder does", () => {
    const bytes = Uint8Array.of(...encoder.encode("data: a"), 0xff, 0xe2, 0x82, ...encoder.encode("b\n\n"));
    expect(read([bytes])).toEqual([{ event: "", data: new TextDecoder().decode(bytes.slice(6, -2)) }]);
  });

  it("refuses a frame above the limit, in one line or in many, as soon as it is", () => {
    const reader = new SseReader({ frameLimit: 100 });
    reader.push(encoder.encode(`data: ${"x".repeat(90)}\n\n`));
    expect(reader.advance()).toBe(true);
    reader.push(encoder.encode(`data: ${"x".repeat(101)}`));
    expect(() => reader.advance()).toThrow(LimitExceededError);
    const lines = new SseReader({ frameLimit: 100 });
    lines.push(encoder.encode(`data: ${"x".repeat(60)}\ndata: ${"x".repeat(60)}\n`));
    expect(() => lines.advance()).toThrow(LimitExceededError);
  });

  it("reads a 10 MB frame in 1 KB pieces", () => {
    const text = "é".repeat(5 * 1024 * 1024);
    const bytes = encoder.encode(`data: ${text}\n\n`);
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += 1024) pieces.push(bytes.subarray(at, at + 1024));
    const [frame] = read(pieces);
    expect(frame?.data === text).toBe(true);
  });

  it("does not keep what the runtime may write over", () => {
    const shared = encoder.encode("data: 12");
    const reader = new SseReader();
    reader.push(shared);
    expect(reader.advance()).toBe(false);
    shared.fill(0x39);
    reader.push(encoder.encode("3\n\n"));
    expect(reader.advance()).toBe(true);
    expect(reader.data).toBe("123");
  });

  const lineEnd = fc.constantFrom("\n", "\r", "\r\n");
  const value = fc.oneof(fc.string({ unit: "grapheme" }), fc.json(), fc.constantFrom("", " ", ":", "é\u{1f600}"));
  const line = fc.oneof(
    value.map((text) => `data: ${text.replace(/[\r\n\0]/g, " ")}`),
    value.map((text) => `event:${text.replace(/[\r\n\0]/g, " ")}`),
    value.map((text) => `: ${text.replace(/[\r\n\0]/g, " ")}`),
    fc.constantFrom("", "", "", "data", "event", "id: 1", "data:"),
  );
  const body = fc
    .array(fc.tuple(line, lineEnd), { maxLength: 40 })
    .map((lines) => lines.map(([text, end]) => text + end).join(""));

  it("agrees with eventsource-parser on any text, however it is split", () => {
    fc.assert(
      fc.property(body, fc.array(fc.nat(), { maxLength: 20 }), (text, cuts) => {
        const expected: Frame[] = [];
        const parser = createParser({ onEvent: ({ event = "", data }) => expected.push({ event, data }) });
        parser.feed(text);
        const frames = read(split(encoder.encode(text), cuts), false);
        // A CR at the very end may be half of a CRLF: eventsource-parser waits for the rest, and we need not.
        if (text.endsWith("\r")) expect(frames.slice(0, expected.length)).toEqual(expected);
        else expect(frames).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });
});
