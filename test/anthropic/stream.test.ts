import { AsyncLocalStorage } from "node:async_hooks";
import { getEventListeners, once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import {
  ApiError,
  MillraceError,
  StreamAbortedError,
  StreamConsumedError,
  StreamNotConsumedError,
  StreamNotStartedError,
  StreamTimeoutError,
  StreamTruncatedError,
} from "../../src/errors.ts";
import { type AnthropicCallOptions, type AnthropicStream, call, client } from "../../src/providers/anthropic/index.ts";
import { delta, ended, frames, reply, serve, started, startStream, stopReason, type TestServer } from "../server.ts";

function streamFrom(server: TestServer, options: AnthropicCallOptions = {}): AnthropicStream {
  const own = client({ apiKey: "sk-test", baseURL: server.url });
  return call("claude-sonnet-5-5", { client: own, ...options, stream: true }, () => "Hello")();
}

/** Reads to the end; gives the text and what was thrown. */
async function read(stream: AnthropicStream): Promise<{ text: string; error: unknown }> {
  let text = "";
  try {
    for await (const [chunk] of stream) text += chunk.content;
    return { text, error: null };
  } catch (error) {
    return { text, error };
  }
}

/** Waits until the server has no connection left; fails after the time that S5 allows. */
async function closed(server: TestServer): Promise<void> {
  const deadline = performance.now() + 100;
  while (server.sockets.size > 0 && performance.now() < deadline) await delay(1);
  expect(server.sockets.size).toBe(0);
}

describe("S1: lazy", () => {
  it("sends nothing, and does not run the function, before the first read", async () => {
    await using server = await serve((response) => startStream(response).end(reply("Hi")));
    const fn = vi.fn(() => "Hello");
    const stream = call(
      "claude-sonnet-5-5",
      { stream: true, client: client({ apiKey: "k", baseURL: server.url }) },
      fn,
    )();
    for (const accessor of ["messages", "callParams", "callKwargs", "dynamicConfig", "userMessageParam"] as const) {
      expect(() => stream[accessor]).toThrow(StreamNotStartedError);
    }
    await delay(20);
    expect([fn.mock.calls.length, server.sockets.size, stream.outcome]).toEqual([0, 0, "pending"]);
    expect((await stream.response()).content).toBe("Hi");
    expect([fn.mock.calls.length, stream.callKwargs.model]).toEqual([1, "claude-sonnet-5-5"]);
    expect(stream.userMessageParam).toEqual({ role: "user", content: "Hello" });
  });

  it("runs the function in the context of the call", async () => {
    await using server = await serve((response) => startStream(response).end(reply("Hi")));
    const storage = new AsyncLocalStorage<string>();
    let seen: string | undefined;
    const ask = call("m", { stream: true, client: client({ apiKey: "k", baseURL: server.url }) }, () => {
      seen = storage.getStore();
      return "Hello";
    });
    const stream = storage.run("call", () => ask());
    await storage.run("read", () => stream.response());
    expect(seen).toBe("call");
  });

  it("starts a call that is not streamed at once, and streams it on the wire", async () => {
    await using server = await serve((response) => startStream(response).end(reply("Hi ", "there")));
    const answer = await call("m", { client: client({ apiKey: "k", baseURL: server.url }) }, () => "Hello")();
    expect([answer.content, answer.outputTokens, answer.finishReasons]).toEqual(["Hi there", 25, ["end_turn"]]);
    expect(server.requests[0]?.body["stream"]).toBe(true);
  });
});

describe("S2: one pair per event", () => {
  it("passes unknown events and blocks, skips pings, and adds one chunk per event", async () => {
    const events = [
      ...started,
      { type: "future_event", of: [1] },
      delta("Hi"),
      { type: "content_block_delta", index: 0, delta: { type: "future_delta", x: 1 } },
      { type: "content_block_stop", index: 0 },
      { type: "content_block_start", index: 1, content_block: { type: "future_block", y: { z: 1 } } },
      { type: "content_block_stop", index: 1 },
      { type: "message_delta", delta: { stop_reason: "future_reason" }, usage: { output_tokens: 3 } },
      { type: "message_stop" },
    ];
    await using server = await serve((response) =>
      startStream(response).end(`event: ping\ndata: {"type": "ping"}\n\n${frames(events)}`),
    );
    const stream = streamFrom(server);
    const seen: unknown[] = [];
    for await (const [chunk, tool] of stream) {
      seen.push(chunk.chunk);
      expect(tool).toBeNull();
    }
    expect(seen).toEqual(events);
    expect(stream.finishReasons).toEqual(["future_reason"]);
    expect(stream.commonFinishReasons).toEqual(["unknown"]);
    expect(stream.message?.content).toEqual([
      { type: "text", text: "Hi" },
      { type: "future_block", y: { z: 1 } },
    ]);
  });

  it("takes deltas for a block that came with the start of the message", async () => {
    const message = { id: "m", content: [{ type: "text", text: "" }], usage: { input_tokens: 1, output_tokens: 1 } };
    const [stop, ...rest] = ended;
    const body = frames([{ type: "message_start", message }, delta("Hi "), delta("there"), stop!, ...rest]);
    await using server = await serve((response) => startStream(response).end(body));
    const stream = streamFrom(server);
    expect((await read(stream)).text).toBe("Hi there");
    expect(stream.outcome).toBe("complete");
  });
});

describe("S3: one owner", () => {
  it("refuses a second iteration, and keeps what the first one read", async () => {
    await using server = await serve((response) => startStream(response).end(reply("Hi")));
    const stream = streamFrom(server);
    expect(() => stream.constructCallResponse()).toThrow(StreamNotConsumedError);
    await read(stream);
    await expect(read(stream)).resolves.toMatchObject({ error: expect.any(StreamConsumedError) });
    expect([stream.content, server.requests.length]).toEqual(["Hi", 1]);
    expect(stream.constructCallResponse().response).toEqual((await stream.response()).response);
    expect(stream.response()).toBe(stream.response());
  });

  it("refuses response() during an iteration, and gives it afterwards", async () => {
    await using server = await serve((response) => startStream(response).end(reply("Hi")));
    const stream = streamFrom(server);
    for await (const [chunk] of stream) {
      if (chunk.content !== "") await expect(stream.response()).rejects.toThrow(StreamConsumedError);
    }
    expect((await stream.response()).content).toBe("Hi");
  });

  it("refuses an iteration of a stream that response() drains", async () => {
    await using server = await serve((response) => startStream(response).end(reply("Hi")));
    const stream = streamFrom(server);
    const response = stream.response();
    expect((await read(stream)).error).toBeInstanceOf(StreamConsumedError);
    expect((await response).content).toBe("Hi");
  });

  it("serves reads that do not wait for each other in order", async () => {
    await using server = await serve((response) => startStream(response).end(reply("a", "b", "c")));
    const iterator = streamFrom(server)[Symbol.asyncIterator]();
    const results = await Promise.all(Array.from({ length: 12 }, () => iterator.next()));
    expect(results.map(({ value }) => value?.[0].content ?? "").join("")).toBe("abc");
    expect(results.map(({ done }) => done)).toEqual([
      ...Array<boolean>(8).fill(false),
      ...Array<boolean>(4).fill(true),
    ]);
  });
});

describe("S4: pull", () => {
  it("reads at most 256 KB ahead, and the server stops accepting", async () => {
    const frame = frames([delta("x".repeat(100))]);
    let written = 0;
    await using server = await serve((response) => {
      startStream(response, frames(started));
      const more = (): void => {
        while (!response.destroyed && response.write(frame)) written += frame.length;
        response.once("drain", more);
      };
      more();
    });
    const stream = streamFrom(server);
    const iterator = stream[Symbol.asyncIterator]();
    let yielded = 0;
    for (let i = 0; i < 1000; i++) yielded += JSON.stringify((await iterator.next()).value?.[0].chunk).length;
    // When the numbers have not changed for a while, nobody reads any more.
    let before = -1;
    while (before !== written) {
      before = written;
      await delay(200);
    }
    const [socket] = server.sockets;
    const accepted = (socket?.bytesWritten ?? 0) - (socket?.writableLength ?? 0);
    expect(accepted).toBeGreaterThan(yielded);
    // What the kernel holds for both ends is not ours.
    expect(clientBytesRead(server.url) - yielded).toBeLessThan(256 * 1024);
    stream.abort();
  });

  it("does so from the first read on, however much comes with the headers", async () => {
    const body = Buffer.from(frames([...started, ...Array.from({ length: 100_000 }, () => delta("x".repeat(100)))]));
    await using server = await serve((response) => void startStream(response).write(body));
    const stream = streamFrom(server);
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    let before = -1;
    while (before !== clientBytesRead(server.url)) {
      before = clientBytesRead(server.url);
      await delay(200);
    }
    expect(before).toBeLessThan(256 * 1024);
    stream.abort();
  });
});

/** How much our client has read from its socket to a server. */
function clientBytesRead(url: string): number {
  const { port } = new URL(url);
  const handles = (process as unknown as { _getActiveHandles(): unknown[] })._getActiveHandles();
  const sockets = handles.filter(
    (handle): handle is { remotePort: number; bytesRead: number } =>
      typeof handle === "object" && handle !== null && "remotePort" in handle && handle.remotePort === Number(port),
  );
  expect(sockets).toHaveLength(1);
  return sockets[0]?.bytesRead ?? Number.NaN;
}

describe("S5: stop means stop", () => {
  const endless = () =>
    serve((response) => void startStream(response, frames([...started, delta("Hi"), delta(" there")])));

  it.each<[string, (stream: AnthropicStream) => Promise<void>]>([
    [
      "break",
      async (stream) => {
        for await (const [chunk] of stream) if (chunk.content !== "") break;
      },
    ],
    [
      "throw",
      async (stream) => {
        const thrown = new Error("mine");
        await expect(async () => {
          for await (const [chunk] of stream) if (chunk.content !== "") throw thrown;
        }).rejects.toBe(thrown);
      },
    ],
    [
      "abort()",
      async (stream) => {
        const reason = new Error("enough");
        await expect(async () => {
          for await (const [chunk] of stream) if (chunk.content !== "") stream.abort(reason);
        }).rejects.toMatchObject({ code: "stream_aborted", cause: reason });
      },
    ],
    [
      "await using",
      async (stream) => {
        await using scoped = stream;
        await scoped[Symbol.asyncIterator]().next();
      },
    ],
    [
      "break from textStream()",
      async (stream) => {
        for await (const text of stream.textStream()) if (text !== "") break;
      },
    ],
    [
      "return() of textStream(), while it waits",
      async (stream) => {
        const texts = stream.textStream();
        for (let read = ""; read !== "Hi there";) read += String((await texts.next()).value);
        const pending = texts.next();
        await texts.return();
        await expect(pending).resolves.toEqual({ done: true, value: undefined });
      },
    ],
  ])("%s closes the connection", async (_, stop) => {
    await using server = await endless();
    const stream = streamFrom(server);
    await stop(stream);
    await closed(server);
    expect([stream.outcome, stream.usage.source]).toEqual(["aborted", "partial"]);
    expect("Hi there".startsWith(stream.content)).toBe(true);
    await expect(stream.response()).rejects.toBe(stream.error);
  });

  it("abort rejects a pending read, and leaves no listener on a long-lived signal", async () => {
    await using server = await endless();
    const controller = new AbortController();
    for (const end of ["abort", "break"]) {
      const stream = streamFrom(server, { signal: controller.signal });
      const iterator = stream[Symbol.asyncIterator]();
      for (let i = 0; i < 4; i++) await iterator.next();
      expect(getEventListeners(controller.signal, "abort")).toHaveLength(1);
      const pending = iterator.next();
      if (end === "abort") stream.abort();
      else await iterator.return?.();
      if (end === "abort") await expect(pending).rejects.toBeInstanceOf(StreamAbortedError);
      else await expect(pending).resolves.toEqual({ done: true, value: undefined });
      await expect(iterator.next()).resolves.toEqual({ done: true, value: undefined });
      expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
      await closed(server);
    }
  });

  it("a signal aborts, with its reason, before the first read and during the prompt function too", async () => {
    await using server = await endless();
    const early = streamFrom(server, { signal: AbortSignal.abort("never mind") });
    expect(await read(early)).toMatchObject({ error: { code: "stream_aborted", cause: "never mind" } });
    const controller = new AbortController();
    const own = client({ apiKey: "k", baseURL: server.url });
    const slow = call(
      "m",
      { stream: true, client: own, signal: controller.signal },
      () => new Promise<string>(() => {}),
    )();
    const result = read(slow);
    controller.abort("enough");
    expect(await result).toMatchObject({ error: { cause: "enough", phase: "connect" } });
    // A timer that stays would keep the program from its end.
    const timers = vi.spyOn(globalThis, "setTimeout");
    const cleared = vi.spyOn(globalThis, "clearTimeout");
    const late = call("m", { stream: true, client: own, timeout: { total: 54_321 } }, () => ({
      messages: [{ role: "user", content: "Hello" }],
      signal: AbortSignal.abort("too late"),
    }))();
    expect(await read(late)).toMatchObject({ error: { cause: "too late" } });
    // On a busy machine, some of that time has passed.
    const place = timers.mock.calls.findIndex(([, ms = 0]) => ms > 50_000 && ms <= 54_321);
    expect(cleared).toHaveBeenCalledWith(timers.mock.results[place]?.value);
    timers.mockRestore();
    cleared.mockRestore();
    expect(server.requests).toHaveLength(0);
  });
});

describe("S6: one outcome", () => {
  const cases: [string, string, string, string, new (...args: never) => MillraceError][] = [
    [
      "a stop reason that is no word",
      frames([
        {
          type: "message_start",
          message: { id: "m", content: [{ type: "text", text: "Hi" }], stop_reason: { of: 1 } },
        },
        { type: "message_stop" },
      ]),
      "end",
      "truncated",
      StreamTruncatedError,
    ],
    [
      "an empty stop reason, which is none",
      frames([
        { type: "message_start", message: { id: "m", content: [{ type: "text", text: "Hi" }], stop_reason: "" } },
        { type: "message_stop" },
      ]),
      "end",
      "truncated",
      StreamTruncatedError,
    ],
    ["a clean end without a stop reason", frames([...started, delta("Hi")]), "end", "truncated", StreamTruncatedError],
    ["a reset after the headers", frames([...started, delta("Hi")]), "reset", "truncated", StreamTruncatedError],
    ["an empty body", "", "end", "truncated", StreamTruncatedError],
    ["an error event", frames([...started, delta("Hi"), overloaded()]), "end", "failed", ApiError],
    [
      "an error event after the stop reason",
      frames([...started, delta("Hi"), stopReason, overloaded()]),
      "end",
      "failed",
      ApiError,
    ],
    [
      "a frame that is not JSON",
      `${frames([...started, delta("Hi")])}data: {"type"\n\n`,
      "hold",
      "failed",
      MillraceError as never,
    ],
  ];

  function overloaded() {
    return { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
  }

  it.each(cases)("%s", async (_, body, end, outcome, error) => {
    await using server = await serve((response) => {
      startStream(response, body);
      if (end === "end") response.end();
      if (end === "reset") setImmediate(() => response.socket?.resetAndDestroy());
    });
    const stream = streamFrom(server);
    const result = await read(stream);
    expect(stream.outcome).toBe(outcome);
    expect(result.error).toBeInstanceOf(error);
    expect(result.error).toBe(stream.error);
    await expect(stream.response()).rejects.toBe(stream.error);
    expect(() => stream.constructCallResponse()).toThrow(error);
    expect(result.text).toBe(stream.content);
    if (body !== "") expect(stream.content).toBe("Hi");
    const { partial } = stream.error as MillraceError;
    expect(partial?.content).toBe(stream.content);
    expect(Object.keys(stream.error as MillraceError)).not.toContain("partial");
    expect(stream.error?.requestId).toBe("req_1");
    if (end === "hold") await closed(server);
  });

  it.each(["end", "reset", "hold"])("a stop reason, then %s, is complete", async (end) => {
    await using server = await serve((response) => {
      startStream(response, frames([...started, delta("Hi"), ...ended.slice(0, -1)]));
      if (end === "end") response.end();
      if (end === "reset") setImmediate(() => response.socket?.resetAndDestroy());
    });
    const stream = streamFrom(server);
    const start = performance.now();
    expect(await read(stream)).toEqual({ text: "Hi", error: null });
    expect(stream.outcome).toBe("complete");
    expect(stream.usage.output_tokens).toBe(25);
    if (end === "hold") {
      expect(performance.now() - start).toBeGreaterThan(1_900);
      await closed(server);
    }
  });

  it("a break after the stop reason leaves it complete", async () => {
    await using server = await serve(
      (response) => void startStream(response, frames([...started, delta("Hi"), stopReason])),
    );
    const stream = streamFrom(server);
    for await (const [chunk] of stream) if (chunk.finishReasons.length > 0) break;
    expect([stream.outcome, stream.error]).toEqual(["complete", null]);
    await closed(server);
  });

  it("ends at message_stop, though the server keeps the body open, and lets the connection go", async () => {
    await using server = await serve((response) => void startStream(response, reply("Hi")));
    const stream = streamFrom(server);
    expect(await read(stream)).toEqual({ text: "Hi", error: null });
    await vi.waitFor(() => expect(server.sockets.size).toBe(0), { timeout: 3_000 });
  });

  it("counts an unterminated last frame if its JSON is whole", async () => {
    const whole = frames([...started, delta("Hi"), delta(" there")]);
    for (const [cut, text] of [
      [2, "Hi there"],
      [5, "Hi"],
    ] as const) {
      await using server = await serve((response) => void startStream(response).end(whole.slice(0, -cut)));
      const stream = streamFrom(server);
      expect((await read(stream)).text).toBe(text);
      expect(stream.outcome).toBe("truncated");
    }
  });

  it("never rejects unhandled, whatever is left unread", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    await using server = await serve((response) => void startStream(response).end(frames([...started, delta("Hi")])));
    void streamFrom(server).response();
    void streamFrom(server)[Symbol.asyncIterator]().next();
    void streamFrom(server).textStream();
    streamFrom(server).abort();
    const left = streamFrom(server);
    const iterator = left[Symbol.asyncIterator]();
    void iterator.next();
    void left.response();
    left.abort();
    await delay(100);
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe("S8: usage", () => {
  it("overwrites, keeps a positive count against a zero, and says its source", async () => {
    let hold: () => void = () => {};
    await using server = await serve((response) => {
      startStream(response, frames([...started, delta("x".repeat(400))]));
      hold = () =>
        response.end(
          frames([{ ...stopReason, usage: { output_tokens: 25, input_tokens: 0 } }, { type: "message_stop" }]),
        );
    });
    const stream = streamFrom(server);
    for await (const [chunk] of stream) {
      if (chunk.content === "") continue;
      expect(stream.usage).toMatchObject({ source: "estimated", input_tokens: 10, output_tokens: 100 });
      expect(stream.cost).toBeGreaterThan(0);
      hold();
    }
    expect(stream.usage).toEqual({ source: "reported", input_tokens: 10, output_tokens: 25 });
    expect([stream.inputTokens, stream.outputTokens, stream.cachedTokens]).toEqual([10, 25, 0]);
  });

  it("is a lower bound after an abort, and never absent", async () => {
    await using server = await serve((response) => void startStream(response, frames([...started, delta("Hi")])));
    const stream = streamFrom(server);
    stream.abort();
    expect(stream.usage).toEqual({ source: "partial", input_tokens: 0, output_tokens: 0 });
    const other = streamFrom(server);
    for await (const [chunk] of other) if (chunk.content !== "") break;
    expect(other.usage).toEqual({ source: "partial", input_tokens: 10, output_tokens: 1 });
  });
});

describe("S13: stalls end", () => {
  const pings = (response: import("node:http").ServerResponse): void => {
    const timer = setInterval(() => response.write(': comment\n\nevent: ping\ndata: {"type": "ping"}\n\n'), 10);
    response.once("close", () => clearInterval(timer));
  };

  it.each([
    ["firstContent", started.slice(0, 1)],
    ["idle", [...started, delta("Hi")]],
    ["total", [...started, delta("Hi")]],
  ] as const)("%s, behind pings", async (limit, events) => {
    await using server = await serve((response) => pings(startStream(response, frames(events))));
    const stream = streamFrom(server, { timeout: { [limit]: 100 } });
    const { error } = await read(stream);
    expect(error).toBeInstanceOf(StreamTimeoutError);
    expect(error).toMatchObject({ code: "timeout", limit, limitMs: 100 });
    expect(stream.outcome).toBe("failed");
    await closed(server);
  });

  it("a server that never answers", async () => {
    await using server = await serve(() => {});
    const stream = streamFrom(server, { timeout: { firstContent: 100 } });
    expect((await read(stream)).error).toMatchObject({ code: "timeout", limit: "firstContent", phase: "connect" });
    await closed(server);
  });

  it("firstContent, with headers that took most of it", async () => {
    // Counted anew from the headers on, the limit would not pass before the content.
    await using server = await serve((response) => {
      setTimeout(() => startStream(response), 250);
      setTimeout(() => response.end(reply("Hi")), 450);
    });
    const stream = streamFrom(server, { retry: false, timeout: { firstContent: 300 } });
    expect((await read(stream)).error).toMatchObject({ limit: "firstContent", phase: "first-content" });
  });

  it("a slow reader is no stall", async () => {
    await using server = await serve((response) => {
      startStream(response, frames([...started, delta("Hi")]));
      setTimeout(() => response.end(frames([delta(" there"), ...ended])), 150);
    });
    const stream = streamFrom(server, { timeout: { idle: 100 } });
    let text = "";
    for await (const [chunk] of stream) {
      text += chunk.content;
      if (chunk.content === "Hi") await once(AbortSignal.timeout(200), "abort");
    }
    expect(text).toBe("Hi there");
  });
});
