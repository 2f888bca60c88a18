import { createParser } from "eventsource-parser";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LimitExceededError } from "../../src/errors.ts";
import { SseReader } from "../../src/frame/sse-reader.ts";
import { allCuts, cutAt, cutEvery, readFrames, type SseFrame, SseFrameReader } from "./frames.ts";

const encoder = new TextEncoder();

function read(pieces: Iterable<Uint8Array>): SseFrame[] {
  const { frames, error } = readFrames(new SseFrameReader(), pieces);
  expect(error).toBeNull();
  return frames;
}

const one = (text: string): SseFrame[] => read([encoder.encode(text)]);

describe("SseReader", () => {
  it("reads the lines of the standard", () => {
    expect(one("event: a\ndata: 1\n\n")).toEqual([{ event: "a", data: "1" }]);
    expect(one("data:1\n\n")).toEqual([{ event: "", data: "1" }]);
    expect(one("data:  two spaces\n\n")).toEqual([{ event: "", data: " two spaces" }]);
    expect(one("data: 1\ndata\ndata: 3\n\n")).toEqual([{ event: "", data: "1\n\n3" }]);
    expect(one("data\n\ndata:\ndata\n\n")).toEqual([
      { event: "", data: "" },
      { event: "", data: "\n" },
    ]);
    expect(one(": comment\nid: 7\nretry: 10\ndata: 1\n\n")).toEqual([{ event: "", data: "1" }]);
    expect(one("event: lost\n\ndata: 1\n\n")).toEqual([{ event: "", data: "1" }]);
    expect(one("data: \u2028\u2029\u0085\n\n")).toEqual([{ event: "", data: "\u2028\u2029\u0085" }]);
    expect(one("datax: 1\n\n")).toEqual([]);
    expect(one(" data: 1\n\n")).toEqual([]);
  });

  it("takes CR, LF and CRLF, mixed and split", () => {
    for (const end of ["\n", "\r", "\r\n"]) {
      const bytes = encoder.encode(`event: a${end}data: 1${end}data: 2${end}${end}data: 3${end}${end}`);
      const frames = [
        { event: "a", data: "1\n2" },
        { event: "", data: "3" },
      ];
      expect(read([bytes])).toEqual(frames);
      expect(read(cutEvery(bytes, 1))).toEqual(frames);
    }
  });

  it("skips a byte order mark, also a split one, and keeps one inside", () => {
    const bytes = encoder.encode("\ufeffdata: \ufeff1\n\n");
    for (let place = 0; place <= bytes.length; place++) {
      expect(read(cutAt(bytes, [place]))).toEqual([{ event: "", data: "\ufeff1" }]);
    }
  });

  it("gives an unterminated frame at the end, marked", () => {
    for (const text of [
      "data: 1\n\ndata: 2",
      "data: 1\n\ndata: 2\n",
      "data: 1\r\n\r\ndata: 2\r",
      "data: 1\n\ndata: 2\r\n",
    ]) {
      expect(one(text)).toEqual([
        { event: "", data: "1" },
        { event: "", data: "2", unterminated: true },
      ]);
    }
    expect(one("data: 1\n\nevent: a\n")).toEqual([{ event: "", data: "1" }]);
  });

  it("keeps the text of bytes that are no events, and not of those that are", () => {
    const other = (text: string, size: number): string => {
      const reader = new SseReader();
      for (const piece of cutEvery(encoder.encode(text), size)) {
        reader.push(piece);
        while (reader.advance());
      }
      reader.end();
      while (reader.advance());
      return reader.takeOther();
    };
    for (const size of [1, 7, 1_000]) {
      expect(other('\ufeff{\r\n  "text": "Grüße 👋"\r\n}', size)).toBe('{\n  "text": "Grüße 👋"\n}');
      expect(other("Not now.\n\nTry again: soon.\n", size)).toBe("Not now.\nTry again: soon.");
      expect(other(": comment\n\nid: 1\nretry: 10\nevent: a\n\n", size)).toBe("");
      for (const cut of ["d", "dat", "even", "i", "retr"]) expect(other(cut, size)).toBe("");
      expect(other("Not now.\ndata: 1\n\nTry again.", size)).toBe("");
    }
  });

  it("replaces invalid UTF-8 as TextDecoder does", () => {
    const bytes = Uint8Array.of(...encoder.encode("data: a"), 0xff, 0xe2, 0x82, ...encoder.encode("b\n\n"));
    expect(read([bytes])).toEqual([{ event: "", data: new TextDecoder().decode(bytes.slice(6, -2)) }]);
  });

  it("reads a 10 MB frame in 1 KB pieces", () => {
    const text = "é".repeat(5 * 1024 * 1024);
    const [frame] = read(cutEvery(encoder.encode(`data: ${text}\n\n`), 1024));
    expect(frame?.data === text).toBe(true);
  });

  it("does not keep bytes that the transport may overwrite", () => {
    const shared = encoder.encode("data: 12");
    const reader = new SseReader();
    reader.push(shared);
    expect(reader.advance()).toBe(false);
    shared.fill(0x39);
    reader.push(encoder.encode("3\n\n"));
    expect(reader.advance()).toBe(true);
    expect(reader.data).toBe("123");
  });
});

/** What eventsource-parser reads, without a frame that nothing ends. It gets one character a byte, and so do we. */
function oracle(bytes: Uint8Array): SseFrame[] {
  const decoded = (text: string): string => Buffer.from(text, "latin1").toString();
  const frames: SseFrame[] = [];
  const parser = createParser({
    onEvent: ({ event = "", data }) => frames.push({ event: decoded(event), data: decoded(data) }),
  });
  // It waits for what follows a last CR, which a comment answers; one in the middle of a line changes no frame.
  parser.feed(`${Buffer.from(bytes).toString("latin1")}:\n`);
  return frames;
}

const terminated = (frames: readonly SseFrame[]): SseFrame[] => frames.filter((frame) => !frame.unterminated);

describe("SseReader and eventsource-parser read the same", () => {
  const lineEnd = fc.constantFrom("\n", "\n", "\r", "\r\n");
  const field = fc.constantFrom("data", "event", "id", "retry", "datas", "", " data");
  const separator = fc.constantFrom(":", ": ", ":  ", "");
  const text = fc.string({ unit: "binary" }).map((value) => value.replaceAll(/[\r\n]/g, " "));
  const line = fc.oneof(
    { weight: 3, arbitrary: fc.tuple(field, separator, text).map((parts) => parts.join("")) },
    { weight: 2, arbitrary: fc.constantFrom("", "data", "data:", "\ufeff", "\ufeffdata: 1") },
  );
  const lines = fc
    .array(fc.tuple(line, lineEnd), { maxLength: 40 })
    .map((all) => encoder.encode(all.map(([content, end]) => content + end).join("")));

  it("in any text, however it is cut", () => {
    fc.assert(
      fc.property(lines, fc.array(fc.nat(), { maxLength: 20 }), (bytes, places) => {
        const expected = oracle(bytes);
        expect(terminated(read(cutAt(bytes, places)))).toEqual(expected);
        expect(terminated(read(cutEvery(bytes, 1)))).toEqual(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it("in any bytes", () => {
    const token = fc.constantFrom("data", "event", ":", " ", "\n", "\n\n", "\r", "\r\n", "\ufeff", "é");
    const part = fc.oneof(
      { weight: 3, arbitrary: token.map((value) => encoder.encode(value)) },
      { weight: 1, arbitrary: fc.uint8Array({ maxLength: 4 }) },
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), fc.array(fc.nat(), { maxLength: 20 }), (parts, places) => {
        const bytes = Buffer.concat(parts);
        expect(terminated(read(cutAt(bytes, places)))).toEqual(oracle(bytes));
      }),
      { numRuns: 1500 },
    );
  });

  it("in short texts cut in every way there is", () => {
    const examples = [
      "data\n\ndata",
      "data:1\n\n:",
      "data\r\n\r\n:",
      "data\r\rdata\n\r",
      "\ufeffdata:\r\n\n",
      "\ufeff\n\ufeff\r\n",
      "data:é\n\n",
      "event:a\n\n",
      "\r\n\r\ndata\r\r",
    ];
    const ends = fc.array(fc.constantFrom("\n", "\r", ":", " ", "data", "é"), { maxLength: 8 });
    const short = ends.map((parts) => `data${parts.join("")}`.slice(0, 9));
    const check = (text: string): void => {
      const bytes = encoder.encode(text);
      const expected = JSON.stringify(oracle(bytes));
      for (const pieces of allCuts(bytes)) {
        const frames = JSON.stringify(terminated(read(pieces)));
        if (frames !== expected) expect({ pieces, frames }).toEqual({ pieces, frames: expected });
      }
    };
    for (const text of examples) check(text);
    fc.assert(fc.property(short, check), { numRuns: 25 });
  });
});

describe("SseReader, whatever the bytes are", () => {
  const token = fc.constantFrom(
    "data: ",
    "event: ",
    "id: ",
    ": ",
    "x".repeat(20),
    "\n",
    "\n\n",
    "\r",
    "\r\n",
    "\ufeff",
  );
  const hostile = fc
    .array(
      fc.oneof(
        token.map((text) => encoder.encode(text)),
        fc.uint8Array({ maxLength: 6 }),
      ),
      { maxLength: 40 },
    )
    .map((parts) => Buffer.concat(parts));

  it("throws nothing but LimitExceededError, after the same frames however they are cut", () => {
    fc.assert(
      fc.property(hostile, fc.array(fc.nat(), { maxLength: 20 }), fc.nat(60), (bytes, places, frameLimit) => {
        const whole = readFrames(new SseFrameReader({ frameLimit }), [bytes]);
        if (whole.error !== null) expect(whole.error).toBeInstanceOf(LimitExceededError);
        expect(readFrames(new SseFrameReader({ frameLimit }), cutAt(bytes, places))).toEqual(whole);
        expect(readFrames(new SseFrameReader({ frameLimit }), cutEvery(bytes, 1))).toEqual(whole);
      }),
      { numRuns: 1000 },
    );
  });
});
