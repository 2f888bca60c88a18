import { describe, expect, it, vi } from "vitest";
import { readUIMessageStream, type UIMessage, type UIMessageChunk } from "ai";
import * as z from "zod";
import { agent, InvalidOptionError, tool } from "../../src/index.ts";
import {
  eventsResponse,
  resumeResponse,
  type ResumeResponseOptions,
  stopResponse,
  uiMessageResponse,
} from "../../src/neutral-http.ts";
import { keep, type Log, memoryLog } from "../../src/neutral-resume.ts";
import { call, client } from "../../src/providers/anthropic/index.ts";
import {
  errorEvent,
  type FakeAnthropic,
  fakeAnthropic,
  pause,
  reply,
  thinking,
  toolUse,
} from "../../src/testing/index.ts";
import { expectHandledRejections, within } from "../contract/reading.ts";
import { mortal } from "../resume/mortal-log.ts";
import { Chat, serveWeb } from "./chat.ts";
import { eventsIn, type ReadEvent } from "./sse.ts";

expectHandledRejections();

const TEXT = "A book about the sea, and another.";
const lookUp = tool({
  name: "look_up",
  description: "Looks a book up.",
  input: z.object({ title: z.string() }),
  call({ title }) {
    if (title === "none") throw new Error("There is none.");
    return { title, shelf: 7 };
  },
});
const options = (server: FakeAnthropic) => ({
  stream: true as const,
  retry: { delay: 1 },
  client: client({ apiKey: "k", baseURL: server.url }),
});
const ask = (server: FakeAnthropic, more = {}) =>
  call("claude-sonnet-5-5", { ...options(server), ...more }, (genre: string) => genre)("sea");
const finder = (server: FakeAnthropic) =>
  agent(
    call(
      "claude-sonnet-5-5",
      { ...options(server), stream: { partialTools: true }, tools: [lookUp] },
      (question: string) => question,
    ),
  );

/** Thinking, tools that stream, two in a turn, one that fails, and three turns. */
const TURNS = [
  reply(thinking("Hm.", { signature: "c2ln" }), "Wait.", toolUse("look_up", { title: "Mistborn" }, { fragments: 3 })),
  reply(toolUse("look_up", { title: "none" }), toolUse("look_up", { title: "Dune" }), toolUse("burn")),
  reply(thinking("", { signature: "dHdv" }), "On shelf 7."),
];

const get = (log: Log, query = "", more: ResumeResponseOptions = {}, headers = {}): Promise<Response> =>
  resumeResponse(log, "chat", new Request(`http://localhost/chat/stream${query}`, { headers }), more);
const read = async (response: Response): Promise<ReadEvent[]> => (await eventsIn(response)).events;
const withData = (events: readonly ReadEvent[]): unknown[] => events.map(({ data }) => data);

/** What the AI SDK makes of parts. */
async function messageOf(events: readonly ReadEvent[]): Promise<UIMessage | undefined> {
  const stream = new ReadableStream<UIMessageChunk>({
    start(controller) {
      for (const { data } of events) controller.enqueue(data as unknown as UIMessageChunk);
      controller.close();
    },
  });
  let last: UIMessage | undefined;
  for await (const message of readUIMessageStream({ stream, terminateOnError: true })) last = message;
  return JSON.parse(JSON.stringify(last)) as UIMessage;
}

describe("resumeResponse", () => {
  it("gives the rest after every event, exactly once", async () => {
    await using server = await fakeAnthropic({ replies: TURNS });
    const log = memoryLog();
    const all = await read(await eventsResponse(keep(finder(server)("Where?"), { log, id: "chat", run: "r" })));
    expect(all.length).toBeGreaterThan(20);
    const ids = all.flatMap(({ id }) => (id === undefined ? [] : [id]));
    expect(new Set(ids).size).toBe(all.length - 2);
    const replay = await read(await get(log, "", { as: "events" }));
    expect(replay).toEqual(all);
    for (const id of ids) {
      const at = all.findIndex((event) => event.id === id);
      const [start, ...rest] = await read(await get(log, `?after=${encodeURIComponent(id)}`, { as: "events" }));
      expect([start?.data, ...rest], id).toEqual([all[0]?.data, ...all.slice(at + 1)]);
    }
  });

  it("begins anew for a page that has seen what the process that goes on does not know", async () => {
    const [before, after] = ["One two three four five six.", "Seven eight nine."];
    await using server = await fakeAnthropic({ pace: 5, replies: [reply(before, { firstDelayMs: 100 }), after] });
    const log = memoryLog();
    const producer = mortal(log);
    const of = () => ask(server, { onInterrupt: "continue" });
    const run = keep(of(), { log: producer.log, id: "chat", lease: 150, replace: true });
    await vi.waitUntil(async () => (await log.latest("chat")) !== null, { interval: 1 });
    producer.die();
    let id: string | undefined;
    await eventsIn(await eventsResponse(run), (event) => {
      id = event.id;
      return event.data["content"] === " two";
    });
    run.abort();
    const rest = await read(await get(log, "", { as: "events", continue: of }, { "last-event-id": id ?? "" }));
    expect(rest.at(1)?.data).toMatchObject({ recovery: { type: "restart" } });
    expect(rest.map(({ data }) => data["content"] ?? "").join("")).toBe(after);
    expect(rest.at(-1)?.data).toMatchObject({ outcome: "complete" });
  });

  it("gives the rest to useChat after every part, exactly once", async () => {
    await using server = await fakeAnthropic({ replies: TURNS });
    const log = memoryLog();
    const all = await read(await uiMessageResponse(keep(finder(server)("Where?"), { log, id: "chat", run: "r" })));
    const whole = await messageOf(all);
    expect(whole?.id).toBe("r");
    expect(await messageOf(await read(await get(log)))).toEqual(whole);
    const cursors = all.slice(1).map(({ id }) => id);
    expect(cursors).not.toContain(undefined);
    expect(new Set(cursors).size).toBe(cursors.length);
    for (const [index, id] of cursors.entries()) {
      const rest = await read(await get(log, "", {}, { "last-event-id": id }));
      expect(await messageOf([...all.slice(0, index + 2), ...rest.slice(1)]), id).toEqual(whole);
      expect(rest[0]?.data["type"]).toBe("start");
    }
  });

  it("tells a refused call from one that has failed", async () => {
    await using server = await fakeAnthropic({ replies: [reply(toolUse("look_up", { title: "Dune" })), "Well."] });
    const refusing = agent(
      call("claude-sonnet-5-5", { ...options(server), tools: [lookUp] }, (question: string) => question),
      { approve: () => "Not today." },
    );
    const log = memoryLog();
    const live = uiMessageResponse(keep(refusing("Where?"), { log, id: "chat" }), { version: 6 });
    for (const parts of [await read(await live), await read(await get(log, "", { version: 6 }))]) {
      expect(parts.map(({ data }) => data["type"])).toContain("tool-output-denied");
    }
  });

  it("goes on while the run does, and tells each end", async () => {
    const ends = [
      [reply(TEXT, pause(60), " More."), "complete"],
      [reply(TEXT, pause(60), errorEvent("api_error", "secret")), "failed"],
      [reply(TEXT, pause(60), " More.", { disconnectAfter: 11 }), "truncated"],
    ] as const;
    for (const [script, outcome] of ends) {
      await using server = await fakeAnthropic({ replies: script });
      const log = memoryLog();
      const first = await eventsResponse(keep(ask(server, { retry: false }), { log, id: "chat" }));
      const { events } = await eventsIn(first, ({ data }) => data["content"] === " the");
      const rest = await read(await get(log, `?after=${events.at(-1)?.id}`, { as: "events" }));
      expect(rest[1]?.data["content"]).toBe(" sea,");
      expect(rest.at(-1)?.data).toMatchObject({ type: "end", outcome });
      expect(JSON.stringify(rest)).not.toContain("secret");
      const ui = await read(await get(log));
      expect(ui.at(-1)?.data["type"]).toBe(outcome === "complete" ? "finish" : "error");
    }
  });

  it("starts over where the page has seen what the log has lost", async () => {
    await using server = await fakeAnthropic({ replies: [reply("A bo", { disconnectAfter: 4 }), TEXT] });
    const log = memoryLog();
    const stream = keep(ask(server, { onInterrupt: "restart" }), { log, id: "chat", run: "r" });
    const all = await read(await eventsResponse(stream));
    const at = all.findIndex(({ data }) => data["recovery"] !== undefined);
    expect(all[at]?.id).toMatch(/^r:\d+\.0~1$/);
    const after = all[at + 2]!.id!;
    expect(await read(await get(log, `?after=${after}`, { as: "events" }))).toEqual([
      expect.objectContaining({ data: { type: "start", run: "r" } }),
      ...all.slice(at + 3),
    ]);
    const lost = `?after=${after.replace("~1", "")}`;
    expect(withData(await read(await get(log, lost, { as: "events" })))).toEqual([
      { type: "start", run: "r" },
      { type: "chunk", recovery: { type: "restart", attempt: 0 } },
      ...withData(all.slice(1)),
    ]);
    expect(withData(await read(await get(log, lost)))).toEqual([
      expect.objectContaining({ type: "start" }),
      { type: "error", errorText: "The reply was cut off." },
    ]);
  });

  it("is 204 where there is nothing, or nothing that the page does not have", async () => {
    await using server = await fakeAnthropic({ replies: () => reply(TEXT, pause(30)) });
    const log = memoryLog();
    expect((await get(log)).status).toBe(204);
    const first = keep(ask(server), { log, id: "chat", run: "first" });
    expect((await get(log, "?message=first")).status).toBe(200);
    await first.log.settled;
    expect((await get(log, "?message=first")).status).toBe(204);
    expect((await get(log, "?message=another")).status).toBe(200);
    await keep(ask(server), { log, id: "chat", run: "second" }).log.settled;
    expect((await get(log, "?message=first")).headers.get("x-millrace-run")).toBe("second");
    expect((await get(log, "?run=first")).headers.get("x-millrace-run")).toBe("first");
    expect((await get(log, "?run=none")).status).toBe(204);
    expect((await get(log, "?after=first:3.0")).headers.get("x-millrace-run")).toBe("first");
    expect((await get(log, "?after=first:3.0&run=second")).headers.get("x-millrace-run")).toBe("second");
    for (const bad of ["17", "r:1", "%ZZ:1.0", "r:1.0.0.0", `r:${"9".repeat(400)}.0`]) {
      expect((await get(log, `?after=${encodeURIComponent(bad)}`)).status, bad).toBe(400);
    }
  });

  it("is text, if that is asked for, and a failure of the log is an error", async () => {
    await using server = await fakeAnthropic({ replies: TEXT });
    const log = memoryLog();
    await keep(ask(server), { log, id: "chat" }).log.settled;
    expect(await (await get(log, "", { as: "text" })).text()).toBe(TEXT);
    await expect(get(log, "", { as: "xml" as never })).rejects.toThrow(InvalidOptionError);
    await expect(get(log, "", { speed: 7 } as never)).rejects.toThrow("speed");
    const onError = vi.fn();
    const broken = { latest: () => Promise.reject(new Error("redis://user:secret@db")) } as unknown as Log;
    const response = await get(broken, "", { as: "events", onError });
    expect([response.status, await response.json()]).toEqual([
      500,
      { code: "internal", message: "Something went wrong on the server." },
    ]);
    expect(onError).toHaveBeenCalledOnce();
  });
});

describe("stopResponse", () => {
  it("stops a run, and no other", async () => {
    await using server = await fakeAnthropic({ replies: () => reply(TEXT, pause(5_000), " More.") });
    const log = memoryLog();
    const kept = keep(ask(server), { log, id: "chat", run: "r" });
    const response = await eventsResponse(kept);
    const stop = (query: string): Promise<Response> =>
      stopResponse(log, "chat", new Request(`http://localhost/chat/stream${query}`, { method: "DELETE" }));
    expect((await stop("?run=before")).status).toBe(404);
    expect(kept.outcome).toBe("pending");
    expect((await stop("?run=r")).status).toBe(204);
    const events = await within(1_000, read(response), "the end");
    expect(events.at(-1)?.data).toMatchObject({ type: "end", outcome: "aborted" });
    await kept.log.settled;
    expect((await stop("")).status).toBe(404);
  });
});

describe("a page with useChat that is reloaded", () => {
  it("has one message of the assistant, while the run goes on and after its end", async () => {
    await using server = await fakeAnthropic({ replies: () => reply(TEXT, pause(40), " More.") });
    const log = memoryLog();
    await using web = await serveWeb((request) => {
      if (request.method === "GET") return resumeResponse(log, "chat", request);
      return uiMessageResponse(keep(ask(server), { log, id: "chat" }));
    });
    const chat = new Chat(web.url, { id: "chat" });
    expect(await chat.resumeStream()).toBeUndefined();
    expect([chat.status, chat.messages]).toEqual(["ready", []]);
    const sent = chat.sendMessage({ text: "Recommend a book." });
    await expect.poll(() => JSON.stringify(chat.parts)).toContain("another.");
    const asked = chat.messages.slice(0, 1);
    const reloaded = new Chat(web.url, { id: "chat", messages: asked });
    await Promise.all([reloaded.resumeStream(), sent]);
    for (const one of [chat, reloaded]) {
      expect([one.status, one.messages.length]).toEqual(["ready", 2]);
      expect(one.parts.at(-1)).toMatchObject({ type: "text", text: `${TEXT} More.`, state: "done" });
    }
    for (const messages of [asked, chat.messages]) {
      const later = new Chat(web.url, { id: "chat", messages });
      await later.resumeStream();
      expect([later.status, later.messages.length]).toEqual(["ready", 2]);
      expect(later.lastMessage).toEqual(chat.lastMessage);
    }
  });
});
