import { resolve } from "node:path";
import type { UIMessage } from "ai";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { CommonMessage } from "millrace";
import { memoryLog, status, type Log } from "millrace/resume";
import { type FakeAnthropic, fakeAnthropic, pause, reply, text, toolUse } from "millrace/testing";
import { logged, mortal } from "../resume/mortal-log.ts";

interface StoredChat {
  readonly messages: readonly CommonMessage[];
  readonly run?: string;
}
interface Program {
  POST(request: Request): Promise<Response>;
  GET(request: Request, id: string): Promise<Response>;
  earlier(id: string): Promise<UIMessage[]>;
}

const folder = resolve(import.meta.dirname, "../../docs/browser.md");
const store = vi.hoisted(() => ({ log: null as Log | null, chats: new Map<string, StoredChat>() }));

// What the page has in Redis.
vi.doMock(resolve(folder, "store.ts"), () => ({
  get log() {
    return store.log;
  },
  load: async (id: string) => store.chats.get(id) ?? { messages: [] },
  save: async (id: string, chat: StoredChat) => void store.chats.set(id, chat),
}));
const { POST, GET, earlier } = (await import(resolve(folder, "approvals.ts"))) as Program;

let server: FakeAnthropic;
beforeEach(() => {
  store.log = memoryLog();
  store.chats.clear();
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
const post = (messages: readonly object[]) =>
  POST(new Request("http://localhost/api/chat", { method: "POST", body: JSON.stringify({ id: "chat", messages }) }));
const get = () => GET(new Request("http://localhost/api/chat/chat/stream"), "chat");
const ended = () => vi.waitUntil(() => store.chats.get("chat")?.run, { interval: 5 });

describe("the whole server of docs/browser.md", () => {
  it("runs an approved tool once, however many tabs answer", async () => {
    await answering({
      replies: [reply(toolUse("remove_file", { path: "a" }, { id: "t1" })), reply("Gone.", pause(50))],
    });
    await (await post([said("Remove a.")])).text();
    const run = await ended();
    const [, asked] = await earlier("chat");
    expect(asked).toMatchObject({ id: run, parts: [{}, { state: "approval-requested", approval: { id: "t1" } }] });
    const parts = asked!.parts.map((part) =>
      "approval" in part ? { ...part, state: "approval-responded", approval: { id: "t1", approved: true } } : part,
    );
    const answer = [said("Remove a."), { ...asked, parts }];
    const first = await post(answer);
    expect([first.status, (await post(answer)).status]).toEqual([200, 409]);
    expect(await first.text()).toContain("a is removed.");
    await vi.waitUntil(() => store.chats.get("chat")?.run !== run, { interval: 5 });
    expect((await earlier("chat"))[1]?.parts).toMatchObject([{}, { state: "output-available" }, {}, { text: "Gone." }]);
    expect(server.requests.length).toBe(2);
    expect((await post([...answer, { role: "assistant", id: "x", parts: [] }, said(" ")])).status).toBe(400);
  });

  it("goes on with a reply whose server was killed, and stores it", async () => {
    await answering({ replies: [reply(text(["Once ", "upon "]), pause(5_000)), "a time."] });
    const log = store.log!;
    const producer = mortal(log);
    const begin: Log["begin"] = (key, options) => producer.log.begin(key, { ...options, leaseMs: 150 });
    store.log = { ...producer.log, begin };
    const first = await post([said("Tell me a story.")]);
    const { run } = (await status(log, "chat"))!;
    await vi.waitUntil(() => logged(log, { place: "chat", run }, "upon"), { interval: 5 });
    producer.die();
    store.log = log;
    expect(store.chats.get("chat")?.messages).toMatchObject([{ role: "user" }]);
    expect(await (await get()).text()).toContain(`" time."`);
    expect(await ended()).toBe(run);
    expect((await earlier("chat"))[1]).toMatchObject({ id: run, parts: [{}, { text: "Once upon a time." }] });
    await first.body?.cancel();
  });
});
