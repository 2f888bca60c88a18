import { describe, expect, it } from "vitest";
import { readUIMessageStream, type UIMessage, type UIMessageChunk } from "ai";
import * as z from "zod";
import { agent, tool } from "../../src/index.ts";
import { type UIResponseOptions, uiMessageResponse } from "../../src/neutral-http.ts";
import { keep, type Keepable, memoryLog } from "../../src/neutral-resume.ts";
import { call, client } from "../../src/providers/anthropic/index.ts";
import { call as openAICall, client as openAIClient } from "../../src/providers/openai/index.ts";
import {
  apiError,
  errorEvent,
  type FakeAnthropic,
  fakeAnthropic,
  fakeOpenAI,
  pause,
  redactedThinking,
  reply,
  type Script,
  text,
  thinking,
  toolUse,
} from "../../src/testing/index.ts";
import { expectHandledRejections } from "../contract/reading.ts";
import { Chat, serveWeb } from "./chat.ts";
import { eventsIn } from "./sse.ts";

expectHandledRejections();

const TEXT = "A book about the sea, and another.";
const lookUp = tool({
  name: "look_up",
  description: "Looks a book up.",
  input: z.object({ title: z.string() }),
  call({ title }) {
    if (title === "none") throw new Error(`No ${title} at db.internal:5432`);
    return { title, shelf: 7 };
  },
});

const options = (server: FakeAnthropic) => ({
  stream: true as const,
  retry: false as const,
  client: client({ apiKey: "sk-secret", baseURL: server.url }),
});
const ask = (server: FakeAnthropic) => call("claude-sonnet-5-5", options(server), (genre: string) => genre)("sea");
const find = (server: FakeAnthropic) =>
  agent(
    call(
      "claude-sonnet-5-5",
      { ...options(server), stream: { partialTools: true }, tools: [lookUp] },
      (q: string) => q,
    ),
  )("Where?");

/** What a chat has come to that was answered by a stream. */
async function chatOf(
  replies: Script | readonly Script[],
  streamOf: (server: FakeAnthropic) => Keepable = ask,
  responseOptions: UIResponseOptions = {},
): Promise<Chat> {
  await using server = await fakeAnthropic({ replies });
  await using web = await serveWeb(() => uiMessageResponse(streamOf(server), responseOptions));
  const chat = new Chat(web.url);
  await chat.sendMessage({ text: "Recommend a book." });
  return chat;
}

const millrace = (chat: Chat): Readonly<Record<string, unknown>> =>
  (chat.lastMessage!.metadata as { millrace: Record<string, unknown> }).millrace;

describe("uiMessageResponse", () => {
  it("shows text and thinking, and how they came about", async () => {
    const chat = await chatOf(reply(thinking("Hm.", { signature: "c2ln" }), TEXT));
    expect([chat.status, chat.error]).toEqual(["ready", undefined]);
    expect(chat.parts).toEqual([
      { type: "step-start" },
      {
        type: "reasoning",
        id: "0",
        text: "Hm.",
        state: "done",
        providerMetadata: { anthropic: { signature: "c2ln" } },
      },
      { type: "text", text: TEXT, state: "done" },
    ]);
    expect(millrace(chat)).toEqual({ run: null, outcome: "complete" });
  });

  it("shows thinking that comes without its text, and several blocks of it", async () => {
    const blocks = [
      thinking("One.", { signature: "b25l" }),
      thinking("", { signature: "dHdv" }),
      redactedThinking("ZGF0YQ"),
    ];
    const chat = await chatOf(reply(...blocks, TEXT));
    const signs = chat.parts.flatMap((part) => (part.type === "reasoning" ? [[part.text, part.providerMetadata]] : []));
    expect(signs).toEqual([
      ["One.", { anthropic: { signature: "b25l" } }],
      ["", { anthropic: { signature: "dHdv" } }],
      ["", { anthropic: { redactedData: "ZGF0YQ" } }],
    ]);
  });

  it("shows tools, their results, and a step for each turn", async () => {
    const call1 = toolUse("look_up", { title: "Mistborn" }, { id: "t1", fragments: 3 });
    const calls = [toolUse("look_up", { title: "none" }, { id: "t2" }), toolUse("burn", { all: true }, { id: "t3" })];
    const chat = await chatOf([reply("Let me see.", call1), reply(...calls), "On shelf 7."], find);
    expect(chat.parts).toEqual([
      { type: "step-start" },
      { type: "text", text: "Let me see.", state: "done" },
      {
        type: "tool-look_up",
        toolCallId: "t1",
        state: "output-available",
        input: { title: "Mistborn" },
        output: { title: "Mistborn", shelf: 7 },
      },
      { type: "step-start" },
      {
        type: "tool-look_up",
        toolCallId: "t2",
        state: "output-error",
        input: { title: "none" },
        errorText: "The tool failed.",
      },
      expect.objectContaining({ type: "dynamic-tool", toolName: "burn", state: "output-error" }),
      { type: "step-start" },
      { type: "text", text: "On shelf 7.", state: "done" },
    ]);
    expect([chat.status, millrace(chat)["stopReason"]]).toEqual(["ready", "answer"]);
  });

  it("shows the input of a tool while it streams", async () => {
    await using server = await fakeAnthropic({
      replies: [reply(toolUse("look_up", { title: "Mistborn" }, { fragments: 6 }), { pace: 20 }), "Here."],
    });
    const { events } = await eventsIn(await uiMessageResponse(find(server)));
    const types = events.map(({ data }) => data["type"]);
    expect(types.filter((type) => type === "tool-input-delta").length).toBeGreaterThan(2);
    const stream = new ReadableStream<UIMessageChunk>({
      start(controller) {
        for (const { data } of events) controller.enqueue(data as unknown as UIMessageChunk);
        controller.close();
      },
    });
    const inputs: unknown[] = [];
    for await (const { parts } of readUIMessageStream({ stream })) {
      const part = parts.find(({ type }) => type === "tool-look_up") as { state?: string; input?: unknown } | undefined;
      if (part?.state === "input-streaming") inputs.push(part.input);
    }
    expect(inputs).toContainEqual({ title: expect.stringMatching(/^Mis?/) });
  });

  it("is an HTTP status before content, an error after it, and says nothing of the server", async () => {
    const before = await chatOf(apiError(429, "rate_limit_error", "sk-secret"));
    expect([before.status, before.error?.message]).toEqual([
      "error",
      "The model is busy at the moment. Try again in a little while.",
    ]);
    const after = await chatOf(reply(TEXT, errorEvent("api_error", "sk-secret")));
    expect([after.status, after.error?.message]).toEqual(["error", "The model could not answer."]);
    expect(after.parts.at(-1)).toEqual({ type: "text", text: TEXT, state: "done" });
    expect(millrace(after)).toMatchObject({ outcome: "failed", error: { code: "api_error" } });
  });

  it("is an error where the reply was cut, also within the input of a tool", async () => {
    const cut = await chatOf(reply(TEXT, { disconnectAfter: 6 }));
    expect([cut.status, cut.error?.message]).toEqual(["error", "The reply was cut off."]);
    expect(cut.parts.at(-1)).toMatchObject({ text: "A book about", state: "done" });
    expect(millrace(cut)["outcome"]).toBe("truncated");
    const inTool = reply(toolUse("look_up", { title: "Mistborn" }, { fragments: 6 }), { disconnectAfter: 5 });
    const chat = await chatOf(inTool, find, { errorText: (error) => `Oh: ${(error as { code: string }).code}` });
    expect([chat.status, chat.error?.message]).toEqual(["error", "Oh: stream_truncated"]);
    expect(chat.parts.at(-1)).toMatchObject({ state: "output-error", errorText: "Oh: tool_input" });
  });

  it("is no error where it was stopped", async () => {
    await using server = await fakeAnthropic({ replies: reply(TEXT, pause(5_000), " More.") });
    const kept = keep(ask(server), { log: memoryLog(), id: "chat", run: "r" });
    await using web = await serveWeb(() => uiMessageResponse(kept));
    const chat = new Chat(web.url);
    const sent = chat.sendMessage({ text: "Recommend a book." });
    await expect.poll(() => JSON.stringify(chat.parts)).toContain("another.");
    kept.abort();
    await sent;
    expect([chat.status, chat.lastMessage?.id]).toEqual(["ready", "r"]);
    expect(chat.parts.at(-1)).toEqual({ type: "text", text: TEXT, state: "done" });
    expect(millrace(chat)).toMatchObject({ run: "r", outcome: "aborted", error: { code: "stream_aborted" } });
  });

  it("shows a restart as an error; to version 7 it takes back what was shown", async () => {
    const replies = [reply("A bo", { disconnectAfter: 4 }), TEXT];
    const again = (server: FakeAnthropic) =>
      call(
        "claude-sonnet-5-5",
        { ...options(server), retry: { delay: 1 }, onInterrupt: "restart" },
        (genre: string) => genre,
      )("sea");
    const chat = await chatOf(replies, again);
    expect([chat.status, chat.error?.message]).toEqual(["error", "The reply was cut off."]);
    await using server = await fakeAnthropic({ replies });
    const { events } = await eventsIn(await uiMessageResponse(again(server), { version: 7 }));
    const types = events.map(({ data }) => data["type"]);
    const at = types.indexOf("reset-step");
    expect(types.slice(0, at + 3)).toEqual([
      "start",
      "start-step",
      "text-start",
      "text-delta",
      "text-end",
      "reset-step",
      "text-start",
      "text-delta",
    ]);
    expect(
      events
        .slice(at)
        .map(({ data }) => data["delta"] ?? "")
        .join(""),
    ).toBe(TEXT);
    expect(types.at(-1)).toBe("finish");
  });

  it("sends together what comes together", async () => {
    const words = Array.from({ length: 1_000 }, (_, index) => ` word${index}`);
    await using server = await fakeAnthropic({ replies: reply(text(words), { chunkBytes: 2_000, pace: 1 }) });
    const { events } = await eventsIn(await uiMessageResponse(ask(server)));
    const deltas = events.flatMap(({ data }) => (data["type"] === "text-delta" ? [String(data["delta"])] : []));
    expect(deltas.join("")).toBe(words.join(""));
    expect(deltas.length).toBeLessThan(100);
    expect(Math.max(...deltas.map(({ length }) => length))).toBeLessThan(9_000);
  });

  it("survives hostile content", async () => {
    const input = JSON.parse(
      '{"title":"a\\r\\n\\r\\ndata: x","__proto__":{"x":1},"constructor":{"prototype":{}}}',
    ) as object;
    const hostile = text(["a\r\ndata: [DONE]\n\n", "\u2028", "\ud83d", "\ude00", "</script>"]);
    const chat = await chatOf([reply(hostile, toolUse("look_up", input as never, { id: "__proto__" })), "Done."], find);
    expect([chat.status, chat.error]).toEqual(["ready", undefined]);
    expect(chat.parts[1]).toMatchObject({ text: "a\r\ndata: [DONE]\n\n\u2028\u{1f600}</script>" });
    expect(chat.parts[2]).toMatchObject({ toolCallId: "__proto__", input: { title: "a\r\n\r\ndata: x" } });
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  it("goes on with the last message of the assistant", async () => {
    const messages: UIMessage[] = [{ id: "m1", role: "assistant", parts: [] }];
    const chat = await chatOf(TEXT, ask, { originalMessages: messages });
    expect(chat.lastMessage?.id).toBe("m1");
  });

  it("shows reasoning of OpenAI with what it takes back", async () => {
    await using server = await fakeOpenAI({ replies: reply(thinking("Hm."), TEXT) });
    const think = openAICall(
      "gpt-6-luna",
      {
        stream: true,
        client: openAIClient({ apiKey: "k", baseURL: server.url }),
        callParams: { store: false, include: ["reasoning.encrypted_content"], reasoning: { summary: "auto" } },
      },
      (question: string) => question,
    );
    await using web = await serveWeb(() => uiMessageResponse(think("Why?")));
    const chat = new Chat(web.url);
    await chat.sendMessage({ text: "Why?" });
    expect(chat.parts).toEqual([
      { type: "step-start" },
      {
        type: "reasoning",
        id: "0",
        text: "Hm.",
        state: "done",
        providerMetadata: {
          openai: { itemId: expect.stringMatching(/^rs_/), reasoningEncryptedContent: expect.any(String) },
        },
      },
      { type: "text", text: TEXT, state: "done" },
    ]);
  });
});
