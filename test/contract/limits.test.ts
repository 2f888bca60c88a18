import * as net from "node:net";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { agent } from "../../src/agent/agent.ts";
import { InvalidOptionError, LimitExceededError, StreamTimeoutError } from "../../src/errors.ts";
import type { StandardSchema } from "../../src/schema/standard-schema.ts";
import { tool } from "../../src/tool/tool.ts";
import {
  all,
  beats,
  expectClosed,
  expectHandledRejections,
  failure,
  inTurn,
  open,
  type Options,
  quiet,
  read,
  reply,
  within,
} from "./reading.ts";
import type { Beat } from "./subject.ts";
import { subjects } from "./subjects.ts";

expectHandledRejections();

/** How much later than its limit a stream may end, on a busy machine. */
const LATE_MS = 600;

const undecided: StandardSchema = {
  "~standard": { version: 1, vendor: "test", validate: () => new Promise<never>(() => {}) },
};

describe.each(subjects)("S13: stalls end ($name)", (subject) => {
  const { traits } = subject;
  /** Pings, more often than the limits, for as long as anybody listens. */
  const pings: Beat[] = traits.pings
    ? Array.from({ length: 100 }, () => [{ ping: true } as const, { wait: () => delay(10) }]).flat()
    : [];
  const started: Beat[] = traits.starts ? [{ start: true }] : [];

  const timesOut = async (
    promise: Promise<unknown>,
    limit: string,
    limitMs: number,
    atLeastMs = limitMs,
  ): Promise<void> => {
    const start = performance.now();
    const error = await failure(within(limitMs + LATE_MS, promise, `timeout.${limit}`));
    expect(error).toBeInstanceOf(StreamTimeoutError);
    expect(error).toMatchObject({ code: "timeout", limit, limitMs, retryable: limit !== "total" });
    expect(performance.now() - start).toBeGreaterThan(atLeastMs - 5);
  };

  it("a server that never answers: firstContent", async () => {
    await using server = await subject.serve(() => new Promise<never>(() => {}));
    const stream = open(subject, server, { retry: false, timeout: { firstContent: 80 } });
    await timesOut(stream.response(), "firstContent", 80);
    expect(stream.error).toMatchObject({ phase: "connect" });
    await expectClosed(server);
  });

  it("content that does not come: firstContent, which nothing but content renews", async () => {
    await using server = await subject.serve(() => beats(...started, ...pings, { end: "open" }));
    const stream = open(subject, server, { retry: false, timeout: { firstContent: 80 } });
    await timesOut(stream.response(), "firstContent", 80);
    expect([stream.outcome, stream.error?.phase]).toEqual(["failed", "first-content"]);
    await expectClosed(server);
  });

  it("headers that came late: firstContent, which counts from the request", async () => {
    await using server = await subject.serve(async () => {
      await delay(120);
      return beats(...started, { wait: () => delay(120) }, { text: "Hi" }, { finish: "stop" });
    });
    const stream = open(subject, server, { retry: false, timeout: { firstContent: 180 } });
    await timesOut(stream.response(), "firstContent", 180);
    expect(stream.error).toMatchObject({ phase: "first-content" });
  });

  it("a message that does not grow: idle, which pings do not renew", async () => {
    await using server = await subject.serve(() => beats({ text: "Hi" }, ...pings, { end: "open" }));
    const stream = open(subject, server, { timeout: { idle: 100 } });
    await timesOut(stream.response(), "idle", 100);
    expect([stream.outcome, stream.content, stream.error?.phase]).toEqual(["failed", "Hi", "streaming"]);
    await expectClosed(server);
  });

  it("a message that grows slowly is none, nor is a slow reader", async () => {
    const slow = ["a", "b", "c", "d"].flatMap((text): Beat[] => [{ text }, { wait: () => delay(60) }]);
    await using server = await subject.serve(() => beats(...slow, { finish: "stop" }));
    const timeout = { idle: 200 };
    expect((await open(subject, server, { timeout }).response()).content).toBe("abcd");
    await using ready = await subject.serve(() => beats({ text: "a" }, { text: "b" }, { finish: "stop" }));
    const stream = open(subject, ready, { timeout: { idle: 50, firstContent: 400 } });
    let text = "";
    for await (const [chunk] of stream) {
      text += chunk.content;
      if (chunk.content === "a") await delay(100);
    }
    expect(text).toBe("ab");
  });

  it("an endless reply: total", async () => {
    const words = Array.from({ length: 200 }, (): Beat[] => [{ text: "word " }, { wait: () => delay(5) }]).flat();
    await using server = await subject.serve(() => beats(...words, { end: "open" }));
    const stream = open(subject, server, { timeout: { total: 120 } });
    await timesOut(stream.response(), "total", 120);
    expect(stream.content).not.toBe("");
    await expectClosed(server);
  });

  it("a prompt function that never comes to a result: total", async () => {
    await using server = await subject.serve(() => reply("Never."));
    const stream = open(subject, server, { timeout: { total: 60 } }, () => new Promise<string>(() => {}));
    await timesOut(stream.response(), "total", 60);
    expect([stream.outcome, server.requests.length]).toEqual(["failed", 0]);
  });

  it("a validator that never comes to a result: total", async () => {
    const asking = beats({ tool: "look_up", input: '{"a":1}' }, { text: "Hm." }, { end: "open" });
    await using server = await subject.serve(() => asking);
    const look = tool({ name: "look_up", input: undecided, inputSchema: { type: "object" }, call: () => 1 } as never);
    const options = { tools: [look], timeout: { total: 80 } };
    await timesOut(open(subject, server, options).response(), "total", 80);
    await timesOut(all(open(subject, server, options)), "total", 80);
  });

  it("a response model that never comes to a result: total", async () => {
    await using server = await subject.serve(() => reply('{"a":1}'));
    const options = {
      client: subject.client(server.url),
      responseModel: undecided,
      responseSchema: {
        type: "object",
        properties: { a: { type: "number" } },
        required: ["a"],
        additionalProperties: false,
      },
      timeout: { total: 100 },
    };
    const ask = subject.structuredCall(subject.models[0], options, () => "Hello");
    await timesOut(ask() as Promise<unknown>, "total", 100);
    const stream = ask.with({ stream: true })();
    await timesOut(all(stream), "total", 100);
    await timesOut(ask.with({ stream: true })().parse(), "total", 100);
  });

  it("the wait at a limiter, or for the next request: total", async () => {
    await using server = await subject.serve(inTurn(beats({ text: "Hi" }, { end: "open" }), { status: 500 }));
    const shared = subject.limiter({ concurrency: 1 });
    const first = open(subject, server, { limiter: shared });
    await first[Symbol.asyncIterator]().next();
    const second = open(subject, server, { limiter: shared, timeout: { total: 60 } });
    await timesOut(second.response(), "total", 60);
    expect([second.outcome, server.requests.length, shared.waiting]).toEqual(["failed", 1, 0]);
    first.abort();
    const third = open(subject, server, { retry: { delay: 60_000 }, timeout: { total: 100 } });
    await timesOut(third.response(), "total", 100);
    expect(third.outcome).toBe("failed");
  });

  it("the time that requests take together: total", async () => {
    await using server = await subject.serve(async () => {
      await delay(60);
      return { status: 500 };
    });
    const stream = open(subject, server, { retry: { delay: 1, attempts: 50 }, timeout: { total: 400 } });
    await timesOut(stream.response(), "total", 400);
    expect(server.requests.length).toBeGreaterThan(1);
  });

  it("a handshake that is never finished: connect", async () => {
    const server = net.createServer((socket) => void socket.on("error", () => {}).resume()).listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `https://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
    const stream = open(subject, { url }, { retry: false, timeout: { connect: 60 } });
    await timesOut(stream.response(), "connect", 60);
    expect(stream.error?.phase).toBe("connect");
    server.close();
    await once(server, "close");
  });

  it("a stall before the first content is a reason to ask again", async () => {
    await using server = await subject.serve(inTurn(beats(...started, { end: "open" }), reply("Hi")));
    const stream = open(subject, server, { timeout: { firstContent: 250 } });
    expect((await stream.response()).content).toBe("Hi");
    expect(stream.attempts.map(({ error }) => error?.code)).toEqual(["timeout", undefined]);
  });

  it("a frame or a response that is too large is refused", async () => {
    await using server = await subject.serve(() => beats({ text: "x".repeat(5_000) }, { end: "open" }));
    for (const limit of ["frame", "response"] as const) {
      const stream = open(subject, server, { limit: { [limit]: 4_000 } });
      expect(await failure(stream.response())).toBeInstanceOf(LimitExceededError);
      expect(stream.error).toMatchObject({ code: "limit", limit, limitBytes: 4_000, retryable: false });
      await expectClosed(server, server.requests.length - 1);
    }
  });

  it("leaves no timer behind", async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    await using server = await subject.serve(inTurn(reply("Hi"), beats({ text: "Hi" }, { end: "reset" }), reply("Hi")));
    await quiet();
    const before = timers();
    const options: Options = { retry: false, timeout: { connect: 1e6, firstContent: 1e6, idle: 1e6, total: 1e6 } };
    await read(open(subject, server, options));
    await read(open(subject, server, options));
    for await (const _ of open(subject, server, options)) break;
    await quiet();
    // One may keep a connection for the next request.
    expect(timers() - before).toBeLessThanOrEqual(1);
  });

  describe("numbers with which a limit could not do its work are refused where the call is defined", () => {
    const define = (options: object): unknown =>
      subject.call(subject.models[0], { client: subject.client("http://127.0.0.1:1"), ...options }, () => "x");

    it.each([
      ...["connect", "firstContent", "idle", "total"].map((name) => ["timeout", name, [Number.NaN, -1, 0]] as const),
      ...["frame", "response"].map((name) => ["limit", name, [Number.NaN, -1, 0]] as const),
      ["retry", "attempts", [Number.NaN, -1, 0, 1.5]],
      ["retry", "delay", [Number.NaN, -1]],
      ["retry", "maxDelay", [Number.NaN, -1]],
      ["retry", "maxRetryAfter", [Number.NaN, -1]],
      ["budget", "outputTokens", [Number.NaN, -1]],
      ["budget", "cost", [Number.NaN, -1]],
    ] as const)("%s.%s", (option, name, values) => {
      for (const value of [...values, "5", {}]) {
        const refused = (): unknown => define({ [option]: { [name]: value } });
        expect(refused).toThrow(InvalidOptionError);
        expect(refused).toThrow(`${option}.${name}`);
      }
      for (const value of [5, Infinity, undefined]) {
        expect(() => define({ [option]: { [name]: value } })).not.toThrow();
      }
      expect(() => (define({}) as { with(options: object): unknown }).with({ [option]: { [name]: -1 } })).toThrow(
        InvalidOptionError,
      );
    });

    it.each(["concurrency", "queue", "maxWait"] as const)("limiter: %s", (name) => {
      for (const value of [Number.NaN, -1, ...(name === "concurrency" ? [0, 1.5] : [])]) {
        expect(() => subject.limiter({ [name]: value })).toThrow(InvalidOptionError);
      }
      expect(() => subject.limiter({ [name]: Infinity })).not.toThrow();
    });

    it.each(["maxTurns", "parallel", "maxOutputTokens", "maxCost"] as const)("agent: %s", (name) => {
      for (const value of [Number.NaN, -1, 0]) {
        expect(() => agent(define({}) as never, { [name]: value })).toThrow(InvalidOptionError);
      }
    });

    it.each([-1, Number.NaN, 1.5])("validationRetries: %s", (validationRetries) => {
      const options = { client: subject.client("http://127.0.0.1:1"), validationRetries };
      expect(() => subject.structuredCall(subject.models[0], options, () => "x")).toThrow(InvalidOptionError);
    });
  });
});
