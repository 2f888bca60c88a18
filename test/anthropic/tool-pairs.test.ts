import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { call, client } from "../../src/providers/anthropic/index.ts";
import { tool } from "../../src/index.ts";
import { frames, serve, started, startStream } from "../server.ts";

/** The events of a tool's block. */
const asked = (index: number, id: string, ...pieces: readonly string[]) => [
  { type: "content_block_start", index, content_block: { type: "tool_use", id, name: "look_up", input: {} } },
  ...pieces.map((partial_json) => ({
    type: "content_block_delta",
    index,
    delta: { type: "input_json_delta", partial_json },
  })),
  { type: "content_block_stop", index },
];
const ended = [
  { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 3 } },
  { type: "message_stop" },
];
const lookUp = tool({ name: "look_up", inputSchema: { type: "object" }, call: () => "done" });

describe("tools in pairs", () => {
  it("have their own pieces, where a server gives an index again", async () => {
    const events = [...asked(0, "a", '{"n"', ":1", "}"), ...asked(0, "b", '{"n"', ":2", "}"), ...ended];
    await using server = await serve((response) =>
      startStream(response).end(frames([...started.slice(0, 1), ...events])),
    );
    const own = client({ apiKey: "k", baseURL: server.url });
    const texts: Record<string, string> = {};
    const stream = call("m", { stream: { partialTools: true }, client: own, tools: [lookUp] }, () => "Hello")();
    for await (const [, call] of stream) if (call) texts[call.id] = call.text;
    expect(texts).toEqual({ a: '{"n":1}', b: '{"n":2}' });
  });

  it("are given once, where a server ends a block twice", async () => {
    const events = [...asked(0, "a", '{"n":1}'), { type: "content_block_stop", index: 0 }, ...ended];
    await using server = await serve((response) =>
      startStream(response).end(frames([...started.slice(0, 1), ...events])),
    );
    const own = client({ apiKey: "k", baseURL: server.url });
    const ids: string[] = [];
    const stream = call("m", { stream: true, client: own, tools: [lookUp] }, () => "Hello")();
    for await (const [, call] of stream) if (call) ids.push(call.id);
    expect([ids, stream.tools.length]).toEqual([["a"], 1]);
  });

  it.each(["abort", "return"])("that are still validated hold up no %s", async (how) => {
    const never = tool({
      name: "look_up",
      input: z.object({}).refine(() => new Promise<boolean>(() => {})),
      call: () => 1,
    });
    await using server = await serve((response) => {
      startStream(response, frames([...started.slice(0, 1), ...asked(0, "a", "{}")]));
    });
    const options = { stream: true, client: client({ apiKey: "k", baseURL: server.url }), tools: [never] } as const;
    const iterated = call("m", options, () => "Hello")();
    const pairs = iterated[Symbol.asyncIterator]();
    for (let at = 0; at < 3; at++) await pairs.next();
    const pending = pairs.next();
    const drained = call("m", options, () => "Hello")();
    const response = drained.response();
    await delay(50);
    if (how === "abort") iterated.abort("enough");
    else await pairs.return?.();
    drained.abort("enough");
    await expect(response).rejects.toBe(drained.error);
    if (how === "abort") await expect(pending).rejects.toBe(iterated.error);
    else await expect(pending).resolves.toEqual({ done: true, value: undefined });
    await expect(pairs.next()).resolves.toEqual({ done: true, value: undefined });
  });
});
