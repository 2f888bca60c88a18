import { resolve } from "node:path";
import { setTimeout as passed } from "node:timers/promises";
import type { UIMessage } from "ai";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CommonMessage } from "millrace";
import { memoryLog, status, type Log } from "millrace/resume";
import { type FakeAnthropic, fakeAnthropic, pause, reply, text, toolUse } from "millrace/testing";
import { logged, mortal } from "../resume/mortal-log.ts";

interface StoredChat {
  readonly messages: readonly CommonMessage[];
  readonly runs: number;
}
interface Program {
  POST(request: Request): Promise<Response>;
  GET(request: Request, id: string): Promise<Response>;
  earlier(id: string): Promise<UIMessage[]>;
}

const folder = resolve(import.meta.dirname, "../../docs/browser.md");
const store = vi.hoisted(() => ({
  log: null as Log | null,
  chats: new Map<string, StoredChat>(),
  /** How long each access takes. */
  ms: 0,
}));
const get = async (chats: Map<string, StoredChat>, id: string): Promise<StoredChat> => {
  await passed(store.ms);
  return chats.get(id) ?? { messages: [], runs: 0 };
};
const set = async (chats: Map<string, StoredChat>, id: string, chat: StoredChat): Promise<void> => {
  await passed(store.ms);
  if ((chats.get(id)?.runs ?? 0) <= chat.runs) chats.set(id, structuredClone(chat));
};

// What the page has in Redis.
vi.doMock(resolve(folder, "store.ts"), () => ({
  get log() {
    return store.log;
  },
  load: (id: string) => get(store.chats, id),
  save: (id: string, chat: StoredChat) => set(store.chats, id, chat),
}));
const { POST, GET, earlier } = (await import(resolve(folder, "approvals.ts"))) as Program;

let server: FakeAnthropic;
beforeEach(() => {
  store.log = memoryLog();
  store.chats.clear();
  store.ms = 0;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});
async function answering(replies: Parameters<typeof fakeAnthropic>[0]) {
  server = await fakeAnthropic(replies);
  vi.stubEnv("ANTHROPIC_BASE_URL", server.url);
  vi.stubEnv("ANTHROPIC_API_KEY", "k");
}
const said = (content: string) => ({ id: "u", role: "user", parts: [{ type: "text", text: content }] });
const post = (messages: readonly object[], more: object = {}) =>
  POST(
    new Request("http://localhost/api/chat", {
      method: "POST",
      body: JSON.stringify({ id: "chat", messages, ...more }),
    }),
  );
const resumed = () => GET(new Request("http://localhost/api/chat/chat/stream"), "chat");
const stored = () => (store.chats.get("chat")?.messages ?? []).map(({ role, content }) => [role, textIn(content)]);
const textIn = (content: CommonMessage["content"]) =>
  [content].flat().map((part) => (typeof part === "string" ? part : part.type === "text" ? part.text : part.type));
/** The page with its answers to the calls that wait. */
async function approved(question: object) {
  const asked = (await earlier("chat")).at(-1)!;
  const parts = asked.parts.map((part) =>
    "approval" in part ? { ...part, state: "approval-responded", approval: { id: "t1", approved: true } } : part,
  );
  return [question, { ...asked, parts }];
}
const textOf = ({ body }: { readonly body: unknown }) => JSON.stringify(body);
const isOf = (request: { readonly body: unknown }, words: string) => textOf(request).includes(words);
/** What servers that are taken for dead send may come in any test that follows: it is told by its words. */
const afterApproval = (request: { readonly body: unknown }) => {
  if (isOf(request, "Are you there")) return "Yes.";
  return isOf(request, "tool_result")
    ? reply(pause(5_000))
    : reply(toolUse("remove_file", { path: "a" }, { id: "t1" }));
};
/** A log whose producers are taken for dead after 150 ms. */
function dying() {
  const log = store.log!;
  const producer = mortal(log);
  const begin: Log["begin"] = (key, options) => producer.log.begin(key, { ...options, leaseMs: 150 });
  store.log = { ...producer.log, begin };
  const die = (): void => {
    producer.die();
    store.log = log;
  };
  return { log, die };
}

describe("the whole server of docs/browser.md", () => {
  it("runs an approved tool once, however many tabs answer", async () => {
    for (const ms of [0, 40]) {
      store.chats.clear();
      store.log = memoryLog();
      store.ms = ms;
      await answering({ replies: [reply(toolUse("remove_file", { path: "a" }, { id: "t1" })), "Gone."] });
      await (await post([said("Remove a.")])).text();
      expect((await earlier("chat")).at(-1)).toMatchObject({
        id: "answer-1",
        parts: [{}, { state: "approval-requested", approval: { id: "t1" } }],
      });
      const answer = await approved(said("Remove a."));
      const responses = [post(answer)];
      // The second has read the conversation before the first has its run, and starts when that is over.
      if (ms > 0) await passed(1.5 * ms);
      responses.push(post(answer));
      const [first, second] = await Promise.all(responses);
      expect([first?.status, second?.status].toSorted()).toEqual([200, 409]);
      const [run] = [first, second].filter((response) => response?.status === 200);
      expect(await run?.text()).toContain("a is removed.");
      expect((await earlier("chat")).at(-1)?.parts).toMatchObject([
        {},
        { state: "output-available" },
        {},
        { text: "Gone." },
      ]);
      expect(server.requests.length).toBe(2);
      expect((await post([...answer, { role: "assistant", id: "x", parts: [] }, said(" ")])).status).toBe(400);
      await server.close();
    }
  });

  it("has stored an answer when the page learns of its end", async () => {
    store.ms = 40;
    await answering({ replies: ["One.", "Two."] });
    const questions = [said("1?"), said("2?")];
    for (const [nth] of questions.entries()) await (await post(questions.slice(0, nth + 1))).text();
    expect(stored().map(([, text]) => String(text))).toEqual(["1?", "One.", "2?", "Two."]);
    expect(JSON.stringify(server.requests[1]?.body)).toContain("One.");
  });

  it("stores the question that it has answered, of two that came at once", async () => {
    for (const ms of [0, 20]) {
      store.chats.clear();
      store.log = memoryLog();
      store.ms = ms;
      await answering({
        replies: ({ body }) => reply(`To ${textIn((body.messages as readonly CommonMessage[]).at(-1)!.content)}.`),
      });
      const responses = await Promise.all(["A", "B"].map((question) => post([said(question)])));
      expect(responses.map(({ status: code }) => code).toSorted()).toEqual([200, 409]);
      await Promise.all(responses.map((response) => response.text()));
      const [[, question] = [], [, answer] = []] = stored();
      expect(answer).toEqual([`To ${String(question)}.`]);
      await server.close();
    }
  });

  it("goes back if the page asks again, or has edited a message", async () => {
    await answering({ replies: ["One.", "Two.", "Again.", "Other."] });
    await (await post([said("1?")])).text();
    await (await post([said("1?"), said("2?")])).text();
    await (await post([said("1?"), said("2?")], { trigger: "regenerate-message" })).text();
    expect(stored().map(([, text]) => String(text))).toEqual(["1?", "One.", "2?", "Again."]);
    // A page that shows a message which was refused, and one that lacks what another tab has said.
    const again = { trigger: "regenerate-message" };
    expect((await post([said("1?"), said("no"), said("2?")], again)).status).toBe(409);
    expect((await post([said("1?")], again)).status).toBe(409);
    await (await post([said("1!")], { trigger: "submit-message", messageId: "u" })).text();
    expect(stored().map(([, text]) => String(text))).toEqual(["1!", "Other."]);
    expect((await earlier("chat"))[1]?.id).toBe("answer-4");
  });

  it("goes on with a reply whose server was killed, and stores it", async () => {
    await answering({
      replies: (request) => (isOf(request, "interrupted") ? "a time." : reply(text(["Once ", "upon "]), pause(5_000))),
    });
    const { log, die } = dying();
    const first = await post([said("Tell me a story.")]);
    const { run } = (await status(log, "chat"))!;
    await vi.waitUntil(() => logged(log, { place: "chat", run }, "upon"), { interval: 5 });
    die();
    expect(await earlier("chat")).toMatchObject([{ role: "user" }]);
    expect(await (await resumed()).text()).toContain(`" time."`);
    expect((await earlier("chat"))[1]).toMatchObject({ id: run, parts: [{}, { text: "Once upon a time." }] });
    await first.body?.cancel();
  });

  it("settles what its killed server was about to do when the visitor says something else", async () => {
    await answering({
      replies: [reply(toolUse("remove_file", { path: "a" }, { id: "t1" })), reply(pause(5_000)), "Yes."],
    });
    await (await post([said("Remove a.")])).text();
    const { log, die } = dying();
    const first = await post(await approved(said("Remove a.")));
    await vi.waitUntil(() => logged(log, { place: "chat", run: "answer-2" }, "a is removed"), { interval: 5 });
    die();
    await vi.waitUntil(async () => (await status(log, "chat"))?.state === "orphaned", { interval: 10 });
    expect(await (await post([said("Are you there?")])).text()).toContain("Yes.");
    expect(server.requests.filter((request) => isOf(request, "Are you there")).map(textOf)).toMatchObject([
      expect.stringContaining("a is removed"),
    ]);
    expect(store.chats.get("chat")?.runs).toBe(3);
    await first.body?.cancel();
  });

  it("settles an approved tool whose server was killed as soon as it ran, and what was written before", async () => {
    await answering({ replies: afterApproval });
    await (await post([said("Remove a.")])).text();
    const answer = await approved(said("Remove a."));
    const { log, die } = dying();
    let isDead = false;
    const append: Log["append"] = async (...args) => {
      if (isDead) return new Promise(() => {});
      // With the prompt, before the tool starts.
      isDead = true;
      const holding = await log.append(...args);
      die();
      return holding;
    };
    store.log = { ...store.log!, append };
    const first = await post(answer).catch(() => null);
    // A page that is loaded now is not told that the tool has failed.
    expect((await earlier("chat")).at(-1)?.parts).toMatchObject([{}, { state: "approval-responded" }]);
    await vi.waitUntil(async () => (await status(log, "chat"))?.state === "orphaned", { interval: 10 });
    store.log = log;
    expect(await (await post([said("Are you there?")])).text()).toContain("Yes.");
    expect(server.requests.filter((request) => isOf(request, "Are you there")).map(textOf)).toMatchObject([
      expect.stringContaining("outcome of this call is unknown"),
    ]);
    await first?.body?.cancel();
  });
});
