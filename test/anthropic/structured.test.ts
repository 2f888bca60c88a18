import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import {
  InvalidOptionError,
  ResponseModelError,
  StreamAbortedError,
  StreamConsumedError,
  StreamNotConsumedError,
  StreamTruncatedError,
  StructuredStream,
  tool,
} from "../../src/index.ts";
import {
  AnthropicCallResponse,
  AnthropicStream,
  call as plainCall,
  client,
} from "../../src/providers/anthropic/index.ts";
import { AnthropicStructuredStream, call } from "../../src/providers/anthropic/structured.ts";
import {
  cut,
  fakeAnthropic,
  reply,
  type Script,
  serverToolUse,
  text,
  thinking,
  toolUse,
} from "../../src/testing/index.ts";
import { delta, ended, frames, serve, started, startStream } from "../server.ts";

const MODEL = "claude-sonnet-5-5";
/** An older one, that has no structured outputs. */
const OLD = "claude-3-7-sonnet-20250219";

const Book = z.object({ title: z.string(), author: z.string() });
const Mistborn = { title: "Mistborn", author: "Brandon Sanderson" };
const JSON_OF_IT = JSON.stringify(Mistborn);

const at = ({ url }: { readonly url: string }) => client({ apiKey: "sk-test", baseURL: url });
const fake = (...replies: Script[]) => fakeAnthropic({ replies, models: [OLD] });

async function all<V>(values: AsyncIterable<V>): Promise<V[]> {
  const list: V[] = [];
  for await (const value of values) list.push(value);
  return list;
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    return await promise.then(() => expect.unreachable());
  } catch (error) {
    return error;
  }
}

describe("a structured stream", () => {
  const pieces = ['{"title": "Mist', 'born", ', '"author"', ': "Brandon', ' Sanderson"}', "\n"];

  it("gives the model so far whenever that has grown, then the validated one", async () => {
    await using server = await fake(reply(thinking("A book."), text(pieces)));
    const extract = call(MODEL, { stream: true, client: at(server), responseModel: Book }, (page: string) => page);
    const extraction = extract("The Final Empire, the first Mistborn book");
    expect(() => extraction.constructedResponseModel).toThrow(StreamNotConsumedError);
    expect(await all(extraction)).toEqual([
      { title: "Mist" },
      { title: "Mistborn" },
      { title: "Mistborn", author: "Brandon" },
      Mistborn,
    ]);
    expect(extraction.constructedResponseModel).toEqual(Mistborn);
    expect(extraction).toBeInstanceOf(AnthropicStructuredStream);
    expect(extraction).toBeInstanceOf(StructuredStream);
    expect(extraction.constructCallResponse()).toBeInstanceOf(AnthropicCallResponse);
    expect([extraction.thinking, extraction.outcome, extraction.usage.source]).toEqual([
      "A book.",
      "complete",
      "reported",
    ]);
  });

  it("gives snapshots that stay as they are, and share what has not changed", async () => {
    const Shelf = z.object({ first: Book, second: Book });
    const shelf = JSON.stringify({ first: Mistborn, second: Mistborn });
    await using server = await fake(reply(text([...shelf])));
    const snapshots = await all(call(MODEL, { stream: true, client: at(server), responseModel: Shelf }, () => "x")());
    expect(snapshots.slice(0, 3)).toEqual([{}, { first: {} }, { first: { title: "" } }]);
    const [before, last] = snapshots.slice(-2);
    expect(last).not.toBe(before);
    expect(last?.first).toBe(before?.first);
    expect(new Set(snapshots).size).toBe(snapshots.length);
    expect(new Set(snapshots.map((snapshot) => JSON.stringify(snapshot))).size).toBe(snapshots.length);
  });

  it("knows which parts are whole", async () => {
    await using server = await fake(reply(text(pieces)));
    const extraction = call(MODEL, { stream: true, client: at(server), responseModel: Book }, () => "x")();
    const seen: boolean[][] = [];
    for await (const _ of extraction) {
      seen.push([["title"], ["author"], [], ["nothing"]].map((path) => extraction.isComplete(path)));
    }
    expect(seen).toEqual([
      [false, false, false, false],
      [true, false, false, false],
      [true, false, false, false],
      [true, true, true, false],
    ]);
  });

  it("gives what the schema takes, and at last what it gives", async () => {
    const Dated = z.object({ published: z.iso.date().transform((date) => new Date(date)) });
    await using server = await fake('{"published": "2006-07-17"}');
    const extraction = call(MODEL, { stream: true, client: at(server), responseModel: Dated }, () => "x")();
    expect((await all(extraction)).at(-1)).toEqual({ published: "2006-07-17" });
    expect(extraction.constructedResponseModel.published.getFullYear()).toBe(2006);
  });

  it("passes over words and fences around the JSON", async () => {
    const Counts = z.record(z.string(), z.number());
    await using server = await fake(
      reply(text(["Here it is:\n```json\n", '{"a": {}', "}"])),
      reply('Sure: ```\n{"a": 1}\n``` as {you} asked'),
    );
    const ask = call(MODEL, { stream: true, client: at(server), responseModel: Counts }, () => "x");
    await expect(all(ask())).rejects.toThrow(ResponseModelError);
    expect(await ask().parse()).toEqual({ a: 1 });
  });

  it("gives a model that is no object, too", async () => {
    await using server = await fake('{"value": 42}', '{"value": "blue"}');
    const count = call(MODEL, { stream: true, client: at(server), responseModel: z.number() }, () => "How many?")();
    expect(await all(count)).toEqual([42]);
    expect(count.constructedResponseModel).toBe(42);
    expect(count.isComplete([])).toBe(true);
    const color = call(MODEL, { client: at(server), responseModel: z.enum(["red", "blue"]) }, () => "Which color?");
    expect(await color()).toBe("blue");
  });

  it("has one owner", async () => {
    await using server = await fake(reply(text(pieces)));
    const extraction = call(MODEL, { stream: true, client: at(server), responseModel: Book }, () => "x")();
    for await (const _ of extraction) {
      expect(() => extraction.elements()).toThrow(StreamConsumedError);
      await expect(extraction.parse()).rejects.toThrow(StreamConsumedError);
      await expect(extraction.response()).rejects.toThrow(StreamConsumedError);
    }
    // Asking early has spoiled nothing.
    expect(await extraction.parse()).toEqual(Mistborn);
    expect(await extraction.parse()).toBe(extraction.constructedResponseModel);
    expect((await extraction.response()).content).toContain("Mistborn");
    expect(server.requests).toHaveLength(1);
  });

  it("may be drained instead", async () => {
    await using server = await fake(JSON_OF_IT);
    const ask = call(MODEL, { stream: true, client: at(server), responseModel: Book }, () => "x");
    const drained = ask();
    await drained.response();
    expect(drained.constructedResponseModel).toEqual(Mistborn);
    expect(drained.isComplete(["title"])).toBe(true);
    const parsed = ask();
    expect(await parsed.parse()).toEqual(Mistborn);
    expect(parsed.constructedResponseModel).toEqual(Mistborn);
  });

  it("waits for a schema that is asynchronous", async () => {
    const Checked = Book.refine(({ title }) => Promise.resolve(title !== "Elantris"), "no such book");
    await using server = await fake(JSON_OF_IT, JSON_OF_IT.replace("Mistborn", "Elantris"));
    const ask = call(MODEL, { stream: true, client: at(server), responseModel: Checked }, () => "x");
    const extraction = ask();
    await all(extraction);
    expect(extraction.constructedResponseModel).toEqual(Mistborn);
    expect(await failure(ask().parse())).toMatchObject({ issues: [{ message: "no such book", path: [] }] });
  });

  it("closes the connection when it is left, also while a read is under way", async () => {
    await using server = await serve((response) => startStream(response, frames([...started, delta('{"title": "M')])));
    const ask = call(MODEL, { stream: true, client: at(server), responseModel: Book }, () => "x");
    const left = ask();
    for await (const partial of left) {
      expect(partial).toEqual({ title: "M" });
      break;
    }
    expect([left.outcome, left.content]).toEqual(["aborted", '{"title": "M']);
    expect(() => left.constructedResponseModel).toThrow(StreamAbortedError);
    await expect(left.parse()).rejects.toThrow(StreamAbortedError);

    const waiting = ask();
    const values = waiting[Symbol.asyncIterator]();
    await values.next();
    const read = values.next();
    await values.return();
    expect([await read, waiting.outcome]).toEqual([{ value: undefined, done: true }, "aborted"]);

    const aborted = ask();
    const reading = all(aborted);
    aborted.abort("enough");
    expect(await failure(reading)).toMatchObject({ code: "stream_aborted", cause: "enough" });
  });

  it("throws the stream's own error where that is not complete", async () => {
    await using server = await serve((response) => startStream(response).end(frames([...started, delta(JSON_OF_IT)])));
    const extraction = call(MODEL, { stream: true, client: at(server), responseModel: Book }, () => "x")();
    await expect(all(extraction)).rejects.toThrow(StreamTruncatedError);
    expect(() => extraction.constructedResponseModel).toThrow(StreamTruncatedError);
    await expect(extraction.parse()).rejects.toThrow(StreamTruncatedError);
  });
});

describe("the elements of a list", () => {
  const Books = z.array(Book);
  const books = [Mistborn, { title: "Elantris", author: "Brandon Sanderson" }];

  it("come one by one, whole, however the text is split", async () => {
    const whole = JSON.stringify({ value: books }, null, 2);
    await using server = await fake(
      reply(text([whole])),
      reply(text([...whole])),
      reply(text(whole.split(/(?<=[}\]])/))),
    );
    const list = call(MODEL, { stream: true, client: at(server), responseModel: Books }, () => "x");
    for (let split = 0; split < 3; split++) {
      const extraction = list();
      expect(await all(extraction.elements())).toEqual(books);
      expect(extraction.constructedResponseModel).toEqual(books);
    }
  });

  it("come as soon as they are whole, before the next one begins", async () => {
    let more: (json: string) => void = () => {};
    await using server = await serve((response) => {
      startStream(response, frames([...started, delta(`{"value": [${JSON_OF_IT.slice(0, -1)}`)]));
      more = (json) => void response.write(frames([delta(json)]));
    });
    const extraction = call(MODEL, { stream: true, client: at(server), responseModel: Books }, () => "x")();
    const elements = extraction.elements();
    const first = elements.next();
    let isThere = false;
    void first.then(() => (isThere = true));
    while (extraction.content === "") await new Promise(setImmediate);
    expect(isThere).toBe(false);
    more("}");
    expect(await first).toEqual({ value: Mistborn, done: false });
    expect(extraction.isComplete([0])).toBe(true);
    expect(extraction.isComplete([])).toBe(false);
    await elements.return();
    expect(extraction.outcome).toBe("aborted");
  });

  it("come of a field as well as of numbers and text", async () => {
    await using server = await fake(
      reply(text([...'{"value": [1, 22, 333]}'])),
      '{"value": ["a", "b"]}',
      '{"value": []}',
    );
    const numbers = call(MODEL, { stream: true, client: at(server), responseModel: z.array(z.number()) }, () => "x");
    expect(await all(numbers().elements())).toEqual([1, 22, 333]);
    const words = call(MODEL, { stream: true, client: at(server), responseModel: z.array(z.string()) }, () => "x");
    expect(await all(words().elements())).toEqual(["a", "b"]);
    expect(await all(words().elements())).toEqual([]);
  });

  it("are validated with the list", async () => {
    await using server = await fake(JSON.stringify({ value: [Mistborn, { title: "Elantris" }] }));
    const extraction = call(MODEL, { stream: true, client: at(server), responseModel: Books }, () => "x")();
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const book of extraction.elements()) seen.push(book);
    })();
    expect(await failure(reading)).toMatchObject({ issues: [{ path: [1, "author"] }] });
    expect(seen).toEqual([Mistborn, { title: "Elantris" }]);
  });

  it("take time that grows with their number, and no faster", async () => {
    const time = async (count: number): Promise<number> => {
      const whole = JSON.stringify({ value: Array.from({ length: count }, () => Mistborn) });
      await using server = await fake(reply(text(whole.match(/.{1,64}/g) ?? [])));
      const extraction = call(MODEL, { stream: true, client: at(server), responseModel: Books }, () => "x")();
      const start = process.cpuUsage();
      expect(await all(extraction.elements())).toHaveLength(count);
      const { user, system } = process.cpuUsage(start);
      return (user + system) / 1000;
    };
    await time(2_000);
    const short = await time(2_000);
    expect(await time(20_000)).toBeLessThan(short * 30 + 200);
  });
});

describe("how the model is brought to it", () => {
  const bodyOf = async (
    model: string,
    options: object,
    script: Script,
  ): Promise<{ body: Readonly<Record<string, unknown>>; result: unknown }> => {
    await using server = await fake(script);
    const result = await call(model, { client: at(server), ...options }, () => "Extract")();
    return { body: server.requests[0]?.body ?? {}, result };
  };

  it("is structured output, where the model has it", async () => {
    const callParams = { output_config: { effort: "low" } };
    const { body, result } = await bodyOf(MODEL, { responseModel: Book, callParams }, JSON_OF_IT);
    expect(result).toEqual(Mistborn);
    expect(body["output_config"]).toEqual({
      effort: "low",
      format: {
        type: "json_schema",
        schema: {
          type: "object",
          properties: { title: { type: "string" }, author: { type: "string" } },
          required: ["title", "author"],
          additionalProperties: false,
        },
      },
    });
    expect(body).not.toHaveProperty("system");
    expect(body).not.toHaveProperty("tools");
  });

  it("is a tool that it must use, where it has not", async () => {
    const script = reply(toolUse("respond", Mistborn, { fragments: 5 }));
    const { body, result } = await bodyOf(OLD, { responseModel: Book }, script);
    expect(result).toEqual(Mistborn);
    expect(body["tool_choice"]).toEqual({ type: "tool", name: "respond" });
    expect(body["tools"]).toMatchObject([{ name: "respond", input_schema: { required: ["title", "author"] } }]);

    await using server = await fake(
      reply(
        "Here:",
        toolUse("respond", Mistborn, { fragments: ['{"title": "Mist', 'born", "author": "Bran', 'don Sanderson"}'] }),
      ),
    );
    const extraction = call(OLD, { stream: true, client: at(server), responseModel: Book }, () => "x")();
    expect(await all(extraction)).toEqual([{ title: "Mist" }, { title: "Mistborn", author: "Bran" }, Mistborn]);
    expect(extraction.constructedResponseModel).toEqual(Mistborn);
    expect(extraction.tools).toEqual([]);
  });

  it("is words, where the schema does not fit, and with jsonMode", async () => {
    const Counts = z.record(z.string(), z.number());
    const records = await bodyOf(MODEL, { responseModel: Counts, callParams: { system: "Be brief." } }, '{"a": 1}');
    expect(records.result).toEqual({ a: 1 });
    expect(records.body).not.toHaveProperty("output_config");
    expect(records.body["system"]).toEqual([
      { type: "text", text: "Be brief." },
      { type: "text", text: expect.stringContaining('"additionalProperties":{"type":"number"}') },
    ]);
    const asked = await bodyOf(MODEL, { responseModel: Book, jsonMode: true }, JSON_OF_IT);
    expect(asked.body["system"]).toEqual([{ type: "text", text: expect.stringContaining('"author"') }]);
    expect(asked.body).not.toHaveProperty("output_config");
  });

  it("is a request for JSON alone with jsonMode alone, and the response comes back", async () => {
    const { body, result } = await bodyOf(MODEL, { jsonMode: true }, JSON_OF_IT);
    expect(body["system"]).toEqual([{ type: "text", text: expect.stringMatching(/^Reply with one JSON object/) }]);
    expect(result).toBeInstanceOf(AnthropicCallResponse);
    expect((result as AnthropicCallResponse).content).toBe(JSON_OF_IT);
  });

  it("works where a server gives the message, or the tool's input, all at once", async () => {
    const whole = (content: object): string =>
      frames([
        {
          type: "message_start",
          message: {
            id: "m",
            type: "message",
            role: "assistant",
            model: "m",
            content: [content],
            stop_reason: "end_turn",
            usage: {},
          },
        },
        { type: "message_stop" },
      ]);
    const inBlock = frames([
      ...started.slice(0, 1),
      {
        type: "content_block_start",
        index: 0,
        content_block: { type: "tool_use", id: "t", name: "respond", input: Mistborn },
      },
      ...ended,
    ]);
    for (const [model, body] of [
      [MODEL, whole({ type: "text", text: JSON_OF_IT })],
      [OLD, whole({ type: "tool_use", id: "t", name: "respond", input: Mistborn })],
      [OLD, inBlock],
    ] as const) {
      await using server = await serve((response) => startStream(response).end(body));
      const extraction = call(model, { stream: true, client: at(server), responseModel: Book }, () => "x")();
      expect(await all(extraction)).toEqual([Mistborn]);
      expect(extraction.constructedResponseModel).toEqual(Mistborn);
    }
  });
});

describe("a reply that is not what the model asks for", () => {
  it("is an error that carries the response, and keeps it out of logs", async () => {
    await using server = await fake('{"title": "Mistborn", "author": 7}');
    const ask = call(MODEL, { client: at(server), responseModel: Book }, () => "x");
    const error = await failure(ask());
    if (!(error instanceof ResponseModelError)) throw error;
    expect(error.message).toMatch(/^The reply is not what responseModel asks for at author: .*string/);
    expect(error.issues).toMatchObject([{ path: ["author"] }]);
    expect(error.response).toBeInstanceOf(AnthropicCallResponse);
    expect(error.response.content).toBe('{"title": "Mistborn", "author": 7}');
    expect(error).toMatchObject({ code: "response_model", retryable: true, requestId: error.response.requestId });
    expect(error.usage).toEqual(error.response.usage);
    expect(error.requestId).toMatch(/^req_/);
    expect(inspect(error, { depth: 9 }) + JSON.stringify(error)).not.toContain("Mistborn");
    expect(Object.keys(error)).not.toContain("response");
  });

  it.each<[string, Script, RegExp]>([
    ["was cut", reply('{"title": "Mist', { stopReason: "max_tokens" }), /no whole JSON value .*max_tokens/],
    ["was refused", reply("I cannot", { stopReason: "refusal" }), /no whole JSON value .*refusal/],
    ["is no JSON", '{"title": Mistborn}', /no whole JSON value .*end_turn/],
    ["is empty", reply(), /no whole JSON value .*end_turn/],
  ])("says so where it %s", async (_, script, message) => {
    await using server = await fake(script);
    const ask = call(MODEL, { client: at(server), responseModel: Book }, () => "x");
    const error = await failure(ask());
    expect(error).toBeInstanceOf(ResponseModelError);
    expect(error).toMatchObject({ message: expect.stringMatching(message), issues: [{ path: [] }] });
    const stream = ask.with({ stream: true })();
    await expect(all(stream)).rejects.toThrow(message);
    expect(() => stream.constructedResponseModel).toThrow(message);
    expect(stream.outcome).toBe("complete");
  });

  it("goes back with what is wrong, as often as was asked", async () => {
    await using server = await fake('{"title": "Mistborn"}', '{"title": 1}', JSON_OF_IT);
    const ask = call(MODEL, { client: at(server), responseModel: Book, validationRetries: 2 }, () => "Extract");
    expect(await ask()).toEqual(Mistborn);
    expect(server.requests).toHaveLength(3);
    expect(server.requests[2]?.body["messages"]).toEqual([
      { role: "user", content: "Extract" },
      { role: "assistant", content: [{ type: "text", text: '{"title": "Mistborn"}' }] },
      { role: "user", content: expect.stringMatching(/does not fit:\n- author: .*\nReply again/) },
      { role: "assistant", content: [{ type: "text", text: '{"title": 1}' }] },
      { role: "user", content: expect.stringMatching(/- title: .*\n- author: /) },
    ]);
    const formats = server.requests.map(({ body }) => JSON.stringify(body["output_config"]));
    expect(new Set(formats).size).toBe(1);
  });

  it("is the last one's error, where all attempts failed", async () => {
    await using server = await fake("{}", '{"title": "Mistborn"}', JSON_OF_IT);
    const ask = call(MODEL, { client: at(server), responseModel: Book, validationRetries: 1 }, () => "x");
    expect(await failure(ask())).toMatchObject({
      issues: [{ path: ["author"] }],
      response: { content: '{"title": "Mistborn"}' },
    });
    expect(server.requests).toHaveLength(2);
  });

  it("goes back as the result of the tool, where it came as one", async () => {
    await using server = await fake(
      reply(toolUse("respond", { title: 1 })),
      reply(cut(toolUse("respond", Mistborn, { fragments: 4 })), { stopReason: "max_tokens" }),
      reply(toolUse("respond", Mistborn)),
    );
    const ask = call(OLD, { client: at(server), responseModel: Book, validationRetries: 2 }, () => "x");
    expect(await ask()).toEqual(Mistborn);
    expect(server.requests[1]?.body["messages"]).toMatchObject([
      { role: "user" },
      { role: "assistant", content: [{ type: "tool_use", name: "respond" }] },
      { role: "user", content: [{ type: "tool_result", is_error: true }] },
      { role: "user", content: expect.stringMatching(/- title: /) },
    ]);
    // Of a call that was cut nothing goes back but what was wrong.
    expect(server.requests[2]?.body["messages"]).toHaveLength(5);
  });

  it("goes on after a pause, without a complaint", async () => {
    const search = { type: "web_search_20260209", name: "web_search" } as const;
    await using server = await fake(
      reply("Let me see.", serverToolUse("web_search", { query: "Mistborn" }), { stopReason: "pause_turn" }),
      JSON_OF_IT,
    );
    const options = { client: at(server), responseModel: Book, tools: [search], validationRetries: 1 };
    expect(await call(MODEL, options, () => "x")()).toEqual(Mistborn);
    const messages = server.requests[1]?.body["messages"];
    expect(messages).toMatchObject([
      { role: "user" },
      { role: "assistant", content: [{}, { type: "server_tool_use" }] },
    ]);
  });

  it("does not go back after a refusal", async () => {
    await using server = await fake(reply("No", { stopReason: "refusal" }));
    const ask = call(MODEL, { client: at(server), responseModel: Book, validationRetries: 3 }, () => "x");
    await expect(ask()).rejects.toThrow(ResponseModelError);
    expect(server.requests).toHaveLength(1);
  });
});

describe("with tools", () => {
  const lookUp = tool({
    name: "look_up",
    input: z.object({ title: z.string() }),
    call: ({ title }) => `about ${title}`,
  });
  const asked = reply(toolUse("look_up", { title: "Mistborn" }));

  it("the ordinary stream comes back, with tools in its pairs and parse() of the text", async () => {
    await using server = await fake(asked, JSON_OF_IT, JSON_OF_IT);
    const ask = call(MODEL, { stream: true, client: at(server), responseModel: Book, tools: [lookUp] }, () => "x");
    const first = ask();
    const outputs: string[] = [];
    for await (const [, called] of first) if (called) outputs.push(await called.call());
    expect(outputs).toEqual(["about Mistborn"]);
    expect(first).toBeInstanceOf(AnthropicStream);
    await expect(first.parse()).rejects.toThrow(/no whole JSON value .*tool_use/);
    expect(server.requests[0]?.body).toMatchObject({
      tools: [{ name: "look_up" }],
      output_config: { format: { type: "json_schema" } },
    });
    expect(server.requests[0]?.body).not.toHaveProperty("tool_choice");
    const second = ask();
    for await (const [chunk] of second) expect(chunk).toBeDefined();
    expect(await second.parse()).toEqual(Mistborn);
    expect(await ask().parse()).toEqual(Mistborn);
  });

  it("the ordinary response comes back, with parse() of the text", async () => {
    await using server = await fake(asked, JSON_OF_IT);
    const ask = call(MODEL, { client: at(server), responseModel: Book, tools: [lookUp] }, () => "x");
    const first = await ask();
    expect(await first.tool?.call()).toBe("about Mistborn");
    await expect(first.parse()).rejects.toThrow(ResponseModelError);
    expect(await (await ask()).parse()).toEqual(Mistborn);
  });

  it("a model without structured output is told in words", async () => {
    await using server = await fake(JSON_OF_IT);
    const ask = call(OLD, { client: at(server), responseModel: Book, tools: [lookUp] }, () => "x");
    expect(await (await ask()).parse()).toEqual(Mistborn);
    expect(server.requests[0]?.body).toMatchObject({ tools: [{ name: "look_up" }], system: [{ type: "text" }] });
    expect(server.requests[0]?.body).not.toHaveProperty("tool_choice");
  });

  it("of the provider's own the structured stream stays", async () => {
    await using server = await fake(JSON_OF_IT);
    const search = { type: "web_search_20260209", name: "web_search" } as const;
    const ask = call(MODEL, { stream: true, client: at(server), responseModel: Book, tools: [search] }, () => "x");
    expect((await all(ask())).at(-1)).toEqual(Mistborn);
    expect(server.requests[0]?.body).toMatchObject({ tools: [search] });
  });

  it("that the function alone names, nothing is sent", async () => {
    await using server = await fake(JSON_OF_IT);
    const ask = call(MODEL, { client: at(server) }, () => ({
      messages: [{ role: "user", content: "x" }],
      tools: [lookUp],
    }));
    await expect(ask.with({ stream: true, responseModel: Book })().response()).rejects.toThrow(InvalidOptionError);
    expect(server.requests).toHaveLength(0);
    expect(await ask.with({ responseModel: Book, tools: [lookUp] })()).toBeInstanceOf(AnthropicCallResponse);
  });
});

describe("an output parser", () => {
  it("makes what the call gives, at once or later", async () => {
    await using server = await fake("a, b");
    const split = call(MODEL, { client: at(server), outputParser: ({ content }) => content.split(", ") }, () => "x");
    expect(await split()).toEqual(["a", "b"]);
    const later = split.with({ outputParser: async ({ usage }) => Promise.resolve(usage.output_tokens) });
    expect(await later()).toBeGreaterThan(0);
  });

  it("gets the model of a call that has one", async () => {
    await using server = await fake(JSON_OF_IT, reply(toolUse("look_up", { title: "Mistborn" })));
    const lookUp = tool({ name: "look_up", input: z.object({ title: z.string() }), call: () => "" });
    const options = { client: at(server), responseModel: Book };
    const author = call(MODEL, { ...options, outputParser: (book) => book.author }, () => "x");
    expect(await author()).toBe("Brandon Sanderson");
    const asked = author.with({ tools: [lookUp], outputParser: ({ tool: called }) => called?.args.title });
    expect(await asked()).toBe("Mistborn");
  });

  it("rejects the call with what it throws", async () => {
    await using server = await fake("a");
    const broken = new Error("no");
    const outputParser = (): never => {
      throw broken;
    };
    await expect(call(MODEL, { client: at(server), outputParser }, () => "x")()).rejects.toBe(broken);
  });
});

describe("withResponse()", () => {
  it("gives the model and the response that fitted", async () => {
    await using server = await fake("{}", JSON_OF_IT);
    const extract = call(
      MODEL,
      { client: at(server), responseModel: Book, validationRetries: 1 },
      (page: string) => page,
    );
    const { model, response } = await extract.withResponse("The Final Empire");
    expect(model).toEqual(Mistborn);
    expect(response).toBeInstanceOf(AnthropicCallResponse);
    expect(response.content).toBe(JSON_OF_IT);
    expect([response.id, response.cost]).toEqual([expect.stringMatching(/^msg_/), expect.any(Number)]);
    expect(server.requests).toHaveLength(2);
  });

  it("gives what a parser made, and the response it was given", async () => {
    await using server = await fake("a, b", "c");
    const split = plainCall(
      MODEL,
      { client: at(server), outputParser: ({ content }) => content.split(", ") },
      () => "x",
    );
    const { model, response } = await split.withResponse();
    expect([model, response.content]).toEqual([["a", "b"], "a, b"]);
    const plain = await plainCall(MODEL, { client: at(server), stream: true }, () => "x").withResponse();
    expect(plain.model).toBe(plain.response);
    expect(`${plain.response}`).toBe("c");
  });

  it("reads a stream to its end, and rejects as it does", async () => {
    await using server = await fake(JSON_OF_IT, "No JSON.");
    const extract = call(MODEL, { stream: true, client: at(server), responseModel: Book }, () => "x");
    expect((await extract.withResponse()).model).toEqual(Mistborn);
    await expect(extract.withResponse()).rejects.toThrow(ResponseModelError);
  });
});
