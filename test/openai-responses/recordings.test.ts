import { describe, expect, it } from "vitest";
import type { AnyTool } from "../../src/index.ts";
import { tool, type Tool } from "../../src/index.ts";
import { call, client } from "../../src/providers/openai/index.ts";
import { ToolBox } from "../../src/tool/tool-box.ts";
import { hasCorpus, type Recording, recordings } from "../corpus.ts";
import { isSweep, sample } from "../sample.ts";
import { type Fields, fold } from "./fold.ts";
import { ByteDecoder } from "./steps.ts";

/** Of how many places a sample takes a recording apart, and how often at random ones; in a sweep at every place. */
const PLACES = 20;
const ROUNDS = isSweep ? 20 : 2;

/** Where deltas and the whole text contradict each other: it was edited where it was published. The whole text counts. */
const CONTRADICTORY = "openai-responses/shell-container.jsonl";

interface Decoded {
  readonly events: unknown[];
  readonly message: unknown;
  /** What the pairs hold of tools: every fragment, and every call that is complete. */
  readonly calls: unknown[];
  readonly text: string;
  readonly thinking: string;
}

function decode(pieces: Iterable<Uint8Array>, tools: readonly AnyTool[] = []): Decoded {
  const box = new ToolBox(tools, true);
  const calls: unknown[] = [];
  const bytes = new ByteDecoder();
  const { decoder } = bytes;
  const chunks: { chunk: unknown; content: string; thinking: string }[] = [];
  const drain = (steps: ReturnType<ByteDecoder["push"]>): void => {
    for (const { chunk, tools: updates } of steps) {
      chunks.push(chunk);
      for (const update of updates) {
        const called = box.apply(update);
        if (called === null || called instanceof Promise) continue;
        calls.push([called.id, called.state, called.state === "streaming" ? called.delta : called.text]);
        if (called.state === "complete") calls.push(called.args);
      }
    }
  };
  try {
    for (const piece of pieces) {
      if (decoder.isOver) break;
      drain(bytes.push(piece));
    }
    drain(bytes.end());
  } catch {
    // The outcome is tested on the stream; here it matters that what came before is the same.
  }
  return {
    events: chunks.map(({ chunk }) => chunk),
    message: decoder.message,
    calls,
    text: chunks.map(({ content }) => content).join(""),
    thinking: chunks.map(({ thinking }) => thinking).join(""),
  };
}

function* cutAt(bytes: Uint8Array, places: readonly number[]): Generator<Uint8Array> {
  let start = 0;
  for (const place of places) {
    yield bytes.subarray(start, place);
    start = place;
  }
  yield bytes.subarray(start);
}

/** A small generator of numbers, so that a failure can be repeated. */
function* numbers(seed: number): Generator<number> {
  let state = seed;
  for (;;) {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    yield state;
  }
}

/** A tool for each function that a recording calls: what they take is not looked at. */
function toolsOf({ events }: Recording): Tool<string, Record<string, unknown>, string>[] {
  const items = events.map(({ item }) => item as { type?: string; name?: string } | undefined);
  const names = items.flatMap((item) => (item?.type === "function_call" ? [item.name ?? ""] : []));
  return [...new Set(names)].map((name) => tool({ name, inputSchema: { type: "object" }, call: () => "done" })) as Tool<
    string,
    Record<string, unknown>,
    string
  >[];
}

function respondWith(bytes: Uint8Array): typeof fetch {
  return () => Promise.resolve(new Response(bytes.slice(), { headers: { "content-type": "text/event-stream" } }));
}

function expectedOutcome({ events }: Recording): string {
  const { end } = fold(events);
  if (end === null) return "truncated";
  return end === "error" || end === "response.failed" ? "failed" : "complete";
}

describe.runIf(hasCorpus)("recorded streams of the Responses API", () => {
  const all = recordings("openai", "responses");
  const each = all.map((recording) => [recording.file, recording] as const);

  it("are the 43 of the index", () => expect(all).toHaveLength(43));

  it.each(each)("%s has its outcome", async (_, recording) => {
    const stream = call(
      recording.model,
      {
        stream: true,
        retry: false,
        client: client({ apiKey: "k", fetch: respondWith(recording.bytes) }),
      },
      () => "?",
    )();
    const seen: unknown[] = [];
    let [text, thinking] = ["", ""];
    try {
      for await (const [chunk] of stream) {
        seen.push(chunk.chunk);
        text += chunk.content;
        thinking += chunk.thinking;
      }
    } catch (error) {
      expect(error).toBe(stream.error);
    }
    expect(stream.outcome).toBe(expectedOutcome(recording));
    const expected = recording.events.filter(({ type }) => type !== "keepalive");
    if (stream.outcome === "failed") expect(seen).toEqual(expected.slice(0, seen.length));
    else expect(seen).toEqual(expected);
    if (recording.file !== CONTRADICTORY) expect([stream.content, stream.thinking]).toEqual([text, thinking]);
  });

  it.each(each)("%s is folded as the reference says", (file, { bytes, events }) => {
    const { message, text, thinking } = decode([bytes]);
    const { response } = fold(events);
    expect(message).toEqual(response);
    const parts = (response["output"] as Fields[]).flatMap((item) =>
      [...(item["summary"] ?? []), ...(item["content"] ?? [])].map((part) => [item["type"], part] as const),
    );
    const told = (kind: string): string =>
      parts.flatMap(([type, part]) => (type === kind && part["type"] !== "refusal" ? part["text"] : [])).join("");
    if (file !== CONTRADICTORY) expect([text, thinking]).toEqual([told("message"), told("reasoning")]);
  });

  it.each(each.filter(([, { bytes }]) => bytes.length <= 20_000))(
    `%s decodes alike, split at ${isSweep ? "every position" : "any position"}`,
    (file, recording) => {
      const { bytes } = recording;
      const tools = toolsOf(recording);
      const whole = decode([bytes], tools);
      expect(whole.calls.length > 0).toBe(tools.length > 0);
      const json = JSON.stringify(whole);
      const places = Array.from({ length: bytes.length + 1 }, (_, place) => place);
      for (const place of sample(places, PLACES, file)) {
        const parts = decode(cutAt(bytes, [place]), tools);
        if (JSON.stringify(parts) !== json) expect({ place, ...parts }).toEqual({ place, ...whole });
      }
    },
  );

  it.each(each.map(([file, recording], seed) => [file, recording, seed] as const))(
    "%s decodes alike, split at random positions",
    (_, recording, seed) => {
      const { bytes } = recording;
      const tools = toolsOf(recording);
      const whole = decode([bytes], tools);
      const random = numbers(seed + 1);
      for (let round = 0; round < ROUNDS; round++) {
        const count = 1 + ((random.next().value as number) % 200);
        const places = Array.from({ length: count }, () => (random.next().value as number) % bytes.length);
        const sorted = places.sort((a, b) => a - b);
        expect(decode(cutAt(bytes, sorted), tools)).toEqual(whole);
      }
      if (bytes.length > 20_000 && !isSweep) return;
      expect(
        decode(
          [...bytes].map((byte) => Uint8Array.of(byte)),
          tools,
        ),
      ).toEqual(whole);
    },
  );
});
