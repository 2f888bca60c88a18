import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { agent, type AnyTool, tool } from "../src/index.ts";
import { type AnthropicCallOptions, type AnthropicStream, call, client } from "../src/providers/anthropic/index.ts";
import { cpuMsSince } from "./cpu-time.ts";
import { delta, ended, frames, started } from "./server.ts";

type Events = Parameters<typeof frames>[0];

/**
 * What grows is played in memory, so that the work is the library's own. Rows that have their test elsewhere:
 *
 * | what grows                                  | test                             |
 * | ------------------------------------------- | -------------------------------- |
 * | the message of an error event, an error page | anthropic/errors.test.ts         |
 * | the name of a model                         | anthropic/models.test.ts         |
 * | lines of a frame, with and without data     | frame/sse-limit.test.ts          |
 * | blocks and texts that are read              | anthropic/view.test.ts           |
 * | the names of MCP tools, their pages         | tool/mcp-faults.test.ts          |
 * | a repetition that a continuation begins with | recovery/overlap.test.ts         |
 * | the calls that an agent runs in one turn    | agent/tool-runner.test.ts        |
 * | the input of a tool                         | tool/tool-call.test.ts           |
 */
const [start] = started as [Events[number]];
const wholeEnd = ended.slice(1);

function fetchOf(bodies: Iterable<string | ReadableStream<Uint8Array>>): () => Promise<Response> {
  const headers = { "content-type": "text/event-stream" };
  const all = bodies[Symbol.iterator]();
  return () => Promise.resolve(new Response(all.next().value as string, { headers }));
}

function clientOf(bodies: Iterable<string | ReadableStream<Uint8Array>>): ReturnType<typeof client> {
  return client({ apiKey: "sk-test", baseURL: "http://127.0.0.1:1", fetch: fetchOf(bodies) });
}

/** A stream of a body. */
function streamOf<T extends AnyTool = AnyTool>(
  body: string | ReadableStream<Uint8Array>,
  options: AnthropicCallOptions<true, T> = {},
): AnthropicStream<T> {
  const plan = { stream: true, client: clientOf([body]), ...options } as const;
  return call("claude-sonnet-5-5", plan, () => "Hello")() as unknown as AnthropicStream<T>;
}

function blocks(count: number, of: (index: number) => Events): Events {
  return Array.from({ length: count }, (_, index) => of(index)).flat();
}

const blockStart = (index: number, content_block: object): Events[number] => ({
  type: "content_block_start",
  index,
  content_block,
});

const toolUse = (index: number): Events => [
  blockStart(index, { type: "tool_use", id: `toolu_${index}`, name: "clock", input: {} }),
  { type: "content_block_stop", index },
];

const clock = tool({ name: "clock", call: () => "noon" });

/** A reply of so many parts, and what is read at its end. */
const replies: Record<string, (count: number) => Promise<unknown>> = {
  async "20,000 empty blocks"(count) {
    const empty = blocks(count, (index) => [
      blockStart(index, { type: "text", text: "" }),
      { type: "content_block_stop", index },
    ]);
    return readAll(streamOf(frames([start, ...empty, ...wholeEnd])));
  },
  async "20,000 citations"(count) {
    const citation = { type: "char_location", cited_text: "a", document_index: 0 };
    const cited = Array.from({ length: count }, () => ({
      type: "content_block_delta",
      index: 0,
      delta: { type: "citations_delta", citation },
    }));
    return readAll(streamOf(frames([...started, ...cited, ...ended])));
  },
  async "20,000 open blocks"(count) {
    const open = blocks(count, (index) => [blockStart(index, { type: "text", text: "a" })]);
    return readAll(streamOf(frames([start, ...open, ...wholeEnd])));
  },
  async "20,000 blocks in reverse order"(count) {
    const open = blocks(count, (index) => [blockStart(count - index, { type: "text", text: "a" })]);
    return readAll(streamOf(frames([start, ...open, ...wholeEnd])));
  },
  async "5,000 blocks within a budget"(count) {
    const open = blocks(count / 4, (index) => [blockStart(index, { type: "text", text: "a" })]);
    const budget = { cost: 1_000, outputTokens: 1_000_000 };
    return readAll(streamOf(frames([start, ...open, ...wholeEnd]), { budget }));
  },
  async "a history of 4,000 calls"(count) {
    const stream = streamOf(frames([start, ...blocks(count / 5, toolUse), ...wholeEnd]), { tools: [clock] });
    await stream.response();
    const { tools } = stream;
    return stream.history(tools.map((one) => [one as never, "noon"]));
  },
};

async function readAll(stream: AnthropicStream): Promise<unknown> {
  for await (const _ of stream);
  return [stream.content, stream.messageParam, stream.tools, stream.history(), stream.usage, stream.cost];
}

describe("the work of a reply grows no faster than the reply", () => {
  it.each(Object.entries(replies))("%s", { timeout: 60_000 }, async (_, read) => {
    await read(1_000);
    const cost = async (size: number): Promise<number> => {
      const begun = process.cpuUsage();
      await read(size);
      return cpuMsSince(begun);
    };
    const small = await cost(5_000);
    const large = await cost(20_000);
    // What else runs in this process only adds to the work: the second try decides.
    const least = large < 6 * small + 100 ? large : Math.min(large, await cost(20_000));
    expect(least, `${small} ms for a quarter`).toBeLessThan(6 * small + 100);
  });

  it("nor does what is read at every chunk", async () => {
    const count = 20_000;
    const texts = Array.from({ length: count }, () => delta("word "));
    const begun = process.cpuUsage();
    const stream = streamOf(frames([...started, ...texts, ...ended]));
    let seen = 0;
    for await (const _ of stream) {
      seen += stream.content.length + (stream.messageParam?.content.length ?? 0);
    }
    expect(seen).toBeGreaterThan(count * count);
    expect(cpuMsSince(begun)).toBeLessThan(2_000);
  });

  it("nor do the tools that are read at every chunk", async () => {
    const count = 10_000;
    const pieces = Array.from({ length: count }, () => ({
      type: "content_block_delta",
      index: 1,
      delta: { type: "input_json_delta", partial_json: '"abcde",' },
    }));
    const input = (partial_json: string): Events[number] => ({
      type: "content_block_delta",
      index: 1,
      delta: { type: "input_json_delta", partial_json },
    });
    const call = [...toolUse(1).slice(0, 1), input('{"list":['), ...pieces, input("1]}"), ...toolUse(1).slice(1)];
    const list = tool({ name: "clock", inputSchema: { type: "object" }, call: () => "noon" });
    const begun = process.cpuUsage();
    const stream = streamOf(frames([start, ...call, ...wholeEnd]), { tools: [list] });
    let seen = 0;
    for await (const _ of stream) seen += JSON.stringify(stream.tools.map(({ toolCall }) => toolCall.id)).length;
    expect(seen).toBeGreaterThan(count * 10);
    expect(cpuMsSince(begun)).toBeLessThan(2_000);
  });
});

describe("memory", () => {
  const MEGABYTE = 2 ** 20;
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const heap = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };

  /** A body that is made while it is read. */
  function flood(first: string, piece: string, count: number): ReadableStream<Uint8Array> {
    const bytes = new TextEncoder().encode(piece);
    let left = count;
    return new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode(first)),
      pull: (controller) => (left-- > 0 ? controller.enqueue(bytes) : controller.close()),
    });
  }

  it("of pairs before the first content is bounded", async () => {
    const padding = frames([{ type: "hologram", of: "x".repeat(10_000) }]);
    const stream = streamOf(flood(frames([start]), padding.repeat(6), 1_000));
    const pairs = stream[Symbol.asyncIterator]();
    const before = process.memoryUsage();
    // The first is handed out once as much is held as may be.
    expect((await pairs.next()).done).toBe(false);
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    const grown = heapUsed + external + arrayBuffers - before.heapUsed - before.external - before.arrayBuffers;
    expect(grown).toBeLessThan(20 * MEGABYTE);
    await pairs.return?.();
  });

  it("of an agent's run grows with its conversation", { timeout: 60_000 }, async () => {
    const turns = 200;
    const note = "x".repeat(2_000);
    const search = tool({ name: "clock", call: () => note });
    const bodies = Array.from({ length: turns }, (_, turn) =>
      frames([start, ...(turn < turns - 1 ? toolUse(0) : []), ...wholeEnd]),
    );
    const plan = { stream: true, client: clientOf(bodies), tools: [search] } as const;
    const ask = agent(
      call("claude-sonnet-5-5", plan, () => "Hello"),
      { maxTurns: turns },
    );
    const before = heap();
    const run = ask();
    await run.finish();
    const grown = heap() - before;
    expect(run.turns).toHaveLength(turns);
    expect(grown).toBeLessThan(8 * MEGABYTE);
  });
});
