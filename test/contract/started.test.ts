import { describe, expect, it } from "vitest";
import { StreamAbortedError, StreamConsumedError } from "../../src/errors.ts";
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
import { subjects } from "./subjects.ts";

expectHandledRejections();

const SOON_MS = 500;

describe.each(subjects)("started() ($name)", (subject) => {
  it.each([{}, { retry: false as const }])(
    "waits for the first content, and takes no pair from the reader: %j",
    async (options) => {
      const [content, end] = [gate(), gate()];
      const script = beats(
        { start: true },
        { wait: content.opened },
        { text: "Hi" },
        { wait: end.opened },
        { text: " there" },
        { finish: "stop" },
      );
      await using server = await subject.serve(() => script);
      const stream = open(subject, server, options);
      let hasStarted = false;
      const started = stream.started().then(() => (hasStarted = true));
      await server.request(0);
      await quiet();
      expect([hasStarted, stream.started() === stream.started()]).toEqual([false, true]);
      content.open();
      await within(SOON_MS, started, "started");
      expect([stream.outcome, server.requests.length]).toEqual(["pending", 1]);
      end.open();
      const whole = await read(open(subject, server, options));
      const { pairs, text, error } = await read(stream);
      expect([text, error, pairs.length]).toEqual(["Hi there", null, whole.pairs.length]);
      await stream.started();
    },
  );

  it("rejects with the error before the content, once no further request may follow", async () => {
    await using server = await subject.serve(() => ({ status: 401, message: "Wrong key" }));
    const stream = open(subject, server);
    expect(await failure(stream.started())).toMatchObject({ code: "api_error", status: 401, phase: "connect" });
    const { error } = await read(stream);
    expect(error).toBe(stream.error);
    expect(await failure(stream.started())).toBe(error);
  });

  it("does not reject for a failure that another request makes up for, nor for one after the content", async () => {
    await using server = await subject.serve(
      inTurn({ status: 500, message: "Busy" }, beats({ text: "Hi" }, { error: "Busy", retryable: false })),
    );
    const stream = open(subject, server);
    await stream.started();
    expect(server.requests).toHaveLength(2);
    expect((await read(stream)).error).toMatchObject({ code: "api_error" });
    await stream.started();
  });

  it("settles although the message is complete without content", async () => {
    await using server = await subject.serve(() => beats({ finish: "stop" }));
    const stream = open(subject, server);
    await within(SOON_MS, stream.started(), "started");
    expect((await stream.response()).content).toBe("");
  });

  it.each<[string, (stream: ReturnType<typeof open>) => unknown]>([
    ["pairs", (stream) => stream[Symbol.asyncIterator]()],
    ["text", (stream) => stream.textStream()],
    ["bytes", (stream) => stream.toReadableStream("text")],
  ])("drives the stream although its owner does not read yet: %s", async (_, own) => {
    await using server = await subject.serve(() => reply("Hi", " there"));
    const before = open(subject, server);
    own(before);
    await within(SOON_MS, before.started(), "started");
    const after = open(subject, server, { retry: false });
    const started = after.started();
    own(after);
    await within(SOON_MS, started, "started");
    for (const stream of [before, after]) stream.abort();
  });

  it("settles while another reads, and once it was aborted", async () => {
    await using server = await subject.serve(() => beats({ start: true }, { end: "open" }));
    const stream = open(subject, server);
    const started = stream.started();
    const reading = read(stream);
    await server.request(0);
    stream.abort("enough");
    expect(await failure(within(SOON_MS, started, "started"))).toBeInstanceOf(StreamAbortedError);
    await reading;
    const other = open(subject, server);
    const second = other.started();
    await server.request(1);
    other.abort();
    expect(await failure(second)).toBeInstanceOf(StreamAbortedError);
    await expectClosed(server, 1);
  });
});

describe.each(subjects)("toReadableStream() ($name)", (subject) => {
  const text = async (stream: ReadableStream<Uint8Array>): Promise<string> =>
    Buffer.concat(await all(stream)).toString();

  it("gives server-sent events, and nothing before it is read", async () => {
    await using server = await subject.serve(() => reply("Hi", " there\n\n"));
    const stream = open(subject, server);
    const bytes = stream.toReadableStream();
    await quiet();
    expect(server.requests).toHaveLength(0);
    const events = (await text(bytes)).split("\n\n").slice(0, -1);
    expect(events.slice(0, 2)).toEqual([
      'event: content\ndata: {"content":"Hi"}',
      'event: content\ndata: {"content":" there\\n\\n"}',
    ]);
    const [name, data = ""] = events.at(-1)?.split("\ndata: ") ?? [];
    expect([events.length, name]).toEqual([3, "event: end"]);
    const end = { outcome: "complete", finishReasons: stream.finishReasons, usage: stream.usage, cost: stream.cost };
    expect(JSON.parse(data)).toEqual(JSON.parse(JSON.stringify(end)));
  });

  it("gives the text alone", async () => {
    await using server = await subject.serve(() => reply("Hi", " there"));
    expect(await text(open(subject, server).toReadableStream("text"))).toBe("Hi there");
  });

  it("never looks finished when it is not", async () => {
    await using server = await subject.serve(() => beats({ text: "Hi" }, { error: "Out of order", retryable: false }));
    const events = await text(open(subject, server).toReadableStream());
    expect(events).toMatch(/event: error\ndata: \{"code":"api_error","message":"[^"]*Out of order[^"]*"\}\n\n$/);
    expect(await failure(text(open(subject, server).toReadableStream("text")))).toMatchObject({ code: "api_error" });
  });

  it("has one owner", async () => {
    await using server = await subject.serve(() => reply("Hi"));
    const stream = open(subject, server);
    await stream.response();
    expect(() => stream.toReadableStream()).toThrow(StreamConsumedError);
  });

  it.each(["events", "text"] as const)(
    "closes the connection when it is cancelled while a read waits: %s",
    async (format) => {
      await using server = await subject.serve(() => beats({ text: "Hi" }, { text: "more" }, { end: "open" }));
      const reader = open(subject, server).toReadableStream(format).getReader();
      await reader.read();
      const reading = (async () => {
        while (!(await reader.read()).done);
      })();
      await quiet();
      await within(SOON_MS, reader.cancel(), "cancelled");
      await expectClosed(server);
      await reading;
    },
  );

  it.each(["events", "text"] as const)("closes the connection when it is cancelled: %s", async (format) => {
    await using server = await subject.serve(() => beats({ text: "Hi" }, { text: "more" }, { end: "open" }));
    const reader = open(subject, server).toReadableStream(format).getReader();
    await reader.read();
    await reader.cancel();
    await expectClosed(server);
  });
});
