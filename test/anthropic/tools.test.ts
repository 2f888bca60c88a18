import { describe, expect, it } from "vitest";
import { type AnthropicStream, call, client } from "../../src/providers/anthropic/index.ts";
import { hasCorpus, type Recording, recordings } from "../corpus.ts";
import { toolsOf } from "../recorded-tools.ts";

interface ToolUse {
  readonly name: string;
  readonly id: string;
  readonly input: unknown;
}

/** A response whose bytes come in pieces. */
function pieces(bytes: Uint8Array, places: readonly number[]): typeof fetch {
  return () => {
    let start = 0;
    const ends = [...places, bytes.length];
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const end = ends.shift();
        if (end === undefined) return controller.close();
        if (end > start) controller.enqueue(bytes.slice(start, end));
        else controller.enqueue(new Uint8Array(0));
        start = end;
      },
    });
    return Promise.resolve(new Response(body, { headers: { "content-type": "text/event-stream" } }));
  };
}

async function read(recording: Recording, places: readonly number[], partialTools: boolean) {
  const own = client({ apiKey: "sk-test", baseURL: "http://127.0.0.1:1", fetch: pieces(recording.bytes, places) });
  const tools = toolsOf(recording);
  const stream = call("m", { stream: { partialTools }, client: own, tools }, () => "Hello")() as AnthropicStream<
    (typeof tools)[number]
  >;
  const yielded: unknown[] = [];
  const fragments = new Map<string, string>();
  let events = 0;
  try {
    for await (const [chunk, called] of stream) {
      if (chunk.chunk.type !== "ping") events++;
      if (called === null) continue;
      if (called.delta === null) yielded.push({ name: called.name, id: called.id, input: called.args });
      else fragments.set(called.id, (fragments.get(called.id) ?? "") + String(called.delta));
    }
  } catch {
    // Whatever has ended it: what had come by then is looked at.
  }
  return { stream, yielded, fragments, events };
}

const all = recordings("anthropic");
const bearing = all.filter((recording) => toolsOf(recording).length > 0);

describe.skipIf(!hasCorpus)("recorded tools", () => {
  it("are in many of the recordings", () => expect(bearing.length).toBeGreaterThan(15));

  describe.each(bearing.map((recording) => [recording.file, recording] as const))("%s", (_, recording) => {
    const { length } = recording.bytes;
    // Every place of small files would take long over fetch: the decoder's own test does that in memory.
    const cuts = Array.from({ length: 12 }, (_, seed) =>
      [(seed * 7919) % length, (seed * 104_729) % length].sort((a, b) => a - b),
    );

    it("yields the tools that its message holds, with and without partials, however it is split", async () => {
      const plain = await read(recording, [], false);
      const inMessage = (plain.stream.message?.content ?? []).filter(({ type }) => type === "tool_use") as ToolUse[];
      const complete = plain.stream.tools.filter(({ state }) => state === "complete").map(({ id }) => id);
      const expected = inMessage.filter(({ id }) => complete.includes(id));
      expect(plain.yielded).toEqual(expected.map(({ name, id, input }) => ({ name, id, input })));
      expect(plain.stream.tools.map(({ id }) => id)).toEqual(inMessage.map(({ id }) => id));
      for (const places of [[], ...cuts]) {
        for (const partialTools of [false, true]) {
          const { stream, yielded, fragments, events } = await read(recording, places, partialTools);
          expect(yielded).toEqual(plain.yielded);
          expect(events).toBe(plain.events);
          expect(stream.message).toEqual(plain.stream.message);
          expect(stream.messageParam).toEqual(plain.stream.messageParam);
          for (const called of stream.tools) {
            const text = fragments.get(called.id);
            if (partialTools && text !== undefined) expect(text).toBe(called.text);
          }
        }
      }
    });
  });
});
