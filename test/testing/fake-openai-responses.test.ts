import { describe, expect, it } from "vitest";
import {
  apiError,
  block,
  customToolUse,
  cut,
  errorEvent,
  type FakeOpenAI,
  fakeOpenAI,
  refusal,
  reply,
  text,
  thinking,
  toolUse,
} from "millrace/testing";
import { oddityNames } from "../../src/testing/openai/oddity.ts";
import { responses, responsesTools, send, weather, withFake } from "./openai-client.ts";

type Fields = Record<string, unknown>;
const PATH = "/responses";
const include = ["reasoning.encrypted_content"];

const typesOf = (events: readonly Fields[]): readonly unknown[] => events.map(({ type }) => type);
const idOf = (events: readonly Fields[]): string => ((events[0]?.["response"] ?? {}) as { id: string }).id;
const last = (events: readonly Fields[]): Fields => (events.at(-1)?.["response"] ?? {}) as Fields;
const output = (events: readonly Fields[]): readonly Fields[] => last(events)["output"] as Fields[];

describe("the fake's Responses", () => {
  it("streams text as the API does, without [DONE]", () =>
    withFake({ replies: reply("Hello there", { usage: { input_tokens: 40, output_tokens: 30 } }) }, async (server) => {
      const { events, text: body } = await send(server, PATH, responses);
      expect(body).not.toContain("[DONE]");
      expect(body).toMatch(/^event: response\.created\ndata: \{"type":"response\.created"/);
      expect(typesOf(events)).toEqual([
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
      ]);
      expect(events.map(({ sequence_number }) => sequence_number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      expect(events[4]).toMatchObject({
        delta: "Hello",
        output_index: 0,
        content_index: 0,
        obfuscation: expect.any(String),
      });
      expect(last(events)).toMatchObject({
        id: expect.stringMatching(/^resp_/),
        status: "completed",
        output: [{ type: "message", status: "completed", content: [{ type: "output_text", text: "Hello there" }] }],
        usage: { input_tokens: 40, output_tokens: 30, total_tokens: 70 },
      });
      const plain = await send(server, PATH, { ...responses, stream_options: { include_obfuscation: false } });
      expect(plain.text).not.toContain("obfuscation");
    }));

  it("streams reasoning, calls, custom tools, refusals and items of any type", () =>
    withFake(
      {
        replies: reply(
          thinking("Let me see."),
          toolUse("get_weather", { city: "Oslo" }, { fields: { namespace: "n" } }),
          customToolUse("run_sql", "select 1"),
          block({ type: "web_search_call", action: { type: "search", query: "q" } }),
          block({ type: "text", text: "", phase: "commentary" }, [{ type: "text_delta", text: "Searching" }]),
          refusal("No."),
        ),
      },
      async (server) => {
        const { events } = await send(server, PATH, { ...responses, ...responsesTools, include });
        expect(output(events)).toMatchObject(
          [
            {
              type: "reasoning",
              summary: [{ type: "summary_text", text: "Let me see." }],
              encrypted_content: /^gAAAAAB/,
            },
            {
              type: "function_call",
              name: "get_weather",
              arguments: '{"city":"Oslo"}',
              status: "completed",
              namespace: "n",
            },
            { type: "custom_tool_call", name: "run_sql", input: "select 1" },
            { type: "web_search_call", status: "completed", action: { query: "q" } },
            { type: "message", phase: "commentary", content: [{ text: "Searching" }] },
            { type: "message", content: [{ type: "refusal", refusal: "No." }] },
          ].map((item) =>
            "encrypted_content" in item ? { ...item, encrypted_content: expect.stringMatching(/^gAAAAAB/) } : item,
          ),
        );
        const items = events.filter(({ item }) => (item as Fields | undefined)?.["type"] === "reasoning");
        const tokens = items.map(({ item }) => (item as Fields)["encrypted_content"]);
        expect(new Set(tokens).size).toBe(2);
      },
    ));

  it("ends incomplete, failed, or with an error", () =>
    withFake(
      {
        replies: [
          reply(thinking("Hm."), cut(toolUse("get_weather", { city: "Oslo" }, { fragments: 4 })), {
            stopReason: "max_tokens",
          }),
          reply("Once", errorEvent("insufficient_quota", "No money")),
          reply("Once", { stopReason: "failed" }),
          reply("Hello there", { errorAfter: 4 }),
          apiError(500),
        ],
      },
      async (server) => {
        const incomplete = (await send(server, PATH, { ...responses, ...responsesTools })).events;
        expect(last(incomplete)).toMatchObject({
          status: "incomplete",
          incomplete_details: { reason: "max_output_tokens" },
        });
        expect(output(incomplete)[1]).toMatchObject({ type: "function_call", status: "incomplete" });
        expect(typesOf(incomplete)).toContain("response.function_call_arguments.done");
        const failed = (await send(server, PATH, responses)).events;
        expect(failed.at(-2)).toMatchObject({
          type: "error",
          error: { code: "insufficient_quota", message: "No money" },
        });
        expect(last(failed)).toMatchObject({ status: "failed", error: { code: "insufficient_quota" } });
        expect(last((await send(server, PATH, responses)).events)).toMatchObject({
          status: "failed",
          error: { code: null },
        });
        const late = (await send(server, PATH, responses)).events;
        expect(typesOf(late).slice(-2)).toEqual(["error", "response.failed"]);
        expect((await send(server, PATH, responses)).json["error"]).toMatchObject({ type: "server_error" });
      },
    ));

  it("answers without a stream, counts tokens, and lists models", () =>
    withFake({ replies: "Hi" }, async (server) => {
      const { json } = await send(server, PATH, { ...responses, stream: false });
      expect(json).toMatchObject({ object: "response", status: "completed", output: [{ content: [{ text: "Hi" }] }] });
      const count = await send(server, "/responses/input_tokens", { model: "gpt-5.5", input: "a b c d e f g h" });
      expect(count.json).toEqual({ object: "response.input_tokens", input_tokens: 7 });
      expect((await send(server, "/responses/input_tokens", { ...responses })).status).toBe(400);
      expect((await send(server, "/models")).json["data"]).toContainEqual(expect.objectContaining({ id: "gpt-5.5" }));
      expect((await send(server, "/models/gpt-5")).json["id"]).toBe("gpt-5");
      expect((await send(server, "/models/x")).status).toBe(404);
    }));

  const user = { role: "user", content: "Hi" };
  const call = { type: "function_call", call_id: "call_1", name: "get_weather", arguments: "{}" };
  const result = { type: "function_call_output", call_id: "call_1", output: "x" };
  const refused: readonly (readonly [string, object, string])[] = [
    ["no input", { input: undefined }, "must be provided"],
    ["an unknown model", { model: "gpt-9" }, "The requested model 'gpt-9' does not exist."],
    ...["messages", "max_tokens", "response_format", "stop"].map(
      (name) => [`the parameter ${name}`, { [name]: [] }, `Unknown parameter: '${name}'.`] as const,
    ),
    ["two ways to go on", { previous_response_id: "resp_1", conversation: "conv_1" }, "Mutually exclusive"],
    ["an unknown response", { previous_response_id: "resp_1" }, "Previous response with id 'resp_1' not found."],
    ["a background that is not stored", { background: true, store: false }, "requires 'store' to be true"],
    [
      "a window with a stream",
      { background: true, background_options: { completion_window: "2h" } },
      "not allowed when 'stream' is true",
    ],
    ["few tokens", { max_output_tokens: 5 }, "Expected a value >= 16, but got 5 instead."],
    ["a temperature for a model that reasons", { temperature: 0.5 }, "'temperature' is not supported with this model."],
    [
      "a tool of Chat Completions",
      { tools: [{ type: "function", function: weather }] },
      "Missing required parameter: 'tools[0].name'.",
    ],
    ["a name twice", { tools: [responsesTools.tools[0], responsesTools.tools[0]] }, "is used twice"],
    [
      "a tool that is not there",
      { ...responsesTools, tool_choice: { type: "function", name: "x" } },
      "Tool choice 'x' not found in 'tools' parameter.",
    ],
    [
      "an open strict format",
      {
        text: {
          format: { type: "json_schema", name: "response", strict: true, schema: { type: "object", properties: {} } },
        },
      },
      "Invalid schema for response_format 'response': In context=(), 'additionalProperties' is required to be supplied and to be false.",
    ],
    ["a call without a result", { input: [user, call] }, "No tool output found for function call call_1."],
    [
      "a result without a call",
      { input: [user, result] },
      "No tool call found for function call output with call_id call_1.",
    ],
    ["two results", { input: [call, result, result] }, "Duplicate output found"],
    [
      "text of the user as the model's",
      { input: [{ role: "assistant", content: [{ type: "input_text", text: "x" }] }] },
      "Invalid value: 'input_text'.",
    ],
    [
      "text of the model as the user's",
      { input: [{ role: "user", content: [{ type: "output_text", text: "x" }] }] },
      "Invalid value: 'output_text'.",
    ],
    ["reasoning without a summary", { input: [{ type: "reasoning", encrypted_content: "x" }] }, "input[0].summary"],
    [
      "reasoning at the end",
      { input: [user, { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "x" }] },
      "Item 'rs_1' of type 'reasoning' was provided without its required following item.",
    ],
    [
      "fields of the SDK",
      { input: [{ ...call, parsed_arguments: {} }, result] },
      "Unknown parameter: 'input[0].parsed_arguments'.",
    ],
    [
      "two updates",
      { input: [{ type: "configuration_update" }, { type: "configuration_update" }] },
      "may not follow each other",
    ],
    ["a trigger in front", { input: [{ type: "compaction_trigger" }, user] }, "must be the last item"],
  ];

  it("refuses what the API refuses", () =>
    withFake({}, async (server) => {
      for (const [what, change, message] of refused) {
        const { status, json } = await send(server, PATH, { ...responses, ...change });
        expect([what, status], JSON.stringify(json)).toEqual([what, 400]);
        expect((json["error"] as { message: string }).message, what).toContain(message);
      }
      await using open = await fakeOpenAI({ validate: false, replies: "Hi" });
      for (const [what, change] of refused)
        expect((await send(open, PATH, { ...responses, ...change })).status, what).toBe(200);
    }));

  it("takes back reasoning as it was given, in its place", () =>
    withFake({ replies: reply(thinking("Hm."), toolUse("get_weather", { city: "Oslo" })) }, async (server) => {
      const body = { ...responses, ...responsesTools, include, store: false };
      const { events } = await send(server, PATH, body);
      const [reasoning, called] = output(events) as [Fields, Fields];
      const answer = { type: "function_call_output", call_id: called["call_id"], output: "Rain" };
      const asked = async (...input: object[]): Promise<unknown> =>
        ((await send(server, PATH, { ...body, input: [user, ...input] })).json["error"] as Fields | undefined)?.[
          "message"
        ];
      expect(await asked(reasoning, called, answer)).toBeUndefined();
      expect(await asked(called, answer)).toBe(
        `Item '${String(called["id"])}' of type 'function_call' was provided without its required 'reasoning' item: '${String(reasoning["id"])}'.`,
      );
      const { id: _, ...nameless } = called;
      expect(await asked(nameless, answer)).toBeUndefined();
      const begun = events.find(({ type }) => type === "response.output_item.added")?.["item"] as Fields;
      expect(await asked({ ...reasoning, encrypted_content: begun["encrypted_content"] }, called, answer)).toContain(
        "could not be verified",
      );
      expect(await asked({ ...reasoning, encrypted_content: undefined }, called, answer)).toContain(
        "Items are not persisted when `store` is set to false",
      );
      expect(await asked({ type: "item_reference", id: "rs_none" })).toContain("not found");
    }));
});

describe("stored responses of the fake", () => {
  const background = { ...responses, background: true };

  /** Reads a stream until it has so many events, and closes the connection. */
  async function readEvents(server: FakeOpenAI, body: object, count: number): Promise<readonly Fields[]> {
    const controller = new AbortController();
    const response = await fetch(`${server.url}${PATH}`, {
      method: "POST",
      headers: { authorization: "Bearer k", "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: controller.signal,
    });
    let received = "";
    const decoder = new TextDecoder();
    const complete = (): string[] => received.split("\n\n").slice(0, -1);
    for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
      received += decoder.decode(bytes, { stream: true });
      if (complete().length >= count) break;
    }
    controller.abort();
    return complete()
      .slice(0, count)
      .map((frame) => JSON.parse(frame.slice(frame.indexOf("data: ") + 6)) as Fields);
  }

  it("go on in the background, and are resumed after any event", () =>
    withFake({ replies: reply("One two three four") }, async (server) => {
      const whole = (await send(server, PATH, background)).events;
      expect(typesOf(whole).slice(0, 3)).toEqual(["response.created", "response.queued", "response.in_progress"]);
      expect(whole.some((event) => "obfuscation" in event)).toBe(false);
      const id = idOf(whole);
      for (let after = 0; after <= whole.length; after++) {
        const rest = (await send(server, `${PATH}/${id}?stream=true&starting_after=${after}`)).events;
        expect(rest).toEqual(whole.slice(after + 1));
      }
      expect((await send(server, `${PATH}/${id}`)).json).toMatchObject({ id, status: "completed" });
      expect(server.requests.at(-2)?.path).toBe(`/v1/responses/${id}?stream=true&starting_after=${whole.length}`);
    }));

  it("are resumed where the connection was lost", () =>
    withFake(
      { replies: reply("One two three four", { pace: 5 }), resumes: [{ disconnectAfter: 2 }, {}] },
      async (server) => {
        const begun = await readEvents(server, background, 6);
        const id = idOf(begun);
        const url = `${server.url}${PATH}/${id}?stream=true&starting_after=5`;
        await expect(
          fetch(url, { headers: { authorization: "Bearer k" } }).then((response) => response.text()),
        ).rejects.toThrow();
        const rest = (await send(server, `${PATH}/${id}?stream=true&starting_after=7`)).events;
        expect(rest[0]).toMatchObject({ sequence_number: 8 });
        expect(rest.at(-1)).toMatchObject({ type: "response.completed" });
      },
    ));

  it("are cancelled, twice if need be", () =>
    withFake({ replies: reply("One two three four", { pace: 20 }) }, async (server) => {
      const id = idOf(await readEvents(server, background, 3));
      expect((await send(server, `${PATH}/${id}`)).json["status"]).toBe("in_progress");
      const post = { method: "POST" };
      expect((await send(server, `${PATH}/${id}/cancel`, undefined, post)).json).toMatchObject({
        id,
        status: "cancelled",
      });
      expect((await send(server, `${PATH}/${id}/cancel`, undefined, post)).json).toMatchObject({ status: "cancelled" });
      expect((await send(server, `${PATH}/${id}?stream=true`)).events).toEqual([]);
    }));

  it("end a stream that is being read when they are cancelled", () =>
    withFake({ replies: reply("One two three four five six", { pace: 20 }) }, async (server) => {
      const response = fetch(`${server.url}${PATH}`, {
        method: "POST",
        headers: { authorization: "Bearer k" },
        body: JSON.stringify(background),
      });
      const stream = await response;
      const reader = (stream.body as ReadableStream<Uint8Array>).getReader();
      const first = new TextDecoder().decode((await reader.read()).value);
      const id = /"id":"(resp_\w+)"/.exec(first)?.[1] ?? "";
      await send(server, `${PATH}/${id}/cancel`, undefined, { method: "POST" });
      let rest = "";
      for (let read = await reader.read(); !read.done; read = await reader.read())
        rest += new TextDecoder().decode(read.value);
      expect(rest).not.toContain("response.completed");
    }));

  it("are there until they are deleted, unless they were not to be stored, or were cut", () =>
    withFake({ replies: ["Hi", "Hi", reply("Hi there", { disconnectAfter: 3 }), "Hi"] }, async (server) => {
      const stored = idOf((await send(server, PATH, responses)).events);
      const other = idOf((await send(server, PATH, { ...responses, store: false })).events);
      const broken = idOf(await readEvents(server, responses, 2));
      expect((await send(server, `${PATH}/${stored}`)).status).toBe(200);
      expect((await send(server, `${PATH}/${other}`)).status).toBe(404);
      expect((await send(server, `${PATH}/${broken}`)).status).toBe(404);
      expect((await send(server, `${PATH}/${stored}/cancel`, undefined, { method: "POST" })).status).toBe(400);
      expect((await send(server, PATH, { ...responses, previous_response_id: stored })).status).toBe(200);
      expect((await send(server, `${PATH}/${stored}/input_items`)).json["data"]).toMatchObject([{ role: "user" }]);
      expect((await send(server, `${PATH}/${stored}`, undefined, { method: "DELETE" })).json).toMatchObject({
        deleted: true,
      });
      expect((await send(server, `${PATH}/${stored}`)).json["error"]).toMatchObject({
        message: `Response with id '${stored}' not found.`,
      });
    }));

  it("go on from a response, whose calls must be answered", () =>
    withFake({ replies: [reply(toolUse("get_weather", { city: "Oslo" })), "Rain"] }, async (server) => {
      const { events } = await send(server, PATH, { ...responses, ...responsesTools });
      const { id } = last(events);
      const next = { ...responses, ...responsesTools, previous_response_id: id };
      expect((await send(server, PATH, { ...next, input: "And?" })).json["error"]).toMatchObject({
        message: expect.stringContaining("No tool output found"),
      });
      const answer = { type: "function_call_output", call_id: output(events)[0]?.["call_id"], output: "Rain" };
      expect((await send(server, PATH, { ...next, input: [answer] })).status).toBe(200);
    }));
});

describe("oddities of the fake's Responses", () => {
  it("each changes a stream, and ends it", async () => {
    const script = reply(
      thinking("Hm."),
      text("Hi there"),
      toolUse("get_weather", { city: "Oslo" }),
      errorEvent("server_error"),
    );
    const body = { ...responses, ...responsesTools };
    const play = (oddities: readonly never[], replies = script): Promise<string> =>
      withFake({ replies, oddities }, async (server) => (await send(server, PATH, body)).text);
    const plain = await play([]);
    const whole = reply(...script.parts.slice(0, -1));
    const complete = await play([], whole);
    for (const oddity of oddityNames.slice(oddityNames.indexOf("no-sequence"))) {
      const isOfErrors = oddity === "flat-error" || oddity === "error-last";
      const odd = await play([oddity as never], isOfErrors ? script : whole);
      expect(odd === (isOfErrors ? plain : complete), oddity).toBe(false);
      expect(odd, oddity).toMatch(/event: (response\.(completed|done|failed)|error)\n[^\n]*\n\n$/);
    }
  });
});
