import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, it } from "vitest";
import { call, client } from "../../src/providers/anthropic/index.ts";
import type { AnyTool } from "../../src/index.ts";
import { ToolBox } from "../../src/tool/tool-box.ts";
import { ByteDecoder } from "../anthropic-steps.ts";
import { hasCorpus, type Recording, recordings } from "../corpus.ts";
import { toolsOf } from "../recorded-tools.ts";
import { isSweep, sample } from "../sample.ts";

/** Of how many places a sample takes a recording apart, and how often at random ones; in a sweep at every place. */
const PLACES = 40;
const ROUNDS = isSweep ? 20 : 2;

interface Decoded {
  readonly events: unknown[];
  readonly message: unknown;
  /** What the pairs hold of tools: every fragment, and every call that is complete. */
  readonly calls: unknown[];
}

function decode(pieces: Iterable<Uint8Array>, runs: boolean, tools: readonly AnyTool[] = []): Decoded {
  const box = new ToolBox(tools, true);
  const calls: unknown[] = [];
  const bytes = new ByteDecoder(runs);
  const { decoder } = bytes;
  const chunks: { chunk: unknown }[] = [];
  const drain = (steps: ReturnType<ByteDecoder["push"]>): void => {
    for (const { chunk, tools: updates } of steps) {
      chunks.push(chunk);
      if (tools.length === 0) continue;
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
  return { events: chunks.map(({ chunk }) => chunk), message: decoder.message, calls };
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

function expectedOutcome({ events }: Recording): string {
  const types = events.map((event) => event["type"]);
  const ids = events.flatMap(({ message }) => (message === undefined ? [] : (message as { id: unknown }).id));
  if (types.includes("error") || new Set(ids).size > 1) return "failed";
  const reasons = events.map((event) => {
    const { delta, message } = event as { delta?: { stop_reason?: unknown }; message?: { stop_reason?: unknown } };
    return delta?.stop_reason ?? message?.stop_reason;
  });
  return reasons.some((reason) => typeof reason === "string") ? "complete" : "truncated";
}

function respondWith(bytes: Uint8Array): typeof fetch {
  return () => Promise.resolve(new Response(bytes.slice(), { headers: { "content-type": "text/event-stream" } }));
}

function sdkMessage(bytes: Uint8Array, beta: boolean): Promise<unknown> {
  const sdk = new Anthropic({ apiKey: "sk-test", fetch: respondWith(bytes), maxRetries: 0 });
  const body = { model: "m", max_tokens: 1, messages: [] };
  return (beta ? sdk.beta.messages.stream(body) : sdk.messages.stream(body)).finalMessage();
}

/** What the SDK adds to a message: keys of its own, and keys that it sets to undefined. */
const SDK_KEYS = new Set(["parsed_output", "_request_id"]);

/** What the SDK's stable namespace drops, since it knows nothing of these beta features; its beta namespace has it. */
const BETA_ONLY: Record<string, RegExp> = {
  "usage.iterations is a beta field": /^usage\.iterations$/,
  "context_management is a beta field": /^context_management$/,
  "usage.fallback_credit is a beta field": /^usage\.fallback_credit$/,
  "compaction blocks are beta": /^content\.0\.(encrypted_)?content$/,
  "mcp_tool_use blocks are beta, so their input is not assembled": /^content\.0\.input\./,
  "fallback blocks, which name the model that took over, are beta": /^model$/,
};

/** Where both namespaces of the SDK differ from us, and why we do. */
const DIFFERENCES: Record<string, { readonly paths: readonly string[]; readonly reason: string }> = {
  "anthropic/authored-sdk-incomplete-partial-json.sse": {
    paths: ["content.1.input.filename", "content.1.input.lines_of_text"],
    reason: "the input was cut by max_tokens: the SDK takes what its partial parser makes of it for the whole",
  },
};

/** Where the SDK cannot accumulate the bytes, and why. */
const REFUSED: Record<string, string> = {
  "anthropic/authored-duplicate-message-start.jsonl": "it refuses a second message_start, though it is the same",
  "anthropic/authored-spliced-message-start.jsonl": "a second message_start of another message fails here and there",
  "anthropic/derived-overloaded-midstream.sse": "an error event fails here and there",
};

/** The paths at which two values differ. */
function differences(ours: unknown, theirs: unknown, path = ""): string[] {
  if (typeof ours !== "object" || typeof theirs !== "object" || ours === null || theirs === null) {
    return Object.is(ours, theirs) ? [] : [path];
  }
  const keys = new Set([...Object.keys(ours), ...Object.keys(theirs)]);
  return [...keys]
    .filter((key) => !SDK_KEYS.has(key))
    .flatMap((key) =>
      differences(Reflect.get(ours, key), Reflect.get(theirs, key), path === "" ? key : `${path}.${key}`),
    );
}

describe.runIf(hasCorpus)("recorded Anthropic streams", () => {
  const all = recordings("anthropic");

  it("are the 79 of the index", () => expect(all).toHaveLength(79));

  it.each(all.map((recording) => [recording.file, recording] as const))("%s has its outcome", async (_, recording) => {
    const stream = call(
      recording.model,
      { stream: true, retry: false, client: client({ apiKey: "k", fetch: respondWith(recording.bytes) }) },
      () => "x",
    )();
    const seen: unknown[] = [];
    let text = "";
    try {
      for await (const [chunk] of stream) {
        seen.push(chunk.chunk);
        text += chunk.content;
      }
    } catch (error) {
      expect(error).toBe(stream.error);
    }
    expect(stream.outcome).toBe(expectedOutcome(recording));
    const expected = recording.events.filter((event) => event["type"] !== "ping");
    if (stream.outcome === "failed") expect(seen).toEqual(expected.slice(0, seen.length));
    else expect(seen).toEqual(expected);
    expect(stream.content).toBe(text);
  });

  it.each(all.filter(({ bytes }) => bytes.length <= 20_000).map((recording) => [recording.file, recording] as const))(
    `%s decodes alike, split at ${isSweep ? "every position" : "any position"}`,
    (file, recording) => {
      const { bytes } = recording;
      const tools = toolsOf(recording);
      const whole = decode([bytes], true, tools);
      expect(whole.calls.length > 0).toBe(tools.length > 0);
      expect(decode([bytes], false, tools)).toEqual(whole);
      const json = JSON.stringify(whole);
      const places = Array.from({ length: bytes.length + 1 }, (_, place) => place);
      const tried = sample(places, PLACES, file);
      expect(tried.length).toBe(isSweep ? bytes.length + 1 : Math.min(PLACES, bytes.length + 1));
      for (const place of tried) {
        const parts = decode(cutAt(bytes, [place]), true, tools);
        if (JSON.stringify(parts) !== json) expect({ place, ...parts }).toEqual({ place, ...whole });
      }
    },
  );

  it.each(all.map((recording, i) => [recording.file, recording, i] as const))(
    "%s decodes alike, split at random positions",
    (_, recording, seed) => {
      const { bytes } = recording;
      const tools = toolsOf(recording);
      const whole = decode([bytes], false, tools);
      const random = numbers(seed + 1);
      for (let round = 0; round < ROUNDS; round++) {
        const count = 1 + ((random.next().value as number) % 200);
        const places = Array.from({ length: count }, () => (random.next().value as number) % bytes.length);
        expect(
          decode(
            cutAt(
              bytes,
              places.sort((a, b) => a - b),
            ),
            true,
            tools,
          ),
        ).toEqual(whole);
      }
      expect(
        decode(
          [...bytes].map((byte) => Uint8Array.of(byte)),
          true,
          tools,
        ),
      ).toEqual(whole);
    },
  );

  it.each(all.map((recording) => [recording.file, recording] as const))(
    "%s gives the SDK's message",
    async (file, { bytes }) => {
      const { message } = decode([bytes], true);
      // The SDK loses a last event that no blank line ends; with one it can be compared.
      const terminated = new Uint8Array([...bytes, 10, 10]);
      for (const beta of [false, true]) {
        const expected = await sdkMessage(terminated, beta).catch(() => null);
        if (expected === null) {
          expect(REFUSED[file]).toBeDefined();
          continue;
        }
        const allowed = DIFFERENCES[file]?.paths ?? [];
        const found = differences(message, expected).filter((path) => !allowed.includes(path));
        const unexplained = beta
          ? found
          : found.filter((path) => !Object.values(BETA_ONLY).some((rule) => rule.test(path)));
        expect(unexplained).toEqual([]);
      }
    },
  );
});
