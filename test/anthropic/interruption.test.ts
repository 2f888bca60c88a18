import { setTimeout as delay } from "node:timers/promises";
import type * as http from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type AnthropicStream, call, client } from "../../src/providers/anthropic/index.ts";
import { ends, hasCorpus, type Recording, recordings } from "../corpus.ts";
import { isSweep, sample } from "../sample.ts";
import { serve, startStream, type TestServer } from "../server.ts";

/** What a server is asked for, in the prompt: so many bytes of a recording, and then the end that is meant. */
interface Cut {
  readonly recording: number;
  readonly bytes: number;
  readonly end: "reset" | "end";
}

const all = recordings("anthropic");
/** Ten that differ in what they hold, and are small enough to be cut at every byte. */
const TEN = [
  "text-hello-sonnet4.sse",
  "tool-no-args.jsonl",
  "tools-two-no-args.sse",
  "refusal-stop-details.jsonl",
  "derived-overloaded-midstream.sse",
  "authored-sdk-basic-no-trailing-newline.sse",
  "authored-sdk-compaction.sse",
  "stop-sequence-prefill.sse",
  "mcp.jsonl",
  "agent-sdk-text-emoji-cache.sse",
];

const BATCH = 16;
/** At how many bytes, and after how many events, a sample cuts a recording, beside its two ends. */
const [BYTES, EVENTS] = [30, 3];
/** In how many of the ways of use a sample reads what is cut there. */
const WAYS = 3;

let server: TestServer;
let own: ReturnType<typeof client>;
const unhandled = vi.fn();

beforeAll(async () => {
  process.on("unhandledRejection", unhandled);
  server = await serve((response, _request, count) => {
    const [message] = (server.requests[count - 1]?.body["messages"] ?? []) as { content: string }[];
    play(response, JSON.parse(message?.content ?? "") as Cut);
  });
  own = client({ apiKey: "sk-test", baseURL: server.url });
});

beforeEach(() => void (server.requests as unknown[]).splice(0));

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  process.off("unhandledRejection", unhandled);
});

function play(response: http.ServerResponse, { recording, bytes, end }: Cut): void {
  const body = all[recording]?.bytes.subarray(0, bytes) ?? new Uint8Array();
  startStream(response);
  if (end === "end") response.end(body);
  else response.write(body.length > 0 ? body : "\n", () => response.destroy());
}

const open = (cut: Cut): AnthropicStream =>
  call("claude-sonnet-5-5", { stream: true, client: own, retry: false }, () => JSON.stringify(cut))();

/** What a reader of these events knows, worked out apart from the library. */
interface Known {
  readonly outcome: "complete" | "truncated" | "failed";
  readonly text: string;
  readonly input: number;
  readonly output: number;
}

function knownFrom(events: Recording["events"]): Known {
  let [text, input, output] = ["", 0, 0];
  const starts = new Set<unknown>();
  let outcome: Known["outcome"] = "truncated";
  for (const event of events) {
    const { type, message, delta, content_block, usage } = event as Record<string, Record<string, unknown> | undefined>;
    const counts = (message?.["usage"] ?? usage ?? {}) as { input_tokens?: number; output_tokens?: number };
    const isStart = (type as unknown) === "message_start";
    // The same message may be started twice.
    if (isStart) starts.add(message?.["id"]);
    if ((type as unknown) === "error" || starts.size > 1) return { outcome: "failed", text, input, output };
    input = counts.input_tokens || input;
    output = counts.output_tokens || output;
    const blocks = (message?.["content"] ?? [content_block ?? {}]) as { type?: string; text?: string }[];
    for (const block of blocks) if (block.type === "text") text += block.text ?? "";
    if (delta?.["type"] === "text_delta") text += String(delta["text"]);
    if (typeof (delta?.["stop_reason"] ?? message?.["stop_reason"]) === "string") outcome = "complete";
  }
  return { outcome, text, input, output };
}

/** The events that are whole in the first so many bytes; one that is not terminated counts if its JSON is whole. */
function eventsIn({ bytes }: Recording, length: number): Recording["events"] {
  const lines = Buffer.from(bytes.subarray(0, length))
    .toString("utf8")
    .split(/\r\n|\n|\r/);
  return lines
    .filter((line) => line.startsWith("data:"))
    .flatMap((line) => {
      try {
        return [JSON.parse(line.slice(5)) as Record<string, unknown>];
      } catch {
        return [];
      }
    });
}

/** What all accessors say must be one story. */
async function check(stream: AnthropicStream, known: Known, whole: Known, isAborted = false): Promise<void> {
  const { outcome, error, content, usage } = stream;
  expect(["complete", "truncated", "failed", "aborted"]).toContain(outcome);
  if (!isAborted) expect([outcome, content]).toEqual([known.outcome, known.text]);
  else expect([known.outcome, "aborted"]).toContain(outcome);
  expect(whole.text.startsWith(content)).toBe(true);
  expect(error === null).toBe(outcome === "complete");
  const settled = await stream.response().then(
    (response) => response.content,
    (thrown: unknown) => thrown,
  );
  expect(settled).toBe(error ?? content);
  if (error === null) expect(stream.constructCallResponse().content).toBe(content);
  else expect(() => stream.constructCallResponse()).toThrow(error);
  // A reply whose server counts nothing is estimated to its end.
  const isCounted = known.input > 0 || known.output > 0;
  const isEstimated = !isCounted && stream.message !== null;
  expect(usage.source).toBe(isEstimated ? "estimated" : outcome === "complete" ? "reported" : "partial");
  if (!isAborted) expect([usage.input_tokens, usage.output_tokens]).toEqual([known.input, known.output]);
  expect(error?.partial?.content ?? content).toBe(content);
  expect(stream.outcome).toBe(outcome);
}

/** Timers that run, as far as Node tells. */
const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

/** Runs so many at a time, and looks at what is left of them. */
async function batches<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const before = timers();
  for (let start = 0; start < items.length; start += BATCH) {
    await Promise.all(items.slice(start, start + BATCH).map(run));
  }
  const deadline = performance.now() + 100;
  // A connection that was used to its end waits for the next request; those that were cut are gone.
  while (performance.now() < deadline && (server.inUse() > 0 || timers() > before)) await delay(1);
  expect([server.inUse(), Math.max(0, timers() - before)]).toEqual([0, 0]);
  await delay(0);
  expect(unhandled).not.toHaveBeenCalled();
}

async function iterate(stream: AnthropicStream, onPair: (count: number) => void = () => {}): Promise<string> {
  let text = "";
  let count = 0;
  for await (const [chunk] of stream) {
    text += chunk.content;
    onPair(++count);
  }
  return text;
}

describe.skipIf(!hasCorpus)("a stream that is cut", () => {
  const bytes = isSweep ? "every byte" : "bytes";
  it.each(TEN)(
    `is told from one that is whole, at ${bytes} of %s`,
    { timeout: isSweep ? 600_000 : 60_000 },
    async (file) => {
      const recording = all.findIndex((other) => other.file.endsWith(`/${file}`));
      const found = all[recording];
      if (found === undefined) throw new Error("The recording is gone.");
      const whole = knownFrom(found.events);
      const cuts = Array.from({ length: found.bytes.length + 1 }, (_, bytes): Cut => {
        return { recording, bytes, end: bytes % 2 === 0 ? "reset" : "end" };
      });
      const outcomes = { truncated: 0, ended: 0 };
      await batches(
        [...cuts.slice(0, 1), ...sample(cuts.slice(1, -1), BYTES, file), ...cuts.slice(-1)],
        async (cut) => {
          const known = knownFrom(eventsIn(found, cut.bytes));
          const stream = open(cut);
          const text = await iterate(stream).catch(() => null);
          await check(stream, known, whole);
          if (text !== null) expect(text).toBe(stream.content);
          outcomes[known.outcome === "truncated" ? "truncated" : "ended"]++;
        },
      );
      expect(outcomes.truncated).toBeGreaterThan(isSweep ? 200 : 10);
      expect(outcomes.ended).toBeGreaterThan(0);
      expect(outcomes.truncated + outcomes.ended).toBe(isSweep ? cuts.length : BYTES + 2);
    },
  );

  const USES = ["iterate", "response", "text", "abort"] as const;
  type Use = (typeof USES)[number];
  const subsets = Array.from({ length: 2 ** USES.length }, (_, bits) => USES.filter((_, place) => bits & (1 << place)));
  /** In how many recordings each way of use was tried. */
  const tried = new Map(subsets.map((uses) => [uses, new Set<string>()]));

  /** Uses a stream in these ways at the same time; promises that nobody waits for are left alone. */
  async function use(stream: AnthropicStream, uses: readonly Use[]): Promise<void> {
    const isAborted = uses.includes("abort");
    const running: Promise<unknown>[] = [];
    if (uses.includes("iterate")) running.push(iterate(stream, (count) => count === 3 && isAborted && stream.abort()));
    if (uses.includes("response")) void stream.response();
    if (uses.includes("text")) {
      running.push(
        (async () => {
          for await (const text of stream.textStream()) void text;
        })(),
      );
    }
    if (isAborted && !uses.includes("iterate")) setImmediate(() => stream.abort());
    await Promise.allSettled(running);
    if (stream.outcome === "pending") await stream.response().catch(() => {});
  }

  it.each(all.map(({ file }, recording) => [file, recording] as const))(
    `is told from one that is whole, reset at ${isSweep ? "every event" : "events"} of %s, however it is read`,
    { timeout: isSweep ? 600_000 : 120_000 },
    async (file, recording) => {
      const found = all[recording] as Recording;
      const whole = knownFrom(found.events);
      const places = [0, ...ends(found)];
      const cuts = [...places.slice(0, 1), ...sample(places.slice(1, -1), EVENTS, file), ...places.slice(-1)];
      const cases = cuts.flatMap((bytes) => sample(subsets, WAYS, `${file} ${bytes}`).map((uses) => ({ bytes, uses })));
      await batches(cases, async ({ bytes, uses }) => {
        tried.get(uses)?.add(file);
        const stream = open({ recording, bytes, end: "reset" });
        if (uses.length === 0) {
          expect([stream.outcome, stream.attempts.length]).toEqual(["pending", 0]);
          return;
        }
        await use(stream, uses);
        await check(stream, knownFrom(found.events.slice(0, places.indexOf(bytes))), whole, uses.includes("abort"));
      });
    },
  );

  it("was read in each of the ways, in many recordings", () => {
    const counts = [...tried.values()].map((files) => files.size);
    expect(counts).toHaveLength(16);
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(isSweep ? all.length : 30);
  });
});
