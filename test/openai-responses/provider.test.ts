import { describe, expect, it } from "vitest";
import * as z from "zod";
import { image, tool, user } from "../../src/index.ts";
import { call, client, countTokens } from "../../src/providers/openai/index.ts";
import { call as structured } from "../../src/providers/openai/structured.ts";
import {
  events,
  type FakeOpenAIOptions,
  fakeOpenAI,
  refusal,
  reply,
  thinking,
  toolUse,
} from "../../src/testing/index.ts";

const MODEL = "gpt-5.5";
const lookUp = tool({ name: "look_up", input: z.object({ title: z.string() }), call: ({ title }) => `about ${title}` });
const Book = z.object({ title: z.string(), pages: z.number().optional() });

async function start(options: FakeOpenAIOptions) {
  const server = await fakeOpenAI(options);
  return {
    server,
    own: client({ apiKey: "sk-test", baseURL: server.url }),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

describe("the Responses API", () => {
  it("goes on with reasoning and tools, turn by turn", async () => {
    await using at = await start({
      replies: [reply(thinking("Let me see."), toolUse("look_up", { title: "Mistborn" })), "It is a book."],
    });
    const ask = call(MODEL, { stream: true, client: at.own, tools: [lookUp] }, (said: string) => said);
    const stream = ask("What is Mistborn?");
    const outputs: Parameters<typeof stream.toolMessageParams>[0][number][] = [];
    for await (const [, called] of stream) if (called) outputs.push([called, await called.call()] as const);
    expect([stream.thinking, stream.commonFinishReasons]).toEqual(["Let me see.", ["tool_calls"]]);
    const history = stream.history(outputs);
    expect(history.map((item) => ("type" in item ? item.type : "message"))).toEqual([
      "message",
      "reasoning",
      "function_call",
      "function_call_output",
    ]);
    const next = call(MODEL, { stream: true, client: at.own, tools: [lookUp] }, () => history)();
    expect((await next.response()).content).toBe("It is a book.");
    expect(at.server.requests.map(({ body }) => body["include"])).toEqual([
      ["reasoning.encrypted_content"],
      ["reasoning.encrypted_content"],
    ]);
    // The common form carries the items beside the parts.
    const common = call(MODEL, { client: at.own, tools: [lookUp] }, () => stream.commonHistory(outputs))();
    expect((await common).content).toBe("It is a book.");
    expect(at.server.requests[2]?.body["input"]).toEqual(at.server.requests[1]?.body["input"]);
  });

  it("resumes a reply in the background where it was cut, and repeats nothing", async () => {
    const words = "It was a bright cold day in April, and the clocks were striking thirteen.";
    await using at = await start({ replies: reply(words, { disconnectAfter: 9, reset: true }) });
    const stream = call(
      MODEL,
      { stream: true, client: at.own, onInterrupt: "continue", retry: { delay: 1 }, callParams: { background: true } },
      () => "Tell me.",
    )();
    let text = "";
    for await (const [chunk] of stream) text += chunk.content;
    expect([text, stream.content, stream.outcome]).toEqual([words, words, "complete"]);
    expect(at.server.requests).toHaveLength(2);
  });

  it("cancels a reply in the background that is left", async () => {
    await using at = await start({ replies: reply("one two three four five", { pace: 200 }) });
    const stream = call(MODEL, { stream: true, client: at.own, callParams: { background: true } }, () => "Count.")();
    for await (const [chunk] of stream) if (chunk.content !== "") break;
    await stream[Symbol.asyncDispose]();
    expect(at.server.requests.map(({ path }) => path).at(-1)).toMatch(/^\/v1\/responses\/resp_\w+\/cancel$/);
  });

  it("holds the model to a schema, and undoes the nulls of what is optional", async () => {
    await using at = await start({ replies: '{"title":"Mistborn","pages":null}' });
    const book = await structured(MODEL, { client: at.own, responseModel: Book }, () => "A book?")();
    expect(book).toEqual({ title: "Mistborn" });
    expect(at.server.requests[0]?.body["text"]).toMatchObject({ format: { type: "json_schema", strict: true } });
  });

  it("asks through a tool where the schema cannot be held to, and says so", async () => {
    await using at = await start({ replies: reply(toolUse("respond", { any: 1 })) });
    const open = z.record(z.string(), z.number());
    const extract = structured(MODEL, { client: at.own, responseModel: open }, () => "Numbers?");
    const { model, response } = await extract.withResponse();
    expect(model).toEqual({ any: 1 });
    expect(response.warnings.map(({ code }) => code)).toEqual(["format_not_enforced"]);
  });

  it("tells a refusal from an answer", async () => {
    await using at = await start({ replies: reply(refusal("I can't help with that.")) });
    const response = await call(MODEL, { client: at.own }, () => "Harm?")();
    expect([response.content, response.refusal]).toEqual(["", "I can't help with that."]);
    await expect(structured(MODEL, { client: at.own, responseModel: Book }, () => "Harm?")()).rejects.toMatchObject({
      code: "response_model",
    });
  });

  it("has the same figures on its last chunk as on the stream", async () => {
    const usage = {
      input_tokens: 100,
      input_tokens_details: { cached_tokens: 40 },
      output_tokens: 7,
      total_tokens: 107,
    };
    const response = { id: "resp_1", model: MODEL, status: "completed", output: [], usage };
    await using at = await start({ replies: events([{ type: "response.completed", response }]) });
    const stream = call(MODEL, { stream: true, client: at.own }, () => "?")();
    const seen: unknown[] = [];
    for await (const [chunk] of stream) seen.push([chunk.inputTokens, chunk.cachedTokens, chunk.outputTokens]);
    expect(seen.at(-1)).toEqual([60, 40, 7]);
    expect([stream.inputTokens, stream.cachedTokens, stream.outputTokens]).toEqual([60, 40, 7]);
  });

  it("counts tokens without a reply", async () => {
    await using at = await start({});
    const ask = call(
      MODEL,
      { client: at.own, tools: [lookUp], callParams: { max_output_tokens: 99 } },
      (s: string) => s,
    );
    expect(await countTokens(ask, "Hello")).toBeGreaterThan(0);
    const [request] = at.server.requests;
    expect(request?.path).toBe("/v1/responses/input_tokens");
    expect(Object.keys(request?.body ?? {}).toSorted()).toEqual(["input", "model", "tools"]);
  });

  it("takes images in messages and in the results of tools", async () => {
    await using at = await start({ replies: [reply(toolUse("look_up", { title: "M" })), "Seen."] });
    const stream = call(MODEL, { stream: true, client: at.own, tools: [lookUp] }, () =>
      user(["Look.", image("https://example.com/a.png")]),
    )();
    await stream.response();
    const [called] = stream.tools;
    if (called === undefined) return expect.unreachable();
    const history = stream.history([[called, { type: "image", url: "https://example.com/b.png" }]]);
    await call(MODEL, { client: at.own, tools: [lookUp] }, () => history)();
    expect(at.server.requests[1]?.body["input"]).toMatchObject([
      { content: [{ type: "input_text" }, { type: "input_image", image_url: "https://example.com/a.png" }] },
      { type: "function_call" },
      { output: [{ type: "input_image", image_url: "https://example.com/b.png" }] },
    ]);
  });
});
