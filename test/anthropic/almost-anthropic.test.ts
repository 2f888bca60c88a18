import { describe, expect, it } from "vitest";
import * as z from "zod";
import { agent, ApiError, type MillraceError, ProtocolError, tool, user } from "../../src/index.ts";
import { type AnthropicCallOptions, type AnthropicStream, call, client } from "../../src/providers/anthropic/index.ts";
import { firstProblem } from "../../src/testing/anthropic/check.ts";
import { messageChecks } from "../../src/testing/anthropic/check-messages.ts";
import { unrestrictedModel } from "../../src/testing/anthropic/model-rules.ts";
import { SentBlocks } from "../../src/testing/anthropic/sent.ts";
import { frames, serve, startStream, type TestServer } from "../server.ts";

type Events = Parameters<typeof frames>[0];
type Event = Events[number];

const MODEL = "claude-sonnet-5-5";
const at = ({ url }: TestServer) => client({ apiKey: "sk-test", baseURL: url });

/** A server that gives these replies in turn, and then the last one again: events, or text as it is. */
const serveAll = (...replies: readonly (Events | string)[]): Promise<TestServer> =>
  serve((response, _, count) => {
    const reply = replies[Math.min(count, replies.length) - 1] ?? "";
    startStream(response).end(typeof reply === "string" ? reply : frames(reply));
  });

interface Read {
  readonly stream: AnthropicStream<typeof get>;
  readonly shown: string;
  readonly error: MillraceError | null;
  readonly requests: number;
}

/** Reads the stream of a reply to its end. */
async function read(reply: Events | string, options: AnthropicCallOptions<true, typeof get> = {}): Promise<Read> {
  return readAll([reply], options);
}

async function readAll(
  replies: readonly (Events | string)[],
  options: AnthropicCallOptions<true, typeof get> = {},
): Promise<Read> {
  await using server = await serveAll(...replies);
  const plan = { stream: true, client: at(server), retry: { delay: 1 }, ...options } as const;
  const stream = call(MODEL, plan, () => "Hello")();
  let shown = "";
  try {
    for await (const [chunk] of stream) shown += chunk.content;
  } catch {
    // It is `stream.error`.
  }
  return { stream, shown, error: stream.error, requests: server.requests.length };
}

const message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: MODEL,
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage: { input_tokens: 100, output_tokens: 1 },
};
const start = (fields: object = {}, beside: object = {}): Event => ({
  type: "message_start",
  message: { ...message, ...fields },
  ...beside,
});
const open = (content_block: object, index = 0): Event => ({ type: "content_block_start", index, content_block });
const delta = (fields: object, index = 0): Event => ({ type: "content_block_delta", index, delta: fields });
const close = (index = 0): Event => ({ type: "content_block_stop", index });
const stop = (stop_reason: string, usage: object = { output_tokens: 5 }): Event => ({
  type: "message_delta",
  delta: { stop_reason, stop_sequence: null },
  usage,
});
const end: Event = { type: "message_stop" };
const TEXT = { type: "text", text: "" };
const THINKING = { type: "thinking", thinking: "", signature: "" };
const text = (words: string, index = 0): Event => delta({ type: "text_delta", text: words }, index);
const json = (input: unknown, index = 0): Event => delta({ type: "input_json_delta", partial_json: input }, index);
const signature = (part: string, index = 0): Event => delta({ type: "signature_delta", signature: part }, index);
const called = (fields: object = {}, index = 0): Event =>
  open({ type: "tool_use", id: `toolu_${index}`, name: "get", input: {}, ...fields }, index);
const hello = [open(TEXT), text("Hello"), close(), stop("end_turn"), end];

const get = tool({ name: "get", input: z.object({ q: z.number() }), call: ({ q }) => q * 2 });

type Result = { readonly id?: string; readonly tool_use_id?: string };

/** What the API finds wrong with messages, in words; null if it takes them. */
function problemWith(messages: readonly unknown[]): string | null {
  const rules = { version: "2023-06-01", betas: new Set<string>(), fields: new Set<string>(), sent: new SentBlocks() };
  return firstProblem(messageChecks, { model: unrestrictedModel("any"), ...rules, body: { messages } });
}

describe("a message that starts twice", () => {
  it.each<[string, Events]>([
    ["at once", [start(), start({ service_tier: "standard" }), ...hello]],
    ["without an id", [start({ id: undefined }), start({ id: undefined }), ...hello]],
    [
      "and the second time with its content",
      [start(), start({ content: [{ type: "text", text: "Hello" }] }), ...hello.slice(3)],
    ],
    ["with its block", [start(), open(TEXT), start(), ...hello]],
    ["before its text", [start(), open(TEXT), start(), ...hello.slice(1)]],
    [
      "with a block that has its text",
      [start(), open({ ...TEXT, text: "Hello" }), open({ ...TEXT, text: "Hello" }), ...hello.slice(3)],
    ],
    [
      "with a block that has some of its text",
      [start(), open({ ...TEXT, text: "Hel" }), open({ ...TEXT, text: "Hel" }), text("lo"), ...hello.slice(3)],
    ],
    [
      "after its thinking began",
      [start(), open(THINKING), start(), close(), open(TEXT, 1), text("Hello", 1), ...hello.slice(3)],
    ],
  ])("is read: %s", async (_, events) => {
    const { stream, shown, requests } = await read(events);
    expect([stream.outcome, stream.content, shown, requests]).toEqual(["complete", "Hello", "Hello", 1]);
    expect(stream.usage).toMatchObject({ input_tokens: 100, output_tokens: 5, source: "reported" });
  });

  it("keeps what only the second start says", async () => {
    const container = { id: "container_1", expires_at: "2030-01-01" };
    const { stream } = await read([start(), start({ container, usage: { input_tokens: 120 } }), ...hello]);
    expect(stream.message).toMatchObject({ container, usage: { input_tokens: 120 } });
  });

  it.each<[string, Events, RegExp]>([
    ["the message of another id", [start(), start({ id: "msg_2" }), ...hello], /message_start.*msg_2.*msg_1/],
    ["the same one after its text", [start(), open(TEXT), text("Hel"), start(), ...hello], /message_start.*msg_1/],
    ["a block after its text", [start(), open(TEXT), text("Hel"), open(TEXT)], /block 0 started again/],
  ])("is an error that says what came: %s", async (_, events, words) => {
    const { error } = await read(events, { retry: false });
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error?.message).toMatch(words);
  });
});

describe("frames that say nothing", () => {
  it.each([
    "data:\n\n",
    "data:   \n\n",
    "data:\ndata: \n\n",
    "event: keepalive\ndata:\n\n",
    "event: ping\n\n",
    "event: ping\ndata: 2026-11-29T00:00:00Z\n\n",
    "event: ping\ndata: [1]\n\n",
    'data: {"type":"ping","at":1}\n\n',
  ])("%j are passed over, at the beginning and in the text", async (frame) => {
    for (const place of [0, 3]) {
      const events = [start(), ...hello];
      const { stream, shown } = await read(frames(events.slice(0, place)) + frame + frames(events.slice(place)));
      expect([stream.outcome, shown]).toEqual(["complete", "Hello"]);
    }
  });
});

describe("blocks and their stops", () => {
  it.each<[string, Events]>([
    ["too many", [start(), ...hello.slice(0, 3), close(), close(1), close(7), ...hello.slice(3)]],
    ["before any block", [start(), close(), ...hello]],
    ["one without an index", [start(), ...hello.slice(0, 2), { type: "content_block_stop" }, ...hello.slice(3)]],
    ["none", [start(), ...hello.slice(0, 2), ...hello.slice(3)]],
  ])("%s, and the text is whole", async (_, events) => {
    const { stream, error } = await read(events);
    expect([error, stream.outcome, stream.content]).toEqual([null, "complete", "Hello"]);
  });

  it.each<[string, Events]>([
    ["none, and the message ends", [called(), json('{"q":1}')]],
    ["none, and the input is whole at once", [called({ input: { q: 1 } })]],
    ["none, and another block begins", [called(), json('{"q":1}'), open(TEXT, 1), text("Done", 1)]],
    ["none, and all blocks have one index", [open(TEXT), text("I look."), called(), json('{"q":1}')]],
    ["that of another block", [called(), json('{"q":1}'), close(3)]],
  ])("%s: a call is whole", async (_, blocks) => {
    for (const reason of ["tool_use", "tool_calls", "end_turn"]) {
      const { stream } = await read([start(), ...blocks, stop(reason), end], { tools: [get] });
      expect(stream.tools).toMatchObject([{ state: "complete", args: { q: 1 } }]);
      expect(await stream.tool?.call()).toBe(2);
    }
  });

  it("none, and the input was cut: that is for the stop reason to say", async () => {
    for (const [reason, state] of [
      ["length", "truncated"],
      ["max_tokens", "truncated"],
      ["content_filter", "truncated"],
      ["tool_calls", "invalid"],
    ] as const) {
      const { stream } = await read([start(), called(), json('{"q":'), stop(reason), end], { tools: [get] });
      expect(stream.tools).toMatchObject([{ state }]);
    }
  });

  it("come twice, both times alike", async () => {
    const { stream } = await read([start(), called(), called(), json('{"q":4}'), close(), stop("tool_use"), end], {
      tools: [get],
    });
    expect(stream.message?.content).toEqual([{ type: "tool_use", id: "toolu_0", name: "get", input: { q: 4 } }]);
  });
});

describe("calls of tools", () => {
  it.each<[string, object]>([
    ["an empty name", { name: "" }],
    ["no name", { name: undefined }],
    ["a name that is not text", { name: 7 }],
    ["an empty id", { id: "" }],
    ["no id", { id: undefined }],
    ["an id that is not text", { id: 7 }],
  ])("with %s go back so that they can be answered", async (_, fields) => {
    const { stream } = await read([start(), called(fields), json('{"q":1}'), close(), stop("tool_use"), end], {
      tools: [get],
    });
    const history = stream.history();
    expect(problemWith([...history, user("Go on")])).toBeNull();
    expect(history.slice(1)).toMatchObject([
      { content: [{ type: "tool_use", id: expect.stringMatching(/^[\w-]+$/), name: expect.stringMatching(/^\w+$/) }] },
      { content: [{ type: "tool_result", is_error: true }] },
    ]);
    expect(stream.message?.content).toEqual([
      { type: "tool_use", id: "toolu_0", name: "get", ...fields, input: { q: 1 } },
    ]);
  });

  it.each<[string, unknown]>([
    ["the same id", "call_0"],
    ["no id", undefined],
    ["an empty id", ""],
  ])("with %s have results of their own", async (_, id) => {
    const calls = [1, 2, 3].flatMap((q, place) => [called({ id }, place), json(`{"q":${q}}`, place), close(place)]);
    const { stream } = await read([start(), ...calls, stop("tool_use"), end], { tools: [get] });
    const outputs = stream.tools.map((asked) => [asked, asked.text] as const);
    const history = stream.history(outputs);
    expect(problemWith([...history, user("Go on")])).toBeNull();
    const [asked, answered] = history.slice(1).map(({ content }) => content as unknown as Result[]);
    expect(new Set(asked?.map((block) => block.id)).size).toBe(3);
    expect(answered?.map((block) => block.tool_use_id)).toEqual(asked?.map((block) => block.id));
    expect(answered).toMatchObject([{ content: '{"q":1}' }, { content: '{"q":2}' }, { content: '{"q":3}' }]);
  });

  it("without ids have ids that no other turn has", async () => {
    const asks = [start(), called({ id: "" }), json('{"q":1}'), close(), stop("tool_use"), end];
    await using server = await serveAll(asks, asks, [start(), ...hello]);
    const run = agent(call(MODEL, { stream: true, tools: [get], client: at(server) }, () => "Go"))();
    expect((await run.finish()).stream.content).toBe("Hello");
    const ids = JSON.stringify(server.requests[2]?.body["messages"]).match(/"id":"[^"]+"/g);
    expect(new Set(ids).size).toBe(2);
    expect(problemWith(server.requests[2]?.body["messages"] as unknown[])).toBeNull();
  });

  it("may have their input as JSON, not as text of it", async () => {
    const { stream } = await read([start(), called(), json({ q: 3 }), close(), stop("tool_use"), end], {
      tools: [get],
    });
    expect(stream.tools).toMatchObject([{ state: "complete", args: { q: 3 } }]);
  });
});

describe("usage", () => {
  const body = hello.slice(0, 3);
  const ended = (fields: object, beside: object = {}): Event => ({ type: "message_delta", delta: fields, ...beside });
  const cached = { input_tokens: 100, cache_read_input_tokens: 50, output_tokens: 1 };
  const none = { usage: undefined };

  it.each<[string, Events]>([
    ["beside the message", [start(none, { usage: cached }), ...body, stop("end_turn", { output_tokens: 15 }), end]],
    [
      "in a delta",
      [start({ usage: cached }), ...body, ended({ stop_reason: "end_turn", usage: { output_tokens: 15 } }), end],
    ],
    ["at the end alone", [start(none), ...body, stop("end_turn", { ...cached, output_tokens: 15 }), end]],
    [
      "with the last event",
      [start(none), ...body, ended({ stop_reason: "end_turn" }), { ...end, usage: { ...cached, output_tokens: 15 } }],
    ],
    [
      "in an event of its own",
      [start(none), ...body, { type: "usage", usage: { ...cached, output_tokens: 15 } }, stop("end_turn", {}), end],
    ],
    [
      "zero at first",
      [
        start({ usage: { input_tokens: 0, output_tokens: 0 } }),
        ...body,
        stop("end_turn", { ...cached, output_tokens: 15 }),
        end,
      ],
    ],
    [
      "zero at last",
      [
        start({ usage: { ...cached, output_tokens: 15 } }),
        ...body,
        stop("end_turn", { input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 0 }),
        end,
      ],
    ],
    [
      "as text",
      [
        start({ usage: { input_tokens: "100", cache_read_input_tokens: "50" } }),
        ...body,
        stop("end_turn", { input_tokens: "0", output_tokens: "15" }),
        end,
      ],
    ],
    [
      "twice",
      [
        start({ usage: cached }, { usage: cached }),
        ...body,
        ended({ stop_reason: "end_turn", usage: { output_tokens: 15 } }, { usage: { output_tokens: 15 } }),
        end,
      ],
    ],
  ])("is found %s", async (_, events) => {
    const { stream } = await read(events);
    expect(stream.usage.source).toBe("reported");
    expect([stream.inputTokens, stream.cachedTokens, stream.outputTokens]).toEqual([100, 50, 15]);
    expect(stream.cost).toBeCloseTo((100 * 2 + 50 * 0.1 + 15 * 10) / 1e6, 12);
  });

  it.each<[string, object, object, number, number]>([
    [
      "all of it at first, the cached part alone at last",
      { input_tokens: 3602 },
      { cache_read_input_tokens: 3600 },
      2,
      3600,
    ],
    ["an estimate at first", { input_tokens: 3602 }, { cache_read_input_tokens: 3604 }, 0, 3604],
    [
      "all at first, and nothing fresh at last",
      { input_tokens: 900 },
      { input_tokens: 0, cache_read_input_tokens: 900 },
      0,
      900,
    ],
    ["all of it, both times", { input_tokens: 1204 }, { input_tokens: 1204, cache_read_input_tokens: 1024 }, 180, 1024],
    [
      "its parts at first, all at last",
      { input_tokens: 100, cache_read_input_tokens: 50 },
      { input_tokens: 150 },
      100,
      50,
    ],
    ["all as text", { input_tokens: "1204" }, { input_tokens: "1204", cache_read_input_tokens: "1024" }, 180, 1024],
    ["all of it, and what was written", { input_tokens: 700 }, { cache_creation_input_tokens: 600 }, 100, 0],
    ["its parts, at last", { input_tokens: 1204 }, { input_tokens: 180, cache_read_input_tokens: 1024 }, 180, 1024],
    [
      "its parts, both times",
      { input_tokens: 4, cache_read_input_tokens: 50 },
      { input_tokens: 8, cache_read_input_tokens: 90 },
      8,
      90,
    ],
  ])("counts a prompt once: %s", async (_, first, last, fresh, read_) => {
    const { stream } = await read([
      start({ usage: first }),
      ...body,
      stop("end_turn", { ...last, output_tokens: 9 }),
      end,
    ]);
    expect([stream.inputTokens, stream.cachedTokens]).toEqual([fresh, read_]);
  });

  it("that nobody reports is estimated, and the cost says so", async () => {
    for (const usage of [
      undefined,
      null,
      {},
      { input_tokens: 0, output_tokens: 0 },
      { input_tokens: "", output_tokens: "?" },
    ]) {
      const { stream } = await read([start({ usage }), ...body, stop("end_turn", {}), end]);
      expect([stream.usage.source, stream.outputTokens]).toEqual(["estimated", 2]);
      expect(stream.costMetadata?.notes).toEqual(["estimated"]);
    }
    const { stream } = await read([start(), ...hello]);
    expect(stream.costMetadata?.notes).toEqual([]);
  });

  it.each<[string, unknown, object | null, (number | null)[]]>([
    ["text", { input_tokens: "12", output_tokens: "3" }, { input_tokens: 12, output_tokens: 3 }, [12, null, 3]],
    [
      "odd values",
      { input_tokens: {}, output_tokens: -1, cache_read_input_tokens: "x", kept: true },
      { kept: true },
      [null, null, null],
    ],
    ["part of it", { output_tokens: 5 }, { output_tokens: 5 }, [null, null, 5]],
    ["a list", [1], null, [null, null, null]],
    ["nothing", undefined, null, [null, null, null]],
  ])("of one event is read by the same rules: %s", async (_, usage, expected, counts) => {
    await using server = await serveAll([start(), ...body, { ...stop("end_turn"), usage }, end]);
    const seen: unknown[] = [];
    for await (const [chunk] of call(MODEL, { stream: true, client: at(server) }, () => "Hello")()) {
      if (chunk.finishReasons.length === 0) continue;
      seen.push(chunk.usage, [chunk.inputTokens, chunk.cachedTokens, chunk.outputTokens]);
      for (const count of Object.values(chunk.commonUsage ?? {}))
        expect(["string", "number", "object"]).toContain(typeof count);
    }
    expect(seen).toEqual([expected, counts]);
  });
});

describe("a signature of thinking", () => {
  const whole = "EqQBCkgIBhABGAIiQDq7";
  const thought = (...parts: Events): Events => [
    start(),
    open(THINKING),
    delta({ type: "thinking_delta", thinking: "Hm." }),
    ...parts,
    open(TEXT, 1),
    text("Hello", 1),
    close(1),
    stop("end_turn"),
    end,
  ];

  it.each<[string, Events]>([
    [
      "in parts",
      thought(signature(whole.slice(0, 5)), signature(whole.slice(5, 9)), signature(whole.slice(9)), close()),
    ],
    ["character by character", thought(...[...whole].map((part) => signature(part)), close())],
    ["twice", thought(signature(whole), signature(whole), close())],
    [
      "in parts, and then whole",
      thought(signature(whole.slice(0, 7)), signature(whole.slice(7)), signature(whole), close()),
    ],
    ["more of it each time", thought(signature(whole.slice(0, 7)), signature(whole), close())],
    ["with nothing after it", thought(signature(whole), signature(""), close())],
    ["after its block has stopped", thought(close(), signature(whole))],
    [
      "with the block, and again",
      [
        start(),
        open({ ...THINKING, thinking: "Hm.", signature: whole }),
        ...thought(signature(whole), close()).slice(3),
      ],
    ],
  ])("is the same if it comes %s", async (_, events) => {
    const { stream } = await read(events);
    expect(stream.signature).toBe(whole);
    expect(stream.messageParam?.content).toEqual([
      { type: "thinking", thinking: "Hm.", signature: whole },
      { type: "text", text: "Hello" },
    ]);
  });
});

describe("stop reasons of other makes", () => {
  it.each([
    ["stop", "stop"],
    ["STOP", "stop"],
    ["length", "length"],
    ["MAX_TOKENS", "length"],
    ["max_output_tokens", "length"],
    ["tool_calls", "tool_calls"],
    ["function_call", "tool_calls"],
    ["content_filter", "content_filter"],
    ["SAFETY", "content_filter"],
    ["sensitive", "content_filter"],
    ["hologram", "unknown"],
    ["constructor", "unknown"],
  ])("%s is %s in the common words", async (reason, common) => {
    const { stream } = await read([start(), ...hello.slice(0, 3), stop(reason), end]);
    expect([stream.outcome, stream.finishReasons, stream.commonFinishReasons]).toEqual([
      "complete",
      [reason],
      [common],
    ]);
    // A filtered reply is not sent back, like one that was refused.
    expect(stream.messageParam === null).toBe(common === "content_filter");
  });
});

describe("an error of another shape", () => {
  const event = (data: string): string => `event: error\ndata: ${data}\n\n`;
  const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;

  it.each<[string, string, RegExp]>([
    ["the error itself", event('{"type":"overloaded_error","message":"Overloaded"}'), /overloaded_error: Overloaded/],
    ["the error itself, with no name", data({ type: "overloaded_error", message: "Overloaded" }), /Overloaded/],
    ["plain words", event("upstream exploded"), /upstream exploded/],
    ["words in quotes", event('"upstream exploded"'), /: upstream exploded/],
    ["a page", event("<html><h1>502</h1> Bad gateway</html>"), /502 Bad gateway/],
    ["no words", event(""), /no message/],
    ["a type of its own", event('{"type":"response.failed","error":{"message":"model crashed"}}'), /model crashed/],
    ["the same, with no name", data({ type: "response.failed", error: { message: "model crashed" } }), /model crashed/],
    ["the type of an event", event('{"type":"ping","error":"gone"}'), /gone/],
    ["no type", data({ error: { message: "gone", code: 400 } }), /400: gone/],
    ["a word and a message", data({ error: "quota", message: "Nothing left." }), /quota: Nothing left/],
    ["a code and words", data({ code: 1113, msg: "Nothing left.", success: false }), /1113: Nothing left/],
    ["a detail", data({ detail: "Nothing left." }), /Nothing left/],
    ["what vLLM sends", data({ object: "error", message: "too long", type: "BadRequestError", code: 400 }), /too long/],
    ["beside an event's fields", data({ type: "message_delta", delta: {}, error: { message: "gone" } }), /gone/],
  ])("ends the stream with its words: %s", async (_, frame, words) => {
    const { stream, error } = await read(frames([start(), ...hello.slice(0, 2)]) + frame);
    expect(error).toBeInstanceOf(ApiError);
    expect(error?.message).toMatch(words);
    expect([stream.outcome, stream.content]).toEqual(["failed", "Hello"]);
  });

  it.each<[string, string]>([
    ["a number", data({ error: { message: "The model is overloaded.", code: 503 } })],
    ["a number as text", data({ error: { message: "litellm.Timeout", type: "None", code: "504" } })],
    ["a number and words at the top", data({ code: 429, msg: "Slow down.", success: false })],
    ["a vendor's code", event('{"error":{"code":"1305","message":"The service may be temporarily overloaded"}}')],
    ["a word", data({ error: "rate_limit_exceeded", message: "Slow down." })],
    ["a vendor's type", data({ type: "error", error: { type: "engine_overloaded_error", message: "Later." } })],
    ["another API's type", data({ error: { type: "server_error", message: "The server had an error." } })],
    ["AWS's type", data({ type: "throttlingException", message: "Too many requests" })],
    ["a class", data({ object: "error", type: "InternalServerError", message: "Engine", code: 500 })],
    ["plain words", event("upstream connect error or disconnect/reset before headers")],
    ["words alone", data({ message: "Request timed out" })],
  ])("is sent again before the first content, if it may pass: %s", async (_, frame) => {
    for (const before of ["", frames([start(), open(TEXT)])]) {
      const { stream, shown, requests } = await readAll([before + frame, [start(), ...hello]]);
      expect([requests, stream.outcome, shown]).toEqual([2, "complete", "Hello"]);
      expect(stream.attempts[0]?.error).toMatchObject({ code: "api_error", retryable: true });
    }
  });

  it.each<[string, string]>([
    ["a number", data({ error: { message: "The server is not happy.", code: 400 } })],
    ["a type of the API", data({ type: "error", error: { type: "invalid_request_error", message: "try again" } })],
    ["an account", data({ code: "1113", msg: "Insufficient balance" })],
    ["a word", event("model not found")],
    ["a class", data({ object: "error", type: "BadRequestError", message: "internal field", code: 400 })],
  ])("is not sent again if it will not pass: %s", async (_, frame) => {
    const { error, requests } = await read(frame);
    expect([requests, error?.retryable]).toEqual([1, false]);
  });

  it("does not end a stream that only mentions it", async () => {
    const events = [start({ error: null }), { type: "notice", error: null, message: "an error" }, ...hello];
    expect((await read(events)).stream.outcome).toBe("complete");
  });
});
