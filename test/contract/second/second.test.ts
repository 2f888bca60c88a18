import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from "vitest";
import * as z from "zod";
import { ApiError, MalformedFrameError, ProtocolError, StreamTruncatedError } from "../../../src/errors.ts";
import type { CallOptions } from "../../../src/call/options.ts";
import type { JsonObject } from "../../../src/json/object.ts";
import type { Message } from "../../../src/prompt/message.ts";
import { assistant, system, user } from "../../../src/neutral-message.ts";
import { RequestLimiter } from "../../../src/recovery/limiter.ts";
import { tool } from "../../../src/tool/tool.ts";
import type { ToolCall } from "../../../src/tool/tool-call.ts";
import { encodeFrame, FolioFrames } from "./frames.ts";
import type { Entry, FolioNative } from "./native.ts";
import { calls, client, folio, structuredCall } from "./provider.ts";
import { type FolioExchange, serveFolio } from "./server.ts";
import { folioSubject } from "./subject.ts";

const { call, Stream: FolioStream } = calls;
const SECRET = "a-secret-of-folio";

/** Writes the reply to a request. */
type Play = (exchange: FolioExchange) => unknown;

/** A server that answers the requests one after another; the last answer stays. */
async function serve(...plays: readonly [Play, ...Play[]]) {
  const exchanges: FolioExchange[] = [];
  const server = await serveFolio(
    () => SECRET,
    (exchange) => (plays[exchanges.push(exchange) - 1] ?? plays.at(-1))?.(exchange),
  );
  const own = client({ baseURL: server.url, secret: SECRET });
  return { ...server, exchanges, client: own, [Symbol.asyncDispose]: server[Symbol.asyncDispose] };
}

/** Writes what was missed and these events. */
const written =
  (...events: readonly JsonObject[]) =>
  ({ response, missed, frame }: FolioExchange) =>
    new Promise<unknown>((resolve) => {
      response.write(Buffer.concat([...(missed ?? []), ...events].map(frame)), resolve);
    });
/** The same, and ends the body. */
const whole =
  (...events: readonly JsonObject[]): Play =>
  async (exchange) => {
    await written(...events)(exchange);
    exchange.response.end();
  };
/** The same, and drops the connection. */
const cut =
  (...events: readonly JsonObject[]): Play =>
  async (exchange) => {
    await written(...events)(exchange);
    exchange.response.destroy();
  };
const refused =
  (status: number, body: object = { failed: { code: "no" } }): Play =>
  ({ response }) =>
    response.writeHead(status).end(JSON.stringify(body));

const start = { id: "r1", model: "folio-large" };
const checkpoint = (token: string): JsonObject => ({ checkpoint: token });
const parts = (...list: readonly JsonObject[]): JsonObject => ({ candidates: [{ index: 0, parts: list }] });
const text = (value: string, at = 0): JsonObject => parts({ at, text: value });
const finish = (reason = "done", index = 0): JsonObject => ({ candidates: [{ index, finish: reason }] });
const usage = { usage: { input: 10, cached: 4, output: 25 } };
const done = [finish(), usage] as const;

const getBook = tool({
  name: "get_book",
  input: z.object({
    title: z.string().optional(),
    author: z.object({ first: z.string(), last: z.string() }).optional(),
  }),
  call: ({ title }) => `about ${title}`,
});

/** A stream of a server. */
function open(
  server: { readonly client: FolioNative["client"] },
  options: CallOptions<FolioNative, true, typeof getBook> = {},
  prompt: string | readonly (Message | Entry)[] | { readonly messages: readonly Entry[] } = "Hello",
) {
  const { tools = [], ...others } = options;
  return call(
    "folio-large",
    { client: server.client, retry: { delay: 1 }, ...others, tools, stream: true },
    () => prompt,
  )();
}

/** Everything that can be read of a stream. */
async function read(stream: ReturnType<typeof open>) {
  const events: unknown[] = [];
  const texts: string[] = [];
  const tools: ToolCall[] = [];
  const recoveries: string[] = [];
  let error: unknown = null;
  try {
    for await (const [chunk, called] of stream) {
      if (chunk.recovery !== null) recoveries.push(chunk.recovery.type);
      else events.push(chunk.chunk);
      texts.push(chunk.content);
      if (called !== null) tools.push(called);
    }
  } catch (thrown) {
    error = thrown;
  }
  return { events, texts, text: texts.join(""), tools, recoveries, error };
}

const unhandled = vi.fn();
beforeEach(() => void process.on("unhandledRejection", unhandled));
afterEach(() => {
  process.off("unhandledRejection", unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

describe("a message of parts, a log of entries", () => {
  it("sends entries, which have no role", async () => {
    await using server = await serve(whole(start, text("Hi"), ...done));
    const prompt = [system("Be brief."), user(["One", "Two"]), assistant("Three"), { ask: "Four" }];
    const stream = open(server, { callParams: { length: 5 } }, prompt);
    await stream.response();
    const log = [{ rule: "Be brief." }, { ask: "One" }, { ask: "Two" }, { text: "Three" }, { ask: "Four" }];
    expect(server.exchanges[0]?.body).toEqual({ model: "folio-large", log, length: 5 });
    expect([stream.messages, stream.userMessageParam]).toEqual([log, { ask: "Four" }]);
    expect(stream.callKwargs).toEqual(server.exchanges[0]?.body);
  });

  it("gives a turn as a list of entries, and the results of tools as a list with one for each", async () => {
    const calls = [parts({ at: 2, call: "get_book", args: { title: "A" } }), parts({ at: 3, call: "get_book" })];
    await using server = await serve(
      whole(start, parts({ at: 0, thought: "Well" }), text("Let me see", 1), ...calls, finish("call"), usage),
      whole(start, text("Done"), ...done),
    );
    const stream = open(server, { tools: [getBook] });
    const response = await stream.response();
    expect(response.message.candidates[0]?.parts).toEqual([
      { thought: "Well" },
      { text: "Let me see" },
      { call: "get_book", args: { title: "A" } },
      { call: "get_book", args: {} },
    ]);
    const turn = [
      { thought: "Well" },
      { text: "Let me see" },
      { call: "get_book", ref: "call_0", args: { title: "A" } },
      { call: "get_book", ref: "call_1", args: {} },
    ];
    expect(response.messageParam).toEqual(turn);
    const [first, second] = response.tools;
    if (first === undefined || second === undefined) throw new Error("there are two");
    const results = [
      { result: "a book", ref: "call_0", failed: false },
      { result: "lost", ref: "call_1", failed: true },
    ];
    expect(
      response.toolMessageParams([
        [first, "a book"],
        [second, new Error("lost")],
      ]),
    ).toEqual(results);
    const history = response.history([[first, "a book"]]);
    expect(history).toEqual([
      { ask: "Hello" },
      ...turn,
      results[0],
      { ...results[1], result: "The tool was not run." },
    ]);
    expect(folioSubject.problems({ model: "folio-large", log: history })).toEqual([]);
    // It is a prompt as it is: alone, or in a config.
    for (const prompt of [[...history, user("Go on")], { messages: history }])
      await open(server, {}, prompt).response();
    expect(server.exchanges[1]?.body).toMatchObject({ log: [...history, { ask: "Go on" }] });
    expect(server.exchanges[2]?.body).toMatchObject({ log: history });
  });

  it("lets a prompt be one entry", async () => {
    await using server = await serve(whole(start, text("Hi"), ...done));
    await call("folio-large", { client: server.client }, () => ({ ask: "Hello" }))();
    expect(server.exchanges[0]?.body).toMatchObject({ log: [{ ask: "Hello" }] });
  });

  it("leaves out what cannot be sent back", async () => {
    await using server = await serve(cut(start, text("A\ud83d"), text(" ", 1), parts({ at: 2, call: "get_book" })));
    const stream = open(server, { tools: [getBook] });
    const { error } = await read(stream);
    expect(error).toBeInstanceOf(StreamTruncatedError);
    expect(stream.history()).toEqual([{ ask: "Hello" }, { text: "A\ufffd" }]);
  });

  it("sends nothing of a reply that was blocked", async () => {
    await using server = await serve(whole(start, text("A"), finish("blocked"), usage));
    const stream = open(server);
    await stream.response();
    expect([stream.messageParam, stream.commonFinishReasons]).toEqual([null, ["content_filter"]]);
  });
});

describe("parts and candidates", () => {
  it("has several parts open at once, which finish out of order", async () => {
    const events = [
      text("One ", 0),
      text("Three", 2),
      parts({ at: 1, thought: "Hm" }, { at: 0, text: "Two " }),
      parts({ at: 2, text: "Three.", whole: true }),
      parts({ at: 1, thought: "Hmm", whole: true }),
      parts({ at: 0, text: "One Two ", whole: true }),
    ];
    await using server = await serve(whole(start, ...events, ...done));
    const stream = open(server);
    const { texts } = await read(stream);
    expect(texts).toEqual(["", "One ", "Three", "Two ", ".", "", "", "", ""]);
    expect([stream.content, stream.thinking]).toEqual(["One Two Three.", "Hmm"]);
    expect(stream.message?.candidates[0]?.parts).toEqual([
      { text: "One Two " },
      { thought: "Hmm" },
      { text: "Three." },
    ]);
  });

  it("takes two candidates in one frame: the first is the content, and the message has both", async () => {
    const both = (one: string, other: string): JsonObject => ({
      candidates: [
        { index: 1, parts: [{ at: 0, text: other }] },
        { index: 0, parts: [{ at: 0, text: one }] },
      ],
    });
    const alone = { candidates: [{ index: 1, parts: [{ at: 1, call: "get_book", args: {} }], finish: "call" }] };
    await using server = await serve(whole(start, both("He", "Good "), both("llo", "day"), alone, ...done));
    const stream = open(server, { tools: [getBook] });
    const { texts, tools } = await read(stream);
    expect(texts).toEqual(["", "He", "llo", "", "", ""]);
    expect([stream.content, stream.alternatives, stream.finishReasons]).toEqual([
      "Hello",
      ["Good day"],
      ["done", "call"],
    ]);
    // What another candidate asks for is not run, and not sent back.
    expect([tools, stream.tools, stream.messageParam]).toEqual([[], [], [{ text: "Hello" }]]);
    expect(stream.message?.candidates).toEqual([
      { parts: [{ text: "Hello" }], finish: "done" },
      { parts: [{ text: "Good day" }, { call: "get_book", args: {} }], finish: "call" },
    ]);
  });

  it("keeps what it does not know: events, fields and parts", async () => {
    const unknown = { weather: { now: "fine" }, candidates: [{ index: 0, parts: [{ at: 5, hologram: 1 }] }] };
    await using server = await serve(whole(start, unknown, text("Hi"), ...done));
    const stream = open(server);
    const { events } = await read(stream);
    expect(events[1]).toEqual(unknown);
    const candidates = [{ parts: [{ text: "Hi" }, { hologram: 1 }], finish: "done" }];
    expect(stream.message).toEqual({ ...start, weather: { now: "fine" }, candidates, ...usage });
  });

  it("hands out no pair for what is not an event", async () => {
    await using server = await serve(whole(start, { idle: true }, text("Hi"), { idle: true }, ...done));
    expect((await read(open(server))).events).toEqual([start, text("Hi"), ...done]);
  });
});

describe("values that come whole", () => {
  it.each([
    ["first supply a text", [parts({ at: 0, text: "Hello", whole: true })], ["Hello"]],
    ["repeat it", [text("Hel"), text("lo"), parts({ at: 0, text: "Hello", whole: true })], ["Hel", "lo", ""]],
    ["add to it", [text("Hel"), parts({ at: 0, text: "Hello", whole: true })], ["Hel", "lo"]],
  ])("%s", async (_, events, texts) => {
    await using server = await serve(whole(start, ...events, ...done));
    const stream = open(server);
    expect((await read(stream)).texts).toEqual(["", ...texts, "", ""]);
    expect(stream.content).toBe("Hello");
  });

  it.each([
    ["another text", [text("Hel"), parts({ at: 0, text: "Heap", whole: true })]],
    ["a shorter text", [text("Hello"), parts({ at: 0, text: "Hell", whole: true })]],
    ["more text", [parts({ at: 0, text: "Hello", whole: true }), text("!")]],
    ["no text", [text("Hello"), parts({ at: 0, text: null, whole: true })]],
    [
      "other arguments",
      [parts({ at: 0, call: "get_book", arg: { path: "title", value: "A" } }), parts({ at: 0, args: { title: "B" } })],
    ],
    ["arguments without a place", [parts({ at: 0, call: "get_book", args: { a: 1 }, arg: { path: "a.b", value: 1 } })]],
  ])("must not contradict what was said: %s", async (_, events) => {
    await using server = await serve(whole(start, ...events, ...done));
    const stream = open(server, { retry: false });
    const { error } = await read(stream);
    expect(error).toBeInstanceOf(ProtocolError);
    expect(stream.outcome).toBe("failed");
  });
});

describe("calls of tools", () => {
  const fragment = (path: string, value: unknown, at = 0): JsonObject => parts({ at, arg: { path, value } });

  it("have ids that are made here, and are complete when the next call begins or the body ends", async () => {
    const begun = (at: number): JsonObject => parts({ at, call: "get_book" });
    const args = { title: "A" };
    await using server = await serve(
      whole(start, begun(0), parts({ at: 0, args }), begun(1), fragment("title", "B", 1), finish("call"), usage),
    );
    const stream = open(server, { tools: [getBook] });
    const seen: unknown[] = [];
    for await (const [chunk, called] of stream) seen.push([chunk.chunk, called?.id ?? null, stream.outcome]);
    expect(seen).toEqual([
      [start, null, "pending"],
      [begun(0), null, "pending"],
      [parts({ at: 0, args }), null, "pending"],
      [begun(1), "call_0", "pending"],
      [fragment("title", "B", 1), null, "pending"],
      [finish("call"), null, "pending"],
      [usage, null, "pending"],
      // The end of the body shows the last event again.
      [usage, "call_1", "complete"],
    ]);
    expect(stream.tools.map(({ id, state, text: json }) => [id, state, json])).toEqual([
      ["call_0", "complete", '{"title":"A"}'],
      ["call_1", "complete", '{"title":"B"}'],
    ]);
    expect(stream.tool?.toolCall).toEqual({ call: "get_book", args });
    expect(stream.tool?.toolCall).toBe(stream.tool?.toolCall);
  });

  it("show the arguments so far, which arrive as values with a path", async () => {
    const events = [
      parts({ at: 0, call: "get_book", arg: { path: "author.first", value: "Brandon" } }),
      fragment("author.last", "Sanderson"),
      fragment("title", "Mistborn"),
    ];
    await using server = await serve(whole(start, ...events, finish("call"), usage));
    const options = { client: server.client, stream: { partialTools: true }, tools: [getBook] } as const;
    const stream = call("folio-large", options, () => "Hello")();
    const seen: unknown[] = [];
    const kept: { args: unknown; author: unknown }[] = [];
    for await (const [, called] of stream) {
      if (called === null) continue;
      seen.push([called.state, structuredClone(called.args), called.delta]);
      kept.push({ args: called.args, author: called.args.author });
    }
    const author = { first: "Brandon", last: "Sanderson" };
    expect(seen).toEqual([
      ["streaming", { author: { first: "Brandon" } }, ""],
      ["streaming", { author }, ""],
      ["streaming", { author, title: "Mistborn" }, ""],
      ["complete", { author, title: "Mistborn" }, null],
    ]);
    // Snapshots do not change any more, and what has not changed is the same object.
    expect(kept.slice(0, 3).map(({ args }) => ["streaming", args, ""])).toEqual(seen.slice(0, 3));
    expect(kept[2]?.author).toBe(kept[1]?.author);
  });

  it.each([
    [
      "arguments that are not an object",
      [parts({ at: 0, call: "get_book", args: "A" })],
      finish("call"),
      "invalid",
      "A",
    ],
    [
      "arguments that the schema refuses",
      [parts({ at: 0, call: "get_book", args: { title: 1 } })],
      finish("call"),
      "invalid",
      '{"title":1}',
    ],
    [
      "an end that cuts",
      [parts({ at: 0, call: "get_book", args: { title: "A" } })],
      finish("limit"),
      "truncated",
      '{"title":"A"}',
    ],
    ["no end", [parts({ at: 0, call: "get_book", args: { title: "A" } })], usage, "truncated", '{"title":"A"}'],
  ])("that fail stay out of the pairs: %s", async (_, events, last, state, json) => {
    await using server = await serve(whole(start, ...events, last));
    const stream = open(server, { tools: [getBook] });
    expect((await read(stream)).tools).toEqual([]);
    expect(stream.tools).toMatchObject([{ id: "call_0", state, text: json }]);
    const log = stream.history();
    expect(folioSubject.problems({ model: "folio-large", log })).toEqual([]);
    if (state === "truncated") expect(log).toEqual([{ ask: "Hello" }]);
    else expect(log.at(-1)).toMatchObject({ ref: "call_0", failed: true });
  });

  it("never touch the prototype of anything", async () => {
    const hostile = JSON.parse('{"path": "__proto__.polluted", "value": 1}') as JsonObject;
    await using server = await serve(whole(start, parts({ at: 0, call: "get_book", arg: hostile }), finish("call")));
    const stream = open(server, { tools: [getBook] });
    await read(stream);
    expect(stream.tools[0]?.text).toBe('{"__proto__":{"polluted":1}}');
    expect("polluted" in {}).toBe(false);
  });
});

describe("usage", () => {
  it("comes after the finish, and its input includes what was cached", async () => {
    await using server = await serve(whole(start, text("Hi"), ...done));
    const prices = { "folio-large": { input: 1e6, output: 2e6, cacheRead: 1e5 } };
    const stream = open(server, { prices });
    await stream.response();
    expect(stream.usage).toEqual({ input: 10, cached: 4, output: 25, source: "reported" });
    expect(stream.commonUsage).toMatchObject({ inputTokens: 6, cachedTokens: 4, outputTokens: 25, totalTokens: 35 });
    expect(stream.cost).toBeCloseTo(6 + 50 + 0.4);
  });

  it("is the last snapshot that is whole", async () => {
    const snapshots = [{ input: 10, output: 1 }, { input: 10, output: 30 }, { output: 2 }, { input: "x", output: 1 }];
    await using server = await serve(whole(start, text("Hi"), ...snapshots.map((one) => ({ usage: one })), finish()));
    const response = await open(server).response();
    expect(response.usage).toEqual({ input: 10, output: 30, source: "reported" });
  });

  it("is estimated where none was reported, and partial where the reply was cut", async () => {
    await using server = await serve(whole(start, text("x".repeat(400)), finish()), cut(start, text("Hi"), usage));
    expect((await open(server).response()).usage).toEqual({ input: 0, output: 100, source: "estimated" });
    const stream = open(server);
    await read(stream);
    expect(stream.usage.source).toBe("partial");
  });
});

describe("the end", () => {
  const other = { candidates: [{ index: 1, parts: [{ at: 0, text: "x" }] }] };

  it.each<[string, Play, string, unknown]>([
    ["all candidates and the body", whole(start, text("Hi"), other, finish("done", 1), ...done), "complete", null],
    ["the body, and one candidate of two", whole(start, text("Hi"), other, ...done), "truncated", StreamTruncatedError],
    ["the body alone", whole(start, text("Hi")), "truncated", StreamTruncatedError],
    [
      "all candidates, and a connection that is lost",
      cut(start, text("Hi"), ...done),
      "truncated",
      StreamTruncatedError,
    ],
    ["a failure", whole(start, text("Hi"), finish(), { failed: { code: "broken" } }), "failed", ApiError],
  ])("of %s", async (_, play, outcome, error) => {
    await using server = await serve(play);
    const stream = open(server);
    const { text: shown, error: thrown } = await read(stream);
    expect([shown, stream.content, stream.outcome]).toEqual(["Hi", "Hi", outcome]);
    if (error === null) expect(thrown).toBeNull();
    else expect(thrown).toBeInstanceOf(error);
  });

  it.each(["clean", "lost"])("within a frame, when the connection is %s", async (how) => {
    await using server = await serve(async (exchange) => {
      await written(start, text("Hi"), ...done)(exchange);
      exchange.response.write(encodeFrame(text("!")).subarray(0, -1), () =>
        how === "clean" ? exchange.response.end() : exchange.response.destroy(),
      );
    });
    const stream = open(server);
    const { error } = await read(stream);
    expect(error).toBeInstanceOf(how === "clean" ? MalformedFrameError : StreamTruncatedError);
    expect([stream.outcome, stream.content]).toEqual([how === "clean" ? "failed" : "truncated", "Hi"]);
  });

  it("is not reached before the body has ended: leaving then is an abort", async () => {
    await using server = await serve(written(start, text("Hi"), ...done));
    const stream = open(server);
    for await (const [chunk] of stream) if (chunk.chunk !== null && "usage" in chunk.chunk) break;
    expect([stream.outcome, stream.finishReasons]).toEqual(["aborted", ["done"]]);
  });
});

describe("frames", () => {
  const good = Buffer.concat([start, text("Hi")].map(encodeFrame));
  const damaged = encodeFrame(text("!"));
  damaged[8] = damaged.readUInt8(8) ^ 1;
  const ofLength = (length: number): Buffer => {
    const bytes = Buffer.alloc(64);
    bytes.writeUInt32BE(length);
    return bytes;
  };
  const deep = Buffer.from("[".repeat(1_500) + "]".repeat(1_500));
  const payload = (bytes: Buffer): Buffer => encodeFrame(JSON.parse(bytes.toString()));

  it.each<[string, Uint8Array, object]>([
    ["with a wrong checksum", damaged, { code: "malformed_frame", message: expect.stringContaining("checksum") }],
    ["that is not an object", encodeFrame([1]), { code: "malformed_frame" }],
    ["of no bytes", ofLength(0), { code: "malformed_frame" }],
    ["over the limit", encodeFrame(text("x".repeat(1_000))), { code: "limit", limit: "frame", limitBytes: 1_000 }],
    ["that claims 4 GB", ofLength(0xff_ff_ff_ff), { code: "limit", limit: "frame" }],
    [
      "that claims more than comes",
      ofLength(900),
      { code: "malformed_frame", message: expect.stringContaining("ends") },
    ],
    ["nested too deeply", payload(Buffer.from(`{"x":${deep.toString()}}`)), { code: "limit", limit: "depth" }],
  ])("end the stream where one comes %s, after what came before", async (_, frame, problem) => {
    await using server = await serve(({ response }) => response.end(Buffer.concat([good, frame])));
    const limit = { frame: problem instanceof Object && "limitBytes" in problem ? 1_000 : 100_000 };
    const stream = open(server, { retry: false, limit });
    const { text: shown, error } = await read(stream);
    expect([shown, stream.content, stream.outcome]).toEqual(["Hi", "Hi", "failed"]);
    expect(error).toMatchObject(problem);
  });

  it("are copied once, however small the pieces are", async () => {
    const size = 400_000;
    const frames = new FolioFrames(Infinity);
    const bytes = encodeFrame(text("x".repeat(size)));
    const concat = vi.spyOn(Buffer, "concat");
    let whole = 0;
    for (let at = 0; at < bytes.length; at += 16) {
      frames.push(bytes.subarray(at, at + 16));
      if (frames.next() !== null) whole++;
    }
    expect(whole).toBe(1);
    expect(concat.mock.calls.length).toBeLessThan(4);
    concat.mockRestore();
  });
});

describe("a signature", () => {
  it("is made anew for each request, and the server takes it once", async () => {
    await using server = await serve(
      refused(503),
      cut(start, text("Hi"), checkpoint("t1")),
      whole(text(" you"), ...done),
    );
    const stream = open(server, { onInterrupt: "continue" });
    expect(await read(stream)).toMatchObject({ text: "Hi you", error: null });
    const nonces = server.exchanges.map(({ request }) => request.headers["x-folio-nonce"]);
    expect(new Set(nonces).size).toBe(3);
    const { url = "", headers } = server.exchanges[0]?.request ?? {};
    const again = await fetch(server.url + url, {
      method: "POST",
      headers: {
        "x-folio-nonce": String(headers?.["x-folio-nonce"]),
        "x-folio-signature": String(headers?.["x-folio-signature"]),
      },
      body: JSON.stringify(server.exchanges[0]?.body),
    });
    expect(again.status).toBe(401);
  });

  it("needs the secret, which is in no error", async () => {
    await using server = await serve(whole(start, ...done));
    const wrong = "another-secret-of-folio";
    const stream = open({ client: client({ baseURL: server.url, secret: wrong }) });
    const { error } = await read(stream);
    expect(error).toMatchObject({ code: "api_error", status: 401, type: "signature", retryable: false });
    expect(server.exchanges).toEqual([]);
  });

  it("and the secret are cut out of what the server echoes", async () => {
    await using server = await serve(({ request: { headers }, response }) =>
      response
        .writeHead(400)
        .end(JSON.stringify({ failed: { code: "no", message: `${SECRET} ${String(headers["x-folio-signature"])}` } })),
    );
    const { error } = await read(open(server));
    expect(error).toMatchObject({ providerMessage: "[redacted] [redacted]" });
    expect(JSON.stringify(error)).not.toContain(SECRET);
  });
});

describe("a reply that goes on exactly", () => {
  it("is asked for by its token, and shows nothing twice", async () => {
    const missing = [text(" and"), parts({ at: 1, thought: "Hm" })];
    await using server = await serve(
      cut(start, text("One"), checkpoint("t 1"), ...missing),
      whole(text(" more", 0), checkpoint("t2"), ...done),
    );
    const stream = open(server, { onInterrupt: "continue" });
    const { events, text: shown, recoveries, error } = await read(stream);
    expect(error).toBeNull();
    expect(events).toEqual([
      start,
      text("One"),
      checkpoint("t 1"),
      ...missing,
      text(" more", 0),
      checkpoint("t2"),
      ...done,
    ]);
    expect([shown, recoveries]).toEqual(["One and more", ["continue"]]);
    expect([stream.content, stream.thinking]).toEqual(["One and more", "Hm"]);
    expect(server.exchanges[1]).toMatchObject({ request: { url: "/resume?token=t%201" }, missed: missing });
    expect(stream.attempts.map(({ outcome }) => outcome)).toEqual(["truncated", "complete"]);
    expect(stream.messages).toEqual([{ ask: "Hello" }]);
    // It is one reply, and was charged once.
    const prices = { "folio-large": { input: 1e6, output: 1e6, cacheRead: 0 } };
    expect(stream.usage).toMatchObject({ output: 25, source: "reported" });
    expect(server.cancelled).toEqual([]);
    expect(prices).toBeDefined();
  });

  it("has all that was shown at any time, and never less", async () => {
    let isResumed = (): void => {};
    const resumed = new Promise<void>((resolve) => (isResumed = resolve));
    let goOn = (): void => {};
    const gate = new Promise<void>((resolve) => (goOn = resolve));
    await using server = await serve(cut(start, checkpoint("t1"), text("One"), text(" two")), async (exchange) => {
      const { response, missed, frame } = exchange;
      // Only half of what was missed, at first.
      response.write(frame(missed?.[0] ?? {}), isResumed);
      await gate;
      response.end(Buffer.concat([...(missed ?? []).slice(1), text(" three"), ...done].map(frame)));
    });
    const stream = open(server, { onInterrupt: "continue" });
    const reading = read(stream);
    await resumed;
    expect(stream.content).toBe("One two");
    goOn();
    expect(await reading).toMatchObject({ text: "One two three", error: null });
  });

  it("goes on as often as it has to, also from within what it repeats", async () => {
    await using server = await serve(
      cut(start, checkpoint("t1"), text("1"), text("2"), text("3")),
      // Lost again before it came to anything new.
      ({ response, missed, frame }) => response.write(frame(missed?.[0] ?? {}), () => response.destroy()),
      cut(text("4"), checkpoint("t2"), text("5")),
      whole(text("6"), ...done),
    );
    const stream = open(server, { onInterrupt: "continue", retry: { delay: 1, attempts: 9 } });
    const { text: shown, error } = await read(stream);
    expect([shown, error]).toEqual(["123456", null]);
    expect(server.exchanges.map(({ request: { url } }) => url)).toEqual([
      "/write",
      "/resume?token=t1",
      "/resume?token=t1",
      "/resume?token=t2",
    ]);
  });

  it("hands out each call of a tool once, and goes on with one that was open", async () => {
    const begun = parts({ at: 1, call: "get_book", arg: { path: "author.first", value: "B" } });
    await using server = await serve(
      cut(start, checkpoint("t1"), parts({ at: 0, call: "get_book", args: { title: "A" } }), begun),
      whole(parts({ at: 1, arg: { path: "author.last", value: "S" } }), finish("call"), usage),
    );
    const stream = open(server, { tools: [getBook], onInterrupt: "continue" });
    const { tools } = await read(stream);
    expect(tools.map(({ id, args }) => [id, args])).toEqual([
      ["call_0", { title: "A" }],
      ["call_1", { author: { first: "B", last: "S" } }],
    ]);
    expect(stream.tools.map(({ state }) => state)).toEqual(["complete", "complete"]);
  });

  it("fails if it is not what it was before", async () => {
    await using server = await serve(cut(start, checkpoint("t1"), text("One")), ({ response, frame }) =>
      response.end(Buffer.concat([text("Two"), ...done].map(frame))),
    );
    const stream = open(server, { onInterrupt: "continue", retry: { delay: 1 } });
    const { text: shown, error } = await read(stream);
    expect([shown, stream.content]).toEqual(["One", "One"]);
    expect(error).toBeInstanceOf(ProtocolError);
  });

  it("cannot be had without a checkpoint: then the error stands", async () => {
    await using server = await serve(cut(start, text("One")));
    const stream = open(server, { onInterrupt: "continue" });
    const { error } = await read(stream);
    expect(error).toBeInstanceOf(StreamTruncatedError);
    expect([server.exchanges.length, stream.content]).toEqual([1, "One"]);
  });

  it("is asked for again if that fails at first", async () => {
    await using server = await serve(
      cut(start, checkpoint("t1"), text("One")),
      refused(503),
      whole(text(" two"), ...done),
    );
    const stream = open(server, { onInterrupt: "continue" });
    expect(await read(stream)).toMatchObject({ text: "One two", error: null, recoveries: ["continue"] });
    expect(stream.attempts.map(({ outcome }) => outcome)).toEqual(["truncated", "failed", "complete"]);
  });

  it("leaves a restart alone", async () => {
    await using server = await serve(
      cut(start, checkpoint("t1"), text("One")),
      whole({ ...start, id: "r2" }, text("Two"), ...done),
    );
    const stream = open(server, { onInterrupt: "restart" });
    expect(await read(stream)).toMatchObject({ text: "OneTwo", error: null, recoveries: ["restart"] });
    expect([stream.content, server.exchanges[1]?.request.url]).toEqual(["Two", "/write"]);
  });
});

describe("an abort", () => {
  it("is told to the server, which await using waits for", async () => {
    await using server = await serve(written(start, text("Hi")));
    {
      await using stream = open(server);
      for await (const [chunk] of stream) if (chunk.content === "Hi") break;
      expect(stream.outcome).toBe("aborted");
    }
    expect(server.cancelled).toEqual(["r1"]);
  });

  it.each(["complete", "not begun"])("is not told if the reply is %s", async (how) => {
    await using server = await serve(whole(start, text("Hi"), ...done));
    {
      await using stream = open(server);
      if (how === "complete") await stream.response();
    }
    expect(server.cancelled).toEqual([]);
  });

  it("reaches a reply that is about to be resumed", async () => {
    await using server = await serve(cut(start, checkpoint("t1"), text("Hi")), () => {});
    {
      await using stream = open(server, { onInterrupt: "continue" });
      const reading = read(stream);
      await vi.waitFor(() => expect(server.exchanges).toHaveLength(2));
      stream.abort();
      expect(await reading).toMatchObject({ text: "Hi", error: { code: "stream_aborted" } });
    }
    expect(server.cancelled).toEqual(["r1"]);
  });

  it("of a reply that is restarted is told before the next request is sent", async () => {
    const told: unknown[] = [];
    await using server = await serve(cut(start, text("One")), (exchange) => {
      told.push(...server.cancelled);
      return whole({ ...start, id: "r2" }, text("Two"), ...done)(exchange);
    });
    await using stream = open(server, { onInterrupt: "restart" });
    expect(await read(stream)).toMatchObject({ error: null });
    await vi.waitFor(() => expect(server.cancelled).toEqual(["r1"]));
    expect(stream.outcome).toBe("complete");
  });

  it("does not wait for ever for a server that does not answer", async () => {
    await using server = await serve(written(start, text("Hi")));
    const never = vi.fn(() => new Promise<never>(() => {}));
    const fetch: typeof globalThis.fetch = (url, init) =>
      String(url).endsWith("/cancel") ? never() : globalThis.fetch(url, init);
    const own = client({ baseURL: server.url, secret: SECRET, fetch: fetch as never });
    {
      await using stream = open({ client: own }, { timeout: { connect: 50 } });
      for await (const [chunk] of stream) if (chunk.content === "Hi") break;
    }
    expect(never).toHaveBeenCalled();
  });
});

describe("a rate limit", () => {
  it("is told in the body of an error, and holds up its group of models alone", async () => {
    const limit = { group: "folio-large", waitMs: 60_000 };
    await using server = await serve(
      refused(429, { failed: { code: "slow" }, limit }),
      whole(start, text("Hi"), ...done),
    );
    const limiter = new RequestLimiter();
    const stop = new AbortController();
    const options = { client: server.client, limiter, retry: false, signal: stop.signal } as const;
    const ask = (model: string): Promise<unknown> => call(model, options, () => "Hello")();
    await expect(ask("folio-large")).rejects.toMatchObject({ status: 429, retryAfterMs: 60_000 });
    // It shares the limits of the first one.
    const waiting = ask("folio-large-2");
    await ask("folio-small");
    expect(limiter.waiting).toBe(1);
    expect(server.exchanges.map(({ body }) => body["model"])).toEqual(["folio-large", "folio-small"]);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: "stream_aborted" });
  });

  it("passes", async () => {
    const limit = { group: "folio-large", waitMs: 20 };
    await using server = await serve(
      refused(429, { failed: { code: "slow" }, limit }),
      whole(start, text("Hi"), ...done),
    );
    const stream = open(server, { limiter: new RequestLimiter() });
    expect(await read(stream)).toMatchObject({ text: "Hi", error: null });
    const [first, second] = stream.attempts;
    expect((second?.startTime ?? 0) - (first?.endTime ?? 0)).toBeGreaterThan(15);
  });
});

describe("accessors and types of its own", () => {
  it("are on streams and responses", async () => {
    await using server = await serve(
      whole(
        start,
        text("Hi"),
        finish("done", 1),
        { candidates: [{ index: 1, parts: [{ at: 0, text: "Ho" }] }] },
        ...done,
      ),
    );
    const stream = open(server, { tools: [getBook] });
    expect(stream.alternatives).toEqual([]);
    const response = await stream.response();
    expect(stream).toBeInstanceOf(FolioStream);
    expect([stream.constructor.name, response.constructor.name]).toEqual(["FolioStream", "FolioCallResponse"]);
    expect([stream.alternatives, stream.provider]).toEqual([["Ho"], "folio"]);
    expectTypeOf(stream.alternatives).toEqualTypeOf<readonly string[]>();
    expectTypeOf(stream.messageParam).toEqualTypeOf<readonly Entry[] | null>();
    expectTypeOf(stream.history()).toEqualTypeOf<readonly Entry[]>();
    const answer = await call("folio-large", { client: server.client, tools: [getBook] }, () => "Hello")();
    expectTypeOf(answer.alternatives).toEqualTypeOf<readonly string[]>();
    expectTypeOf(answer.tool?.name).toEqualTypeOf<"get_book" | undefined>();
    expectTypeOf(answer.tool?.toolCall.call).toEqualTypeOf<string | undefined>();
  });

  it("read any message, whatever a server has put into it", () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        fc.jsonValue(),
        fc.constantFrom("constructor", "__proto__", null, -1, Infinity),
        tie("list"),
        tie("object"),
      ),
      list: fc.array(tie("any"), { maxLength: 4 }),
      object: fc.dictionary(
        fc.constantFrom(
          "id",
          "model",
          "candidates",
          "parts",
          "text",
          "thought",
          "call",
          "finish",
          "usage",
          "input",
          "output",
          "checkpoint",
        ),
        tie("any"),
        { noNullPrototype: true },
      ),
    })).object;
    fc.assert(
      fc.property(value, (given) => {
        const message = given as unknown as FolioNative["message"];
        const reply = { message, estimatedTokens: 3 };
        const { views } = folio;
        for (const read of [views.id, views.model, views.content, views.thinking]) {
          expect(typeof (read(message) ?? "")).toBe("string");
        }
        expect(views.finishReasons(message).every((reason) => typeof reason === "string")).toBe(true);
        expect(views.commonFinishReasons(message).every((reason) => typeof reason === "string")).toBe(true);
        for (const source of ["reported", "partial", "estimated"] as const) {
          expect(views.commonUsage(reply, source).totalTokens).toBeGreaterThanOrEqual(0);
          views.cost(reply, "folio-large", source, {});
        }
        expect(Array.isArray(folio.accessors(message).alternatives)).toBe(true);
      }),
    );
  });

  it("survive whatever events come: an error is one of the library's", async () => {
    const keys = [
      "id",
      "model",
      "candidates",
      "index",
      "parts",
      "at",
      "text",
      "thought",
      "call",
      "args",
      "arg",
      "path",
      "value",
      "whole",
      "finish",
      "usage",
      "checkpoint",
    ];
    const { any } = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom(0, 1, "A", true, null, "constructor"),
        fc.jsonValue(),
        { weight: 4, arbitrary: tie("object") },
        { weight: 2, arbitrary: fc.array(tie("any"), { maxLength: 3 }) },
      ),
      object: fc.dictionary(fc.constantFrom(...keys), tie("any"), { noNullPrototype: true }),
    }));
    fc.assert(
      fc.property(fc.array(any, { maxLength: 9 }), (given) => {
        const decoder = folio.createDecoder([]);
        try {
          for (const event of given)
            if (typeof event === "object" && event !== null && !Array.isArray(event))
              decoder.decode(event as JsonObject);
          decoder.end();
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
        }
        const log = folio.sendable(decoder.items());
        expect(
          folioSubject.problems({
            model: "m",
            log: [
              { ask: "a" },
              ...log,
              ...folio.toolResults(
                decoder.toolInputs
                  .filter(({ state }) => state === "complete" || state === "invalid")
                  .map(({ id }) => ({ id, content: "", isError: true })),
              ),
            ],
          }),
        ).toEqual([]);
        folio.views.content(decoder.message);
      }),
    );
  });
});

describe("structured calls", () => {
  const Book = z.object({ title: z.string(), year: z.number() });

  it("stream the model so far, and then the validated one", async () => {
    await using server = await serve(whole(start, text('{"title": "Mist'), text('born", "year": 2006}'), ...done));
    const extract = structuredCall(
      "folio-large",
      { client: server.client, stream: true, responseModel: Book },
      () => "Hello",
    );
    const stream = extract();
    const seen: unknown[] = [];
    for await (const partial of stream) seen.push(partial);
    expect(seen).toEqual([{ title: "Mist" }, { title: "Mistborn", year: 2006 }]);
    expect(stream.constructedResponseModel).toEqual({ title: "Mistborn", year: 2006 });
    expectTypeOf(stream.constructedResponseModel).toEqualTypeOf<{ title: string; year: number }>();
    expect(stream.alternatives).toEqual([]);
    expect(server.exchanges[0]?.body).toMatchObject({ format: { type: "object", required: ["title", "year"] } });
  });

  it("go on with the very same reply, streamed and not", async () => {
    const [before, after] = ['{"title": "Mist', 'born", "year": 2006}'];
    await using server = await serve(
      cut(start, checkpoint("t1"), text(before)),
      whole(text(after), ...done),
      cut(start, checkpoint("t2"), text(before)),
      whole(text(after), ...done),
    );
    const options = {
      client: server.client,
      responseModel: Book,
      onInterrupt: "continue",
      retry: { delay: 1 },
    } as const;
    const seen: unknown[] = [];
    for await (const partial of structuredCall("folio-large", { ...options, stream: true }, () => "Hello")()) {
      seen.push(partial);
    }
    expect(seen).toEqual([{ title: "Mist" }, { title: "Mistborn", year: 2006 }]);
    expect(await structuredCall("folio-large", options, () => "Hello")()).toEqual({ title: "Mistborn", year: 2006 });
  });

  it("tell the model what is wrong with its reply", async () => {
    await using server = await serve(
      whole(start, text('{"title": "Mistborn"}'), ...done),
      whole(start, text('{"title": "Mistborn", "year": 2006}'), ...done),
    );
    const options = { client: server.client, responseModel: Book, validationRetries: 1 };
    expect(await structuredCall("folio-large", options, () => "Hello")()).toEqual({ title: "Mistborn", year: 2006 });
    const log = server.exchanges[1]?.body["log"];
    expect(log).toMatchObject([
      { ask: "Hello" },
      { text: '{"title": "Mistborn"}' },
      { ask: expect.stringContaining("year") },
    ]);
    expect(folioSubject.problems(server.exchanges[1]?.body)).toEqual([]);
  });

  it("parse the text of a call with tools", async () => {
    await using server = await serve(whole(start, text('{"title": "Mistborn", "year": 2006}'), ...done));
    const options = { client: server.client, stream: true, responseModel: Book, tools: [getBook] } as const;
    expect(await structuredCall("folio-large", options, () => "Hello")().parse()).toEqual({
      title: "Mistborn",
      year: 2006,
    });
  });
});

describe("however the bytes are split", () => {
  const events = [
    start,
    {
      candidates: [
        { index: 0, parts: [{ at: 0, text: "Größe 🎈" }] },
        { index: 1, parts: [{ at: 0, text: "B" }] },
      ],
    },
    parts({ at: 1, thought: "Hm" }, { at: 0, text: "Größe 🎈!", whole: true }),
    { ...parts({ at: 2, call: "get_book", arg: { path: "author.first", value: "B" } }), ...checkpoint("t1") },
    parts({ at: 2, arg: { path: "author.last", value: "S" } }),
    parts({ at: 3, call: "get_book", args: { title: "A" } }),
    finish("call"),
    finish("done", 1),
    usage,
  ];
  const bytes = Buffer.concat(events.map(encodeFrame));

  /** What is seen of a reply in these pieces. */
  function seen(pieces: readonly Uint8Array[]): unknown {
    const frames = new FolioFrames(1_000);
    const decoder = folio.createDecoder([]);
    const steps: unknown[] = [];
    for (const piece of [...pieces, null]) {
      if (piece === null) frames.end(true);
      else frames.push(piece);
      for (let frame = frames.next(); frame !== null; frame = frames.next()) {
        const step = decoder.decode(frame);
        steps.push(
          step?.chunk,
          step?.tools.map(({ input, fragment }) => [input.id, fragment]),
        );
      }
    }
    steps.push(decoder.end()?.tools.map(({ input, fragment }) => [input.id, fragment]));
    return { steps, message: decoder.message, tools: decoder.toolInputs.map(({ text: json, state }) => [json, state]) };
  }

  it("the same is seen", () => {
    const expected = JSON.stringify(seen([bytes]));
    for (let at = 0; at <= bytes.length; at++) {
      expect(JSON.stringify(seen([bytes.subarray(0, at), bytes.subarray(at)]))).toBe(expected);
    }
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length)), (places) => {
        const sorted = [0, ...places.toSorted((a, b) => a - b), bytes.length];
        const pieces = sorted.map((at, place) => bytes.subarray(at, sorted[place + 1]));
        expect(JSON.stringify(seen(pieces))).toBe(expected);
      }),
    );
  });

  it("the same is handed out by a stream", async () => {
    const play: Play = async ({ response }) => {
      response.socket?.setNoDelay(true);
      for (let at = 0; at < bytes.length; at += 7) {
        await new Promise((resolve) => response.write(bytes.subarray(at, at + 7), resolve));
      }
      response.end();
    };
    await using server = await serve(play, ({ response }) => response.end(bytes));
    const [small, large] = [
      await read(open(server, { tools: [getBook] })),
      await read(open(server, { tools: [getBook] })),
    ];
    expect(small.error).toBeNull();
    expect(small.tools).toHaveLength(2);
    expect(JSON.stringify(small)).toBe(JSON.stringify(large));
  });
});

describe("the subject", () => {
  it("plays beats, and those of a reply that goes on once", async () => {
    const words = ["One", " two", " three", " four", " five"].map((word) => ({ text: word }));
    const asked = { tool: "get_book", input: '{"title":"A","author":{"first":"B","last":"S"}}', pieces: 3 };
    await using server = await folioSubject.serve(({ index }) =>
      index === 0
        ? { beats: [...words.slice(0, 4), { end: "reset" }] }
        : { beats: [...words, asked, { finish: "tool_calls" }], pieceSize: 5 },
    );
    const stream = open({ client: folioSubject.client(server.url) }, { tools: [getBook], onInterrupt: "continue" });
    const { text: shown, tools } = await read(stream);
    expect([shown, stream.commonFinishReasons]).toEqual(["One two three four five", ["tool_calls"]]);
    expect(tools).toMatchObject([{ args: { title: "A", author: { first: "B", last: "S" } } }]);
    expect(stream.usage).toMatchObject({ input: 10, output: 25 });
    expect((await server.request(1)).path).toBe("/resume?token=reply_0.3");
  });

  it("refuses what its server refuses", async () => {
    const model = "folio-large";
    const called = { call: "get_book", ref: "call_0", args: {} };
    const answered = { result: "", ref: "call_0", failed: false };
    const refusals: [unknown[], RegExp][] = [
      [[], /empty/],
      [[{ ask: "a" }, called], /before all calls were answered/],
      [[called, { ask: "a" }], /before all calls were answered/],
      [[called, answered, answered], /answers no call/],
      [[answered], /answers no call/],
      [[called, called, answered], /ref of another/],
      [[{ ...called, args: "cut" }, answered], /no arguments/],
      [[{ ask: "\ud83d" }], /half a character/],
      [[{ ask: " " }], /blank/],
      [[{ role: "user", content: "a" }], /no kind/],
      [[{ ...called, args: JSON.parse(`{"a":${"[".repeat(2_000)}${"]".repeat(2_000)}}`) }, answered], /deeply/],
    ];
    for (const [log, problem] of refusals) expect(folioSubject.problems({ model, log }).join()).toMatch(problem);
    expect(folioSubject.problems({ model, log: [called, answered, called, answered, { ask: "a" }] })).toEqual([]);
    const server = await folioSubject.serve(() => ({}));
    const stream = open({ client: folioSubject.client(server.url) }, {}, [
      { result: "", ref: "call_9", failed: false },
    ]);
    const { error } = await read(stream);
    expect(error).toMatchObject({ status: 400, providerMessage: expect.stringContaining("answers no call") });
    await expect(server[Symbol.asyncDispose]()).rejects.toThrow("answers no call");
  });

  it("plays errors: of a status, with a wait, and inside a reply", async () => {
    await using server = await folioSubject.serve(
      ({ index }) =>
        [
          { status: 429, message: "slow down", waitMs: 5 },
          { beats: [{ ping: true as const }, { error: "busy", retryable: true }] },
          { beats: [{ text: "Hi" }, { error: "broken", retryable: false }] },
        ][index] ?? {},
    );
    const stream = open({ client: folioSubject.client(server.url) }, { limiter: folioSubject.limiter() });
    expect((await read(stream)).error).toMatchObject({ code: "api_error", providerMessage: "broken" });
    expect(stream.attempts.map(({ error }) => error?.message)).toEqual([
      "Folio answered 429: refused: slow down",
      "Folio ended the reply: overloaded: busy",
      "Folio ended the reply: refused: broken",
    ]);
  });
});
