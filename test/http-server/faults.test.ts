import { once } from "node:events";
import { createServer } from "node:http";
import { connect as connectHTTP2, createServer as createServer2 } from "node:http2";
import { type AddressInfo, connect } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { type UIMessage } from "ai";
import * as z from "zod";
import { agent, type CommonMessage, InvalidOptionError, tool } from "../../src/index.ts";
import {
  eventsResponse,
  fromUIMessages,
  nodeHandler,
  resumeResponse,
  stopResponse,
  textResponse,
  uiMessageResponse,
} from "../../src/neutral-http.ts";
import { keep, type Log, memoryLog, read } from "../../src/neutral-resume.ts";
import { call, client } from "../../src/providers/anthropic/index.ts";
import { type FakeAnthropic, fakeAnthropic, pause, reply, toolUse } from "../../src/testing/index.ts";
import { expectHandledRejections, within } from "../contract/reading.ts";
import { Chat, serveWeb } from "./chat.ts";
import { eventsIn } from "./sse.ts";

expectHandledRejections();

const TEXT = "A book about the sea, and another.";
const ask = (server: FakeAnthropic) =>
  call(
    "claude-sonnet-5-5",
    { stream: true, retry: false, client: client({ apiKey: "k", baseURL: server.url }) },
    (genre: string) => genre,
  )("sea");
const slow = () => reply(TEXT, pause(5_000), " More.");
const get = (query = "", signal?: AbortSignal) =>
  new Request(`http://localhost/chat${query}`, signal ? { signal } : {});

describe("a response whose signal aborts within the reply", () => {
  it("is not taken for a whole one", async () => {
    await using server = await fakeAnthropic({ replies: slow });
    const cut = async (send: typeof textResponse, isKept = false): Promise<Response> => {
      const leaving = new AbortController();
      const stream = isKept ? keep(ask(server), { log: memoryLog(), id: "chat" }) : ask(server);
      const response = await send(stream, { signal: leaving.signal });
      setTimeout(() => leaving.abort(), 20);
      return response;
    };
    await expect((await cut(textResponse)).text()).rejects.toThrow();
    const events = (await eventsIn(await cut(eventsResponse))).events;
    expect(events.at(-1)?.data).toMatchObject({ type: "end", outcome: "aborted" });
    const parts = (await eventsIn(await cut(uiMessageResponse))).events.map(({ data }) => data["type"]);
    expect(parts.slice(-3)).toEqual(["message-metadata", "abort", "finish"]);
    // It goes on: no end is told, and a page comes back.
    for (const send of [textResponse, eventsResponse, uiMessageResponse]) {
      await expect((await cut(send, true)).text()).rejects.toThrow();
    }
  });
});

describe("a head that cannot be sent", () => {
  it("is refused at once, and the stream is closed", async () => {
    await using server = await fakeAnthropic({ replies: slow });
    const wrong = [{ headers: { "x-name": "Jürgen ✓" } }, { status: 204 }, { status: 600 }, { speed: 7 } as object];
    for (const options of wrong) {
      const stream = ask(server);
      await expect(textResponse(stream, options), JSON.stringify(options)).rejects.toThrow(InvalidOptionError);
      expect(stream.outcome).toBe("aborted");
    }
    const stream = ask(server);
    const originalMessages = [{ id: "a", role: "assistant", parts: 7 as never }];
    await expect(uiMessageResponse(stream, { originalMessages })).rejects.toThrow("messages.0.parts");
    expect(server.requests).toEqual([]);
  });
});

it("waits without end where the time is more than a timer takes", async () => {
  await using server = await fakeAnthropic({ replies: () => reply(pause(30), TEXT) });
  for (const ms of [2 ** 31, 1e15, Infinity]) {
    const { comments } = await eventsIn(await eventsResponse(ask(server), { firstContentMs: ms, keepAliveMs: ms }));
    expect(comments, String(ms)).toEqual(["open"]);
    const response = await eventsResponse(ask(server), { firstContentMs: 1, keepAliveMs: ms });
    expect((await eventsIn(response)).comments, String(ms)).toEqual(["open"]);
  }
});

it("gives no ids, and no run to come back to, for a stream that was read after a position", async () => {
  await using server = await fakeAnthropic({ replies: TEXT });
  const log = memoryLog();
  await keep(ask(server), { log, id: "chat", run: "r" }).log.settled;
  for (const after of [0, 5, 1_000]) {
    for (const send of [eventsResponse, uiMessageResponse]) {
      const response = await send((await read(log, "chat", { after }))!);
      const { events } = await eventsIn(response);
      expect(events.some(({ id }) => id !== undefined)).toBe(after === 0);
      if (after < 1_000) expect(response.headers.get("x-millrace-run")).toBe(after === 0 ? "r" : null);
    }
  }
});

describe("resumeResponse and stopResponse", () => {
  const never = (): Promise<never> => new Promise(() => {});

  it("refuse a cursor for text", async () => {
    const response = await resumeResponse(memoryLog(), "chat", get("?after=r:3.0"), { as: "text" });
    expect([response.status, await response.text()]).toEqual([400, "Text has no cursors: ask for all of it."]);
  });

  it("do not wait for a log that hangs, nor for one whose client has left", async () => {
    const hanging: Log = Object.assign(memoryLog(), { latest: never, read: never, stop: never });
    const both = (query: string, signal?: AbortSignal) => [
      resumeResponse(hanging, "chat", get(query, signal)),
      stopResponse(hanging, "chat", get(query, signal)),
    ];
    const leaving = new AbortController();
    const left = [...both("", leaving.signal), ...both("?run=r", leaving.signal)];
    leaving.abort();
    expect((await within(500, Promise.all(left), "left")).map(({ status }) => status)).toEqual([499, 499, 499, 499]);
    vi.useFakeTimers();
    try {
      const late = [...both(""), stopResponse(hanging, "chat", get("?run=r"))];
      await vi.advanceTimersByTimeAsync(5_000);
      expect((await Promise.all(late)).map(({ status }) => status)).toEqual([503, 503, 503]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("do not throw what a log throws", async () => {
    const latest = () => Promise.reject(new Error("redis://user:secret@db"));
    const broken: Log = Object.assign(memoryLog(), { latest });
    const onError = vi.fn();
    const response = await stopResponse(broken, "chat", get(), { onError });
    expect(onError.mock.calls).toEqual([[new Error("redis://user:secret@db")]]);
    await expect(stopResponse(broken, "chat", get(), { onErorr: onError } as object)).rejects.toThrow("onErorr");
    expect([response.status, await response.text()]).toEqual([500, "Something went wrong on the server."]);
  });
});

describe("nodeHandler", () => {
  const cutHandler = nodeHandler(() => {
    let count = 0;
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void =>
      count++ === 0 ? controller.enqueue(new Uint8Array(10)) : controller.error(new Error("cut"));
    return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
  });

  it("sends the head before the body has begun", async () => {
    await using web = await serveWeb(() => new Response(new ReadableStream()));
    const leaving = new AbortController();
    expect((await within(500, fetch(web.url, { signal: leaving.signal }), "the head")).status).toBe(200);
    leaving.abort();
  });

  it("resets the connection of an HTTP/1.0 client, to which its end is that of the body", async () => {
    const server = createServer(cutHandler).listen(0, "127.0.0.1");
    await once(server, "listening");
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    socket.write("GET / HTTP/1.0\r\n\r\n");
    socket.resume();
    await expect(once(socket, "end")).rejects.toThrow("ECONNRESET");
    server.close();
  });

  it("resets a stream of HTTP/2, and not the others", async () => {
    const whole = nodeHandler(() => new Response("whole"));
    const server = createServer2((request, response) =>
      (request.url === "/cut" ? cutHandler : whole)(request as never, response as never),
    ).listen(0, "127.0.0.1");
    await once(server, "listening");
    const session = connectHTTP2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const cut = session.request({ ":path": "/cut" }).resume();
    await expect(once(cut, "end")).rejects.toThrow("NGHTTP2_INTERNAL_ERROR");
    const other = session.request({ ":path": "/" }).setEncoding("utf8");
    const [text] = await once(other, "data");
    expect([text, session.destroyed]).toEqual(["whole", false]);
    session.close();
    server.close();
  });
});

describe("messages of a page", () => {
  const assistant = (...parts: readonly object[]): UIMessage => ({ id: "a", role: "assistant", parts: parts as never });
  const part = (state: string, more = {}): object => ({
    type: "tool-pay",
    toolCallId: "t1",
    state,
    input: { dollars: 7 },
    ...more,
  });
  const paid = {
    type: "dynamic-tool",
    toolName: "pay",
    toolCallId: "t1",
    state: "output-available",
    input: {},
    output: "Paid.",
  };
  const approval = { approval: { id: "t1", approved: true } };
  const once1 = [
    { role: "assistant", content: [{ type: "toolCall", id: "t1", name: "pay", args: { dollars: 7 } }] },
    { role: "user", content: [{ type: "toolResult", id: "t1", content: "Paid.", isError: false }] },
  ];

  it("make one call of what a page has twice, and do not approve again what has a result", () => {
    const waits = part("approval-responded", approval);
    expect(fromUIMessages([assistant(waits), assistant(paid)])).toEqual(once1);
    expect(fromUIMessages([assistant(waits), { role: "user", parts: [] }, assistant(paid)])).toEqual(once1);
    expect(fromUIMessages([assistant(part("output-available", { output: "Paid." })), assistant(waits)])).toEqual(once1);
    expect(fromUIMessages([assistant(part("output-available", { output: "Paid." }), paid)])).toEqual(once1);
    const refused = part("approval-responded", { approval: { id: "t1", approved: false } });
    expect(fromUIMessages([assistant(waits, refused)])[1]?.content).toEqual([
      { type: "toolApproval", id: "t1", approved: false },
    ]);
  });

  it("keep calls apart that a server has given the same id", () => {
    const other = part("output-available", { input: { dollars: 9 }, output: "Paid, too." });
    const messages = fromUIMessages([assistant(part("output-available", { output: "Paid." })), assistant(other)]);
    expect(messages.flatMap(({ content }) => content as readonly { id: string }[]).map(({ id }) => id)).toEqual([
      "t1",
      "t1",
      "t1_2",
      "t1_2",
    ]);
  });

  it("may be anything", () => {
    const hostile = { toString: 7, valueOf: 7 };
    expect(fromUIMessages([assistant({ type: hostile }, { type: "text", text: hostile })])).toEqual([]);
    let deep: object = {};
    for (let count = 0; count < 20_000; count++) deep = { deep };
    expect(() => JSON.stringify(fromUIMessages([assistant(part("output-error", { input: deep }))]))).not.toThrow();
  });
});

describe("a page that is loaded again after an approval", () => {
  it("has one message, with all of its parts, and the tool ran once", async () => {
    let runs = 0;
    const pay = tool({
      name: "pay",
      input: z.object({ dollars: z.number() }),
      needsApproval: true,
      call: ({ dollars }) => `Paid ${dollars}, ${++runs}.`,
    });
    await using server = await fakeAnthropic({
      replies: [reply("One moment.", toolUse("pay", { dollars: 7 }, { id: "t1" })), "Done.", "You are welcome."],
    });
    const work = agent(
      call(
        "claude-sonnet-5-5",
        { stream: true, tools: [pay], client: client({ apiKey: "k", baseURL: server.url }) },
        (messages: CommonMessage[]) => messages,
      ),
    );
    const log = memoryLog();
    let stored: UIMessage[] = [];
    await using web = await serveWeb(async (request) => {
      if (request.method === "GET")
        return resumeResponse(log, "chat", request, { version: 6, originalMessages: stored });
      const { messages } = (await request.json()) as { messages: UIMessage[] };
      stored = messages;
      const stream = keep(work(fromUIMessages(messages)), { log, id: "chat", replace: true });
      return uiMessageResponse(stream, { version: 6, originalMessages: messages });
    });
    const chat = new Chat(web.url, { id: "chat" });
    await chat.sendMessage({ text: "Pay." });
    expect(chat.parts.at(-1)).toMatchObject({ state: "approval-requested" });
    await chat.addToolApprovalResponse({ id: "t1", approved: true });
    await chat.sendMessage();
    expect([chat.status, chat.messages.length]).toEqual(["ready", 2]);
    const shown = chat.parts.map((part) => ("text" in part ? part.text : "output" in part ? part.output : part.type));
    expect(shown).toEqual(["step-start", "One moment.", "Paid 7, 1.", "step-start", "Done."]);
    const { run } = (chat.lastMessage!.metadata as { millrace: { run: string } }).millrace;
    // As they were when the run began, and as they are after it.
    for (const messages of [stored, chat.messages]) {
      stored = messages;
      const later = new Chat(web.url, { id: "chat", messages });
      await later.resumeStream();
      expect([later.status, later.messages.length]).toEqual(["ready", 2]);
      expect(later.lastMessage?.id).toBe(chat.lastMessage?.id);
      expect(later.parts.map(({ type }) => type)).toEqual(chat.parts.map(({ type }) => type));
      expect(later.parts[2]).toMatchObject({ state: "output-available", output: "Paid 7, 1." });
    }
    expect((await resumeResponse(log, "chat", get(`?message=${run}`))).status).toBe(204);
    // A server that stores nothing: the page has the result in a message of its own.
    stored = [];
    const apart = new Chat(web.url, { id: "chat", messages: chat.messages.map((m) => structuredClone(m)) });
    await apart.resumeStream();
    await apart.sendMessage({ text: "Thank you." });
    expect([apart.status, runs]).toEqual(["ready", 1]);
  });
});
