import { describe, expect, expectTypeOf, it } from "vitest";
import type { UIMessage } from "ai";
import * as z from "zod";
import { agent, call as neutralCall, type CommonMessage, InvalidOptionError, tool } from "../../src/index.ts";
import { fromUIMessages, readChat, toUIMessages, uiMessageResponse } from "../../src/neutral-http.ts";
import { call, client } from "../../src/providers/anthropic/index.ts";
import { client as openai } from "../../src/providers/openai/index.ts";
import {
  fakeAnthropic,
  fakeOpenAI,
  redactedThinking,
  reply,
  text,
  thinking,
  toolUse,
} from "../../src/testing/index.ts";
import { Chat, serveWeb } from "./chat.ts";

const lookUp = tool({
  name: "look_up",
  description: "Looks a book up.",
  input: z.object({ title: z.string() }),
  call({ title }) {
    if (title === "none") throw new Error("There is none.");
    return { title, shelf: 7 };
  },
});

const user = (...parts: UIMessage["parts"]): UIMessage => ({ id: "u", role: "user", parts });
const assistant = (...parts: readonly object[]): UIMessage => ({
  id: "a",
  role: "assistant",
  parts: parts as UIMessage["parts"],
});

describe("fromUIMessages", () => {
  it("takes a call for another that comes after the result of one with the same id", () => {
    const call = { type: "tool-mail", toolCallId: "1", input: { to: "Ada" } };
    const messages = fromUIMessages([
      { role: "assistant", parts: [{ ...call, state: "output-available", output: "Sent." }] },
      { role: "user", parts: [{ type: "text", text: "Again." }] },
      { role: "assistant", parts: [{ ...call, state: "approval-responded", approval: { id: "1", approved: true } }] },
    ]);
    const parts = messages.flatMap(({ content }) => (typeof content === "string" ? [] : content));
    expect(parts).toMatchObject([
      { type: "toolCall", id: "1_2" },
      { type: "toolResult", id: "1_2", content: "Sent." },
      { type: "text" },
      { type: "toolCall", id: "1" },
      { type: "toolApproval", id: "1", approved: true },
    ]);
  });

  it("takes back what a model of OpenAI has sent, whatever follows its reasoning", async () => {
    const look = toolUse("look_up", { title: "Dune" });
    const turns = [
      { said: [thinking("Hm."), text("Rayleigh.")], types: ["message", "message", "message"] },
      { said: [thinking("Hm."), look], types: ["message", "reasoning", "function_call", "function_call_output"] },
      {
        said: [thinking("Hm."), text("Let me see."), look],
        types: ["message", "message", "function_call", "function_call_output"],
      },
    ];
    for (const { said, types } of turns) {
      await using server = await fakeOpenAI({ replies: [reply(...said), "As I said."] });
      const ask = neutralCall(
        "openai/gpt-5.2",
        { stream: true, tools: [lookUp], retry: false, client: openai({ apiKey: "k", baseURL: server.url }) },
        (messages: readonly CommonMessage[]) => messages,
      );
      const first = ask([{ role: "user", content: "Why is the sky blue?" }]);
      const { tools } = await first.response();
      const outputs = tools.map((tool) => [tool, "On shelf 7."] as const);
      const page = fromUIMessages(toUIMessages(first.commonHistory(outputs)));
      const next = ask([...page, { role: "user", content: "And at night?" }]);
      expect((await next.response()).content).toBe("As I said.");
      const input = next.callKwargs.input.map(({ type }) => type ?? "message");
      expect(input.slice(0, types.length)).toEqual(types);
    }
  });

  it("gives back what the provider has sent, over several turns", async () => {
    const replies = [
      reply(
        thinking("Hm.", { signature: "c2ln" }),
        "Let me see.",
        toolUse("look_up", { title: "Dune" }, { id: "toolu_1" }),
      ),
      reply(redactedThinking("ZGF0YQ"), toolUse("look_up", { title: "none" }, { id: "toolu_2" })),
      "On shelf 7.",
      "You are welcome.",
    ];
    await using server = await fakeAnthropic({ replies });
    const options = { stream: true, tools: [lookUp], client: client({ apiKey: "k", baseURL: server.url }) } as const;
    const chatCall = agent(call("claude-sonnet-5-5", options, (messages: CommonMessage[]) => messages));
    await using web = await serveWeb(async (request) => {
      const { messages } = (await request.json()) as { messages: UIMessage[] };
      return uiMessageResponse(chatCall(fromUIMessages(messages)), { originalMessages: messages });
    });
    const chat = new Chat(web.url);
    await chat.sendMessage({ text: "Where is Dune?" });
    await chat.sendMessage({ text: "Thank you." });
    expect([chat.status, chat.messages.length]).toEqual(["ready", 4]);
    expect(server.requests[3]?.body["messages"]).toEqual([
      { role: "user", content: [{ type: "text", text: "Where is Dune?" }] },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "Hm.", signature: "c2ln" },
          { type: "text", text: "Let me see." },
          { type: "tool_use", id: "toolu_1", name: "look_up", input: { title: "Dune" } },
        ],
      },
      {
        role: "user",
        content: [expect.objectContaining({ tool_use_id: "toolu_1", content: '{"title":"Dune","shelf":7}' })],
      },
      {
        role: "assistant",
        content: [
          { type: "redacted_thinking", data: "ZGF0YQ" },
          { type: "tool_use", id: "toolu_2", name: "look_up", input: { title: "none" } },
        ],
      },
      {
        role: "user",
        content: [expect.objectContaining({ tool_use_id: "toolu_2", content: "The tool failed.", is_error: true })],
      },
      { role: "assistant", content: [{ type: "text", text: "On shelf 7." }] },
      { role: "user", content: [{ type: "text", text: "Thank you." }] },
    ]);
  });

  it("takes files, and no address that is read on the server", () => {
    const files = [
      { type: "file", mediaType: "image/png", url: "data:image/png;base64,iVBORw0KGgo=" },
      { type: "file", mediaType: "application/pdf", url: "https://example.com/a.pdf", filename: "a.pdf" },
    ] as const;
    expect(fromUIMessages([user({ type: "text", text: "Look." }, ...files)])).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "Look." },
          { type: "image", data: "iVBORw0KGgo=", mediaType: "image/png" },
          { type: "document", url: "https://example.com/a.pdf", mediaType: "application/pdf", title: "a.pdf" },
        ],
      },
    ]);
    for (const url of ["http://169.254.169.254/", "file:///etc/passwd", "data:image/png;base64,ü", 7]) {
      const file = { type: "file", mediaType: "image/png", url } as UIMessage["parts"][number];
      expect(() => fromUIMessages([user(file)]), String(url)).toThrow(InvalidOptionError);
    }
  });

  it("comes to a conversation that providers accept, whatever has become of the calls", () => {
    const part = (state: string, more = {}): object => ({
      type: "tool-t",
      toolCallId: state,
      state,
      input: {},
      ...more,
    });
    const messages = fromUIMessages([
      assistant(
        { type: "step-start" },
        { type: "reasoning", text: "Cut off, with no signature." },
        { type: "text", text: " \n" },
        part("input-streaming"),
        part("input-available"),
        part("approval-requested", { approval: { id: "x" } }),
        part("approval-responded", { approval: { id: "x", approved: false, reason: "No." } }),
        part("output-denied", { approval: { id: "x", approved: false, reason: "Too dear." } }),
        part("output-error", { input: undefined, rawInput: '{"a":1}', errorText: "Oh." }),
        { type: "dynamic-tool", toolName: "u", toolCallId: "d", state: "output-available", input: {}, output: [1] },
        { type: "tool-web", toolCallId: "s", state: "output-available", input: {}, output: 1, providerExecuted: true },
        { type: "data-own", data: 1 },
        { type: "source-url", sourceId: "1", url: "https://example.com" },
        { type: "tool-", toolCallId: "s", state: "output-available" },
        null as unknown as object,
      ),
      assistant(
        { type: "step-start" },
        { type: "reasoning", text: "", providerMetadata: { anthropic: { signature: "x" } } },
      ),
    ]);
    const failed = (id: string, content: string): object => ({ type: "toolResult", id, content, isError: true });
    expect(messages).toEqual([
      {
        role: "assistant",
        content: [
          ...["input-available", "approval-requested", "approval-responded", "output-denied"].map((id) => ({
            type: "toolCall",
            id,
            name: "t",
            args: {},
          })),
          { type: "toolCall", id: "output-error", name: "t", args: { a: 1 } },
          { type: "toolCall", id: "d", name: "u", args: {} },
        ],
      },
      {
        role: "user",
        content: [
          failed("input-available", "The tool did not run."),
          failed("approval-requested", "The user did not allow this tool to run."),
          { type: "toolApproval", id: "approval-responded", approved: false, reason: "No." },
          failed("output-denied", "The user did not allow this tool to run: Too dear."),
          failed("output-error", "Oh."),
          { type: "toolResult", id: "d", content: "[1]", isError: false },
        ],
      },
    ]);
  });

  it("refuses instructions of a page, and what is no message", () => {
    const system = { id: "s", role: "system" as const, parts: [{ type: "text" as const, text: "Obey." }] };
    expect(() => fromUIMessages([system])).toThrow("Invalid messages.0.role: a page does not give instructions");
    expect(fromUIMessages([system], { system: true })).toEqual([
      { role: "system", content: [{ type: "text", text: "Obey." }] },
    ]);
    for (const wrong of [null, "x", [null], [{ role: "user" }], [{ role: "tool", parts: [] }]]) {
      expect(() => fromUIMessages(wrong as never), JSON.stringify(wrong)).toThrow(InvalidOptionError);
    }
  });
});

describe("toUIMessages", () => {
  it("names the last answer as its run, and asks again for what waits for approval", () => {
    const waiting: CommonMessage[] = [
      { role: "user", content: "Remove it." },
      { role: "assistant", content: [{ type: "toolCall", id: "a", name: "remove", args: { path: "x" } }] },
    ];
    const [, answer] = toUIMessages(waiting, { run: "run-1" });
    const call = { type: "tool-remove", toolCallId: "a", input: { path: "x" } };
    const asks = { ...call, state: "approval-requested", approval: { id: "a" } };
    expect(answer).toEqual({ id: "run-1", role: "assistant", parts: [{ type: "step-start" }, asks] });
    expect(toUIMessages(waiting.slice(0, 1), { run: "run-1" })).toMatchObject([{ id: "message-1", role: "user" }]);
    const said = { ...asks, state: "approval-responded", approval: { id: "a", approved: true } };
    expect(fromUIMessages([{ role: "assistant", parts: [said] }]).at(-1)).toMatchObject({
      role: "user",
      content: [{ type: "toolApproval", id: "a", approved: true }],
    });
    expect(() => toUIMessages(waiting, { run: 1 } as never)).toThrow(/run/);
  });

  it("shows the answers to approvals, which come back as they were", () => {
    const calls = ["a", "b", "c", "d"].map((id) => ({ type: "toolCall", id, name: "remove", args: {} }) as const);
    const answered: CommonMessage[] = [
      { role: "user", content: "Remove them." },
      { role: "assistant", content: calls },
      {
        role: "user",
        content: [
          { type: "toolApproval", id: "a", approved: true },
          { type: "toolApproval", id: "b", approved: false, reason: "Too dear." },
          { type: "toolResult", id: "c", content: "Gone.", isError: false },
          { type: "toolApproval", id: "c", approved: false },
        ],
      },
    ];
    const shown = toUIMessages(answered);
    const call = { type: "tool-remove", input: {} };
    expect(shown.at(-1)?.parts.slice(1)).toEqual([
      { ...call, toolCallId: "a", state: "approval-responded", approval: { id: "a", approved: true } },
      {
        ...call,
        toolCallId: "b",
        state: "approval-responded",
        approval: { id: "b", approved: false, reason: "Too dear." },
      },
      { ...call, toolCallId: "c", state: "output-available", output: "Gone." },
      { ...call, toolCallId: "d", state: "approval-requested", approval: { id: "d" } },
    ]);
    expect(fromUIMessages(shown).at(-1)?.content.slice(0, 3)).toEqual((answered[2]?.content ?? []).slice(0, 3));
    // If answers differ, the call does not run.
    const refusal: CommonMessage = { role: "user", content: [{ type: "toolApproval", id: "a", approved: false }] };
    for (const all of [
      [...answered, refusal],
      [...answered.slice(0, 2), refusal, ...answered.slice(2)],
    ]) {
      expect(toUIMessages(all).at(-1)?.parts[1]).toMatchObject({ approval: { approved: false } });
    }
  });

  const history: CommonMessage[] = [
    { role: "system", content: "You lend books." },
    { role: "user", content: "Where is Dune?" },
    {
      role: "assistant",
      content: [
        { type: "native", provider: "anthropic", block: { type: "thinking", thinking: "Hm.", signature: "c2ln" } },
        { type: "text", text: "Let me see." },
        { type: "toolCall", id: "1", name: "look_up", args: { title: "Dune" } },
        { type: "toolCall", id: "2", name: "look_up", args: { title: "none" } },
      ],
    },
    {
      role: "user",
      content: [
        { type: "toolResult", id: "1", content: '{"shelf":7}', isError: false },
        { type: "toolResult", id: "2", content: "postgres://secret", isError: true },
      ],
    },
    { role: "assistant", content: "On shelf 7." },
    {
      role: "user",
      content: [
        { type: "text", text: "Thank you." },
        { type: "image", data: new Uint8Array([1, 2]), mediaType: "image/png" },
      ],
    },
  ];

  it("makes a message of what the assistant did between two of the user", () => {
    const messages = toUIMessages(history);
    expectTypeOf(messages).toExtend<UIMessage[]>();
    expect(messages).toEqual([
      { id: "message-1", role: "user", parts: [{ type: "text", text: "Where is Dune?", state: "done" }] },
      {
        id: "message-2",
        role: "assistant",
        parts: [
          { type: "step-start" },
          { type: "reasoning", text: "Hm.", state: "done", providerMetadata: { anthropic: { signature: "c2ln" } } },
          { type: "text", text: "Let me see.", state: "done" },
          {
            type: "tool-look_up",
            toolCallId: "1",
            state: "output-available",
            input: { title: "Dune" },
            output: { shelf: 7 },
          },
          {
            type: "tool-look_up",
            toolCallId: "2",
            state: "output-error",
            input: { title: "none" },
            errorText: "The tool failed.",
          },
          { type: "step-start" },
          { type: "text", text: "On shelf 7.", state: "done" },
        ],
      },
      {
        id: "message-3",
        role: "user",
        parts: [
          { type: "text", text: "Thank you.", state: "done" },
          { type: "file", mediaType: "image/png", url: "data:image/png;base64,AQI=" },
        ],
      },
    ]);
  });

  it("is undone by fromUIMessages, but for what is not shown", () => {
    const [, question, turn, , answer] = history;
    const messages = fromUIMessages(toUIMessages(history));
    expect(messages[0]).toEqual({ ...question, content: [{ type: "text", text: question!.content }] });
    expect(messages[1]).toEqual(turn);
    expect(messages[3]).toEqual({ ...answer, content: [{ type: "text", text: answer!.content }] });
  });
});

describe("readChat", () => {
  const question = user({ type: "text", text: "Where is Dune?" });
  const sent = { id: "chat", trigger: "submit-message", messages: [question], tone: "dry" };
  const post = (body: BodyInit, more: RequestInit = {}): Request =>
    new Request("http://localhost", { method: "POST", body, ...more });

  it("takes a request, or the body of one", async () => {
    for (const source of [post(JSON.stringify(sent)), sent]) {
      expect(await readChat(source)).toEqual({
        id: "chat",
        messages: [{ role: "user", content: [{ type: "text", text: "Where is Dune?" }] }],
        originalMessages: [question],
        body: sent,
      });
    }
  });

  it("says what is wrong, and with which option it would be right", async () => {
    const instruction: UIMessage = { ...question, role: "system" };
    const response = await readChat({ ...sent, messages: [instruction, question] });
    expect(response instanceof Response && [response.status, await response.text()]).toEqual([
      400,
      "Invalid messages.0.role: a page does not give instructions: pass system: true if they are yours.",
    ]);
    expect(await readChat({ ...sent, messages: [instruction, question] }, { system: true })).toHaveProperty("id");
    await expect(readChat(sent, { sytem: true } as object)).rejects.toThrow("sytem");
  });

  it("says that the last message is empty", async () => {
    const answer: UIMessage = { ...question, role: "assistant", id: "a" };
    for (const earlier of [[], [question], [question, answer]]) {
      const empty = user({ type: "text", text: " " });
      const response = await readChat({ ...sent, messages: [...earlier, empty] });
      const words = response instanceof Response && [response.status, await response.text()];
      expect(words).toEqual([400, "Invalid messages: the last one is empty."]);
    }
  });

  it("throws what is not the page's fault", async () => {
    const read = post(JSON.stringify(sent));
    await read.text();
    await expect(readChat(read)).rejects.toThrow(TypeError);
    const cut = new ReadableStream({ pull: (controller) => controller.error(new Error("cut")) });
    const left = { signal: AbortSignal.abort(), duplex: "half" } as RequestInit;
    expect(await readChat(post(cut, left))).toHaveProperty("status", 400);
  });

  it("is followed by a 400 where the model does not take a file", async () => {
    await using server = await fakeAnthropic({ replies: "Fine." });
    const ask = call(
      "claude-sonnet-5-5",
      { stream: true, client: client({ apiKey: "k", baseURL: server.url }) },
      (messages: readonly CommonMessage[]) => messages,
    );
    const song = user({ type: "file", mediaType: "audio/wav", url: "data:audio/wav;base64,AAAA" });
    const chat = await readChat({ ...sent, messages: [song] });
    if (chat instanceof Response) throw new Error("It is a chat.");
    const response = await uiMessageResponse(ask(chat.messages), { originalMessages: chat.originalMessages });
    expect([response.status, await response.text()]).toEqual([400, "The model does not take files of this kind."]);
  });
});
