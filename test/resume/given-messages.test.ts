import { describe, expect, it } from "vitest";
import * as z from "zod";
import { agent, approve, call, type CommonMessage, tool } from "../../src/index.ts";
import { keep, memoryLog, read } from "../../src/neutral-resume.ts";
import { call as native, client, type MessageParam } from "../../src/providers/anthropic/index.ts";
import { client as openai } from "../../src/providers/openai/index.ts";
import { fakeAnthropic, fakeOpenAI, reply, toolUse } from "../../src/testing/index.ts";

const PNG = new Uint8Array([137, 80, 78, 71, 13, 10, 26, 10]);
const PROMPTS: Readonly<Record<string, readonly CommonMessage[]>> = {
  text: [{ role: "user", content: "Hi." }],
  image: [
    {
      role: "user",
      content: [
        { type: "image", data: PNG, mediaType: "image/png" },
        { type: "text", text: "What is it?" },
      ],
    },
  ],
  tools: [
    { role: "user", content: "Hi." },
    { role: "assistant", content: [{ type: "toolCall", id: "toolu_1", name: "t", args: {} }] },
    { role: "user", content: [{ type: "toolResult", id: "toolu_1", content: "r", isError: false }] },
  ],
  instructions: [
    { role: "system", content: "Be brief." },
    { role: "user", content: "Hi." },
  ],
};
const MORE = { role: "user", content: "More." } as const;

describe("messages given to read", () => {
  it.each(["anthropic", "openai"] as const)("may be neutral, for a call of %s", async (provider) => {
    await using anthropic = await fakeAnthropic({ replies: () => reply("Ok.") });
    await using other = await fakeOpenAI({ replies: () => reply("Ok.") });
    const options = { stream: true, retry: false } as const;
    const prompt = (messages: readonly CommonMessage[]): readonly CommonMessage[] => messages;
    const own = client({ apiKey: "k", baseURL: anthropic.url });
    const asks = {
      anthropic: call("anthropic/claude-sonnet-5-5", { ...options, client: own }, prompt),
      openai: call("openai/gpt-5.2", { ...options, client: openai({ apiKey: "k", baseURL: other.url }) }, prompt),
    };
    // One type for both, since they are used in the same way.
    const ask = asks[provider] as unknown as typeof asks.anthropic;
    for (const [name, messages] of Object.entries(PROMPTS)) {
      const log = memoryLog();
      const live = keep(ask(messages), { log, id: "c" });
      await live.response();
      await live.log.settled;
      const found = [await read(log, "c", { of: ask, messages }), await read(log, "c", { messages })];
      for (const again of found.filter((one) => one !== null)) {
        await again.response();
        expect([name, again.commonHistory()]).toEqual([name, live.commonHistory()]);
        expect(again.history().at(-1)).toEqual(live.history().at(-1));
        for (const history of [again.history(), again.commonHistory()]) {
          const next = await ask([...(history as readonly CommonMessage[]), MORE]).response();
          expect([name, next.content]).toEqual([name, "Ok."]);
        }
      }
      // The items that a common history carries.
      const stored = live.commonHistory();
      const second = keep(ask([...stored, MORE]), { log, id: "d" });
      await second.response();
      await second.log.settled;
      const again = (await read(log, "d", { of: ask, messages: [...stored, MORE] }))!;
      await again.response();
      expect([name, again.commonHistory()]).toEqual([name, second.commonHistory()]);
    }
  });

  it("are those of the provider as well", async () => {
    await using server = await fakeAnthropic({ replies: () => reply("Ok.") });
    const ask = native(
      "claude-sonnet-5-5",
      { stream: true, client: client({ apiKey: "k", baseURL: server.url }) },
      (messages: readonly MessageParam[]) => messages,
    );
    const messages: MessageParam[] = [
      {
        role: "user",
        content: [{ type: "text", text: "Hi.", cache_control: { type: "ephemeral" } }],
      },
    ];
    const log = memoryLog();
    const live = keep(ask(messages), { log, id: "c" });
    await live.response();
    await live.log.settled;
    const again = (await read(log, "c", { of: ask, messages }))!;
    await again.response();
    expect(again.history()).toEqual(live.history());
    expect(again.commonHistory()).toEqual(live.commonHistory());
  });

  it("may be answers to the calls that an agent has left open", async () => {
    await using server = await fakeAnthropic({
      replies: ({ body }) => (JSON.stringify(body).includes("tool_result") ? reply("Ok.") : reply(toolUse("rm", {}))),
    });
    const rm = tool({ name: "rm", input: z.object({}), needsApproval: true, call: () => "gone" });
    const options = { stream: true, tools: [rm], client: client({ apiKey: "k", baseURL: server.url }) } as const;
    const ask = agent(call("anthropic/claude-sonnet-5-5", options, (messages: readonly CommonMessage[]) => messages));
    const first = ask([MORE]);
    await first.finish();
    for (const answer of [true, "No."]) {
      const messages = approve(first.commonHistory(), { [first.approvals[0]?.id ?? ""]: answer });
      const log = memoryLog();
      const live = keep(ask(messages), { log, id: "c" });
      await live.finish();
      await live.log.settled;
      const again = (await read(log, "c", { of: ask, messages }))!;
      await again.finish();
      expect(again.commonHistory()).toEqual(live.commonHistory());
      expect(again.history()).toEqual(live.history());
      await ask([...again.commonHistory(), MORE]).finish();
    }
  });
});
