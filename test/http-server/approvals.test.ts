import { lastAssistantMessageIsCompleteWithApprovalResponses as isAnswered } from "ai";
import { describe, expect, it, vi } from "vitest";
import { agent, approve, call, type CommonMessage, tool } from "../../src/index.ts";
import { fromUIMessages, readChat, resumeResponse, toUIMessages, uiMessageResponse } from "../../src/neutral-http.ts";
import { keep, memoryLog } from "../../src/neutral-resume.ts";
import { client } from "../../src/providers/anthropic/index.ts";
import * as openai from "../../src/providers/openai/index.ts";
import { fakeAnthropic, fakeOpenAI, reply, toolUse } from "../../src/testing/index.ts";
import { expectHandledRejections } from "../contract/reading.ts";
import { mortal } from "../resume/mortal-log.ts";
import { Chat, serveWeb } from "./chat.ts";
import { approvalsOf, type Ending } from "../../src/http-server/feed.ts";
import { endEvent } from "../../src/http-server/wire.ts";
import { shownBy } from "../../src/http-server/response-options.ts";
import { UIEncoder } from "../../src/http-server/ui-message/ui-encoder.ts";
import type { UIVersion } from "../../src/http-server/ui-message/ui-version.ts";

expectHandledRejections();

const approval = { id: "x", toolCallId: "t1", name: "pay", args: { dollars: 7 } };
const ending: Ending = {
  outcome: "complete",
  error: null,
  isStopped: false,
  finishReasons: ["tool_use"],
  commonFinishReasons: ["tool_calls"],
  usage: null,
  cost: null,
  model: null,
  stopReason: "approval",
  approvals: approvalsOf({ approvals: [approval, { id: 7 }] }),
};
const shown = shownBy({});
const endOf = (version: UIVersion | undefined) => {
  const encoding = {
    messageId: "m",
    run: null,
    version,
    earlier: null,
    isNew: false,
    isReplay: false,
    shown,
    conversation: () => [],
    metadataOf: () => ({}),
  };
  return new UIEncoder(encoding).end(ending).map(({ type }) => type);
};

it("a run that waits for approval asks for it: in our own events, and in those of the AI SDK but for version 5", () => {
  expect(endEvent(ending, shown)).toMatchObject({ stopReason: "approval", approvals: [approval] });
  expect(endOf(undefined)).toEqual(["tool-approval-request", "message-metadata", "finish"]);
  expect(endOf(5)).toEqual(["message-metadata", "finish"]);
});

interface Late {
  readonly first: boolean;
  readonly isDenied?: boolean;
  readonly gives: () => unknown;
  readonly shown: object;
}

const answers: readonly Late[] = [
  { first: true, gives: () => "Paid.", shown: { state: "output-available", output: "Paid." } },
  { first: true, gives: () => ({ dollars: 7 }), shown: { state: "output-available", output: { dollars: 7 } } },
  {
    first: true,
    gives: () => {
      throw new Error("db.internal is down");
    },
    shown: { state: "output-error", errorText: "The tool failed." },
  },
  { first: false, gives: () => "Paid.", shown: { state: "output-denied" } },
  { first: false, isDenied: true, gives: () => "Paid.", shown: { state: "output-denied" } },
];

it.each(answers)("a page that answers late gets what has become of the call, once: %o", async (answer: Late) => {
  const { first, gives, shown, isDenied = false } = answer;
  const ran = vi.fn(gives);
  const pay = tool({ name: "pay", needsApproval: true, call: ran });
  await using server = await fakeAnthropic({ replies: [reply(toolUse("pay", {}, { id: "t1" })), "Done."] });
  const options = { stream: true, tools: [pay], client: client({ apiKey: "k", baseURL: server.url }) } as const;
  const work = agent(call("anthropic/claude-sonnet-5-5", options, (messages: readonly CommonMessage[]) => messages));
  const log = memoryLog();
  const chats = new Map<string, readonly CommonMessage[]>();
  await using web = await serveWeb(async (request) => {
    const chat = await readChat(request);
    if (chat instanceof Response || web.requests.length > 6) return new Response("Too much.", { status: 429 });
    const { id, messages, originalMessages } = chat;
    const run = keep(work([...(chats.get(id) ?? []), ...messages.slice(-1)]), { log, id, replace: true });
    const onEnd = () => chats.set(id, run.commonHistory());
    return uiMessageResponse(run, { originalMessages, version: 6, onEnd });
  });
  const settings = { id: "chat", sendAutomaticallyWhen: isAnswered };
  const tab = new Chat(web.url, settings);
  await tab.sendMessage({ text: "Pay." });
  const other = new Chat(web.url, { ...settings, messages: structuredClone(tab.messages) });
  await tab.addToolApprovalResponse({ id: "t1", approved: first });
  await vi.waitFor(() =>
    expect([tab.status, tab.lastMessage?.parts.at(-1)]).toMatchObject(["ready", { text: "Done." }]),
  );
  await vi.waitFor(() => expect(JSON.stringify(chats.get("chat"))).toContain("Done."));
  const before = web.requests.length;
  await other.addToolApprovalResponse({ id: "t1", approved: !isDenied });
  await vi.waitFor(() => expect(other.parts.at(-1)).toMatchObject(shown));
  await vi.waitFor(() => expect(other.status).toBe("ready"));
  // What it would send next goes out before this is read.
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(web.requests.length - before).toBe(1);
  expect(ran).toHaveBeenCalledTimes(first ? 1 : 0);
});

const subjects = [
  ["anthropic", fakeAnthropic, (url: string) => client({ apiKey: "k", baseURL: url }), "anthropic/claude-sonnet-5-5"],
  ["openai", fakeOpenAI, (url: string) => openai.client({ apiKey: "k", baseURL: `${url}/v1` }), "openai/gpt-6.2-sol"],
] as const;

describe.each(subjects)("a call that a person has denied (%s)", (_, serve, clientOf, model) => {
  it.each([
    [undefined, false],
    [5, "Not that one."],
    [6, false],
    [6, "Not that one."],
  ] as const)("is told alike live and after a reload: version %s, answer %s", async (version, answer) => {
    await using server = await serve({ replies: [reply(toolUse("pay", {}, { id: "t1" })), "All right."] });
    const pay = tool({ name: "pay", needsApproval: true, call: () => "Paid." });
    const options = { stream: true, tools: [pay], client: clientOf(server.url) as never } as const;
    const work = agent(call(model, options, (messages: readonly CommonMessage[]) => messages));
    const first = work([{ role: "user", content: "Pay." }]);
    await first.finish();
    const [asked] = first.approvals;
    const id = asked?.id ?? "";
    const originalMessages = toUIMessages(first.commonHistory(), { run: "r1", version });
    const run = work(approve(first.commonHistory(), { [id]: answer }));
    const sent = await (await uiMessageResponse(run, { version, originalMessages })).text();
    const live = sent
      .split("\n")
      .filter((line) => line.includes('"tool-'))
      .map((line): unknown => JSON.parse(line.slice("data: ".length)));
    const words = { errorText: "The tool was not allowed to run." };
    const isNamed = version === 6;
    expect(live).toEqual([
      isNamed
        ? { type: "tool-output-denied", toolCallId: id }
        : { type: "tool-output-error", toolCallId: id, ...words },
    ]);
    const stored = JSON.parse(JSON.stringify(run.commonHistory())) as CommonMessage[];
    const parts = toUIMessages(stored, { version }).flatMap((message) => message.parts);
    const own = { type: "tool-pay", toolCallId: id, input: {} };
    expect(parts.find((part) => "toolCallId" in part)).toEqual(
      isNamed
        ? { ...own, state: "output-denied", approval: { id, approved: false } }
        : { ...own, state: "output-error", ...words },
    );
    // The model is told why.
    const result = JSON.stringify(stored.flatMap(({ content }) => (typeof content === "string" ? [] : content)));
    expect(result).toContain(`The user did not allow this tool to run${answer === false ? "." : `: ${answer}`}`);
  });
});

describe.each(subjects)("a call whose outcome is not known (%s)", (_, serve, clientOf, model) => {
  it("is told alike live, elsewhere, after a reload, and when the page sends it back", async () => {
    await using server = await serve({ replies: [reply(toolUse("pay", {}, { id: "t1" })), "I cannot tell."] });
    const ran = vi.fn(() => new Promise<never>(() => {}));
    const pay = tool({ name: "pay", call: ran });
    const options = { stream: true, tools: [pay], client: clientOf(server.url) as never } as const;
    const work = agent(call(model, options, () => "Pay."));
    const log = memoryLog();
    const producer = mortal(log);
    const kept = keep(work(), { log: producer.log, id: "chat", lease: 100 });
    await vi.waitFor(() => expect(ran).toHaveBeenCalled());
    producer.die();
    let stored: readonly CommonMessage[] = [];
    const onEnd = (run: ReturnType<typeof work>) => void (stored = run.commonHistory());
    const get = (as: "ui" | "events") =>
      resumeResponse(log, "chat", new Request("http://localhost"), { of: work, as, continue: () => work(), onEnd });
    const words = "The outcome of the tool is not known.";
    const texts = await Promise.all(
      (["ui", "events", "ui", "events"] as const).map(async (as) => (await get(as)).text()),
    );
    texts.push(await (await get("ui")).text(), await (await get("events")).text());
    for (const text of texts) expect([text.includes(words), text.includes("The tool failed.")]).toEqual([true, false]);
    expect(ran).toHaveBeenCalledTimes(1);
    // The model is told more.
    const { body } = server.requests.at(-1) ?? {};
    expect(JSON.stringify(body)).toContain("the server was lost while the tool may have been running");
    const shownIn = (messages: readonly CommonMessage[]): unknown =>
      toUIMessages(messages).flatMap(({ parts }) => parts.filter((part) => "toolCallId" in part));
    const shownPart = [
      { type: "tool-pay", toolCallId: expect.anything(), input: {}, state: "output-error", errorText: words },
    ];
    expect(shownIn(JSON.parse(JSON.stringify(stored)) as CommonMessage[])).toEqual(shownPart);
    expect(shownIn(fromUIMessages(toUIMessages(stored)))).toEqual(shownPart);
    kept.abort();
  });
});
