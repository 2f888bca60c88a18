import { expect, it, vi } from "vitest";
import { call, client } from "millrace/anthropic";
import { eventsResponse, resumeResponse, stopResponse } from "millrace/http";
import { keep, memoryLog } from "millrace/resume";
import { fakeAnthropic, pause, reply } from "millrace/testing";
import { serveWeb } from "../http-server/chat.ts";
import type { Reply, useReply } from "../../examples/react/use-reply.ts";

let statuses: string[] = [];
let read = (): Reply => ({ status: "ready", parts: [], outcome: null, error: null, approvals: [] });
// React as far as the hook needs it: one component that is mounted once.
vi.doMock("react", () => ({
  useMemo: (make: () => unknown) => make(),
  useEffect: (effect: () => unknown) => void effect(),
  useSyncExternalStore(subscribe: (listener: () => void) => void, latest: () => Reply) {
    read = latest;
    subscribe(() => statuses.push(latest().status));
    return latest();
  },
}));

async function setting() {
  const { useReply: hook } = (await import("../../examples/react/use-reply.ts")) as { useReply: typeof useReply };
  const server = await fakeAnthropic({
    replies: [reply(pause(100), "One two.", pause(20)), reply("Three", pause(5_000), ".")],
  });
  const answer = call(
    "claude-sonnet-5-5",
    { stream: true, client: client({ apiKey: "k", baseURL: server.url }) },
    (question: string) => question,
  );
  const log = memoryLog();
  const web = await serveWeb(async (request) => {
    if (request.method === "DELETE") return stopResponse(log, "chat", request);
    if (request.method === "GET") return resumeResponse(log, "chat", request, { as: "events" });
    const { question } = (await request.json()) as { question: string };
    if (question === "") return new Response("There is no question.", { status: 400 });
    return eventsResponse(keep(answer(question), { log, id: "chat" }));
  });
  statuses = [];
  return { mount: (options = {}) => hook(`${web.url}/chat`, "chat", options), web, server };
}
const texts = () => read().parts.map((part) => (part.type === "tool" ? "" : part.text));
const outcomeIs = (outcome: string) => vi.waitUntil(() => read().outcome === outcome, { interval: 5 });

it("the hook of examples/react keeps the last reply until the next one begins", async () => {
  const { mount, web, server } = await setting();
  await using _web = web;
  await using _server = server;
  const first = mount({ resume: false });
  first.send({ question: "Count." });
  await outcomeIs("complete");
  expect(statuses[0]).toBe("submitted");
  first.send({ question: "" });
  await outcomeIs("failed");
  expect([texts(), read().error?.message, read().status]).toEqual([["One two."], "There is no question.", "ready"]);
  first.send({ question: "On." });
  await vi.waitUntil(() => texts()[0] === "Three", { interval: 5 });
  first.stop();
  await outcomeIs("aborted");
  // A page that is loaded again.
  statuses = [];
  mount();
  await outcomeIs("aborted");
  expect([texts(), read().error, statuses.includes("submitted")]).toEqual([["Three"], null, false]);
});
