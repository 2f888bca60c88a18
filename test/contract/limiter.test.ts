import { describe, expect, it } from "vitest";
import { agent } from "../../src/agent/agent.ts";
import { LimiterWaitError } from "../../src/recovery/limiter.ts";
import { tool } from "../../src/tool/tool.ts";
import {
  all,
  beats,
  expectHandledRejections,
  failure,
  type Gate,
  gate,
  inTurn,
  open,
  type Options,
  quiet,
  read,
  reply,
  within,
} from "./reading.ts";
import type { Script, ServedRequest } from "./subject.ts";
import { subjects } from "./subjects.ts";

expectHandledRejections();

/** What must not wait for anything. */
const SOON_MS = 250;

describe.each(subjects)("a limiter ($name)", (subject) => {
  /** Holds each response until its gate opens. */
  const holding = async () => {
    const gates: Gate[] = [];
    const server = await subject.serve(async () => {
      const held = gate();
      gates.push(held);
      await held.opened;
      return reply("Hi");
    });
    return { server, gates };
  };
  const promptOf = ({ body }: ServedRequest): string | undefined => /prompt (\w)/.exec(JSON.stringify(body))?.[1];

  it("lets so many requests through, and the rest in the order in which they came", async () => {
    const { server, gates } = await holding();
    await using _ = server;
    const shared = subject.limiter({ concurrency: 2 });
    const prompts = ["a", "b", "c", "d", "e"];
    const responses: Promise<unknown>[] = [];
    for (const name of prompts) {
      responses.push(open(subject, server, { limiter: shared }, () => `prompt ${name}`).response());
      // A request is encoded before it comes to the limiter, which may take longer for one than for the next.
      while (shared.running + shared.waiting < responses.length) await new Promise(setImmediate);
    }
    for (const [place] of prompts.entries()) {
      const { body } = await server.request(place);
      await server.request(Math.min(place + 1, prompts.length - 1));
      await quiet();
      expect([server.requests.length, shared.running, shared.waiting]).toEqual([
        Math.min(place + 2, prompts.length),
        Math.min(2, prompts.length - place),
        Math.max(0, prompts.length - place - 2),
      ]);
      gates[place]?.open();
      // Those that are let through together may come in any order.
      await responses.find((_, at) => JSON.stringify(body).includes(`prompt ${prompts[at]}`));
    }
    expect(server.requests.map(promptOf).slice(2)).toEqual(["c", "d", "e"]);
    expect([shared.running, shared.waiting]).toEqual([0, 0]);
  });

  it("gets the place back after every outcome", async () => {
    const shared = subject.limiter({ concurrency: 1 });
    const faults: readonly Script[] = [
      { status: 0 },
      { status: 400 },
      beats({ end: "reset" }),
      beats({ text: "Hi" }, { error: "Busy", retryable: false }),
      beats({ text: "Hi" }, { malformed: true }),
      beats({ text: "Hi" }, { end: "open" }),
      beats({ text: "Hi" }, { finish: "stop" }, { end: subject.traits.endsWithBody ? "clean" : "kept" }),
      reply("Hi"),
    ];
    await using server = await subject.serve(inTurn(...(faults as [Script])));
    const options: Options = { limiter: shared, retry: false };
    for (const fault of faults) {
      const stream = open(subject, server, options);
      const reading = (async () => {
        for await (const [chunk] of stream) if (chunk.content !== "" && fault === faults[5]) break;
      })();
      await reading.catch((error: unknown) => expect(error).toBe(stream.error));
      expect(stream.outcome).not.toBe("pending");
      expect([shared.running, shared.waiting]).toEqual([0, 0]);
    }
  });

  it("is not held by one whose prompt cannot be sent, or that is stopped before", async () => {
    await using server = await subject.serve(() => reply("Hi"));
    const shared = subject.limiter({ concurrency: 1 });
    const broken = open(subject, server, { limiter: shared }, () => {
      throw new Error("mine");
    });
    expect((await read(broken)).error).toMatchObject({ code: "prompt_function" });
    const asked = gate();
    const hanging = open(subject, server, { limiter: shared }, () => (asked.open(), new Promise<string>(() => {})));
    const response = hanging.response();
    await asked.opened;
    expect([shared.running, shared.waiting]).toEqual([0, 0]);
    hanging.abort();
    await failure(response);
    expect((await open(subject, server, { limiter: shared }).response()).content).toBe("Hi");
  });

  it("refuses what its queue does not hold, without sending it", async () => {
    const { server, gates } = await holding();
    await using _ = server;
    const shared = subject.limiter({ concurrency: 1, queue: 1 });
    const first = open(subject, server, { limiter: shared }).response();
    await server.request(0);
    const second = open(subject, server, { limiter: shared }).response();
    while (shared.waiting < 1) await quiet(1);
    const third = open(subject, server, { limiter: shared });
    expect(await failure(third.response())).toMatchObject({ code: "limiter_queue_full", waiting: 1 });
    expect([third.outcome, third.attempts.length]).toEqual(["failed", 1]);
    gates[0]?.open();
    await server.request(1);
    gates[1]?.open();
    await Promise.all([first, second]);
    expect(server.requests).toHaveLength(2);
  });

  it("lets go of one that is aborted while it waits", async () => {
    const { server, gates } = await holding();
    await using _ = server;
    const shared = subject.limiter({ concurrency: 1 });
    const first = open(subject, server, { limiter: shared }).response();
    await server.request(0);
    const controller = new AbortController();
    const stream = open(subject, server, { limiter: shared, signal: controller.signal });
    const second = stream.response();
    while (shared.waiting < 1) await quiet(1);
    controller.abort("enough");
    expect(await failure(within(SOON_MS, second, "the abort"))).toMatchObject({ code: "stream_aborted" });
    expect([shared.waiting, shared.running]).toEqual([0, 1]);
    gates[0]?.open();
    await first;
    expect(server.requests).toHaveLength(1);
  });

  it("ends the wait that takes too long: maxWait", async () => {
    await using server = await subject.serve(() => beats({ text: "Hi" }, { end: "open" }));
    const shared = subject.limiter({ concurrency: 1, maxWait: 60 });
    await using first = open(subject, server, { limiter: shared });
    await first[Symbol.asyncIterator]().next();
    const second = open(subject, server, { limiter: shared });
    const start = performance.now();
    expect(await failure(second.response())).toBeInstanceOf(LimiterWaitError);
    expect(performance.now() - start).toBeGreaterThan(55);
    expect(second.error).toMatchObject({ code: "limiter_wait", maxWaitMs: 60, running: 1, phase: "connect" });
    expect([second.outcome, shared.waiting, server.requests.length]).toEqual(["failed", 0, 1]);
  });

  it("ends the wait of a tool for the stream that called it", async () => {
    const shared = subject.limiter({ concurrency: 1, maxWait: 60 });
    await using server = await subject.serve(
      inTurn(beats({ tool: "ask", input: "{}" }, { tool: "later", input: "{}" }, { end: "open" }), reply("Hi")),
    );
    const options: Options = { limiter: shared };
    const asking = tool({ name: "ask", call: () => open(subject, server, options).response() });
    await using stream = open(subject, server, { ...options, tools: [asking] });
    for await (const [, called] of stream) {
      if (called?.state !== "complete") continue;
      const error = await failure(within(60 + SOON_MS, called.call(), "maxWait"));
      expect(error).toBeInstanceOf(LimiterWaitError);
      expect(String(error)).toContain("tool");
      break;
    }
    expect(server.requests).toHaveLength(1);
    // An agent's tools run after the reply, whose place is free then.
    await using again = await subject.serve(
      inTurn(beats({ tool: "ask", input: "{}" }, { finish: "tool_calls" }), reply("Hi")),
    );
    const helpful = tool({ name: "ask", call: async () => (await open(subject, again, options).response()).content });
    const common = { client: subject.client(again.url), limiter: shared, tools: [helpful] };
    const run = agent(subject.call(subject.models[0], common, () => "Hello"))();
    expect((await run.finish()).stream.content).toBe("Hi");
    expect(run.turns[0]?.outputs[0]?.[1]).toBe("Hi");
  });

  it("makes all of a group wait if one was told to, and none of another", async () => {
    const sent: number[] = [];
    await using server = await subject.serve(({ index }) => {
      sent.push(performance.now());
      return index === 0 ? { status: 429, retryAfterMs: 150 } : reply("Hi");
    });
    const shared = subject.limiter();
    const told = open(subject, server, { limiter: shared });
    const first = told.response();
    while (told.attempts[0]?.outcome !== "failed") await quiet(1);
    const ask = subject.call(
      subject.models[1],
      { client: subject.client(server.url), limiter: shared, retry: false },
      () => "Hello",
    );
    await within(SOON_MS, ask(), "the other group");
    expect((sent[1] ?? Infinity) - (sent[0] ?? 0)).toBeLessThan(140);
    await Promise.all([first, open(subject, server, { limiter: shared }).response()]);
    expect(sent.slice(2).map((time) => time - (sent[0] ?? 0) > 140)).toEqual([true, true]);
  });

  it("refuses at once what would have to wait too long, and freezes no other group", async () => {
    await using server = await subject.serve(({ index }) =>
      index === 0 ? { status: 429, retryAfterMs: 86_400_000 } : reply("Hi"),
    );
    const shared = subject.limiter({ concurrency: 1 });
    const told = open(subject, server, { limiter: shared });
    expect(await failure(within(SOON_MS, told.response(), "the refusal"))).toMatchObject({ status: 429 });
    const next = open(subject, server, { limiter: shared });
    expect(await failure(within(SOON_MS, next.response(), "the refusal"))).toBeInstanceOf(LimiterWaitError);
    const ask = subject.call(subject.models[1], { client: subject.client(server.url), limiter: shared }, () => "Hello");
    expect((await within(SOON_MS, ask(), "the other group")).content).toBe("Hi");
    const fallback = [{ model: subject.models[1], when: () => true }];
    expect((await open(subject, server, { limiter: shared, fallback }).response()).content).toBe("Hi");
    expect([shared.running, shared.waiting]).toEqual([0, 0]);
  });

  it("is held for the whole of a stream, also by a reader who takes his time", async () => {
    await using server = await subject.serve(() => reply("Hi ", "there"));
    const shared = subject.limiter({ concurrency: 1 });
    const first = open(subject, server, { limiter: shared });
    const iterator = first[Symbol.asyncIterator]();
    await iterator.next();
    const second = open(subject, server, { limiter: shared }).response();
    while (shared.waiting < 1) await quiet(1);
    await quiet(10);
    expect([shared.running, server.requests.length]).toEqual([1, 1]);
    await all({ [Symbol.asyncIterator]: () => iterator });
    expect((await second).content).toBe("Hi there");
  });
});
