import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ResponseChunk } from "../../src/provider/chunk.ts";
import { EntryReader, EntryWriter } from "../../src/resume/entry.ts";
import { type Loggable, recordOf } from "../../src/resume/event-run.ts";
import type { LogRecord } from "../../src/resume/record.ts";

/** A chunk of a provider's run, or of none. */
function chunkOf(event: object, run: object | null, values: readonly (string | number)[]): ResponseChunk {
  const shown = { provider: "test", content: "", thinking: "", finishReasons: [], recovery: null, toolResult: null };
  return { ...shown, chunk: event, "~run": run, "~values": values, "~at": 0 };
}

const [ofTexts, ofNumbers] = [{ parts: ["", ""] }, { parts: ["", "", ""] }];
const textOf = (text: string): ResponseChunk => chunkOf({ type: "delta", delta: { text } }, ofTexts, [text]);
const numberOf = (text: string, number: number): ResponseChunk =>
  chunkOf({ type: "delta", number, delta: { text } }, ofNumbers, [number, text]);
const ping: Loggable = chunkOf({ type: "ping" }, null, []);
const result: LogRecord = { type: "toolResult", place: 0, id: "a", name: "clock", output: null };

/** What entries of batches come to where they are read. */
function read(batches: readonly (readonly Loggable[])[]): { readonly texts: string[]; readonly records: LogRecord[] } {
  const writer = new EntryWriter();
  const texts = batches.map((batch) => {
    for (const item of batch) writer.put(item);
    expect(writer.count).toBe(batch.length);
    return writer.take();
  });
  const reader = new EntryReader();
  return { texts, records: texts.flatMap((data, nth) => [...reader.read({ number: nth + 1, data })]) };
}

describe("the entries of a run", () => {
  it("say of events that are like the last one only what they hold, across entries", () => {
    const { texts, records } = read([["a", "b", "c"].map(textOf), ["d", "e"].map(textOf), [textOf("f")]]);
    expect(texts.slice(1).map((text): unknown => JSON.parse(text))).toEqual([
      [{ type: "events", at: [["delta", "text"]], values: ["d", "e"] }],
      [{ type: "events", at: [["delta", "text"]], values: ["f"] }],
    ]);
    expect(records).toEqual(["a", "b", "c", "d", "e", "f"].map((text) => recordOf(textOf(text))));
  });

  it("give the same records again, however they are cut into batches", () => {
    const item = fc.oneof(
      { weight: 6, arbitrary: fc.string().map(textOf) },
      { weight: 4, arbitrary: fc.tuple(fc.string(), fc.nat(9)).map(([text, number]) => numberOf(text, number)) },
      fc.constantFrom(ping, result, () => result),
      fc.string().map((text) => ({ of: textOf(text), event: () => ({ type: "delta", delta: { text } }) })),
      // Like those of the run, with something beside it that belongs to it alone.
      fc.string().map((text): LogRecord => ({ type: "event", event: { type: "delta", delta: { text } }, ids: [text] })),
    );
    fc.assert(
      fc.property(fc.array(fc.array(item, { minLength: 1, maxLength: 8 }), { maxLength: 8 }), (batches) => {
        expect(read(batches).records).toEqual(batches.flat().map(recordOf));
      }),
      { numRuns: 500 },
    );
  });

  it("do not depend on what becomes of the records that were read", () => {
    const writer = new EntryWriter();
    const take = (...items: Loggable[]): string => {
      for (const one of items) writer.put(one);
      return writer.take();
    };
    const entries = [take(textOf("a"), textOf("b")), take(textOf("c"), textOf("d"))];
    const reader = new EntryReader();
    const [first] = reader.read({ number: 1, data: entries[0] ?? "" });
    Object.assign(first ?? {}, { event: null });
    expect(reader.read({ number: 2, data: entries[1] ?? "" })).toEqual(
      ["c", "d"].map((text) => recordOf(textOf(text))),
    );
  });

  it("that are damaged are an error that names the entry", () => {
    const lone = JSON.stringify([{ type: "events", at: [["delta", "text"]], values: ["a"] }]);
    for (const data of ["", "{}", "[1]", "[null]", lone]) {
      expect(() => new EntryReader().read({ number: 7, data }), data).toThrow("Entry 7 of the run cannot be read.");
    }
  });
});
