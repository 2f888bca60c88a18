import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ResponseChunk } from "../../src/provider/chunk.ts";
import { compacted, eventsOf, type Loggable } from "../../src/resume/event-run.ts";
import type { EventRecord, LogRecord } from "../../src/resume/record.ts";

type Written = LogRecord | Parameters<typeof eventsOf>[0];

const eventsIn = (run: Parameters<typeof eventsOf>[0]): LogRecord[] | null => eventsOf(run, JSON.stringify(run.first));

/** What a log gives of a batch. */
function rewritten(batch: readonly Loggable[]): (LogRecord | null)[] {
  const written: readonly Written[] = JSON.parse(JSON.stringify(compacted(batch)));
  return written.flatMap((record) => (record.type === "events" ? (eventsIn(record) ?? [null]) : [record]));
}

const eventOf = (event: unknown): EventRecord => ({ type: "event", event });
const texts = (count: number): EventRecord[] =>
  Array.from({ length: count }, (_, nth) => eventOf({ type: "delta", index: 0, delta: { text: `word ${nth}` } }));

/** What of a chunk is logged. */
function chunkOf(event: object, run: object | null, values: readonly (string | number)[], at: number): ResponseChunk {
  const shown = { provider: "test", content: "", thinking: "", finishReasons: [], recovery: null, toolResult: null };
  return { ...shown, chunk: event, "~run": run, "~values": values, "~at": at };
}

describe("a run of events", () => {
  it("is written as the first of them, and what the others differ in", () => {
    const [run, ...more] = compacted(texts(3));
    expect(more).toEqual([]);
    expect(JSON.parse(JSON.stringify(run))).toEqual({
      type: "events",
      first: { type: "delta", index: 0, delta: { text: "word 0" } },
      at: [["delta", "text"]],
      values: ["word 1", "word 2"],
    });
    expect(JSON.stringify(compacted(texts(1_000))).length).toBeLessThan(15_000);
  });

  it("gives the same events again, byte for byte, whatever they are", () => {
    const key = fc.constantFrom("type", "index", "delta", "text", "choices", "__proto__", "constructor", "0");
    const { event } = fc.letrec((tie) => ({
      leaf: fc.oneof(fc.constantFrom("a", "b", ""), fc.constantFrom(0, 1, -0, 1e308), fc.boolean(), fc.constant(null)),
      list: fc.array(tie("event"), { maxLength: 3 }),
      event: fc.oneof(
        { depthSize: "small" },
        tie("leaf"),
        tie("list"),
        fc.dictionary(key, tie("event"), { maxKeys: 3 }),
      ),
    }));
    const like = fc
      .tuple(event, fc.array(fc.tuple(fc.string(), fc.nat(3)), { maxLength: 6 }))
      .map(([same, varying]) => varying.map(([text, number]) => ({ same, delta: { text, number } })));
    const events = fc.oneof(like, fc.array(event, { maxLength: 6 }));
    fc.assert(
      fc.property(fc.array(events, { maxLength: 3 }), (lists) => {
        // As they come from a wire.
        const records: EventRecord[] = JSON.parse(JSON.stringify(lists.flat().map(eventOf)));
        expect(JSON.stringify(rewritten(records))).toBe(JSON.stringify(records));
      }),
      { numRuns: 500 },
    );
  });

  it("is not compared event by event where the provider knows of it, and gives the same events", () => {
    const values = fc.array(fc.tuple(fc.string(), fc.nat(3)), { maxLength: 6 });
    const runs = fc.array(fc.record({ run: fc.nat(2), parts: fc.constantFrom(2, 3), values }), { maxLength: 6 });
    fc.assert(
      fc.property(fc.array(runs, { maxLength: 3 }), (batches) => {
        // Each run has a text, and those with three parts a number as well; some events stand for themselves.
        const known = [2, 3].map((parts) => [0, 1].map(() => ({ parts: Array.from({ length: parts }, () => "") })));
        for (const batch of batches) {
          const chunks = batch.flatMap(({ run, parts, values: all }) =>
            all.map(([text, number], nth) => {
              const event = { type: "delta", index: run, delta: { text, ...(parts === 3 && { number }) } };
              const shared = all.flatMap((own) => own.slice(0, parts - 1));
              return chunkOf(event, known[parts - 2]?.[run] ?? null, shared, nth * (parts - 1));
            }),
          );
          const records = chunks.map(({ chunk }) => eventOf(chunk));
          expect(rewritten(chunks)).toEqual(records);
          expect(rewritten(chunks.map((of) => ({ of, event: () => of.chunk })))).toEqual(records);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("keeps what belongs to one event, and records between them, in their places", () => {
    const invalid: EventRecord = { ...eventOf({ type: "delta", index: 0, delta: { text: "x" } }), invalid: [[0, []]] };
    const result: LogRecord = { type: "toolResult", place: 0, id: "a", name: "clock", output: null };
    const batch = [...texts(2), invalid, ...texts(2), result, ...texts(2)];
    expect(rewritten(batch)).toEqual(batch);
    expect(rewritten([() => result])).toEqual([result]);
  });

  it("that is damaged gives nothing, and changes nothing else", () => {
    const [run] = JSON.parse(JSON.stringify(compacted(texts(3))));
    const damages = [{ at: [] }, { at: null }, { at: [[]] }, { at: [["delta"], ["text"]] }, { values: {} }];
    for (const damage of damages) expect(eventsIn({ ...run, ...damage }), JSON.stringify(damage)).toBeNull();
    for (const path of [["__proto__", "polluted"], ["constructor", "prototype", "polluted"], ["nowhere"]])
      expect(eventsIn({ ...run, at: [path] })).toBeNull();
    expect("polluted" in {}).toBe(false);
  });
});
