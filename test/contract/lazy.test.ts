import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { agent } from "../../src/agent/agent.ts";
import { PromptFunctionError, StreamNotStartedError } from "../../src/errors.ts";
import { expectHandledRejections, failure, inTurn, open, quiet, read, reply, within } from "./reading.ts";
import { subjects } from "./subjects.ts";

expectHandledRejections();

describe.each(subjects)("S1: lazy ($name)", (subject) => {
  it("sends nothing and does not run the function before the first read", async () => {
    await using server = await subject.serve(() => reply("Hi"));
    const fn = vi.fn(() => "Hello");
    const stream = open(subject, server, {}, fn);
    await quiet();
    expect([fn.mock.calls.length, server.requests.length, stream.outcome]).toEqual([0, 0, "pending"]);
    expect((await stream.response()).content).toBe("Hi");
    expect([fn.mock.calls.length, server.requests.length]).toEqual([1, 1]);
  });

  it("sends nothing when an iteration is only asked for", async () => {
    await using server = await subject.serve(() => reply('{"title":"Mistborn"}'));
    const options = { client: subject.client(server.url), stream: true } as const;
    const ask = subject.call(subject.models[0], options, () => "Hello");
    const structured = subject.structuredCall(
      subject.models[0],
      { ...options, responseModel: z.object({ title: z.string() }) },
      () => "Hello",
    );
    const list = structured.with({ responseModel: z.array(z.string()) });
    const iterators = [
      ask()[Symbol.asyncIterator](),
      ask().textStream(),
      structured()[Symbol.asyncIterator](),
      list().elements(),
      agent(ask)()[Symbol.asyncIterator](),
    ];
    await quiet();
    expect(server.requests).toHaveLength(0);
    for (const iterator of iterators) await iterator.return?.();
    expect(server.requests).toHaveLength(0);
  });

  it("knows nothing of the request before that, and says so", async () => {
    await using server = await subject.serve(() => reply("Hi"));
    const stream = open(subject, server, { metadata: { of: 1 } });
    const ofTheRequest = [
      "messages",
      "callParams",
      "callKwargs",
      "dynamicConfig",
      "userMessageParam",
      "metadata",
    ] as const;
    for (const accessor of ofTheRequest) expect(() => stream[accessor]).toThrow(StreamNotStartedError);
    expect(() => stream.toolTypes).toThrow(StreamNotStartedError);
    expect(() => stream.history()).toThrow(StreamNotStartedError);
    expect(stream).toMatchObject({
      outcome: "pending",
      hasRequest: false,
      error: null,
      content: "",
      thinking: "",
      message: null,
      messageParam: null,
      id: null,
      requestId: null,
      model: subject.models[0],
      finishReasons: [],
      commonFinishReasons: [],
      tools: [],
      tool: null,
      attempts: [],
      startTime: null,
      endTime: null,
      tokensPerSecond: null,
    });
    expect(stream.commonUsage).toMatchObject({ source: "estimated", inputTokens: 0, outputTokens: 0 });
    await stream.response();
    for (const accessor of ofTheRequest) expect(() => stream[accessor]).not.toThrow();
    expect([stream.hasRequest, stream.metadata, stream.messages.length]).toEqual([true, { of: 1 }, 1]);
  });

  it("runs the function in the context of the call", async () => {
    await using server = await subject.serve(inTurn({ status: 500 }, reply("Hi")));
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const stream = storage.run("call", () => open(subject, server, {}, () => (seen.push(storage.getStore()), "Hello")));
    await storage.run("read", () => stream.response());
    expect([seen, server.requests.length]).toEqual([["call"], 2]);
  });

  it("starts a call that is not streamed at once", async () => {
    await using server = await subject.serve(() => reply("Hi ", "there"));
    const ask = subject.call(subject.models[0], { client: subject.client(server.url) }, () => "Hello");
    const answer = ask();
    await within(1_000, server.request(0), "the request comes");
    expect((await answer).content).toBe("Hi there");
  });

  it("has its errors where it is read, and nowhere else", async () => {
    await using server = await subject.serve(() => ({ status: 400 }));
    const broken = (): string => {
      throw new Error("mine");
    };
    const stream = open(subject, server, {}, broken);
    const { error } = await read(stream);
    expect(error).toBeInstanceOf(PromptFunctionError);
    expect(error).toMatchObject({ cause: { message: "mine" } });
    expect([stream.error, stream.outcome, server.requests.length]).toEqual([error, "failed", 0]);
    // Promises that nobody waits for.
    const refused = open(subject, server);
    void refused.response();
    expect(await failure(refused.response())).toBe(refused.error);
    void open(subject, server, {}, () => Promise.reject(new Error("mine")) as never).response();
    open(subject, server).abort();
    await quiet();
  });
});
