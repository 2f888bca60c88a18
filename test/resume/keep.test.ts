import { setTimeout as passed } from "node:timers/promises";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, expectTypeOf, it, vi } from "vitest";
import * as z from "zod";
import {
  agent,
  call as neutralCall,
  InvalidOptionError,
  LogError,
  StreamConsumedError,
  system,
  tool,
  user,
} from "../../src/index.ts";
import type { Log } from "../../src/log/log.ts";
import { textResponse } from "../../src/neutral-http.ts";
import { resumeResponse } from "../../src/neutral-http.ts";
import {
  keep,
  type Kept,
  type Logged,
  type LoggedStream,
  memoryLog,
  read,
  remove,
  status,
  stop,
} from "../../src/neutral-resume.ts";
import { type AnthropicStream, call, client } from "../../src/providers/anthropic/index.ts";
import { call as structuredCall } from "../../src/providers/anthropic/structured.ts";
import * as chat from "../../src/providers/openai-chat/index.ts";
import * as openai from "../../src/providers/openai/index.ts";
import { incrementalJson } from "../../src/json/partial.ts";
import { reply as answer, serve } from "../server.ts";
import { type FakeAnthropic, fakeAnthropic, fakeOpenAI, reply, text, toolUse } from "../../src/testing/index.ts";

const TEXT = "A book about the sea, and another.";
let server: FakeAnthropic;
beforeAll(async () => {
  server = await fakeAnthropic({ replies: TEXT });
});
afterAll(() => server.close());
const own = () => client({ apiKey: "k", baseURL: server.url });
const ask = () =>
  call("claude-sonnet-5-5", { stream: true, client: own() }, (genre: string) => `Recommend a ${genre} book`);

async function textOf(pairs: AsyncIterable<readonly [{ readonly content: string }, ...unknown[]]>): Promise<string> {
  let text = "";
  for await (const [{ content }] of pairs) text += content;
  return text;
}

/** A log whose methods do something else. */
function changed(log: Log, changes: Partial<Log>): Log {
  const methods = ["begin", "append", "end", "take", "read", "wait", "stop", "latest", "remove"] as const;
  const same = Object.fromEntries(methods.map((name) => [name, (log[name] as () => unknown).bind(log)]));
  return { ...(same as unknown as Log), ...changes };
}

const NO_LOG = "Invalid log: it must be a log (an object with the methods begin, append, ";

/** A tool call without an id. */
const NAMELESS = {
  anthropic: [
    { type: "message_start", message: { id: "m", type: "message", role: "assistant", content: [], usage: {} } },
    { type: "content_block_start", index: 0, content_block: { type: "tool_use", name: "clock", input: {} } },
    { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: "{}" } },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 3 } },
    { type: "message_stop" },
  ],
  openai: [
    { type: "response.created", response: { id: "r", object: "response", status: "in_progress", output: [] } },
    {
      type: "response.output_item.added",
      output_index: 0,
      item: { type: "function_call", name: "clock", arguments: "" },
    },
    {
      type: "response.output_item.done",
      output_index: 0,
      item: { type: "function_call", name: "clock", arguments: "{}" },
    },
    { type: "response.completed", response: { id: "r", object: "response", status: "completed" } },
  ],
  "openai/chat": [
    {
      id: "c",
      choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { name: "clock", arguments: "{" } }] } }],
    },
    { id: "c", choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: "}" } }] } }] },
    { id: "c", choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }] },
  ],
};

/** The events of a whole reply, whose types stand beside them alone. */
const UNTYPED = {
  anthropic: {
    message_start: {
      message: { id: "m", type: "message", role: "assistant", content: [], usage: { input_tokens: 1 } },
    },
    content_block_start: { index: 0, content_block: { type: "text", text: "" } },
    content_block_delta: { index: 0, delta: { type: "text_delta", text: "hi" } },
    content_block_stop: { index: 0 },
    message_delta: { delta: { stop_reason: "end_turn" }, usage: { output_tokens: 3 } },
    message_stop: {},
  },
  openai: {
    "response.created": { response: { id: "r", object: "response", status: "in_progress", output: [] } },
    "response.output_text.delta": { item_id: "i", output_index: 0, content_index: 0, delta: "hi" },
    "response.completed": { response: { id: "r", object: "response", status: "completed", output: [] } },
  },
};

describe("a kept stream", () => {
  it.each(["anthropic", "openai", "openai/chat"] as const)(
    "of %s gives a call the id that it had live, everywhere",
    async (api) => {
      const body = NAMELESS[api].map((event) => `data: ${JSON.stringify(event)}\n\n`);
      await using nameless = await serve((response) => {
        response.writeHead(200, { "content-type": "text/event-stream" }).end(body.join(""));
      });
      const at = { apiKey: "k", baseURL: nameless.url };
      const clock = tool({ name: "clock", input: z.object({}), call: () => "noon" });
      for (const partialTools of [false, true]) {
        const options = { stream: partialTools ? { partialTools } : true, tools: [clock] } as const;
        const stream =
          api === "anthropic"
            ? call("claude-sonnet-5-5", { ...options, client: client(at) }, () => "Hi")()
            : api === "openai"
              ? openai.call("gpt-6-luna", { ...options, client: openai.client(at) }, () => "Hi")()
              : chat.call("gpt-6-luna", { ...options, client: chat.client(at) }, () => "Hi")();
        const log = memoryLog();
        const kept = keep(stream as AnthropicStream, { log, id: "chat", request: true });
        const idsOf = async (pairs: AsyncIterable<readonly [unknown, unknown]>): Promise<unknown[]> => {
          const ids = [];
          for await (const [, found] of pairs) if (found !== null) ids.push((found as { id: string }).id);
          return ids;
        };
        const live = await idsOf(kept);
        await kept.log.settled;
        expect(new Set(live).size).toBe(1);
        for (let nth = 0; nth < 2; nth++) {
          const found = (await read(log, "chat")) as LoggedStream;
          expect(await idsOf(found)).toEqual(live);
          expect(found.history()).toEqual(kept.history());
        }
      }
    },
  );

  it.each(["a stream", "a run of an agent"])(
    "that is %s shows of a call what came with each pair, to a reader that is slower than the reply",
    async (kind) => {
      const fragments = ['{"place": {"city": "Par', 'is"', ', "days": [1', ", 2]", "}}"];
      const [begin, open, , ...end] = NAMELESS.anthropic;
      const asked = [begin, { ...open, content_block: { type: "tool_use", id: "t", name: "weather", input: {} } }];
      const added = fragments.map((partial_json) => ({
        type: "content_block_delta",
        index: 0,
        delta: { type: "input_json_delta", partial_json },
      }));
      const asks = [...asked, ...added, ...end].map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
      await using server = await serve((response, _request, count) => {
        response.writeHead(200, { "content-type": "text/event-stream" }).end(count === 1 ? asks : answer("Done."));
      });
      const weather = tool({
        name: "weather",
        input: z.object({ place: z.object({ city: z.string(), days: z.array(z.number()) }) }),
        call: () => "sunny",
      });
      const own = client({ apiKey: "k", baseURL: server.url });
      const ask = call(
        "claude-sonnet-5-5",
        { stream: { partialTools: true }, tools: [weather], client: own },
        () => "Hi",
      );
      const log = memoryLog();
      const pairs = kind === "a stream" ? keep(ask(), { log, id: "chat" }) : keep(agent(ask)(), { log, id: "chat" });
      const shown: unknown[] = [];
      for await (const [, called] of pairs as AsyncIterable<
        readonly [unknown, { args: unknown; text: string; delta: unknown }]
      >) {
        await new Promise(setImmediate);
        if (called !== null && called.delta !== null) shown.push([called.text, structuredClone(called.args)]);
      }
      const json = incrementalJson();
      let text = "";
      const expected = fragments.map((fragment) => {
        json.push(fragment);
        return [(text += fragment), structuredClone(json.snapshot())];
      });
      expect(shown).toEqual(expected);
    },
  );

  it.each(["anthropic", "openai"] as const)(
    "of %s is the same in the log if frames alone say what events are",
    async (api) => {
      const body = Object.entries(UNTYPED[api]).map(
        ([type, event]) => `event: ${type}\ndata: ${JSON.stringify(event)}\n\n`,
      );
      await using untyped = await serve((response) => {
        response.writeHead(200, { "content-type": "text/event-stream" }).end(body.join(""));
      });
      const at = { apiKey: "k", baseURL: untyped.url };
      const stream =
        api === "anthropic"
          ? call("claude-sonnet-5-5", { stream: true, client: client(at) }, () => "Hi")()
          : openai.call("gpt-6-luna", { stream: true, client: openai.client(at) }, () => "Hi")();
      const log = memoryLog();
      const kept = keep(stream as AnthropicStream, { log, id: "chat" });
      expect(await textOf(kept)).toBe("hi");
      await kept.log.settled;
      const found = await read(log, "chat");
      expect(await textOf(found as LoggedStream)).toBe("hi");
      expect([kept.outcome, found?.outcome]).toEqual(["complete", "complete"]);
      expect((found as LoggedStream).message).toEqual(kept.message);
    },
  );

  it("is the same stream, read live; elsewhere it is read without the call that it belongs to", async () => {
    const log = memoryLog();
    const plain = ask()("sea");
    const stream = keep(plain, { log, id: "chat", run: "first" });
    expect(stream).toBe(plain);
    expect([stream.run, stream.position, stream.log.state]).toEqual(["first", 0, "open"]);
    const other = await read(log, "chat");
    expect(await textOf(stream)).toBe(TEXT);
    expect(await textOf(other!)).toBe(TEXT);
    await stream.log.settled;
    expect([stream.log.state, stream.log.error]).toEqual(["ended", null]);
    expect([other!.message, other!.usage, other!.cost]).toEqual([stream.message, stream.usage, stream.cost]);
    expect([other!.provider, other!.run, other!.position]).toEqual(["anthropic", "first", stream.position]);
    expect(await read(log, "nowhere")).toBeNull();
    expect(await read(log, "chat", { run: "nobody" })).toBeNull();
    expect(await status(log, "chat")).toMatchObject({ state: "ended", outcome: "complete", cost: stream.cost });
  });

  it("read elsewhere, has a position that counts what was handed out, and not what started() waits for", async () => {
    const log = memoryLog();
    await keep(ask()("sea"), { log, id: "chat" }).log.settled;
    for (const after of [0, 2]) {
      const other = (await read(log, "chat", { after }))!;
      await other.started();
      expect(other.position).toBe(after);
      let last = after;
      for await (const _ of other) expect(other.position).toBe((last += 1));
      expect(last).toBeGreaterThan(after + 2);
    }
  });

  it("has one reader here, and any number at the log", async () => {
    const log = memoryLog();
    const stream = keep(ask()("sea"), { log, id: "chat" });
    expect(await textOf(stream)).toBe(TEXT);
    expect(() => stream[Symbol.asyncIterator]()).toThrow(StreamConsumedError);
    expect((await stream.response()).content).toBe(TEXT);
    const readers = await Promise.all(Array.from({ length: 5 }, () => read(log, "chat")));
    expect(await Promise.all(readers.map((reader) => textOf(reader!)))).toEqual(readers.map(() => TEXT));
  });

  it("is refused once it is read, and with options that mean nothing", () => {
    const log = memoryLog();
    const stream = ask()("sea");
    const iteration = stream[Symbol.asyncIterator]();
    void iteration.next();
    expect(() => keep(stream, { log, id: "x" })).toThrow("Invalid stream: it is being read already: keep it first.");
    stream.abort();
    const kept = keep(ask()("sea"), { log, id: "twice" });
    expect(() => keep(kept, { log, id: "again" })).toThrow("Invalid stream: it is being read already");
    const wrong = [{ id: 7 }, { lease: 0 }, { id: "x", log: "memory" }, { id: "x", lifetime: 3 }] as const;
    for (const options of wrong) {
      expect(() => keep(ask()("sea"), { log, ...options } as never), JSON.stringify(options)).toThrow(
        InvalidOptionError,
      );
    }
  });

  it("has options of its reader, its status and its stop that are checked like its own", async () => {
    const log = memoryLog();
    const stream = keep(ask()("sea"), { log, id: "chat", run: "r" });
    const wrong = [{ run: 5 }, { run: null }, { Run: "r" }, null, "r"];
    for (const options of wrong as never[]) {
      for (const ask of [stop, status, read]) {
        const asked = expect(ask(log, "chat", options), `${ask.name} ${JSON.stringify(options)}`);
        await asked.rejects.toThrow(InvalidOptionError);
      }
    }
    await expect(stop(log, "chat", { reason: 5 } as never)).rejects.toThrow(
      "Invalid reason: it must be a string, not 5.",
    );
    for (const ask of [stop, status, read, remove]) {
      await expect(ask(log, 7 as never), ask.name).rejects.toThrow("Invalid id: it must be a string ");
      for (const log of [null, {}, { ...memoryLog() }] as never[]) {
        await expect(ask(log, "chat"), ask.name).rejects.toThrow(NO_LOG);
      }
    }
    expect(() => keep(ask()("sea"), { log: {} as never, id: "chat" })).toThrow(NO_LOG);
    expect(() => keep(ask()("sea"), null as never)).toThrow("Invalid options: it must be an object, not null.");
    expect(await textOf(stream)).toBe(TEXT);
  });

  it("is refused a name that its place has already, whether that run goes on or has ended", async () => {
    const log = memoryLog();
    const first = keep(ask()("sea"), { log, id: "chat", run: "r" });
    const refused = async (replace: boolean): Promise<void> => {
      const before = server.requests.length;
      const second = keep(ask()("sea"), { log, id: "chat", run: "r", replace });
      await expect(second.response()).rejects.toMatchObject({
        name: "PlaceOccupiedError",
        message: "The place has a run of that name already, r: read that one, or keep this one by another name.",
        place: "chat",
        run: "r",
      });
      await second.log.settled;
      expect(String(second.log.error)).toContain('the place has a run "r" already.');
      expect(server.requests.length).toBe(before);
      expect(inspect(second.log)).toMatch(/^KeptLog \{\s+state: "?'refused'/);
    };
    await textOf(first);
    // Its end may still be on its way to the log.
    for (const replace of [false, true]) await refused(replace);
    await first.log.settled;
    for (const replace of [false, true]) await refused(replace);
    expect(await textOf(keep(ask()("sea"), { log, id: "chat", run: "other" }))).toBe(TEXT);
  });

  it("has a lease that a timer can wait for", async () => {
    const log = memoryLog();
    for (const lease of [2 ** 31, Infinity, NaN, 0]) {
      const words = "a number greater than 0, and of at most 2147483647 (no timer waits longer)";
      expect(() => keep(ask()("sea"), { log, id: "x", lease })).toThrow(
        `Invalid lease: it must be ${words}, not ${lease}.`,
      );
    }
    const stream = keep(ask()("sea"), { log, id: "long", lease: 2 ** 31 - 1 });
    await stream.log.settled;
    expect(stream.log).toMatchObject({ state: "ended", error: null });
  });

  it("is in no place, and has no name, that logs could not tell from another", async () => {
    const log = memoryLog();
    const begin = 'it must be a string without half a surrogate pair (UTF-8 has no form for it), not "';
    for (const half of ["\ud800", "chat \udfff", "\ude00\ud83d"]) {
      expect(() => keep(ask()("sea"), { log, id: half })).toThrow(`Invalid id: ${begin}`);
      expect(() => keep(ask()("sea"), { log, id: "chat", run: half })).toThrow(`Invalid run: ${begin}`);
      for (const ask of [stop, status, read, remove]) {
        await expect(ask(log, half), ask.name).rejects.toThrow(`Invalid id: ${begin}`);
      }
      for (const ask of [stop, status, read]) {
        await expect(ask(log, "chat", { run: half }), ask.name).rejects.toThrow(`Invalid run: ${begin}`);
      }
    }
    await keep(ask()("sea"), { log, id: "chat 🌊", run: "🌊" }).log.settled;
    expect((await status(log, "chat 🌊"))?.run).toBe("🌊");
  });

  it("gives its text alone, and as bytes; leaving those does not stop it", async () => {
    const log = memoryLog();
    const texts = keep(ask()("sea"), { log, id: "texts" });
    let text = "";
    for await (const part of texts.textStream()) text += part;
    expect(text).toBe(TEXT);
    const bytes = keep(ask()("sea"), { log, id: "bytes" });
    await bytes.started();
    const body = bytes.toReadableStream();
    const reader = body.getReader();
    await reader.read();
    await reader.cancel();
    expect((await bytes.response()).content).toBe(TEXT);
    expect(await new Response(keep(ask()("sea"), { log, id: "all" }).toReadableStream("text")).text()).toBe(TEXT);
    {
      await using left = keep(ask()("sea"), { log, id: "left" });
      expect(left.outcome).toBe("pending");
    }
    expect(await textOf((await read(log, "left"))!)).toBe(TEXT);
  });

  it("keeps the process alive, as long as it is told how", async () => {
    const works: Promise<void>[] = [];
    const stream = keep(ask()("sea"), { log: memoryLog(), id: "chat", waitUntil: (work) => void works.push(work) });
    await Promise.all(works);
    expect([works.length, stream.outcome, stream.log.state]).toEqual([1, "complete", "ended"]);
  });

  it("ends if it cannot keep the process alive", async () => {
    const fault = new Error("The function is over.");
    const waitUntil = (): void => {
      throw fault;
    };
    for (const replace of [true, false]) {
      const log = memoryLog();
      const kept = ask()("sea");
      expect(() => keep(kept, { log, id: "chat", waitUntil, replace })).toThrow(fault);
      expect(kept.outcome).toBe("failed");
      await vi.waitUntil(async () => (await status(log, "chat"))?.state === "ended");
    }
  });

  it("says how to read the elements of a model that is kept", async () => {
    const list = structuredCall(
      "claude-sonnet-5-5",
      { stream: true, client: own(), responseModel: z.array(z.object({ title: z.string() })) },
      () => "List.",
    );
    const stream = keep(list(), { log: memoryLog(), id: "chat" });
    expect(() => stream.elements()).toThrow(/read\(log, id, \{ of: … \}\)/);
    stream.abort();
    await stream.log.settled;
  });

  it("logs prompts only if that is asked for: then its history is known elsewhere", async () => {
    const log = memoryLog();
    const entries = async (id: string): Promise<string> =>
      ((await log.read({ place: id, run: "run" }, 0))?.entries ?? []).map(({ data }) => data).join("");
    const secret = keep(ask()("secret"), { log, id: "a", run: "run" });
    const open = keep(ask()("open"), { log, id: "b", run: "run", request: true });
    await Promise.all([secret.log.settled, open.log.settled]);
    expect(await entries("a")).not.toContain("secret");
    expect(await entries("b")).toContain("Recommend a open book");
    const [one, other] = await Promise.all([read(log, "a"), read(log, "b")]);
    await Promise.all([textOf(one!), textOf(other!)]);
    expect(() => one!.history()).toThrow("Invalid messages: the log does not have them");
    expect(other!.history()).toEqual(open.history());
    expect(other!.callKwargs).toEqual(open.callKwargs);
    const given = await read(log, "a", { messages: secret.messages });
    await textOf(given!);
    expect(given!.history()).toEqual(secret.history());
  });

  it("logs a prompt that a reply repeats only if that is asked for", async () => {
    await using server = await fakeOpenAI({ replies: "Waves." });
    const options = { stream: true, client: openai.client({ apiKey: "k", baseURL: `${server.url}/v1` }) } as const;
    const callParams = { metadata: { user: "secret-user" }, safety_identifier: "secret-id" };
    const ask = openai.call("gpt-6.2-sol", { ...options, callParams }, () => [
      system("secret words"),
      user("The sea?"),
    ]);
    const log = memoryLog();
    for (const request of [false, true]) {
      const stream = keep(ask(), { log, id: "chat", run: `${request}`, request });
      await stream.log.settled;
      const logged = (await log.read({ place: "chat", run: `${request}` }, 0))?.entries
        .map(({ data }) => data)
        .join("");
      expect([logged?.includes("secret"), stream.content]).toEqual([request, "Waves."]);
      const again = await read(log, "chat", { of: ask });
      expect((await again!.response()).content).toBe("Waves.");
    }
  });

  it("has tools that are data where the call is not known", async () => {
    await using asked = await fakeAnthropic({ replies: reply("Let me see. ", toolUse("find", { q: "x" })) });
    const find = tool({ name: "find", description: "Finds.", input: z.object({ q: z.string() }), call: ({ q }) => q });
    const options = { stream: true, tools: [find], client: client({ apiKey: "k", baseURL: asked.url }) } as const;
    const search = call("claude-sonnet-5-5", options, () => "Find x.");
    const log = memoryLog();
    const stream = keep(search(), { log, id: "chat" });
    await stream.log.settled;
    const calls = [];
    for await (const [, toolCall] of (await read(log, "chat"))!) if (toolCall) calls.push(toolCall);
    expect(calls).toMatchObject([{ name: "find", state: "complete", args: { q: "x" } }]);
    await expect((calls[0] as { call(): Promise<unknown> }).call()).rejects.toThrow(/read from a log/);
    const known = await read(log, "chat", { of: search });
    for await (const [, toolCall] of known!) if (toolCall) expect(await toolCall.call()).toBe("x");
  });

  it("R0: a reader that is far behind goes on from the log, and holds up nobody", async () => {
    const long = Array.from({ length: 4_000 }, (_, nth) => `word ${nth} ${"x".repeat(100)} `);
    await using slow = await fakeAnthropic({ replies: long.join("") });
    const log = memoryLog();
    const options = { stream: true, client: client({ apiKey: "k", baseURL: slow.url }) } as const;
    const stream = keep(call("claude-sonnet-5-5", options, () => "Tell me.")(), { log, id: "chat" });
    const iteration = stream[Symbol.asyncIterator]();
    let text = (await iteration.next()).value?.[0].content ?? "";
    // It goes on to its end, although nobody reads on.
    await stream.log.settled;
    expect(stream.outcome).toBe("complete");
    const positions = new Set<number>();
    for (let result = await iteration.next(); !result.done; result = await iteration.next()) {
      text += result.value[0].content;
      positions.add(stream.position);
    }
    expect(text).toBe(long.join(""));
    expect(positions.size).toBeGreaterThan(1);
  });
});

describe("a log that fails", () => {
  const broken = new Error("no disk");

  it("R1: a reader that is far behind when it fails has the rest, which the log never had", async () => {
    const long = Array.from({ length: 4_000 }, (_, nth) => `word ${nth} ${"x".repeat(100)} `);
    await using slow = await fakeAnthropic({ replies: long.join("") });
    const log = memoryLog();
    let length = 0;
    const failing = changed(log, {
      append(...args) {
        // By then the reader has missed some of them.
        if (length > 150_000) return Promise.reject(broken);
        length += args[3].join("").length;
        return log.append(...args);
      },
      end: () => Promise.reject(broken),
    });
    const options = { stream: true, client: client({ apiKey: "k", baseURL: slow.url }) } as const;
    const ask = call("claude-sonnet-5-5", options, () => "Tell me.");
    const stream = keep(ask(), { log: failing, id: "chat", lease: 150 });
    const iteration = stream[Symbol.asyncIterator]();
    let text = (await iteration.next()).value?.[0].content ?? "";
    await vi.waitUntil(() => stream.log.state === "failed", { timeout: 10_000 });
    for (let result = await iteration.next(); !result.done; result = await iteration.next())
      text += result.value[0].content;
    expect(text).toBe(long.join(""));
    expect(stream.outcome).toBe("complete");
  });

  it("R1: is not noticed by the live reader, who has all", async () => {
    const fails: Partial<Log>[] = [
      { append: () => Promise.reject(broken), end: () => Promise.reject(broken) },
      { begin: () => Promise.reject(broken) },
      { append: () => new Promise(() => {}), end: () => new Promise(() => {}) },
      { begin: () => new Promise(() => {}) },
    ];
    for (const fault of fails) {
      const stream = keep(ask()("sea"), { log: changed(memoryLog(), fault), id: "chat", lease: 100 });
      expect(await textOf(stream)).toBe(TEXT);
      expect(stream.outcome).toBe("complete");
      await stream.log.settled;
      expect(stream.log.state).toBe("failed");
      expect(stream.log.error).toBeInstanceOf(Error);
    }
  });

  it("R1: is one that answers what a log does not, or throws", async () => {
    const wrong = (answer: unknown) => (() => answer) as () => Promise<never>;
    const thrower = () => {
      throw broken;
    };
    const answers = [wrong(undefined), wrong(Promise.resolve(undefined)), wrong(Promise.resolve({})), thrower];
    // It takes longer than a batch waits: otherwise nothing would be appended before the end.
    await using slow = await fakeAnthropic({
      replies: () => reply(text(["A book about ", "the sea, ", "and another."]), { pace: 40 }),
    });
    const asked = ask().with({ client: client({ apiKey: "k", baseURL: slow.url }) });
    const streams = (["begin", "append", "end"] as const).flatMap((method) =>
      answers.map((answer) =>
        keep(asked("sea"), { log: changed(memoryLog(), { [method]: answer }), id: "x", lease: 100 }),
      ),
    );
    for (const stream of streams) {
      expect(await textOf(stream)).toBe(TEXT);
      await stream.log.settled;
      expect(stream.log.state).toBe("failed");
      expect(stream.log.error).toBeInstanceOf(Error);
    }
    const waits = keep(ask()("sea"), { log: changed(memoryLog(), { wait: wrong(undefined) }), id: "x" });
    expect(await textOf(waits)).toBe(TEXT);
    for (const answer of [wrong(7), thrower]) {
      const log = changed(memoryLog(), { latest: answer, read: answer, stop: answer, remove: thrower });
      const asked = [read(log, "x"), status(log, "x"), stop(log, "x"), stop(log, "x", { run: "r" })];
      for (const promise of asked) await expect(promise).rejects.toThrow(answer === thrower ? broken : LogError);
      await expect(remove(log, "x")).rejects.toBe(broken);
    }
  });

  it("that never ends a run does not keep its readers busy", async () => {
    let ends = 0;
    const end = (): Promise<boolean> => {
      ends += 1;
      return Promise.resolve(false);
    };
    const log = changed(memoryLog(), { end });
    await using slow = await fakeAnthropic({ replies: () => reply(text(["A book about ", "the sea"]), { pace: 100 }) });
    const stream = keep(ask().with({ client: client({ apiKey: "k", baseURL: slow.url }) })("sea"), {
      log,
      id: "chat",
      lease: 300,
    });
    await stream.log.settled;
    const found = await read(log, "chat");
    expect(await textOf(found as LoggedStream)).toBe("A book about the sea");
    expect([stream.log.state, found?.outcome]).toEqual(["lost", "complete"]);
    expect(ends).toBeLessThan(50);
  });

  it("R1: is not noticed by those who are shown the text of a structured stream", async () => {
    const book = { title: "Emma", author: "Jane Austen" };
    await using own = await fakeAnthropic({ replies: JSON.stringify(book) });
    const responseModel = z.object({ title: z.string(), author: z.string() });
    const options = { stream: true, client: client({ apiKey: "k", baseURL: own.url }), responseModel } as const;
    const extract = structuredCall("claude-sonnet-5-5", options, () => "Extract.");
    const fails: Partial<Log>[] = [
      { begin: () => Promise.reject(broken) },
      { append: () => Promise.reject(broken), read: () => Promise.reject(broken) },
      { append: () => new Promise(() => {}), read: () => new Promise(() => {}) },
    ];
    for (const fault of fails) {
      const stream = keep(extract(), { log: changed(memoryLog(), fault), id: "chat", lease: 100, replace: true });
      const response = await textResponse(stream);
      expect([response.status, await response.json()]).toEqual([200, book]);
      expect(stream.constructedResponseModel).toEqual(book);
    }
  });

  it("is asked again, and what was added already is not doubled", async () => {
    const log = memoryLog();
    let nth = 0;
    const flaky = changed(log, {
      async append(...args) {
        nth += 1;
        if (nth % 3 === 1) throw broken;
        const answer = await log.append(...args);
        if (nth % 3 === 2) throw broken;
        return answer;
      },
    });
    const stream = keep(ask()("sea"), { log: flaky, id: "chat" });
    expect(await textOf(stream)).toBe(TEXT);
    await stream.log.settled;
    expect(stream.log.state).toBe("ended");
    expect(await textOf((await read(log, "chat"))!)).toBe(TEXT);
  });

  it("that has dropped the run does not hold up one that nobody reads", async () => {
    await using long = await fakeAnthropic({ replies: "word ".repeat(10_000) });
    const options = { stream: true, client: client({ apiKey: "k", baseURL: long.url }) } as const;
    const log = memoryLog();
    const stream = keep(call("claude-sonnet-5-5", options, () => "Tell me.")(), { log, id: "chat" });
    await stream.started();
    await log.remove("chat");
    await stream.log.settled;
    expect([stream.outcome, stream.log.state, stream.content.length]).toEqual(["complete", "lost", 50_000]);
    expect((await stream.response()).content.length).toBe(50_000);
  });

  it("that is damaged is an error, never an end", async () => {
    const log = memoryLog();
    await keep(ask()("sea"), { log, id: "chat" }).log.settled;
    const run = (await log.latest("chat")) ?? "";
    const whole = await log.read({ place: "chat", run }, 0);
    const records: unknown[] = whole?.entries.flatMap(({ data }) => JSON.parse(data)) ?? [];
    const last = records.length;
    expect(last).toBeGreaterThan(3);
    // Each record as an entry of its own.
    const damaged = (change: (data: string, number: number) => string | null): Log =>
      changed(log, {
        async read() {
          const entries = records.flatMap((record, place) => {
            const data = change(JSON.stringify([record]), place + 1);
            return data === null ? [] : [{ number: place + 1, data }];
          });
          return whole && { ...whole, last, entries };
        },
      });
    for (const data of ["[null]", '{"type":"end"}', "", '[{"type":"reply","provider":"nobody"}]']) {
      const broken = damaged((same, number) => (number === last ? data : same));
      const reading = read(broken, "chat").then((reply) => textOf(reply!));
      await expect(reading, data).rejects.toMatchObject({ code: expect.stringMatching(/^(log|invalid_option)$/) });
    }
    const gap = damaged((same, number) => (number === 1 ? null : same));
    await expect(read(gap, "chat")).rejects.toThrow("The log lacks entry 1 of the run.");
  });

  it("that takes no JSON of a request fails, and nothing else does", async () => {
    const metadata: Record<string, unknown> = {};
    metadata["self"] = metadata;
    const stream = keep(ask().with({ metadata })("sea"), { log: memoryLog(), id: "chat", request: true });
    expect(await textOf(stream)).toBe(TEXT);
    await stream.log.settled;
    expect(stream.log.state).toBe("failed");
  });

  it("R3: says why a reader could not go on in the place of its producer", async () => {
    const started = memoryLog();
    const key = { place: "chat", run: "run" };
    await started.begin(key, { token: "t", leaseMs: 50, ttlMs: 60_000, replace: false });
    const first = { type: "start", version: 1, kind: "reply", time: 0 };
    const record = {
      ...first,
      reply: { type: "reply", provider: "anthropic", model: "claude-sonnet-5-5", requestId: null },
    };
    await started.append(key, "t", 1, [JSON.stringify([record])]);
    const other = await read(started, "chat", {
      continue() {
        throw new Error("the prompt is gone");
      },
    });
    await expect(textOf(other!)).rejects.toMatchObject({
      code: "stream_truncated",
      message: /has lost its lease\. It could not be continued: the prompt is gone$/,
    });
    expect(await status(started, "chat")).toMatchObject({ state: "ended", outcome: "truncated" });
  });

  it("that is lost ends what is read from it as truncated", async () => {
    const log = memoryLog();
    await using open = await fakeAnthropic({ replies: "One two three four five six.", pace: 30 });
    const options = { stream: true, client: client({ apiKey: "k", baseURL: open.url }) } as const;
    const stream = keep(call("claude-sonnet-5-5", options, () => "Count.")(), { log, id: "chat", lease: 200 });
    await stream.started();
    await vi.waitUntil(async () => (await log.read({ place: "chat", run: stream.run }, 0))?.last);
    const other = (await read(log, "chat"))!;
    const reading = textOf(other);
    await passed(30);
    await log.remove("chat");
    await expect(reading).rejects.toMatchObject({ code: "stream_truncated", message: /does not have the rest/ });
    expect(await textOf(stream)).toBe("One two three four five six.");
    await stream.log.settled;
    expect(stream.log.state).toBe("lost");
  });
});

describe("a run that was restarted, read as what cannot be taken back", () => {
  const list = (attempt: number) => JSON.stringify({ value: [0, 1, 2, 3].map((nth) => `${nth} of ${attempt}`) });
  /** Cut in its middle, and then whole. */
  const restarting = (pieces: (attempt: number) => string) => {
    let attempt = 0;
    return fakeAnthropic({
      replies: () => {
        const words = pieces((attempt += 1)).match(/.{1,8}/g) ?? [];
        return attempt % 2 === 1 ? reply(text(words), { disconnectAfter: 7 }) : reply(text(words));
      },
    });
  };
  const options = (baseURL: string) =>
    ({
      stream: true,
      onInterrupt: "restart",
      retry: { delay: 100 },
      client: client({ apiKey: "k", baseURL }),
    }) as const;

  it("has what replaced it alone, for those who come late, and ends for those who have seen it", async () => {
    await using server = await restarting(list);
    const log = memoryLog();
    const extract = structuredCall(
      "claude-sonnet-5-5",
      { ...options(server.url), responseModel: z.array(z.string()) },
      () => "A list.",
    );
    const kept = keep(extract(), { log, id: "list" });
    const seen: string[] = [];
    const early = await vi.waitUntil(() => read(log, "list", { of: extract }), { interval: 2 });
    const reading = (async () => {
      for await (const element of early!.elements()) seen.push(element);
    })();
    await expect(reading).rejects.toMatchObject({ code: "stream_truncated" });
    expect(new Set(seen.map((element) => element.slice(2)))).toEqual(new Set(["of 1"]));
    await kept.log.settled;
    const late = await read(log, "list", { of: extract });
    const all: string[] = [];
    for await (const element of late!.elements()) all.push(element);
    expect(all).toEqual(late!.constructedResponseModel);
    expect(all[0]).toBe("0 of 2");
  });

  it("has its last text alone for those who come late", async () => {
    await using server = await restarting((attempt) => `The words of attempt ${attempt}, one after another.`);
    const log = memoryLog();
    const kept = keep(call("claude-sonnet-5-5", options(server.url), () => "A text.")(), { log, id: "text" });
    await kept.log.settled;
    let whole = "";
    for await (const piece of (await read(log, "text"))!.textStream()) whole += piece;
    expect(whole).toBe("The words of attempt 2, one after another.");
    const response = await resumeResponse(log, "text", new Request("http://localhost/"), { as: "text" });
    expect(await response.text()).toBe(whole);
  });
});

it("keep refuses what is no stream, in words", () => {
  const log = memoryLog();
  for (const wrong of [Promise.resolve(), ask(), null, "text"]) {
    expect(() => keep(wrong as never, { log, id: "chat" })).toThrow(
      /Invalid stream: it must be what a call with stream: true/,
    );
  }
});

const containing = (text: string): unknown => expect.stringContaining(text);

describe("its types", () => {
  it("are those of the stream, and of the call that it is read as", () => {
    const log = memoryLog();
    const find = tool({ name: "find", description: "Finds.", input: z.object({ q: z.string() }), call: ({ q }) => q });
    const search = call("claude-sonnet-5-5", { stream: true, tools: [find] }, (q: string) => q);
    const Book = z.object({ title: z.string() });
    const extract = structuredCall("claude-sonnet-5-5", { stream: true, responseModel: Book }, (q: string) => q);
    const neutral = neutralCall("openai/gpt-6-sol", { stream: true }, (q: string) => q);
    const run = agent(search);
    const kept = () => keep(search("x"), { log, id: "x" });
    expectTypeOf(kept).returns.toEqualTypeOf<AnthropicStream<typeof find> & Kept>();
    const found = () => read(log, "x", { of: search });
    expectTypeOf(found).returns.resolves.toEqualTypeOf<(AnthropicStream<typeof find> & Logged) | null>();
    const others = async () => {
      for await (const [, , turn] of keep(run("x"), { log, id: "x" })) expectTypeOf(turn.index).toBeNumber();
      const again = await read(log, "x", { of: run });
      for await (const [, toolCall] of again ?? []) if (toolCall) expectTypeOf(toolCall.name).toEqualTypeOf<"find">();
      for await (const book of (await read(log, "x", { of: extract })) ?? [])
        expectTypeOf(book.title).toEqualTypeOf<string | undefined>();
      expectTypeOf((await read(log, "x", { of: neutral }))?.provider).toEqualTypeOf<"openai" | undefined>();
      // @ts-expect-error A call that is not streamed has nothing to read.
      await read(log, "x", { of: call("claude-sonnet-5-5", () => "x") });
      // @ts-expect-error The call is meant, not its stream.
      await read(log, "x", { of: search("x") });
      // Without `of`, nothing is known of the run.
      expectTypeOf(await read(log, "x", { continue: () => extract("x") })).toEqualTypeOf<LoggedStream | null>();
      await read(log, "x", { of: search, continue: () => search.with({ model: "claude-opus-5" })("x") });
      await read(log, "x", { of: neutral, continue: () => search("x") });
      // @ts-expect-error A run of a call is not gone on with by an agent,
      await read(log, "x", { of: search, continue: () => run("x") });
      // @ts-expect-error nor that of an agent by a call,
      await read(log, "x", { of: run, continue: () => search("x") });
      // @ts-expect-error nor a structured one by a stream of pairs.
      await read(log, "x", { of: extract, continue: () => search("x") });
      const request = new Request("http://localhost");
      await resumeResponse(log, "x", request, { of: run, continue: () => run("x"), onEnd: ({ turns }) => turns });
      const goOn = { continue: (messages: readonly unknown[]) => run(`${messages.length}`) };
      await resumeResponse(log, "x", request, { of: run, ...goOn, onEnd: (ended, name) => [ended.turns, name] });
      await resumeResponse(log, "x", request, { of: run, continue: (messages) => run(`${messages.length}`) });
      // @ts-expect-error As in `read`.
      await resumeResponse(log, "x", request, { of: extract, continue: () => search("x") });
      // @ts-expect-error As in `read`.
      await resumeResponse(log, "x", request, { of: search("x") });
    };
    expect(others).toBeTypeOf("function");
  });

  it("are checked at run time as well, whether there is a run or not", async () => {
    const log = memoryLog();
    const search = call("claude-sonnet-5-5", { stream: true }, (q: string) => q);
    const extract = structuredCall("claude-sonnet-5-5", { stream: true, responseModel: z.object({}) }, () => "x");
    const run = agent(search);
    for (const [options, message] of [
      [
        { of: search("x") },
        "Invalid of: it must be the call or the agent itself, not a stream of pairs that it has made",
      ],
      [{ of: extract() }, "not a structured stream that it has made: pass it uncalled."],
      [{ of: run("x") }, "not a run of an agent that it has made: pass it uncalled."],
      [{ of: () => search("x") }, "Invalid of: it must be a streamed call, or an agent, not a function."],
      [
        { continue: search("x") },
        "Invalid continue: it must be a function that makes a stream of pairs, not the stream",
      ],
      [{ continue: "x" }, "Invalid continue: it must be a function, not "],
    ] as const) {
      // As plain JavaScript may.
      const given = options as never;
      await expect(read(log, "x", given)).rejects.toMatchObject({
        code: "invalid_option",
        message: containing(message),
      });
      await expect(resumeResponse(log, "x", new Request("http://localhost"), given)).rejects.toMatchObject({
        code: "invalid_option",
        message: containing(message),
      });
    }
  });
});
