import { describe, expect, it } from "vitest";
import * as z from "zod";
import { agent, call, type CommonMessage, tool, type ToolOutput } from "../../src/index.ts";
import { anthropicSubject } from "./anthropic-subject.ts";
import { openAIChatSubject } from "./openai-chat-subject.ts";
import { openAISubject } from "./openai-subject.ts";
import type { Beat, Script, Subject } from "./subject.ts";

/** The providers, by the prefixes of their ids. Their servers refuse what they would refuse. */
const providers = {
  anthropic: anthropicSubject as unknown as Subject,
  openai: openAISubject as unknown as Subject,
  vllm: openAIChatSubject as unknown as Subject,
} as const;
type Prefix = keyof typeof providers;
const prefixes = Object.keys(providers) as Prefix[];
const pairs = prefixes.flatMap((from) => prefixes.filter((to) => to !== from).map((to) => [from, to] as const));

const idOf = (prefix: Prefix): `${Prefix}/${string}` => `${prefix}/${providers[prefix].models[0]}`;
const lookUp = tool({
  name: "look_up",
  input: z.object({ title: z.string() }),
  call: ({ title }) => `${title}: 2006`,
});
const tools = [lookUp] as const;

const text = (words: string): Script => ({ beats: [{ text: words }, { finish: "stop" }] });
const asking: Script = {
  beats: [
    ...([{ thinking: "Let me see." }] satisfies Beat[]),
    { text: "I look it up." },
    { tool: "look_up", input: '{"title":"Mistborn"}' },
    { finish: "tool_calls" },
  ],
};

/** Plays these scripts, one for each request. */
const inTurn =
  (...scripts: readonly Script[]) =>
  ({ index }: { readonly index: number }): Script =>
    scripts[Math.min(index, scripts.length - 1)] ?? text("");

describe("from one provider to another", () => {
  it.each(pairs)("%s to %s: a conversation with tools goes on", async (from, to) => {
    await using first = await providers[from].serve(inTurn(asking));
    await using second = await providers[to].serve(inTurn(text("It is from 2006.")));
    const chat = call(idOf(from) as string, { stream: true, tools }, (messages: readonly CommonMessage[]) => messages);
    const asked = chat.with({ client: providers[from].client(first.url) as object })([
      { role: "system", content: "You know books." },
      { role: "user", content: "How old is Mistborn?" },
    ]);
    const outputs: ToolOutput[] = [];
    for await (const [, toolCall] of asked) if (toolCall) outputs.push([toolCall, await toolCall.call()]);
    expect(outputs).toHaveLength(1);
    const history = asked.commonHistory(outputs);
    // It is plain data.
    const kept = JSON.parse(JSON.stringify(history)) as typeof history;
    const answer = chat.with({ model: idOf(to) as string, client: providers[to].client(second.url) as object })([
      ...kept,
      { role: "user", content: "Well?" },
    ]);
    expect((await answer.response()).content).toBe("It is from 2006.");
    const sent = JSON.stringify(second.requests[0]?.body);
    for (const words of ["How old is Mistborn?", "I look it up.", "look_up", "Mistborn: 2006", "Well?"]) {
      expect(sent).toContain(words);
    }
    expect(sent).not.toContain("Let me see.");
  });

  it("six turns through all of them, each of which gets its own items back", async () => {
    const order = ["anthropic", "openai", "vllm", "anthropic", "openai", "vllm"] as const;
    const servers = await Promise.all(prefixes.map((prefix) => providers[prefix].serve(inTurn(asking))));
    let history: readonly CommonMessage[] = [];
    for (const [turn, prefix] of order.entries()) {
      const server = servers[prefixes.indexOf(prefix)];
      if (server === undefined) throw new Error("There is no such server.");
      const client = providers[prefix].client(server.url) as object;
      const ask = call(idOf(prefix) as string, { stream: true, tools, client }, (all: readonly CommonMessage[]) => all);
      const stream = ask([...history, { role: "user", content: `Turn ${turn}?` }]);
      const outputs: ToolOutput[] = [];
      for await (const [, toolCall] of stream) if (toolCall) outputs.push([toolCall, await toolCall.call()]);
      history = stream.commonHistory(outputs);
      expect(stream.outcome).toBe("complete");
    }
    expect(history.filter(({ role }) => role === "assistant")).toHaveLength(6);
    // In its second request a provider finds its first reply, with the thinking.
    expect(JSON.stringify(servers[0]?.requests[1]?.body)).toContain("Let me see.");
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
  });

  it.each(pairs)("%s to %s: a fallback is asked, without what is not its own", async (from, to) => {
    await using broken = await providers[from].serve(() => ({ status: 400, message: "No." }));
    await using other = await providers[to].serve(inTurn(text("Here I am.")));
    const ask = call(
      idOf(from) as string,
      {
        stream: true,
        params: { maxTokens: 100, ...(from === "vllm" && { seed: 4 }) },
        callParams: { metadata: {} },
        client: providers[from].client(broken.url) as object,
        fallback: [{ model: idOf(to) as string, client: providers[to].client(other.url) as object, when: () => true }],
      },
      () => "Hello?",
    );
    const stream = ask();
    expect((await stream.response()).content).toBe("Here I am.");
    expect(stream.provider).toBe(providers[to].name);
    const [failed, served] = stream.attempts;
    expect(failed).toMatchObject({ provider: providers[from].name, outcome: "failed", leftOut: [] });
    expect(served).toMatchObject({ provider: providers[to].name, outcome: "complete" });
    const lacking = from === "vllm" ? ["params.seed"] : [];
    expect(served?.leftOut).toEqual([...lacking, "callParams", "client"]);
    expect(stream.messageParam).not.toBeNull();
    expect(stream.commonHistory().at(-1)?.content).toMatchObject([{ type: "text", text: "Here I am." }]);
  });

  it.each(pairs)("%s to %s: an agent goes on where it was", async (from, to) => {
    await using first = await providers[from].serve(inTurn(asking, { status: 400, message: "No." }));
    await using second = await providers[to].serve(inTurn(text("2006.")));
    const ask = call(
      idOf(from) as string,
      {
        stream: true,
        tools,
        client: providers[from].client(first.url) as object,
        fallback: [{ model: idOf(to) as string, client: providers[to].client(second.url) as object, when: () => true }],
      },
      () => "How old is Mistborn?",
    );
    const run = agent(ask)();
    const last = await run.finish();
    expect(last.stream.content).toBe("2006.");
    expect(last.stream.provider).toBe(providers[to].name);
    const sent = JSON.stringify(second.requests[0]?.body);
    for (const words of ["How old is Mistborn?", "look_up", "Mistborn: 2006"]) expect(sent).toContain(words);
    expect(run.turns).toHaveLength(2);
  });

  it("restarts with another provider after an interruption, and never continues with one", async () => {
    const cut: Script = { beats: [{ text: "It was a d" }, { end: "reset" }] };
    await using first = await providers.anthropic.serve(inTurn(cut));
    await using second = await providers.openai.serve(inTurn(text("It was a dark night.")));
    const options = {
      stream: true,
      retry: { attempts: 1 },
      client: providers.anthropic.client(first.url) as object,
      fallback: [{ model: idOf("openai") as string, client: providers.openai.client(second.url) as object }],
    } as const;
    const write = call(idOf("anthropic") as string, options, () => "Write.");
    const restarted = write.with({ onInterrupt: "restart" })();
    const recoveries: unknown[] = [];
    for await (const [chunk] of restarted) if (chunk.recovery) recoveries.push([chunk.provider, chunk.recovery.type]);
    expect(recoveries).toEqual([["openai", "restart"]]);
    expect(restarted.content).toBe("It was a dark night.");
    const continued = write.with({ onInterrupt: "continue" })();
    await expect(continued.response()).rejects.toMatchObject({ code: "stream_truncated" });
    expect(continued.content).toBe("It was a d");
  });
});
