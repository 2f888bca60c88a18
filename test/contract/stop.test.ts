import { getEventListeners } from "node:events";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, expect, it, vi } from "vitest";
import { StreamAbortedError } from "../../src/errors.ts";
import type { StandardSchema } from "../../src/schema/standard-schema.ts";
import { tool } from "../../src/tool/tool.ts";
import { iterators, list, readToWait } from "./iterators.ts";
import {
  all,
  beats,
  expectClosed,
  expectHandledRejections,
  failure,
  gate,
  inTurn,
  open,
  quiet,
  read,
  reply,
  within,
} from "./reading.ts";
import type { Beat } from "./subject.ts";
import { recoverable } from "./subjects.ts";

expectHandledRejections();

const DONE = { done: true, value: undefined };
/** What must not wait for anything. */
const SOON_MS = 250;

/** An asynchronous schema that never comes to a result. */
const undecided: StandardSchema = {
  "~standard": { version: 1, vendor: "test", validate: () => new Promise<never>(() => {}) },
};
const undecidedTool = tool({
  name: "look_up",
  input: undecided,
  inputSchema: { type: "object" },
  call: () => 1,
} as never);

describe.each(recoverable)("S5: stop means stop ($name)", (subject) => {
  /** A server that sends the beginning of a reply and then nothing. */
  const serveBeginning = async () => {
    const reached = gate();
    const server = await subject.serve(() =>
      beats({ text: list.start }, { text: list.item }, { wait: () => reached.open() }, { end: "open" }),
    );
    return { server, reached: reached.opened };
  };

  describe.each(iterators)("%s", (name, openReading) => {
    it("closes the connection when the loop is left", async () => {
      const { server } = await serveBeginning();
      await using _ = server;
      const { signal } = new AbortController();
      const reading = openReading(subject, server, { signal });
      for await (const value of reading.iterator) {
        expect(value).toBeDefined();
        break;
      }
      await expectClosed(server);
      expect(reading.stream().outcome).toBe("aborted");
      expect(reading.stream().error).toBeInstanceOf(StreamAbortedError);
      expect(getEventListeners(signal, "abort")).toEqual([]);
      expect(await reading.iterator.next()).toEqual(DONE);
    });

    it("closes the connection when the loop throws, and lets that through", async () => {
      const { server } = await serveBeginning();
      await using _ = server;
      const reading = openReading(subject, server);
      const mine = new Error("mine");
      const loop = async (): Promise<void> => {
        for await (const value of reading.iterator) if (value !== undefined) throw mine;
      };
      expect(await failure(loop())).toBe(mine);
      await expectClosed(server);
      expect(reading.stream().outcome).toBe("aborted");
    });

    it.each(["return", "throw", "abort", "signal", "dispose"] as const)(
      "closes the connection though a read waits: %s",
      async (way) => {
        const { server, reached } = await serveBeginning();
        await using _ = server;
        const controller = new AbortController();
        const reading = openReading(subject, server, { signal: controller.signal });
        const { iterator } = reading;
        const first = iterator.next();
        await reached;
        expect((await first).done).toBe(false);
        const waiting = (await readToWait(server, iterator)).read;
        const mine = new Error("mine");
        if (way === "return") expect(await within(SOON_MS, iterator.return?.() as Promise<unknown>, way)).toEqual(DONE);
        if (way === "throw") expect(await failure(within(SOON_MS, iterator.throw?.(mine) as never, way))).toBe(mine);
        if (way === "abort") reading.abort(mine);
        if (way === "signal") controller.abort(mine);
        if (way === "dispose") await within(SOON_MS, reading[Symbol.asyncDispose]() as Promise<void>, way);
        await expectClosed(server);
        if (way === "abort" || way === "signal") {
          expect(await failure(within(SOON_MS, waiting, "the read that waits"))).toMatchObject({
            code: "stream_aborted",
            cause: mine,
          });
        } else if (way !== "dispose" || name === "agent") {
          expect(await within(SOON_MS, waiting, "the read that waits")).toEqual(DONE);
        } else {
          expect(await failure(within(SOON_MS, waiting, "the read that waits"))).toBe(reading.stream().error);
        }
        expect(await within(SOON_MS, iterator.next(), "the next read")).toEqual(DONE);
        expect(reading.stream().outcome).toBe("aborted");
        expect(getEventListeners(controller.signal, "abort")).toEqual([]);
      },
    );

    it("settles all of several reads", async () => {
      const { server, reached } = await serveBeginning();
      await using _ = server;
      const reading = openReading(subject, server);
      const reads = Array.from({ length: 40 }, () => reading.iterator.next());
      await reached;
      await quiet();
      reading.abort("enough");
      const settled = await within(SOON_MS, Promise.allSettled(reads), "all reads settle");
      const rejected = settled.filter(({ status }) => status === "rejected");
      expect(rejected).toMatchObject([{ reason: { code: "stream_aborted", cause: "enough" } }]);
      expect(settled.at(-1)).toEqual({ status: "fulfilled", value: DONE });
    });

    it("does not start after a signal that was aborted before", async () => {
      await using server = await subject.serve(() => reply("Never."));
      const reading = openReading(subject, server, { signal: AbortSignal.abort("never mind") });
      expect(await failure(reading.iterator.next())).toMatchObject({ code: "stream_aborted", cause: "never mind" });
      expect(await reading.iterator.next()).toEqual(DONE);
      expect(server.requests).toHaveLength(0);
    });

    it("sends nothing when it is left before the first read", async () => {
      await using server = await subject.serve(() => reply("Never."));
      const reading = openReading(subject, server);
      expect(await reading.iterator.return?.()).toEqual(DONE);
      expect(await reading.iterator.next()).toEqual(DONE);
      await quiet();
      expect(server.requests).toHaveLength(0);
    });

    it("rejects nothing that nobody waits for", async () => {
      await using server = await subject.serve(() => beats({ text: list.start }, { end: "reset" }));
      const reading = openReading(subject, server, { retry: false });
      for (let reads = 0; reads < 20; reads++) void reading.iterator.next();
      while (reading.stream().outcome === "pending") await quiet();
      expect(reading.stream().outcome).toBe("truncated");
      const left = openReading(subject, server);
      void left.iterator.next();
      void left.iterator.return?.();
      const thrown = openReading(subject, server);
      void thrown.iterator.next();
      void thrown.iterator.throw?.(new Error("mine"));
      await quiet(20);
    });

    it("closes the connection when a stream of Node's or of the web that reads it is stopped", async () => {
      const { server } = await serveBeginning();
      await using _ = server;
      const controller = new AbortController();
      const readable = Readable.from(openReading(subject, server).iterator);
      const sink = new Writable({ objectMode: true, write: (_value, _encoding, done) => (controller.abort(), done()) });
      expect(await failure(pipeline(readable, sink, { signal: controller.signal }))).toMatchObject({
        name: "AbortError",
      });
      await expectClosed(server, 0);
      const web = Readable.toWeb(Readable.from(openReading(subject, server).iterator)).getReader();
      expect((await web.read()).done).toBe(false);
      await web.cancel();
      await expectClosed(server, 1);
    });
  });

  it("leaves nothing on a long-lived signal after any outcome, and one listener meanwhile", async () => {
    const reached = gate();
    const scripts = inTurn(
      reply("Hi"),
      beats({ text: "Hi" }, { end: "reset" }),
      beats({ text: "Hi" }, { error: "Busy", retryable: false }),
      { status: 400 },
      beats({ text: "Hi" }, { wait: () => reached.open() }, { end: "open" }),
    );
    await using server = await subject.serve(scripts);
    const controller = new AbortController();
    const options = { signal: controller.signal, retry: false } as const;
    for (const outcome of ["complete", "truncated", "failed", "failed"]) {
      const stream = open(subject, server, options);
      await read(stream);
      expect([stream.outcome, getEventListeners(controller.signal, "abort")]).toEqual([outcome, []]);
    }
    const streams = Array.from({ length: 12 }, () => open(subject, server, options));
    const reading = streams.map((stream) => read(stream));
    await reached.opened;
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
    controller.abort("enough");
    for (const { error } of await Promise.all(reading)) expect(error).toMatchObject({ cause: "enough" });
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  it("does not wait for the prompt function", async () => {
    await using server = await subject.serve(() => reply("Never."));
    const controller = new AbortController();
    const begun = gate();
    const stream = open(subject, server, { signal: controller.signal }, () => {
      begun.open();
      return new Promise<string>(() => {});
    });
    const response = stream.response();
    await begun.opened;
    controller.abort("enough");
    expect(await failure(within(SOON_MS, response, "the abort"))).toMatchObject({ cause: "enough", phase: "connect" });
    expect([stream.outcome, server.requests.length]).toEqual(["aborted", 0]);
  });

  it("obeys the signal of a dynamic config, whose abort comes before, during or never", async () => {
    const { server, reached } = await serveBeginning();
    await using _ = server;
    const config = (signal: AbortSignal) => () => ({ messages: [{ role: "user", content: "Hello" }], signal });
    const early = open(subject, server, {}, config(AbortSignal.abort("too late")));
    expect((await read(early)).error).toMatchObject({ code: "stream_aborted", cause: "too late" });
    expect(server.requests).toHaveLength(0);
    const controller = new AbortController();
    const stream = open(subject, server, {}, config(controller.signal));
    const response = stream.response();
    await reached;
    controller.abort("enough");
    expect(await failure(response)).toMatchObject({ cause: "enough" });
    await expectClosed(server);
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  });

  it("does not wait for a server that never answers", async () => {
    await using server = await subject.serve(() => new Promise<never>(() => {}));
    const stream = open(subject, server);
    const response = stream.response();
    await server.request(0);
    stream.abort("enough");
    expect(await failure(response)).toMatchObject({ code: "stream_aborted", phase: "connect" });
    await expectClosed(server);
  });

  it("does not wait for the next request", async () => {
    await using server = await subject.serve(() => ({ status: 500 }));
    const stream = open(subject, server, { retry: { delay: 60_000 } });
    const response = stream.response();
    await server.request(0);
    while (stream.attempts[0]?.outcome !== "failed") await quiet();
    expect(stream.outcome).toBe("pending");
    stream.abort("enough");
    expect(await failure(within(SOON_MS, response, "the abort"))).toMatchObject({ cause: "enough" });
    expect([stream.outcome, server.requests.length]).toEqual(["aborted", 1]);
  });

  it("rejects the read for whose sake it was aborted", async () => {
    await using server = await subject.serve(() => beats({ text: "a" }, { text: "b" }, { end: "open" }));
    const stream = open(subject, server);
    const reason = new Error("enough");
    const loop = async (): Promise<void> => {
      for await (const [chunk] of stream) if (chunk.content !== "") stream.abort(reason);
    };
    expect(await failure(loop())).toMatchObject({ code: "stream_aborted", cause: reason });
    expect(await failure(stream.response())).toBe(stream.error);
    // A second reason changes nothing.
    stream.abort("another");
    expect(stream.error?.cause).toBe(reason);
  });

  it("closes the connection at the end of a scope", async () => {
    const { server } = await serveBeginning();
    await using _ = server;
    let outer;
    {
      await using stream = open(subject, server);
      outer = stream;
      await stream[Symbol.asyncIterator]().next();
    }
    await expectClosed(server);
    expect(outer.outcome).toBe("aborted");
    {
      await using unread = open(subject, server);
      expect(unread.outcome).toBe("pending");
    }
    expect(server.requests).toHaveLength(1);
  });

  it.runIf(subject.traits.cancels)("tells the provider, and the end of a scope waits for that", async () => {
    const { server, reached } = await serveBeginning();
    await using _ = server;
    {
      await using stream = open(subject, server);
      await stream[Symbol.asyncIterator]().next();
      await reached;
    }
    expect(server.cancelled).toHaveLength(1);
  });

  describe("with a validator that never comes to a result", () => {
    const asking: Beat[] = [{ tool: "look_up", input: '{"a":1}' }, { text: "Hm." }];

    it.each(["abort", "return"])("settles all reads: %s", async (way) => {
      const reached = gate();
      await using server = await subject.serve(() => beats(...asking, { wait: () => reached.open() }, { end: "open" }));
      const stream = open(subject, server, { tools: [undecidedTool] });
      const iterator = stream[Symbol.asyncIterator]();
      const reads = Array.from({ length: 20 }, () => iterator.next());
      await reached.opened;
      await quiet();
      if (way === "abort") stream.abort("enough");
      else await iterator.return?.();
      const settled = await within(SOON_MS, Promise.allSettled(reads), "all reads settle");
      const rejected = settled.filter(({ status }) => status === "rejected");
      expect(rejected).toEqual(way === "abort" ? [{ status: "rejected", reason: stream.error }] : []);
      await expectClosed(server);
    });

    it.each(["before", "after"])("response() obeys abort and total, %s the end of the message", async (place) => {
      const reached = gate();
      // Without text its input is complete, or its validation begins, no sooner than the message is.
      const parts: Beat[] = place === "before" ? asking : [{ tool: "look_up", input: "" }, { finish: "tool_calls" }];
      await using server = await subject.serve(() => beats(...parts, { wait: () => reached.open() }, { end: "kept" }));
      const aborted = open(subject, server, { tools: [undecidedTool] });
      const response = aborted.response();
      await reached.opened;
      await quiet();
      aborted.abort("enough");
      await within(SOON_MS, Promise.allSettled([response]), "the abort");
      const late = open(subject, server, { tools: [undecidedTool], timeout: { total: 60 } });
      await within(60 + SOON_MS, Promise.allSettled([late.response()]), "the total limit");
      if (place === "before") expect([aborted.outcome, late.outcome]).toEqual(["aborted", "failed"]);
    });

    it("does not call one after the reader has left", async () => {
      const seen = vi.fn(() => ({ value: {} }));
      const watched = { "~standard": { version: 1, vendor: "test", validate: seen } } as const;
      const look = tool({ name: "look_up", input: watched, inputSchema: { type: "object" }, call: () => 1 } as never);
      await using server = await subject.serve(() => beats({ text: "Hm." }, ...asking, { finish: "tool_calls" }));
      const stream = open(subject, server, { tools: [look] });
      for await (const [chunk] of stream) if (chunk.content !== "") break;
      await quiet();
      expect(seen).not.toHaveBeenCalled();
    });
  });

  it("may be stopped by a validator while it is asked", async () => {
    let stop = (): void => {};
    const validate = (value: unknown) => (stop(), { value });
    const stopping = { "~standard": { version: 1, vendor: "test", validate } } as const;
    const look = tool({ name: "look_up", input: stopping, inputSchema: { type: "object" }, call: () => 1 } as never);
    await using server = await subject.serve(() =>
      beats(
        { tool: "look_up", input: '{"a":1}' },
        { tool: "look_up", input: '{"a":2}' },
        { finish: "tool_calls" },
        { end: "kept" },
      ),
    );
    const stream = open(subject, server, { tools: [look] });
    stop = () => stream.abort("enough");
    const { pairs, error } = await within(SOON_MS, read(stream), "the end");
    expect(pairs.filter(([, called]) => called !== null)).toEqual([]);
    expect([stream.outcome, error]).toEqual(["aborted", stream.error]);
    const texts = open(subject, server, { tools: [look] });
    stop = () => texts.abort("enough");
    expect(await failure(all(texts.textStream()))).toBe(texts.error);
  });
});
