import { describe, expect, it } from "vitest";
import * as z from "zod";
import { agent } from "../../src/agent/agent.ts";
import { StreamConsumedError, StreamNotConsumedError } from "../../src/errors.ts";
import { all, beats, expectHandledRejections, failure, open, read, reply } from "./reading.ts";
import { subjects } from "./subjects.ts";

expectHandledRejections();

describe.each(subjects)("S3: one owner ($name)", (subject) => {
  const serve = () => subject.serve(() => reply("Hi ", "there"));

  it("refuses a second iteration, and keeps what the first one read", async () => {
    await using server = await serve();
    const stream = open(subject, server);
    expect(() => stream.constructCallResponse()).toThrow(StreamNotConsumedError);
    await read(stream);
    expect((await read(stream)).error).toBeInstanceOf(StreamConsumedError);
    expect(() => stream.textStream()).toThrow(StreamConsumedError);
    expect([stream.content, stream.outcome, server.requests.length]).toEqual(["Hi there", "complete", 1]);
    expect(stream.constructCallResponse().content).toBe("Hi there");
  });

  it("refuses a second iteration while the first one is under way, which goes on", async () => {
    await using server = await serve();
    const stream = open(subject, server);
    let text = "";
    for await (const [chunk] of stream) {
      text += chunk.content;
      if (chunk.content === "") continue;
      expect(() => stream[Symbol.asyncIterator]()).toThrow(StreamConsumedError);
      expect(() => stream.textStream()).toThrow(StreamConsumedError);
      expect(await failure(stream.response())).toBeInstanceOf(StreamConsumedError);
    }
    expect([text, stream.outcome]).toEqual(["Hi there", "complete"]);
    // Asking early has spoiled nothing.
    expect((await stream.response()).content).toBe("Hi there");
  });

  it("refuses an iteration of a stream that response() drains, and gives one promise", async () => {
    await using server = await serve();
    const stream = open(subject, server);
    const response = stream.response();
    expect(() => stream[Symbol.asyncIterator]()).toThrow(StreamConsumedError);
    expect(stream.response()).toBe(response);
    expect((await response).content).toBe("Hi there");
    expect(stream.response()).toBe(response);
    expect(() => stream.textStream()).toThrow(StreamConsumedError);
    expect(server.requests).toHaveLength(1);
  });

  it("gives after an iteration what that came to: its response, or its error", async () => {
    await using server = await subject.serve(({ index }) =>
      index === 0 ? reply("Hi") : beats({ text: "Hi" }, { end: "reset" }),
    );
    const whole = open(subject, server);
    await read(whole);
    expect((await whole.response()).message).toBe(whole.message);
    const cut = open(subject, server);
    const { error } = await read(cut);
    expect(await failure(cut.response())).toBe(error);
    expect(() => cut.constructCallResponse()).toThrow(error as Error);
  });

  it("serves reads that do not wait for each other in order", async () => {
    await using server = await subject.serve(() => reply("a", "b", "c"));
    const iterator = open(subject, server)[Symbol.asyncIterator]();
    const results = await Promise.all(Array.from({ length: 20 }, () => iterator.next()));
    expect(results.map(({ value }) => value?.[0].content ?? "").join("")).toBe("abc");
    const ended = results.findIndex(({ done }) => done);
    expect(results.slice(ended).every(({ done }) => done)).toBe(true);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it("throws an error once, to the first read that waits", async () => {
    await using server = await subject.serve(() => beats({ text: "a" }, { end: "reset" }));
    const stream = open(subject, server, { retry: false });
    const iterator = stream[Symbol.asyncIterator]();
    const settled = await Promise.allSettled(Array.from({ length: 20 }, () => iterator.next()));
    expect(settled.filter(({ status }) => status === "rejected")).toEqual([
      { status: "rejected", reason: stream.error },
    ]);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it("holds for structured streams and runs of agents", async () => {
    await using server = await subject.serve(() => reply('{"value":', '["a"]}'));
    const options = { client: subject.client(server.url), stream: true } as const;
    const list = subject.structuredCall(
      subject.models[0],
      { ...options, responseModel: z.array(z.string()) },
      () => "x",
    )();
    for await (const _ of list) {
      expect(() => list.elements()).toThrow(StreamConsumedError);
      expect(await failure(list.parse())).toBeInstanceOf(StreamConsumedError);
      expect(await failure(list.response())).toBeInstanceOf(StreamConsumedError);
    }
    expect(await list.parse()).toEqual(["a"]);
    expect((await failure(all(list))) as Error).toBeInstanceOf(StreamConsumedError);
    const run = agent(subject.call(subject.models[0], options, () => "x"))();
    for await (const [chunk] of run) {
      if (chunk.content === "") continue;
      expect(() => run[Symbol.asyncIterator]()).toThrow(StreamConsumedError);
      expect(await failure(run.finish())).toBeInstanceOf(StreamConsumedError);
    }
    expect(await run.finish()).toBe(run.turns[0]);
    expect(run.finish()).toBe(run.finish());
    expect(server.requests).toHaveLength(2);
  });
});
