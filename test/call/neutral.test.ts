import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { agent, call, InvalidOptionError, tool } from "../../src/index.ts";
import { withContext } from "../../src/neutral-context.ts";
import { client } from "../../src/providers/anthropic/index.ts";
import { type FakeAnthropic, fakeAnthropic, reply, toolUse } from "../../src/testing/index.ts";

const id = "anthropic/claude-sonnet-5-5";
let server: FakeAnthropic;
beforeAll(async () => {
  server = await fakeAnthropic({ replies: "A book." });
});
afterAll(() => server.close());
const fake = () => client({ apiKey: "k", baseURL: server.url });

describe("a call by a provider/model id", () => {
  it.each(["claude-sonnet-5-5", "nobody/x", "anthropic/", ""])("refuses the id %j", (model: string) => {
    expect(() => call(model, () => "x")).toThrow(InvalidOptionError);
    expect(() => call(id, () => "x").with({ model })).toThrow(/does not begin with a provider/);
    expect(() => call(id, { fallback: model }, () => "x")()).toThrow(/does not begin with a provider/);
  });

  it("takes ids of fallbacks, and asks them", async () => {
    const ask = call("anthropic/no-such-model", { client: fake(), fallback: [id] }, () => "Hi");
    expect((await ask()).model).toBe("claude-sonnet-5-5");
  });

  it("sends neutral parameters under the provider's names", async () => {
    const options = { client: fake(), params: { maxTokens: 50, stop: "END", reasoning: "low" } } as const;
    const response = await call(id, options, () => "Hi").with({ params: { maxTokens: 60 } })();
    expect(response.callKwargs).toMatchObject({
      max_tokens: 60,
      stop_sequences: ["END"],
      thinking: { type: "adaptive" },
      output_config: { effort: "low" },
    });
    const refused = call(id, { client: fake(), params: { seed: 1 } }, () => "Hi")();
    await expect(refused).rejects.toThrow("Invalid params.seed: Anthropic has nothing like it for claude-sonnet-5-5.");
    expect(() => call(id, { params: { maxToken: 1 } as object }, () => "Hi")).toThrow(/Did you mean maxTokens/);
  });

  it("has the options of its context", async () => {
    const ask = call(id, { client: fake() }, () => "Hi");
    const both = withContext({ model: "anthropic/claude-haiku-5-5" }, () =>
      Promise.all([ask(), withContext({ params: { maxTokens: 7 } }, () => ask())]),
    );
    const [outer, inner] = await both;
    expect([outer.model, inner.model]).toEqual(["claude-haiku-5-5", "claude-haiku-5-5"]);
    expect(inner.callKwargs.max_tokens).toBe(7);
    expect((await ask()).model).toBe("claude-sonnet-5-5");
  });

  it("runs as an agent, whose history is neutral too", async () => {
    await using tools = await fakeAnthropic({ replies: [reply(toolUse("clock", {})), "Noon."] });
    const clock = tool({ name: "clock", description: "Tells the time.", call: () => "12:00" });
    const own = client({ apiKey: "k", baseURL: tools.url });
    const ask = call(id, { stream: true, tools: [clock], client: own }, () => "What time is it?");
    const run = agent(ask)();
    expect((await run.finish()).stream.content).toBe("Noon.");
    const history = run.turns[0]?.stream.commonHistory(run.turns[0]?.outputs) ?? [];
    expect(history.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
    expect(history[1]?.content).toMatchObject([{ type: "toolCall", name: "clock" }]);
    expect(history[2]?.content).toMatchObject([{ type: "toolResult", content: "12:00" }]);
    const again = await call(id, { client: fake() }, () => [...history, { role: "user", content: "Sure?" } as const])();
    expect(again.content).toBe("A book.");
  });
});
