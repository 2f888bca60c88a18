import { describe, expect, it } from "vitest";
import { type AnyTool, tool } from "../../src/index.ts";
import { type AnthropicCallOptions, type AnthropicStream, call, client } from "../../src/providers/anthropic/index.ts";
import { firstProblem } from "../../src/testing/anthropic/check.ts";
import { messageChecks, turnChecks } from "../../src/testing/anthropic/check-messages.ts";
import { unrestrictedModel } from "../../src/testing/anthropic/model-rules.ts";
import { SentBlocks } from "../../src/testing/anthropic/sent.ts";
import { delta, ended, frames, started } from "../server.ts";

type Events = Parameters<typeof frames>[0];

/** A stream of these events; further requests get the later ones. */
function streamOf(
  events: Events,
  options: AnthropicCallOptions<true, AnyTool> = {},
  later: Events = events,
): AnthropicStream<AnyTool> {
  let requests = 0;
  const headers = { "content-type": "text/event-stream" };
  const fetch = (): Promise<Response> =>
    Promise.resolve(new Response(frames(requests++ === 0 ? events : later), { headers }));
  const own = client({ apiKey: "sk-test", baseURL: "http://127.0.0.1:1", fetch });
  const plan = { stream: true, client: own, retry: false, ...options } as const;
  return call("claude-sonnet-5-5", plan, () => "Hello")();
}

const blockStart = (content_block: object): Events[number] => ({
  type: "content_block_start",
  index: 0,
  content_block,
});
const request = {
  model: unrestrictedModel("any"),
  version: "2023-06-01",
  betas: new Set<string>(),
  fields: new Set<string>(),
  sent: new SentBlocks(),
};
const problemWith = (messages: readonly unknown[]): string | null =>
  firstProblem([...turnChecks, ...messageChecks], { ...request, body: { messages } });
const stopped = (stop_reason: unknown): Events[number] => ({ type: "message_delta", delta: { stop_reason } });

// Each was found by the cases of test/hostile.test.ts.
describe("a hostile reply", () => {
  it.each([true, "", null, {}, 0])("does not take its stop reason back by %j", async (reason) => {
    const stream = streamOf([...started, delta("Hi"), ...ended.slice(0, -1), stopped(reason), ...ended.slice(-1)]);
    expect((await stream.response()).finishReasons).toEqual(["end_turn"]);
    expect(stream.outcome).toBe("complete");
  });

  it.each([{ id: null }, { id: undefined }, { id: 7 }, { name: null }, { name: {} }])(
    "that asks for a tool with %j leaves a history that the provider accepts",
    async (odd) => {
      const block = { type: "tool_use", id: "toolu_1", name: "clock", input: {}, ...odd };
      const stream = streamOf([...started.slice(0, 1), blockStart(block), ...ended.slice(0, 1), ...ended.slice(-1)]);
      await stream.response().catch(() => {});
      expect(problemWith([...stream.history(), { role: "user", content: "Go on" }])).toBeNull();
    },
  );

  it.each(["message_started", "hologram", "message_stop", "content_block_stop"])(
    "shows no text of a %s event, since the message does not have it",
    async (type) => {
      const content = [{ type: "text", text: "Boo" }];
      const odd = { type, index: 0, message: { content }, content_block: content[0] };
      const stream = streamOf([...started, delta("Hi"), stopped("end_turn"), odd, ...ended]);
      let shown = "";
      for await (const [chunk] of stream) shown += chunk.content;
      expect(shown).toBe("Hi");
      expect(stream.content).toBe("Hi");
    },
  );

  it("leaves no tool streaming if it is whole, however early its reader leaves", async () => {
    const clock = tool({ name: "clock", call: () => "noon" });
    const block = { type: "tool_use", id: "toolu_1", name: "clock", input: {} };
    const whole = { type: "message_start", message: { content: [block], stop_reason: "tool_use" } };
    const stream = streamOf([{ type: "hologram" }, whole], { tools: [clock], retry: {} });
    for await (const _ of stream) break;
    expect(stream.outcome).toBe("complete");
    expect(stream.tools).toMatchObject([{ state: "complete" }]);
  });

  const text = "One, two, three, four, five.";
  it.each([
    ["repeats what was said", [...started, delta(text)], text],
    ["is whole at once", [...started.slice(0, 1), stopped("end_turn")], text],
    ["goes on", [...started, delta(" And six, and seven, and eight.")], `${text} And six, and seven, and eight.`],
  ] as const)(
    "shows the same in pairs and message where a budget ends a continuation that %s",
    async (_, rest, all) => {
      const stream = streamOf(
        [...started, delta(text)],
        { onInterrupt: "continue", budget: { outputTokens: 8 } },
        rest,
      );
      let shown = "";
      try {
        for await (const [chunk] of stream) shown += chunk.content;
      } catch (error) {
        expect(error).toMatchObject({ code: "budget_exceeded" });
      }
      expect(shown).toBe(all);
      expect(stream.content).toBe(all);
      expect(stream.outcome === "complete").toBe(stream.finishReasons.length > 0);
    },
  );

  it("that was cut at a text block without text is continued by the text alone", async () => {
    const cut = [...started.slice(0, 1), blockStart({ type: "text", text: null })];
    const stream = streamOf(cut, { onInterrupt: "continue" }, [...started, delta("Hi"), ...ended]);
    expect((await stream.response()).content).toBe("Hi");
  });
});
