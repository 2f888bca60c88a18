import { setTimeout as passed } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { agent, type CallOptions, StreamConsumedError, tool } from "../../src/index.ts";
import { eventsResponse, textResponse } from "../../src/neutral-http.ts";
import { keep, memoryLog, read, status } from "../../src/neutral-resume.ts";
import { call, client } from "../../src/providers/anthropic/index.ts";
import { call as structuredCall } from "../../src/providers/anthropic/structured.ts";
import {
  apiError,
  errorEvent,
  type FakeAnthropic,
  fakeAnthropic,
  pause,
  reply,
  text,
  thinking,
  toolUse,
} from "../../src/testing/index.ts";
import { expectHandledRejections, within } from "../contract/reading.ts";
import type { AnyNative } from "../contract/subject.ts";
import { serveWeb } from "./chat.ts";
import { eventsIn } from "./sse.ts";

expectHandledRejections();

const TEXT = "A book about the sea, and another.";
const SECRET = "sk-secret-of-the-server";

const options = (server: FakeAnthropic) => ({
  stream: true as const,
  retry: false as const,
  client: client({ apiKey: SECRET, baseURL: server.url }),
});
const ask = (server: FakeAnthropic, more: Partial<CallOptions<AnyNative>> = {}) =>
  call(
    "claude-sonnet-5-5",
    { ...options(server), ...more } as ReturnType<typeof options>,
    (genre: string) => genre,
  )("sea");

const lookUp = tool({
  name: "look_up",
  description: "Looks a book up.",
  input: z.object({ title: z.string() }),
  call({ title }) {
    if (title === "none") throw new Error(`No ${title} at db.internal:5432`);
    return { title, shelf: 7 };
  },
});

const dataOf = async (response: Response) => (await eventsIn(response)).events.map(({ data }) => data);
const textOf = (events: readonly Readonly<Record<string, unknown>>[]): string =>
  events.map(({ content = "" }) => content).join("");

describe("eventsResponse", () => {
  it("tells pairs and the end; a stream that is not kept has no ids", async () => {
    await using server = await fakeAnthropic({ replies: reply(thinking("Hm."), TEXT) });
    await using web = await serveWeb(() => eventsResponse(ask(server)));
    const response = await fetch(web.url, { method: "POST" });
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream; charset=utf-8"]);
    expect(response.headers.get("cache-control")).toBe("no-cache, no-transform");
    expect(response.headers.get("x-accel-buffering")).toBe("no");
    expect(response.headers.get("x-millrace-run")).toBeNull();
    const { events, comments } = await eventsIn(response);
    expect(comments).toEqual(["open"]);
    expect(events.every(({ id }) => id === undefined)).toBe(true);
    const [first, ...data] = events.map((event) => event.data);
    expect(first).toEqual({ type: "start", run: null });
    expect(textOf(data)).toBe(TEXT);
    expect(data.map(({ thinking: thought = "" }) => thought).join("")).toBe("Hm.");
    expect(data.at(-2)).toEqual({ type: "chunk", finishReasons: ["end_turn"] });
    expect(data.at(-1)).toEqual({
      type: "end",
      outcome: "complete",
      error: null,
      finishReasons: ["end_turn"],
    });
  });

  it("tells tools as they stream, results and turns of an agent", async () => {
    const replies = [
      reply(toolUse("look_up", { title: "Mistborn" }, { id: "t1", fragments: 2 })),
      reply("On shelf 7."),
    ];
    await using server = await fakeAnthropic({ replies });
    const find = call(
      "claude-sonnet-5-5",
      { ...options(server), stream: { partialTools: true }, tools: [lookUp] },
      (question: string) => question,
    );
    const data = await dataOf(await eventsResponse(agent(find)("Where is Mistborn?")));
    const tools = data.flatMap(({ tool: shown }) => (shown === undefined ? [] : [shown as Record<string, unknown>]));
    const deltas = tools.filter(({ state }) => state === "streaming").map(({ delta }) => delta);
    expect(deltas.join("")).toBe('{"title":"Mistborn"}');
    expect(tools.at(-1)).toEqual({ id: "t1", name: "look_up", state: "complete", args: { title: "Mistborn" } });
    expect(data).toContainEqual({
      type: "chunk",
      toolResult: { id: "t1", name: "look_up", output: { title: "Mistborn", shelf: 7 }, isError: false },
      turn: 0,
    });
    expect(
      data
        .filter(({ turn }) => turn === 1)
        .map(({ content = "" }) => content)
        .join(""),
    ).toBe("On shelf 7.");
    expect(data.at(-1)).toMatchObject({ outcome: "complete", stopReason: "answer", finishReasons: ["end_turn"] });
  });

  it("gives the JSON of a structured stream, kept or not", async () => {
    const book = { title: "Mistborn", author: "Brandon Sanderson" };
    const Book = z.object({ title: z.string(), author: z.string() });
    for (const model of ["claude-sonnet-5-5", "claude-3-7-sonnet-20250219"]) {
      await using own = await fakeAnthropic({
        models: [model],
        replies: ({ body }) =>
          Array.isArray(body["tools"])
            ? reply(toolUse((body["tools"] as { name: string }[])[0]!.name, book, { fragments: 3 }))
            : JSON.stringify(book),
      });
      const extract = structuredCall(model, { ...options(own), responseModel: Book }, (page: string) => page);
      const plain = await dataOf(await eventsResponse(extract("a page")));
      expect([JSON.parse(textOf(plain)), plain.at(-1)?.["outcome"]]).toEqual([book, "complete"]);
      const log = memoryLog();
      const kept = keep(extract("a page"), { log, id: "x", run: "r" });
      const { events } = await eventsIn(await eventsResponse(kept));
      expect(JSON.parse(textOf(events.map(({ data }) => data)))).toEqual(book);
      expect(events[1]?.id).toMatch(/^r:\d+\.0$/);
      const refused = keep(extract("a page"), { log, id: "busy", run: "first" });
      expect((await eventsResponse(keep(extract("b"), { log, id: "busy" }))).status).toBe(409);
      await refused.response();
    }
  });

  it("gives a status for an error before the first content, in words that tell nothing", async () => {
    const errors = [
      [apiError(429, "rate_limit_error", `wait, ${SECRET}`, { headers: { "retry-after": "7" } }), 429, "api_error"],
      [apiError(529), 503, "api_error"],
      [apiError(401, "authentication_error", "invalid x-api-key"), 502, "api_error"],
      [reply({ disconnectAfter: 1 }), 502, "stream_truncated"],
      [reply({ stallAfter: 1 }), 504, "timeout"],
    ] as const;
    for (const [script, expected, code] of errors) {
      await using server = await fakeAnthropic({ replies: script });
      const onError = vi.fn();
      const stream = ask(server, { timeout: { firstContent: 50 } });
      const response = await eventsResponse(stream, { onError, status: 201, headers: { "x-own": "yes" } });
      expect([response.status, response.headers.get("x-own")]).toEqual([expected, "yes"]);
      expect(response.headers.get("retry-after")).toBe(expected === 429 ? "7" : null);
      const body = await response.json();
      expect(body).toEqual({ code, message: expect.stringMatching(/^[A-Z][\w .]+\.$/) });
      expect(JSON.stringify(body)).not.toMatch(/secret|x-api-key/);
      expect(onError.mock.calls).toEqual([[stream.error]]);
    }
    const broken = call("claude-sonnet-5-5", { stream: true }, () => {
      throw new Error(SECRET);
    });
    const response = await textResponse(broken(), { errorText: () => "Oh no." });
    expect([response.status, await response.text()]).toEqual([500, "Oh no."]);
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  });

  it("answers an empty question with 400", async () => {
    await using server = await fakeAnthropic({ replies: TEXT });
    const response = await eventsResponse(
      call("claude-sonnet-5-5", options(server), (question: string) => question)(""),
    );
    const message = "There is nothing to answer: the message is empty.";
    expect([response.status, await response.json()]).toEqual([400, { code: "empty_prompt", message }]);
    expect(server.requests).toEqual([]);
  });

  it("tells an error after content at the end, and what a tool has thrown not at all", async () => {
    await using server = await fakeAnthropic({ replies: reply(TEXT, errorEvent("api_error", SECRET)) });
    const data = await dataOf(await eventsResponse(ask(server)));
    expect(textOf(data)).toBe(TEXT);
    const error = { code: "api_error", message: "The model could not answer." };
    expect(data.at(-1)).toMatchObject({ type: "end", outcome: "failed", error });
    await using other = await fakeAnthropic({ replies: [reply(toolUse("look_up", { title: "none" })), "Sorry."] });
    const find = call("claude-sonnet-5-5", { ...options(other), tools: [lookUp] }, (question: string) => question);
    const shown = await dataOf(await eventsResponse(agent(find)("Where?")));
    expect(shown.find(({ toolResult }) => toolResult !== undefined)?.["toolResult"]).toMatchObject({
      isError: true,
      output: "The tool failed.",
    });
    expect(JSON.stringify(shown)).not.toContain("db.internal");
  });

  it("tells a reply that was cut or stopped from a whole one", async () => {
    await using server = await fakeAnthropic({ replies: () => reply(TEXT, { disconnectAfter: 5 }) });
    const cut = (await dataOf(await eventsResponse(ask(server)))).at(-1);
    expect(cut).toMatchObject({ outcome: "truncated", error: { code: "stream_truncated" } });
    const log = memoryLog();
    await using slow = await fakeAnthropic({ replies: () => reply(TEXT, pause(5_000), " More.") });
    const kept = keep(ask(slow), { log, id: "chat" });
    const response = await eventsResponse(kept);
    const { events } = await eventsIn(response, ({ data }) => {
      if (data["content"] === " another.") kept.abort("Stop was pressed.");
    });
    expect(events.at(-1)?.data).toMatchObject({ outcome: "aborted", error: { code: "stream_aborted" } });
  });

  it("waits for content so long, then begins, and says that it is alive", async () => {
    await using server = await fakeAnthropic({ replies: reply(pause(120), TEXT) });
    const response = await eventsResponse(ask(server), { firstContentMs: 10, keepAliveMs: 20 });
    const { events, comments } = await eventsIn(response);
    expect(comments.slice(0, 2)).toEqual(["open", "keep-alive"]);
    expect(textOf(events.map(({ data }) => data))).toBe(TEXT);
  });

  it("marks a restart", async () => {
    await using server = await fakeAnthropic({ replies: [reply("A bo", { disconnectAfter: 4 }), TEXT] });
    const stream = ask(server, { retry: { delay: 1 }, onInterrupt: "restart" });
    const data = await dataOf(await eventsResponse(stream));
    const at = data.findIndex(({ recovery }) => recovery !== undefined);
    expect(data[at]).toEqual({ type: "chunk", recovery: { type: "restart", attempt: 1 } });
    expect(textOf(data.slice(at))).toBe(TEXT);
  });

  it("closes a stream whose reader leaves, at once, and leaves a kept one running", async () => {
    await using server = await fakeAnthropic({ replies: () => reply(TEXT, pause(400), " More.", { pace: 1 }) });
    const log = memoryLog();
    for (const isKept of [false, true]) {
      await using web = await serveWeb(() =>
        eventsResponse(isKept ? keep(ask(server), { log, id: "c" }) : ask(server)),
      );
      const leaving = new AbortController();
      const response = await fetch(web.url, { method: "POST", signal: leaving.signal });
      await eventsIn(response, ({ data }) => data["content"] !== undefined).catch(() => {});
      leaving.abort();
      const { closed } = server.requests.at(-1)!.reply;
      if (isKept) expect(await closed).toBe("complete");
      else expect(await within(100, closed, "closed")).toBe("aborted");
    }
    const logged = await read(log, "c");
    expect((await logged?.response())?.content).toBe(`${TEXT} More.`);
  });

  it("closes a stream whose signal aborts, before and after content", async () => {
    await using server = await fakeAnthropic({ replies: () => reply(pause(300), TEXT) });
    const before = new AbortController();
    const pending = eventsResponse(ask(server), { signal: before.signal });
    await vi.waitFor(() => expect(server.requests).toHaveLength(1));
    before.abort();
    expect((await pending).status).toBe(499);
    expect(await within(100, server.requests[0]!.reply.closed, "closed")).toBe("aborted");
    const after = new AbortController();
    const response = await eventsResponse(ask(server), { signal: after.signal, firstContentMs: 1 });
    await vi.waitFor(() => expect(server.requests).toHaveLength(2));
    after.abort();
    expect((await dataOf(response)).at(-1)).toMatchObject({ type: "end", outcome: "aborted" });
    expect(await within(100, server.requests[1]!.reply.closed, "closed")).toBe("aborted");
  });

  it("reads no further than its reader", async () => {
    await using server = await fakeAnthropic({ replies: reply("x", { endless: "delta", endlessBytes: 40_000_000 }) });
    const stream = ask(server);
    const { body } = await eventsResponse(stream);
    const reader = body!.getReader();
    for (let count = 0; count < 5; count++) await reader.read();
    await passed(50);
    const { bytesWritten } = server.requests[0]!.reply;
    expect(bytesWritten).toBeLessThan(20_000_000);
    expect(stream.content.length).toBeLessThan(400_000);
    await reader.cancel();
    expect(await within(100, server.requests[0]!.reply.closed, "closed")).toBe("aborted");
  });

  it("sends hostile text as data", async () => {
    const hostile = ["a\r\n\r\nevent: error\ndata: x", "\u2028\u2029", "\ud83d", "\ude00", "\ud800", '</script>"'];
    await using server = await fakeAnthropic({ replies: reply(text(hostile)) });
    await using web = await serveWeb(() => eventsResponse(ask(server)));
    expect(textOf(await dataOf(await fetch(web.url)))).toBe(hostile.join(""));
  });

  it("tells the name of a kept run, whatever it is, also where the place is taken", async () => {
    await using server = await fakeAnthropic({ replies: () => reply(TEXT, pause(50)) });
    const log = memoryLog();
    const kept = keep(ask(server), { log, id: "c", run: "a:1\nü" });
    const response = await eventsResponse(kept, { headers: { "access-control-expose-headers": "x-own" } });
    expect(response.headers.get("x-millrace-run")).toBe("a%3A1%0A%C3%BC");
    expect(response.headers.get("access-control-expose-headers")).toBe("x-own, x-millrace-run");
    const refused = await eventsResponse(keep(ask(server), { log, id: "c" }));
    expect([refused.status, (await refused.json()).code]).toEqual([409, "place_occupied"]);
    const { events } = await eventsIn(response);
    expect(events[0]?.data).toEqual({ type: "start", run: "a:1\nü" });
    expect(events[1]?.id).toBe("a%3A1%0A%C3%BC:3.0");
    await kept.log.settled;
    expect((await status(log, "c"))?.outcome).toBe("complete");
    const namesake = await eventsResponse(keep(ask(server), { log, id: "c", run: "a:1\nü" }));
    const told = { code: "place_occupied", message: "There is another reply here already." };
    expect([namesake.status, await namesake.json()]).toEqual([409, told]);
  });

  it("refuses a stream that is read already, and what is not one", async () => {
    await using server = await fakeAnthropic({ replies: () => TEXT });
    const stream = ask(server);
    await stream.response();
    await expect(eventsResponse(stream)).rejects.toThrow(StreamConsumedError);
    await expect(eventsResponse({} as never)).rejects.toThrow("Invalid stream: it must be the stream of a call");
    await expect(eventsResponse(ask(server), { version: 6 } as never)).rejects.toThrow("version");
  });
});

describe("textResponse", () => {
  it("sends the text, and breaks the connection where the reply is cut", async () => {
    const replies = [TEXT, reply(TEXT, { disconnectAfter: 5 }), reply(text(["\ud83d", "\ude00"]))];
    await using server = await fakeAnthropic({ replies });
    await using web = await serveWeb(() => textResponse(ask(server)));
    const whole = await fetch(web.url);
    expect([whole.headers.get("content-type"), await whole.text()]).toEqual(["text/plain; charset=utf-8", TEXT]);
    const cut = await fetch(web.url);
    expect(cut.status).toBe(200);
    await expect(cut.text()).rejects.toThrow();
    expect(await (await fetch(web.url)).text()).toBe("\u{1f600}");
  });

  it("divides the turns of an agent, and does not take text back", async () => {
    const replies = [reply("Let me see.", toolUse("look_up", { title: "Mistborn" })), "On shelf 7."];
    await using server = await fakeAnthropic({ replies });
    const find = call("claude-sonnet-5-5", { ...options(server), tools: [lookUp] }, (question: string) => question);
    expect(await (await textResponse(agent(find)("Where?"))).text()).toBe("Let me see.\n\nOn shelf 7.");
    await using broken = await fakeAnthropic({ replies: [reply("A bo", { disconnectAfter: 4 }), TEXT] });
    const stream = ask(broken, { retry: { delay: 1 }, onInterrupt: "restart" });
    await expect((await textResponse(stream)).text()).rejects.toThrow();
  });
});
