import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BudgetExceededError } from "../../src/recovery/budget.ts";
import { type AnthropicCallOptions, type AnthropicStream, call, client } from "../../src/providers/anthropic/index.ts";
import { delta, ended, frames, type Handler, reply, serve, started, startStream, type TestServer } from "../server.ts";
import { tool } from "../../src/tool/tool.ts";

const MODEL = "claude-sonnet-5-5";
/** A model that goes on from a turn that ends the request. */
const OLDER = "claude-sonnet-4-5";
const QUICK = { delay: 1 };

function open(server: TestServer, options: AnthropicCallOptions = {}, model = MODEL): AnthropicStream {
  const own = client({ apiKey: "sk-test", baseURL: server.url });
  return call(model, { client: own, retry: QUICK, ...options, stream: true }, () => "Hello")();
}

/** The events' types, the text since the last restart, and what was thrown. */
async function read(stream: AnthropicStream): Promise<{ types: string[]; text: string; error: unknown }> {
  const types: string[] = [];
  let text = "";
  try {
    for await (const [chunk] of stream) {
      types.push(chunk.recovery?.type ?? chunk.chunk.type);
      text = chunk.recovery?.type === "restart" ? "" : text + chunk.content;
    }
    return { types, text, error: null };
  } catch (error) {
    return { types, text, error };
  }
}

/** Answers the requests one after another; the last answer stays. */
function inTurn(...answers: readonly Handler[]): Handler {
  return (response, request, count) => answers[Math.min(count, answers.length) - 1]?.(response, request, count);
}

const whole: Handler = (response) => startStream(response).end(reply("Hello ", "there"));
const status =
  (code: number, headers: Record<string, string> = {}, type = "api_error", details?: object): Handler =>
  (response) => {
    response.writeHead(code, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify({ type: "error", error: { type, message: "no", ...(details && { details }) } }));
  };
/** Sends this and drops the connection. */
const cut =
  (body: string): Handler =>
  (response) => {
    startStream(response).write(body, () => response.destroy());
  };
const reset: Handler = (response) => response.destroy();
const overloaded = frames([{ type: "error", error: { type: "overloaded_error", message: "Overloaded" } }]);

const unhandled = vi.fn();
beforeEach(() => void process.on("unhandledRejection", unhandled));
afterEach(() => {
  process.off("unhandledRejection", unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

describe("before the first content", () => {
  it.each([
    ["a reset before the headers", reset],
    ["a reset after the headers", cut("")],
    ["a reset after message_start", cut(frames(started.slice(0, 1)))],
    ["a body that ends", ((response) => startStream(response).end(frames(started))) as Handler],
    ["an error event at once", cut(overloaded)],
    ["an error event after message_start", cut(frames(started) + overloaded)],
    ...[408, 409, 429, 500, 502, 529].map((code) => [`${code}`, status(code)] as const),
    ["a status that the server wants to be repeated", status(400, { "x-should-retry": "true" })],
    ["a malformed frame", cut("data: {]\n\n")],
  ] as const)("%s leaves no trace", async (_, fault) => {
    await using server = await serve(inTurn(fault, fault, whole));
    const stream = open(server);
    const { types, text, error } = await read(stream);
    expect(error).toBeNull();
    expect(types.slice(0, 3)).toEqual(["message_start", "content_block_start", "content_block_delta"]);
    expect(types.filter((type) => type === "message_start")).toHaveLength(1);
    expect([text, stream.content, stream.outcome]).toEqual(["Hello there", "Hello there", "complete"]);
    expect(stream.attempts.map(({ outcome }) => outcome === "complete")).toEqual([false, false, true]);
    expect(stream.attempts[0]?.error).not.toBeNull();
    expect(stream.usage).toMatchObject({ source: "reported", output_tokens: 25 });
  });

  it.each([
    ["400", status(400)],
    ["401", status(401)],
    ["404", status(404)],
    ["413", status(413)],
    ["a status that the server wants not to be repeated", status(500, { "x-should-retry": "false" })],
    ["a spend limit", status(429, {}, "rate_limit_error", { error_code: "enforced_spend_limit_reached" })],
    ["a wait that is too long", status(429, { "retry-after": "86400" })],
    [
      "an error event of another kind",
      cut(frames([{ type: "error", error: { type: "invalid_request_error", message: "x" } }])),
    ],
  ] as const)("%s is final", async (_, fault) => {
    await using server = await serve(inTurn(fault, whole));
    const stream = open(server);
    const { error } = await read(stream);
    expect([error, stream.error, stream.outcome]).toEqual([error, error, "failed"]);
    expect(error).toMatchObject({ code: "api_error" });
    expect(server.requests).toHaveLength(1);
  });

  it("gives up after as many requests as were allowed, and shows what came of the last", async () => {
    await using server = await serve(cut(frames(started) + overloaded));
    const stream = open(server, { retry: { ...QUICK, attempts: 4 } });
    const { types, error } = await read(stream);
    expect(error).toMatchObject({ code: "api_error", type: "overloaded_error", phase: "first-content" });
    expect(types).toEqual(["message_start", "content_block_start"]);
    expect([server.requests.length, stream.attempts.length, stream.outcome]).toEqual([4, 4, "failed"]);
    expect(stream.usage).toMatchObject({ source: "partial", input_tokens: 10 });
  });

  it("takes an option that is undefined for one that is not given", async () => {
    await using server = await serve(inTurn(reset, whole));
    const stream = open(server, { retry: { ...QUICK, attempts: undefined, maxRetryAfter: undefined } });
    expect((await stream.response()).content).toBe("Hello there");
  });

  it("delivers at once, and sends nothing again, with `retry: false`", async () => {
    let finish = (): void => {};
    await using server = await serve((response) => {
      startStream(response, frames(started.slice(0, 1)));
      finish = () => void response.end(overloaded);
    });
    const stream = open(server, { retry: false });
    const pairs = stream[Symbol.asyncIterator]();
    expect((await pairs.next()).value?.[0].chunk.type).toBe("message_start");
    finish();
    await expect(pairs.next()).rejects.toMatchObject({ type: "overloaded_error" });
    expect(server.requests).toHaveLength(1);
  });

  it("holds its pairs until there is content", async () => {
    let isAsked = (goOn: () => void): void => void goOn;
    const asked = new Promise<() => void>((resolve) => (isAsked = resolve));
    await using server = await serve((response) => {
      startStream(response, frames(started));
      isAsked(() => void response.end(frames([delta("Hi"), ...ended])));
    });
    const stream = open(server);
    const pairs = stream[Symbol.asyncIterator]();
    const first = pairs.next();
    const goOn = await asked;
    const isEarly = await Promise.race([first.then(() => true), delay(50, false)]);
    expect(isEarly).toBe(false);
    goOn();
    expect((await first).value?.[0].chunk.type).toBe("message_start");
    await pairs.return?.();
  });

  it("waits as long as the provider asks, in seconds, milliseconds or until a date", async () => {
    for (const headers of [{ "retry-after-ms": "60" }, { "retry-after": "0.06" }]) {
      await using server = await serve(inTurn(status(429, headers), whole));
      const stream = open(server);
      await stream.response();
      const [first, second] = stream.attempts;
      expect((second?.startTime ?? 0) - (first?.endTime ?? 0)).toBeGreaterThanOrEqual(55);
    }
    const past = { "retry-after": new Date(0).toUTCString() };
    await using server = await serve(inTurn(status(429, past), whole));
    await open(server).response();
  });

  it("can be aborted while it waits", async () => {
    await using server = await serve(status(429, { "retry-after": "30" }));
    const stream = open(server);
    const response = stream.response();
    await vi.waitFor(() => expect(stream.attempts[0]?.outcome).toBe("failed"));
    stream.abort("enough");
    await expect(response).rejects.toMatchObject({ code: "stream_aborted", cause: "enough" });
    expect([stream.outcome, server.requests.length]).toEqual(["aborted", 1]);
  });

  it("is bound by the total limit", async () => {
    await using server = await serve(status(429, { "retry-after": "30" }));
    await expect(open(server, { timeout: { total: 50 } }).response()).rejects.toMatchObject({ limit: "total" });
  });

  it("applies to calls that are not streamed", async () => {
    await using server = await serve(inTurn(reset, status(529), whole));
    const own = client({ apiKey: "k", baseURL: server.url });
    const answer = await call(MODEL, { client: own, retry: QUICK }, () => "Hello")();
    expect([answer.content, answer.attempts.length]).toEqual(["Hello there", 3]);
  });

  it("runs the prompt function once", async () => {
    await using server = await serve(inTurn(reset, reset, whole));
    const fn = vi.fn(() => "Hello");
    await call(MODEL, { client: client({ apiKey: "k", baseURL: server.url }), retry: QUICK }, fn)();
    expect(fn).toHaveBeenCalledTimes(1);
    expect(server.requests[2]?.body).toEqual(server.requests[0]?.body);
  });
});

const TEXTS = ["It was a bright cold day in April, ", "and the clocks ", "were striking thirteen. ", "Winston Smith"];
const FULL = TEXTS.join("");
const EVENTS = [...started, ...TEXTS.map(delta), ...ended];

describe("restart", () => {
  it("gives the text exactly once for a fault at every event", async () => {
    for (let place = 0; place <= EVENTS.length; place++) {
      await using server = await serve(inTurn(cut(frames(EVENTS.slice(0, place))), whole));
      const stream = open(server, { onInterrupt: "restart" });
      const { types, text, error } = await read(stream);
      const isWhole = place >= EVENTS.length - 1;
      const hasContent = place > 2;
      expect(error).toBeNull();
      expect([place, text, stream.content]).toEqual([place, isWhole ? FULL : "Hello there", text]);
      expect(types.includes("restart")).toBe(hasContent && !isWhole);
      expect(stream.constructCallResponse().content).toBe(text);
      expect(stream.attempts).toHaveLength(isWhole ? 1 : 2);
    }
  });

  it("says so, keeps each attempt's message, and sums the cost", async () => {
    await using server = await serve(inTurn(cut(frames(EVENTS.slice(0, 4))), whole));
    const stream = open(server, { onInterrupt: "restart" });
    const recoveries: unknown[] = [];
    for await (const [chunk] of stream) {
      if (chunk.recovery === null) expect(chunk.chunk).not.toBeNull();
      else expect(chunk.chunk).toBeNull();
      if (chunk.recovery !== null) recoveries.push(chunk.recovery);
    }
    const [restart] = recoveries;
    expect(restart).toMatchObject({ type: "restart", attempt: 1, cause: { code: "stream_truncated" } });
    expect(stream.attempts.map(({ message }) => message?.content)).toMatchObject([
      [{ text: TEXTS[0] + (TEXTS[1] ?? "") }],
      [{ text: "Hello there" }],
    ]);
    expect(stream.attempts[0]?.usage).toMatchObject({ source: "partial", input_tokens: 10 });
    expect(stream.costMetadata?.inputTokens).toBe(20);
    expect(stream.usage.input_tokens).toBe(10);
    expect(stream.cost).toBeGreaterThan(stream.costMetadata?.items[1]?.cost ?? Infinity);
  });

  it("keeps what was shown where no further request succeeds", async () => {
    await using server = await serve(inTurn(cut(frames(EVENTS.slice(0, 4))), reset));
    const stream = open(server, { onInterrupt: "restart" });
    const { text, types, error } = await read(stream);
    expect([text, stream.content]).toEqual([FULL.slice(0, 50), FULL.slice(0, 50)]);
    expect(types).not.toContain("restart");
    expect(error).toMatchObject({ code: "connection", partial: { content: text } });
    expect([stream.outcome, stream.attempts.length]).toEqual(["failed", 3]);
  });

  it("does not happen once a complete tool was handed out", async () => {
    const input = { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: "{}" } };
    const block = {
      type: "content_block_start",
      index: 0,
      content_block: { type: "tool_use", id: "t1", name: "now", input: {} },
    };
    const events = [...started.slice(0, 1), block, input, { type: "content_block_stop", index: 0 }];
    const now = tool({ name: "now", description: "The time.", call: () => "12:00" });
    await using server = await serve(inTurn(cut(frames(events)), whole));
    const own = client({ apiKey: "k", baseURL: server.url });
    const ask = call(
      MODEL,
      { stream: true, client: own, retry: QUICK, onInterrupt: "restart", tools: [now] },
      () => "x",
    );
    const stream = ask();
    const names: string[] = [];
    await expect(
      (async () => {
        for await (const [, given] of stream) if (given) names.push(given.name);
      })(),
    ).rejects.toMatchObject({ code: "stream_truncated" });
    expect([names, server.requests.length]).toEqual([["now"], 1]);
    // Drained, nobody has it.
    await using again = await serve(inTurn(cut(frames(events)), whole));
    const drained = ask.with({ client: client({ apiKey: "k", baseURL: again.url }) })();
    expect((await drained.response()).content).toBe("Hello there");
    expect(drained.tools).toEqual([]);
  });

  it("does not happen to text that is given alone", async () => {
    await using server = await serve(inTurn(cut(frames(EVENTS.slice(0, 4))), whole));
    const stream = open(server, { onInterrupt: "restart" });
    let text = "";
    const reading = (async () => {
      for await (const piece of stream.textStream()) text += piece;
    })();
    await expect(reading).rejects.toMatchObject({ code: "stream_truncated" });
    expect(text).toBe(stream.content);
  });
});

describe("continue", () => {
  const rest =
    (text: string): Handler =>
    (response) =>
      startStream(response).end(reply(...(text.match(/.{1,7}/gs) ?? [])));

  it.each([
    ["a user's turn", MODEL],
    ["a turn that goes on", OLDER],
  ])("gives the text exactly once for a fault at every event: %s", async (_, model) => {
    for (let place = 0; place < EVENTS.length - 1; place++) {
      const shown = TEXTS.slice(0, Math.max(0, place - 2)).join("");
      const isPrefilled = model === OLDER;
      const missing = FULL.slice(isPrefilled ? shown.trimEnd().length : shown.length);
      await using server = await serve(inTurn(cut(frames(EVENTS.slice(0, place))), rest(missing)));
      const stream = open(server, { onInterrupt: "continue" }, model);
      const { types, text, error } = await read(stream);
      expect(error).toBeNull();
      expect([place, text, stream.content]).toEqual([place, FULL, FULL]);
      expect(types.includes("continue")).toBe(place > 2);
      expect(stream.constructCallResponse().message?.content).toMatchObject([{ type: "text", text: FULL }]);
      const messages = server.requests[1]?.body["messages"] as { role: string; content: unknown }[];
      const roles = messages.map(({ role }) => role);
      expect(roles).toEqual(
        place <= 2 ? ["user"] : isPrefilled ? ["user", "assistant"] : ["user", "assistant", "user"],
      );
      if (place > 2 && isPrefilled) expect(messages[1]?.content).toEqual([{ type: "text", text: shown.trimEnd() }]);
      expect(stream.history()).toMatchObject([{ role: "user" }, { role: "assistant", content: [{ text: FULL }] }]);
      expect(stream.messages).toHaveLength(1);
      expect(stream.finishReasons).toEqual(["end_turn"]);
    }
  });

  it("drops an exact repetition of 16 characters or more, and nothing shorter", async () => {
    const shown = FULL.slice(0, 50);
    for (const [overlap, expected] of [
      [16, FULL],
      [30, FULL],
      [50, FULL],
      [15, shown + FULL.slice(35)],
      [0, FULL],
    ] as const) {
      for (const size of [1, 5, 100]) {
        const texts = FULL.slice(50 - overlap).match(new RegExp(`.{1,${size}}`, "gs")) ?? [];
        await using server = await serve(
          inTurn(cut(frames(EVENTS.slice(0, 4))), (response) => startStream(response).end(reply(...texts))),
        );
        const stream = open(server, { onInterrupt: "continue" });
        const { text } = await read(stream);
        expect([overlap, size, text, stream.content]).toEqual([overlap, size, expected, expected]);
        expect(stream.message?.content).toMatchObject([{ text: expected }]);
      }
    }
  });

  it("asks in the words that are given", async () => {
    await using server = await serve(inTurn(cut(frames(EVENTS.slice(0, 4))), rest(FULL.slice(50))));
    await open(server, { onInterrupt: { continueWith: "Go on." } }, OLDER).response();
    expect(((server.requests[1]?.body["messages"] ?? []) as unknown[])[2]).toEqual({ role: "user", content: "Go on." });
  });

  it("goes on more than once", async () => {
    await using server = await serve(
      inTurn(cut(frames(EVENTS.slice(0, 3))), cut(frames([...started, delta(TEXTS[1] ?? "")])), rest(FULL.slice(50))),
    );
    const stream = open(server, { onInterrupt: "continue" });
    const { text, types } = await read(stream);
    expect([text, stream.content]).toEqual([FULL, FULL]);
    expect(types.filter((type) => type === "continue")).toHaveLength(2);
    expect(stream.message?.content).toHaveLength(1);
    expect(stream.attempts.map(({ outcome }) => outcome)).toEqual(["truncated", "truncated", "complete"]);
  });

  // The API takes no text that is white space alone: it is not sent, but it was shown.
  it.each([
    ["alone", [delta("\n\n")], "\n\nHello", "\n\nHello"],
    ["alone, and left out by the next reply", [delta("\n\n")], "Hello", "\n\nHello"],
    [
      "after another block",
      [
        delta("Hm."),
        { type: "content_block_stop", index: 0 },
        { type: "content_block_start", index: 1, content_block: { type: "text", text: "\n" } },
      ],
      "\nHello",
      "Hm.\nHello",
    ],
  ] as const)("gives white space exactly once: %s", async (_, events, answer, expected) => {
    for (const model of [MODEL, OLDER]) {
      await using server = await serve(inTurn(cut(frames([...started, ...events])), rest(answer)));
      const stream = open(server, { onInterrupt: "continue" }, model);
      const { text, error } = await read(stream);
      expect([error, text, stream.content]).toEqual([null, expected, expected]);
      const [, turn] = stream.history() as unknown as { content: { text: string }[] }[];
      expect(turn?.content.map((block) => block.text).join("")).toBe(expected);
      expect(JSON.stringify(server.requests[1]?.body["messages"])).not.toContain('"text":"\\n');
    }
  });

  it("does not happen once the reply was refused", async () => {
    const refused = { type: "message_delta", delta: { stop_reason: "refusal" }, usage: { output_tokens: 3 } };
    await using server = await serve(inTurn(cut(frames([...started, delta("Hm"), refused]) + overloaded), whole));
    const stream = open(server, { onInterrupt: "continue" });
    const { text, error } = await read(stream);
    expect([text, stream.content, server.requests.length]).toEqual(["Hm", "Hm", 1]);
    expect(error).toMatchObject({ type: "overloaded_error" });
  });

  it("does not happen once a tool was asked for", async () => {
    const block = {
      type: "content_block_start",
      index: 1,
      content_block: { type: "tool_use", id: "t1", name: "now", input: {} },
    };
    const events = [...started, delta("Hm"), { type: "content_block_stop", index: 0 }, block];
    await using server = await serve(inTurn(cut(frames(events)), whole));
    const stream = open(server, { onInterrupt: "continue" });
    expect((await read(stream)).error).toMatchObject({ code: "stream_truncated" });
    expect(server.requests).toHaveLength(1);
  });
});

describe("fallback", () => {
  it("asks other models once the requests to the first have failed", async () => {
    await using server = await serve(inTurn(status(529), status(529), whole));
    const stream = open(server, {
      retry: { ...QUICK, attempts: 2 },
      fallback: [{ model: "claude-haiku-5-5", callParams: { temperature: 0 } }],
    });
    expect((await stream.response()).content).toBe("Hello there");
    expect(server.requests.map(({ body }) => [body["model"], body["temperature"]])).toEqual([
      [MODEL, undefined],
      [MODEL, undefined],
      ["claude-haiku-5-5", 0],
    ]);
    expect(stream.attempts.map(({ model }) => model)).toEqual([MODEL, MODEL, "claude-haiku-5-5"]);
    expect(stream.callKwargs.model).toBe("claude-haiku-5-5");
  });

  it("asks the next at once where a model does not exist, and not for a request that is wrong", async () => {
    await using server = await serve(inTurn(status(404), whole));
    expect((await open(server, { fallback: "claude-opus-5" }).response()).content).toBe("Hello there");
    await using other = await serve(inTurn(status(400), whole));
    await expect(open(other, { fallback: "claude-opus-5" }).response()).rejects.toMatchObject({ status: 400 });
    expect(other.requests).toHaveLength(1);
  });
});

describe("budget", () => {
  it("stops the stream, and keeps what had come", async () => {
    await using server = await serve((response) => {
      startStream(response, frames([...started, ...Array.from({ length: 40 }, () => delta("word "))]));
    });
    const stream = open(server, { budget: { outputTokens: 20 } });
    const { text, error } = await read(stream);
    expect(error).toBeInstanceOf(BudgetExceededError);
    expect(error).toMatchObject({ code: "budget_exceeded", budget: "outputTokens", allowed: 20, taken: 22 });
    expect([text, stream.content, stream.outcome]).toEqual(["word ".repeat(17), "word ".repeat(17), "aborted"]);
    expect(stream.usage).toMatchObject({ source: "partial", input_tokens: 10 });
    await vi.waitFor(() => expect(server.sockets.size).toBe(0), { timeout: 100 });
  });

  it("counts the input of tools", async () => {
    const block = {
      type: "content_block_start",
      index: 0,
      content_block: { type: "tool_use", id: "t1", name: "now", input: {} },
    };
    const piece = {
      type: "content_block_delta",
      index: 0,
      delta: { type: "input_json_delta", partial_json: '"aaaaaaaaaa",' },
    };
    await using server = await serve((response) => {
      startStream(response, frames([...started.slice(0, 1), block, ...Array.from({ length: 40 }, () => piece)]));
    });
    const stream = open(server, { budget: { outputTokens: 20 } });
    await expect(stream.response()).rejects.toMatchObject({ code: "budget_exceeded" });
  });

  it("stops at a cost, of all attempts together", async () => {
    await using server = await serve((response) => {
      startStream(response, frames([...started, ...Array.from({ length: 400 }, () => delta("word "))]));
    });
    const stream = open(server, { budget: { cost: 0.001 } });
    await expect(stream.response()).rejects.toMatchObject({ code: "budget_exceeded", budget: "cost", allowed: 0.001 });
    expect(stream.content.length).toBeGreaterThan(50);
  });

  it("leaves a reply that is complete alone", async () => {
    await using server = await serve(whole);
    const stream = open(server, { budget: { outputTokens: 24 } });
    expect((await stream.response()).outputTokens).toBe(25);
  });
});
