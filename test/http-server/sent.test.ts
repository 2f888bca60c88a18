import { describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { agent, type CallOptions, type CommonMessage, tool } from "../../src/index.ts";
import {
  eventsResponse,
  type EventsResponseOptions,
  resumeResponse,
  textResponse,
  toUIMessages,
  uiMessageResponse,
  type UIResponseOptions,
} from "../../src/neutral-http.ts";
import { keep, type Keepable, memoryLog, status } from "../../src/neutral-resume.ts";
import { call, client } from "../../src/providers/anthropic/index.ts";
import { call as structuredCall } from "../../src/providers/anthropic/structured.ts";
import {
  apiError,
  type FakeAnthropic,
  fakeAnthropic,
  pause,
  reply,
  text,
  thinking,
  toolUse,
} from "../../src/testing/index.ts";
import { expectHandledRejections, gate, quiet } from "../contract/reading.ts";
import type { AnyNative } from "../contract/subject.ts";
import { logged, mortal } from "../resume/mortal-log.ts";
import { eventsIn, type ReadEvent } from "./sse.ts";

expectHandledRejections();

const TEXT = "A book about the sea, and another.";
const options = (server: FakeAnthropic) => ({
  stream: true as const,
  retry: false as const,
  client: client({ apiKey: "k", baseURL: server.url }),
});
const ask = (server: FakeAnthropic) => call("claude-sonnet-5-5", options(server), (genre: string) => genre)("sea");
const lookUp = tool({
  name: "look_up",
  description: "Looks a book up.",
  input: z.object({ title: z.string() }),
  call: ({ title }) => ({ title, shelf: 7 }),
});
const find = (server: FakeAnthropic) =>
  agent(call("claude-sonnet-5-5", { ...options(server), tools: [lookUp] }, (question: string) => question))("Where?");
const TURNS = [
  reply(thinking("Secretly.", { signature: "c2ln" }), toolUse("look_up", { title: "Dune" })),
  reply(thinking("Secretly again.", { signature: "dHdv" }), TEXT),
];
const read = async (response: Promise<Response>): Promise<ReadEvent[]> => (await eventsIn(await response)).events;
const get = (query = ""): Request => new Request(`http://localhost/chat/stream${query}`);

/** What parts come to, however their text is divided. */
const shownIn = (events: readonly ReadEvent[]): string =>
  events.map(({ data }) => data["delta"] ?? ` ${String(data["type"])} `).join("");

describe("the figures of a reply", () => {
  const last = async (more: EventsResponseOptions): Promise<unknown> => {
    await using server = await fakeAnthropic({ replies: TEXT });
    return (await read(eventsResponse(ask(server), more))).at(-1)?.data;
  };
  const metadata = async (more: UIResponseOptions): Promise<unknown> => {
    await using server = await fakeAnthropic({ replies: TEXT });
    const parts = await read(uiMessageResponse(ask(server), more));
    return parts.find(({ data }) => data["type"] === "message-metadata")?.data["messageMetadata"];
  };
  const usage = expect.objectContaining({ source: "reported" });

  it("are for the server alone", async () => {
    expect(await last({})).toEqual({ type: "end", outcome: "complete", error: null, finishReasons: ["end_turn"] });
    expect(await metadata({})).toEqual({ millrace: { run: null, outcome: "complete" } });
  });

  it("are sent where they are asked for", async () => {
    const all = { sendUsage: true, sendCost: true, sendModel: true };
    const figures = { usage, cost: expect.any(Number), model: "claude-sonnet-5-5" };
    expect(await last(all)).toMatchObject(figures);
    expect(await metadata(all)).toEqual({ millrace: { run: null, outcome: "complete", ...figures } });
    expect(await metadata({ sendUsage: true })).toEqual({ millrace: { run: null, outcome: "complete", usage } });
  });

  it("are none of text", async () => {
    await using server = await fakeAnthropic({ replies: TEXT });
    await expect(textResponse(ask(server), { sendUsage: true } as object)).rejects.toThrow("sendUsage");
  });
});

describe("thinking that is not sent", () => {
  it("is in nothing that a page gets: while the reply streams, later, and in what is stored", async () => {
    await using server = await fakeAnthropic({ replies: TURNS });
    const log = memoryLog();
    const run = keep(find(server), { log, id: "chat", run: "r" });
    const live = await read(uiMessageResponse(run, { sendReasoning: false }));
    const replay = await read(resumeResponse(log, "chat", get(), { sendReasoning: false }));
    const events = await read(resumeResponse(log, "chat", get(), { sendReasoning: false, as: "events" }));
    const stored = toUIMessages(run.commonHistory(), { sendReasoning: false });
    const again = { sendReasoning: false, originalMessages: toUIMessages(run.commonHistory(), { run: "r" }) };
    const continued = await read(resumeResponse(log, "chat", get(), again));
    for (const sent of [live, replay, events, stored, continued]) {
      expect(JSON.stringify(sent)).toContain("another.");
      expect(JSON.stringify(sent)).not.toMatch(/secretly|c2ln|dHdv|reasoning|thinking/i);
    }
    expect(JSON.stringify(await read(resumeResponse(log, "chat", get())))).toContain("Secretly");
    for (const [index, { id }] of live.slice(1).entries()) {
      const rest = await read(
        resumeResponse(log, "chat", get(`?after=${encodeURIComponent(id!)}`), { sendReasoning: false }),
      );
      expect(shownIn([...live.slice(0, index + 2), ...rest.slice(1)]), id).toBe(shownIn(live));
    }
  });

  it("is a silence that keep-alives fill", async () => {
    const thoughts = thinking(Array.from({ length: 30 }, () => "Hm. "));
    await using server = await fakeAnthropic({ replies: reply(thoughts, TEXT, { pace: 5 }) });
    const response = await eventsResponse(ask(server), { sendReasoning: false, keepAliveMs: 20, firstContentMs: 0 });
    const { comments } = await eventsIn(response);
    expect(comments.filter((comment) => comment === "keep-alive").length).toBeGreaterThan(2);
  });
});

describe("messageMetadata", () => {
  it("adds to the start and to the end, live and later", async () => {
    await using server = await fakeAnthropic({ replies: TEXT });
    const log = memoryLog();
    const more: UIResponseOptions = {
      messageMetadata: ({ part }) =>
        part.type === "start" ? { author: "Ada", millrace: 7 } : { tokens: part.usage?.outputTokens, as: part.outcome },
    };
    const live = await read(uiMessageResponse(keep(ask(server), { log, id: "chat", run: "r" }), more));
    const metadata = live.flatMap(({ data }) => data["messageMetadata"] ?? []);
    expect(metadata).toEqual([
      { author: "Ada", millrace: { run: "r" } },
      { tokens: expect.any(Number), as: "complete", millrace: { run: "r", outcome: "complete" } },
    ]);
    const replay = await read(resumeResponse(log, "chat", get(), more));
    expect(replay.flatMap(({ data }) => data["messageMetadata"] ?? [])).toEqual(metadata);
  });

  it("does not harm the reply if it throws", async () => {
    await using server = await fakeAnthropic({ replies: TEXT });
    const onError = vi.fn();
    const messageMetadata = (): object => {
      throw new Error("secret");
    };
    const parts = await read(uiMessageResponse(ask(server), { messageMetadata, onError }));
    expect(parts.at(-1)?.data["type"]).toBe("finish");
    expect(onError).toHaveBeenCalledTimes(2);
  });
});

describe("a reply that is whole, and does not fit its model", () => {
  const Book = z.object({ title: z.string(), year: z.int().min(1900) });
  const extractFrom = (server: FakeAnthropic) =>
    structuredCall("claude-sonnet-5-5", { ...options(server), responseModel: Book }, () => "Extract.");
  const failed = { outcome: "failed", error: { code: "response_model" } };

  it("has failed for a visitor", async () => {
    await using server = await fakeAnthropic({ replies: () => `{ "title": "Mistborn", "year": 6 }` });
    const onError = vi.fn();
    expect((await read(eventsResponse(extractFrom(server)(), { onError }))).at(-1)?.data).toMatchObject(failed);
    expect(onError.mock.calls).toMatchObject([[{ code: "response_model" }]]);
    const parts = await read(uiMessageResponse(extractFrom(server)()));
    expect(parts.some(({ data }) => data["type"] === "error")).toBe(true);
    await expect((await textResponse(extractFrom(server)())).text()).rejects.toThrow();
  });

  it("has failed for all readers of its log, and in its status", async () => {
    await using server = await fakeAnthropic({ replies: () => `{ "title": "Mistborn", "year": 6 }` });
    const log = memoryLog();
    const extract = extractFrom(server);
    const kept = keep(extract(), { log, id: "chat" });
    expect((await read(eventsResponse(kept))).at(-1)?.data).toMatchObject(failed);
    await kept.log.settled;
    expect(await status(log, "chat")).toMatchObject({
      state: "ended",
      outcome: "failed",
      error: { code: "response_model" },
    });
    for (const of of [undefined, extract]) {
      expect((await read(resumeResponse(log, "chat", get(), { as: "events", of }))).at(-1)?.data).toMatchObject(failed);
    }
  });
});

describe("onEnd", () => {
  /** A stream, what it was when `onEnd` was called, and how often that was. */
  const told = () => {
    const outcomes: string[] = [];
    const works: Promise<void>[] = [];
    return {
      outcomes,
      works,
      onEnd: (stream: Keepable): void =>
        void outcomes.push("outcome" in stream ? `${stream.outcome}: ${stream.commonHistory().length}` : "run"),
      waitUntil: (work: Promise<void>): void => void works.push(work),
    };
  };

  it("is called once, with the stream, when the reply has ended", async () => {
    for (const send of [eventsResponse, textResponse, uiMessageResponse]) {
      await using server = await fakeAnthropic({ replies: TEXT });
      const { outcomes, works, ...more } = told();
      await (await send(ask(server), more)).text();
      await Promise.all(works);
      expect(outcomes).toEqual(["complete: 2"]);
    }
  });

  it("is done before the visitor learns of the end, and before the place of a kept stream is free", async () => {
    await using server = await fakeAnthropic({ replies: () => TEXT });
    const answer = call("claude-sonnet-5-5", options(server), () => "sea");
    for (const send of [eventsResponse, textResponse, uiMessageResponse]) {
      for (const start of [answer, agent(answer)]) {
        for (const log of [null, memoryLog()]) {
          const stored = gate();
          const called = gate();
          const stream: Keepable = log === null ? start() : keep(start(), { log, id: "chat" });
          const onEnd = () => {
            called.open();
            return stored.opened;
          };
          const told: string[] = [];
          const reading = send(stream, { onEnd })
            .then((response) => response.text())
            .then(() => told.push("the visitor"));
          await called.opened;
          await quiet();
          expect(stream.outcome).toBe("complete");
          if (log !== null) {
            expect(await status(log, "chat")).toMatchObject({ state: "live" });
            expect((await send(keep(start(), { log, id: "chat" }))).status).toBe(409);
          }
          told.push("the store");
          stored.open();
          await reading;
          expect(told).toEqual(["the store", "the visitor"]);
          if (log !== null) {
            await vi.waitUntil(async () => (await status(log, "chat"))?.state === "ended", { interval: 2 });
          }
        }
      }
    }
  });

  it("may use the whole response of a kept stream", async () => {
    await using server = await fakeAnthropic({ replies: () => TEXT });
    const kept = keep(ask(server), { log: memoryLog(), id: "chat" });
    const found: unknown[] = [];
    const onEnd = async (stream: typeof kept) => found.push((await stream.response()).content);
    await (await textResponse(kept, { onEnd })).text();
    expect(found).toEqual([TEXT]);
  });

  it("is not called by a server that has lost the run", async () => {
    await using server = await fakeAnthropic({ replies: reply(text(["A book "]), pause(800), "about it.") });
    const log = memoryLog();
    const producer = mortal(log);
    const kept = keep(ask(server), { log: producer.log, id: "chat", lease: 100 });
    const onEnd = vi.fn();
    const reading = eventsResponse(kept, { onEnd }).then((response) => response.text());
    await vi.waitUntil(() => logged(log, { place: "chat", run: kept.run }, "A book"), { interval: 5 });
    producer.die();
    expect((await read(resumeResponse(log, "chat", get(), { as: "events" }))).at(-1)?.data["outcome"]).toBe(
      "truncated",
    );
    producer.wake();
    await reading;
    await kept.log.settled;
    expect([kept.log.state, onEnd.mock.calls.length]).toEqual(["lost", 0]);
  });

  it("is called if there is no content, and if the visitor leaves", async () => {
    await using refusing = await fakeAnthropic({ replies: apiError(400) });
    const failed = told();
    const { outcomes, works, ...more } = failed;
    expect((await eventsResponse(ask(refusing), more)).status).toBe(502);
    await Promise.all(works);
    expect(outcomes).toEqual(["failed: 1"]);
    await using server = await fakeAnthropic({ replies: reply(TEXT, pause(5_000), " More.") });
    const left = told();
    const { onEnd, waitUntil } = left;
    await (await eventsResponse(ask(server), { onEnd, waitUntil })).body!.cancel();
    await Promise.all(left.works);
    expect(left.outcomes).toEqual(["aborted: 2"]);
  });

  it("waits for the end of a kept stream that is left", async () => {
    await using server = await fakeAnthropic({ replies: reply(TEXT, pause(40), " More.") });
    const { outcomes, works, ...more } = told();
    const kept = keep(ask(server), { log: memoryLog(), id: "chat" });
    const response = await uiMessageResponse(kept, { ...more, onEnd: (stream) => more.onEnd(stream) });
    await response.body!.cancel();
    expect([kept.outcome, outcomes]).toEqual(["pending", []]);
    await Promise.all(works);
    expect(outcomes).toEqual(["complete: 2"]);
  });

  const chat: readonly CommonMessage[] = [
    { role: "user", content: "Hello." },
    { role: "assistant", content: "Hi." },
    { role: "user", content: "A book?" },
  ];
  const unreachable = client({ apiKey: "k", baseURL: "http://127.0.0.1:1" });
  const four = <V>(value: V): V[] => [value, value, value, value];

  /** What `onEnd` stores of a call and of an agent, kept and not, that end in some way; null if it is not called. */
  const storedBy = async (
    more: Partial<CallOptions<AnyNative>>,
    prompt: () => unknown = () => chat,
    end: (stream: Keepable) => unknown = () => {},
  ): Promise<unknown[]> => {
    const asked = call(
      "claude-sonnet-5-5",
      { stream: true, retry: false, client: unreachable, ...more } as ReturnType<typeof options>,
      prompt as () => readonly CommonMessage[],
    );
    const streams = [asked, agent(asked)].flatMap((start): Keepable[] => [
      start(),
      keep(start(), { log: memoryLog(), id: "chat" }),
    ]);
    const stored = streams.map(async (stream) => {
      let found: unknown = null;
      const works: Promise<void>[] = [];
      const sent = uiMessageResponse(stream, {
        onEnd: (ended) => void (found = ended.commonHistory()),
        waitUntil: (work) => void works.push(work),
      });
      await end(stream);
      await (await sent).text();
      await Promise.all(works);
      return found;
    });
    return Promise.all(stored);
  };

  it("is not called for a reply that never began: its conversation is unknown, and not empty", async () => {
    // The prompt function of an agent runs before anything else is looked at.
    const early = [null, null, chat, chat];
    expect(await storedBy({}, undefined, (stream) => stream.abort())).toEqual(early);
    expect(await storedBy({ signal: AbortSignal.abort() })).toEqual(early);
    const failing = () => {
      throw new Error("no");
    };
    expect(await storedBy({}, failing)).toEqual(four(null));
    // A prompt that no request can be made of would be refused each time that it is sent again.
    const audio = { type: "audio", data: "aGk=", mediaType: "audio/ogg" } as const;
    expect(await storedBy({}, () => [...chat, { role: "user", content: [audio] }])).toEqual(four(null));
  });

  it("is not called for a run whose place is occupied, or that is replaced at once", async () => {
    await using server = await fakeAnthropic({ replies: () => reply(TEXT, pause(5_000)) });
    const asked = call("claude-sonnet-5-5", options(server), () => chat);
    for (const start of [asked, agent(asked)]) {
      const log = memoryLog();
      const onEnd = vi.fn();
      const first = keep(start(), { log, id: "chat" });
      expect((await uiMessageResponse(keep(start(), { log, id: "chat" }), { onEnd })).status).toBe(409);
      expect(onEnd).not.toHaveBeenCalled();
      const told: unknown[] = [];
      const replaced = keep(start(), { log, id: "chat", replace: true });
      void uiMessageResponse(replaced, { onEnd: (stream) => void told.push(stream.commonHistory()[2]) });
      const last = keep(start(), { log, id: "chat", replace: true });
      await replaced.log.settled;
      expect([undefined, chat[2]]).toContainEqual(told[0]);
      for (const stream of [first, last]) stream.abort();
      await last.log.settled;
    }
  });

  it("has the prompt as soon as that is known, whatever becomes of the request", async () => {
    vi.stubEnv("ANTHROPIC_API_KEY", undefined);
    vi.stubEnv("ANTHROPIC_AUTH_TOKEN", undefined);
    try {
      expect(await storedBy({ client: undefined })).toEqual(four(chat));
    } finally {
      vi.unstubAllEnvs();
    }
    expect(await storedBy({})).toEqual(four(chat));
    for (let moment = 0; moment < 40; moment++) {
      const stored = await storedBy({}, undefined, async (stream) => {
        for (let nth = 0; nth < moment; nth++) await Promise.resolve();
        stream.abort();
      });
      for (const found of stored) expect([null, chat]).toContainEqual(found);
    }
  });

  it("is called by the one reader that goes on with a run whose server is gone", async () => {
    await using server = await fakeAnthropic({
      replies: [TURNS[0]!, reply(text(["A book about ", "the sea"]), pause(5_000), "?"), " and another."],
    });
    const log = memoryLog();
    const producer = mortal(log);
    const kept = keep(find(server), { log: producer.log, id: "chat", lease: 150 });
    await vi.waitUntil(() => logged(log, { place: "chat", run: kept.run }, "the sea"), { interval: 5 });
    producer.die();
    const { outcomes, works, onEnd, waitUntil } = told();
    const runs: string[] = [];
    const more = {
      as: "events",
      waitUntil,
      onEnd: (stream: Keepable, run: string) => {
        runs.push(run);
        onEnd(stream);
      },
    } as const;
    const goOn = () =>
      agent(
        call(
          "claude-sonnet-5-5",
          { ...options(server), tools: [lookUp], onInterrupt: "continue" },
          (question: string) => question,
        ),
      )("Where?");
    const responses = [1, 2, 3].map(() => read(resumeResponse(log, "chat", get(), { ...more, continue: goOn })));
    for (const events of await Promise.all(responses)) expect(events.at(-1)?.data["outcome"]).toBe("complete");
    await Promise.all(works);
    expect(outcomes).toEqual(["complete: 4"]);
    // It has ended: nobody goes on with it.
    await read(resumeResponse(log, "chat", get(), { ...more, continue: goOn }));
    expect([works.length, outcomes.length, runs]).toEqual([1, 1, [kept.run]]);
    await expect(resumeResponse(log, "chat", get(), more)).rejects.toThrow("pass `continue`, too");
    kept.abort();
  });

  it("has errors that are told to the program alone", async () => {
    await using server = await fakeAnthropic({ replies: () => reply(TEXT) });
    const onError = vi.fn();
    const broken = new Error("The database is gone.");
    for (const onEnd of [
      () => Promise.reject(broken),
      () => {
        throw broken;
      },
    ]) {
      const body = await (await eventsResponse(ask(server), { onEnd, onError })).text();
      expect(body).toContain('"outcome":"complete"');
      expect(body).not.toContain("database");
    }
    await expect.poll(() => onError.mock.calls).toEqual([[broken], [broken]]);
  });
});
