import { describe, expect, it } from "vitest";
import { type AnyTool, tool } from "../../src/index.ts";
import { dialectNamed } from "../../src/providers/openai-chat/dialects.ts";
import { call, client, type ClientOptions } from "../../src/providers/openai-chat/index.ts";
import { ToolBox } from "../../src/tool/tool-box.ts";
import { hasCorpus } from "../corpus.ts";
import { isSweep, sample } from "../sample.ts";
import { foldChat } from "./chat-fold.ts";
import { type ChatRecording, chatRecordings } from "./chat-recordings.ts";
import { ChatBytes } from "./chat-steps.ts";

/** At how many places a sample cuts a recording, and how often at random ones; in a sweep at every place. */
const PLACES = 25;
const ROUNDS = isSweep ? 20 : 1;

/** Those whose server may send no finish reason. */
const DIALECTS: Readonly<Record<string, ClientOptions["dialect"]>> = {
  "openai-chat/openrouter-kimi-tool-variant-a.sse": "openrouter",
  "openai-chat/openrouter-kimi-tool-variant-b.sse": "openrouter",
};

/** What becomes of those that are not complete. */
const OUTCOMES: Readonly<Record<string, string>> = {
  "openai-chat/groq-midstream-error.sse": "failed",
  // It sends no finish reason, and no row says so of its server.
  "openai-chat/snowflake-claude-reasoning-details.sse": "truncated",
};

interface Decoded {
  readonly events: unknown[];
  readonly message: unknown;
  /** What the pairs hold of tools: every fragment, and every call that is complete. */
  readonly calls: unknown[];
  readonly isWhole: boolean;
}

function decode({ file, events }: ChatRecording, pieces: Iterable<Uint8Array>): Decoded {
  const box = new ToolBox(toolsOf(events), true);
  const bytes = new ChatBytes(dialectNamed(DIALECTS[file] ?? ""), choicesOf(events));
  const { decoder } = bytes;
  const seen: unknown[] = [];
  const calls: unknown[] = [];
  const drain = (steps: ReturnType<ChatBytes["push"]>): void => {
    for (const { chunk, tools } of steps) {
      seen.push(chunk.chunk);
      for (const update of tools) {
        const called = box.apply(update);
        if (called === null || called instanceof Promise) continue;
        calls.push([called.id, called.state, called.state === "streaming" ? called.delta : called.text]);
      }
    }
  };
  try {
    for (const piece of pieces) if (!decoder.isOver) drain(bytes.push(piece));
    drain(bytes.end());
  } catch {
    // The outcome is tested on the stream; here it matters that what came before is the same.
  }
  return { events: seen, message: decoder.message, calls, isWhole: decoder.isWhole };
}

function toolsOf(events: ChatRecording["events"]): AnyTool[] {
  const names = [...JSON.stringify(events).matchAll(/"function":\{"name":"(\w+)"/g)].map(([, name]) => name ?? "");
  return [...new Set(names)].map(
    (name) => tool({ name, inputSchema: { type: "object" }, call: () => "done" }) as AnyTool,
  );
}

const choicesOf = (events: ChatRecording["events"]): number =>
  JSON.stringify(events).includes('"index":1,"delta"') ? 2 : 1;

function* cutAt(bytes: Uint8Array, places: readonly number[]): Generator<Uint8Array> {
  let start = 0;
  for (const place of places) {
    yield bytes.subarray(start, place);
    start = place;
  }
  yield bytes.subarray(start);
}

const respondWith =
  (bytes: Uint8Array): typeof fetch =>
  () =>
    Promise.resolve(new Response(bytes.slice(), { headers: { "content-type": "text/event-stream" } }));

describe.runIf(hasCorpus)("recorded Chat Completions streams", () => {
  const all = chatRecordings();
  const named = all.map((recording) => [recording.file, recording] as const);

  it("are the 38 of the index", () => expect(all).toHaveLength(38));

  it.each(named)("%s has its outcome", async (file, { bytes, events, model }) => {
    const dialect = DIALECTS[file];
    const options = { apiKey: "k", fetch: respondWith(bytes), ...(dialect && { dialect }) };
    const callParams = choicesOf(events) > 1 ? { n: 2 } : {};
    const stream = call(model, { stream: true, retry: false, callParams, client: client(options) }, () => "x")();
    const seen: unknown[] = [];
    let [text, thinking] = ["", ""];
    try {
      for await (const [chunk] of stream) {
        if (chunk.chunk !== seen.at(-1)) seen.push(chunk.chunk);
        text += chunk.content;
        thinking += chunk.thinking;
      }
    } catch (error) {
      expect(error).toBe(stream.error);
    }
    expect(stream.outcome).toBe(OUTCOMES[file] ?? "complete");
    expect(seen).toEqual(stream.outcome === "failed" ? events.slice(0, -1) : events);
    expect([stream.content, stream.thinking]).toEqual([text, thinking]);
  });

  it.each(named)("%s is equal to the plain fold", (file, recording) => {
    const { bytes, events } = recording;
    const told = file.includes("groq-midstream") ? events.slice(0, -1) : events;
    expect(decode(recording, [bytes]).message).toEqual(foldChat(told));
  });

  it.each(named.filter(([, { bytes }]) => bytes.length <= 20_000))(
    `%s decodes alike, split at ${isSweep ? "every position" : "any position"}`,
    (file, recording) => {
      const { bytes } = recording;
      const whole = decode(recording, [bytes]);
      const json = JSON.stringify(whole);
      const places = Array.from({ length: bytes.length + 1 }, (_, place) => place);
      for (const place of sample(places, PLACES, file)) {
        const parts = decode(recording, cutAt(bytes, [place]));
        if (JSON.stringify(parts) !== json) expect({ place, ...parts }).toEqual({ place, ...whole });
      }
    },
  );

  it.each(named)("%s decodes alike, split at random positions", (file, recording) => {
    const { bytes } = recording;
    const whole = decode(recording, [bytes]);
    const places = Array.from({ length: bytes.length }, (_, place) => place);
    for (let round = 0; round < ROUNDS; round++) {
      expect(decode(recording, cutAt(bytes, sample(places, 100, `${file} ${round}`)))).toEqual(whole);
    }
    expect(
      decode(
        recording,
        [...bytes].map((byte) => Uint8Array.of(byte)),
      ),
    ).toEqual(whole);
  });

  it.each(named)("%s is never whole before a finish reason", (_, recording) => {
    const { bytes, events, isDone } = recording;
    const text = Buffer.from(bytes).toString("latin1");
    const ends = [...text.matchAll(/\r?\n\r?\n/g)].map(({ index, 0: blank }) => index + blank.length);
    for (const end of ends) {
      const told = text.slice(0, end);
      const reasons = [...told.matchAll(/"finish_reason":"\w+"/g)].length;
      const cut = decode(recording, [bytes.subarray(0, end)]);
      const isWhole = reasons >= choicesOf(events) || (isDone && told.includes("[DONE]") && recording.file in DIALECTS);
      expect([end, cut.isWhole]).toEqual([end, isWhole]);
    }
  });
});
