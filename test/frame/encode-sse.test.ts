import { createParser } from "eventsource-parser";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { InvalidOptionError } from "../../src/errors.ts";
import { encodeSse, type SseEvent, type SseStyle } from "../../src/frame/encode-sse.ts";
import { SseReader } from "../../src/frame/sse-reader.ts";

const line = fc.string({ unit: "binary" }).map((text) => text.replaceAll(/[\r\n]/g, ""));
const event: fc.Arbitrary<SseEvent> = fc.record({
  event: fc.option(line, { nil: undefined }),
  data: fc
    .array(line, { minLength: 1, maxLength: 4 })
    .chain((lines) => fc.constantFrom("\n", "\r", "\r\n").map((end) => lines.join(end))),
});
const style: fc.Arbitrary<SseStyle> = fc.record({
  lineEnd: fc.constantFrom("\n", "\r", "\r\n"),
  space: fc.boolean(),
  comment: fc.option(fc.string({ unit: "binary" }), { nil: undefined }),
});

const asRead = ({ event = "", data }: SseEvent): object => ({ event, data: data.replaceAll(/\r\n|\r/g, "\n") });

describe("encodeSse", () => {
  it("writes what the standard specifies", () => {
    expect(encodeSse({ event: "ping", data: "{}" })).toBe("event: ping\ndata: {}\n\n");
    expect(encodeSse({ data: "a\n\r\nb" })).toBe("data: a\ndata: \ndata: b\n\n");
    expect(encodeSse({ event: "e", data: "" }, { lineEnd: "\r\n", space: false })).toBe("event:e\r\ndata:\r\n\r\n");
    expect(encodeSse({ data: " a" }, { space: false })).toBe("data:  a\n\n");
    expect(encodeSse({ event: "e", data: "a" }, { eventLine: false, comment: "b\nc" })).toBe(": b\n: c\ndata: a\n\n");
    expect(() => encodeSse({ event: "a\nb", data: "" })).toThrow(InvalidOptionError);
  });

  it("can be read back by our reader", () => {
    fc.assert(
      fc.property(fc.array(event), style, (events, how) => {
        const reader = new SseReader();
        // A byte order mark at the start of a stream is not data. A comment keeps this one away from the start.
        reader.push(new TextEncoder().encode(`:\n${events.map((each) => encodeSse(each, how)).join("")}`));
        const read: object[] = [];
        while (reader.advance()) read.push({ event: reader.event, data: reader.data });
        expect(read).toEqual(events.map((each) => asRead(wellFormed(each))));
      }),
    );
  });

  it("can be read back by another reader", () => {
    fc.assert(
      fc.property(fc.array(event), style, (events, how) => {
        const read: object[] = [];
        const parser = createParser({ onEvent: ({ event = "", data }) => void read.push({ event, data }) });
        // After a final CR it waits for more, since a line feed would belong to it.
        parser.feed(`:\n${events.map((each) => encodeSse(each, how)).join("")}:\n`);
        expect(read).toEqual(events.map(asRead));
      }),
    );
  });
});

/** Half a surrogate pair does not survive UTF-8. */
function wellFormed({ event, data }: SseEvent): SseEvent {
  const through = (text: string): string =>
    new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(text));
  return { event: event === undefined ? undefined : through(event), data: through(data) };
}
