import { describe, expect, it } from "vitest";
import * as z from "zod";
import { call, client } from "../../src/providers/openai/index.ts";
import { call as structured } from "../../src/providers/openai/structured.ts";
import { tool } from "../../src/index.ts";

const look = tool({ name: "look", inputSchema: { type: "object" }, call: () => "done" });

type Event = Readonly<Record<string, unknown>>;
const created: Event = {
  type: "response.created",
  response: { id: "resp_1", model: "m", status: "in_progress", output: [] },
};
const ended = (output?: readonly object[], status = "completed"): Event => ({
  type: `response.${status}`,
  response: { id: "resp_1", model: "m", status, output, usage: { input_tokens: 3, output_tokens: 5, total_tokens: 8 } },
});
const text = (delta: string, more: Event = {}): Event => ({
  type: "response.output_text.delta",
  output_index: 0,
  content_index: 0,
  delta,
  ...more,
});
const args = (delta: string, more: Event = {}): Event => ({
  type: "response.function_call_arguments.delta",
  output_index: 0,
  delta,
  ...more,
});
const written = (input: string, more: Event = {}): Event => ({
  type: "response.function_call_arguments.done",
  output_index: 0,
  arguments: input,
  ...more,
});
const added = (item: object, output_index: number | undefined = 0): Event => ({
  type: "response.output_item.added",
  output_index,
  item,
});
const done = (item: object, output_index: number | undefined = 0): Event => ({
  type: "response.output_item.done",
  output_index,
  item,
});
const message = (said: string, more: object = {}) => ({
  id: "msg_1",
  type: "message",
  role: "assistant",
  content: said === "" ? [] : [{ type: "output_text", text: said }],
  ...more,
});
const calling = (input: string, more: object = {}) => ({
  id: "fc_1",
  type: "function_call",
  call_id: "call_1",
  name: "look",
  arguments: input,
  ...more,
});

/** Reads a reply that a server writes in its own way. */
async function read(body: string | readonly Event[], isNamed = true) {
  const got = await readAll(body, isNamed);
  expect([got.content, got.stream.thinking]).toEqual([got.shown, got.thinking]);
  return got;
}

async function readAll(body: string | readonly Event[], isNamed = true) {
  const bytes =
    typeof body === "string"
      ? body
      : body
          .map(
            (event) =>
              `${isNamed && "type" in event ? `event: ${String(event["type"])}\n` : ""}data: ${JSON.stringify(event)}\n\n`,
          )
          .join("");
  const own = client({ apiKey: "k", fetch: () => Promise.resolve(new Response(bytes)) });
  const stream = call("m", { stream: true, retry: false, client: own, tools: [look] }, () => "?")();
  let [shown, thinking] = ["", ""];
  const called: unknown[] = [];
  let error: unknown = null;
  try {
    for await (const [chunk, tool] of stream) {
      shown += chunk.content;
      thinking += chunk.thinking;
      if (tool) called.push(tool.args);
    }
  } catch (thrown) {
    error = thrown;
  }
  const { outcome, content, tools } = stream;
  const states = tools.map(({ state }) => state);
  return { stream, outcome, content, shown, thinking, called, error, states };
}

describe("a reply of a server that is almost OpenAI's", () => {
  it.each<[what: string, events: readonly Event[], content: string]>([
    ["begins with a later event", [{ ...created, type: "response.in_progress" }, text("Hi"), ended()], "Hi"],
    ["begins with text", [text("Hi"), ended([message("Hi")])], "Hi"],
    [
      "has no beginnings of parts",
      [created, added(message("")), text("H"), text("i"), done(message("Hi")), ended()],
      "Hi",
    ],
    [
      "has whole texts alone",
      [created, { type: "response.output_text.done", output_index: 0, content_index: 0, text: "Hi" }, ended()],
      "Hi",
    ],
    ["has whole items alone", [created, done(message("Hi")), ended()], "Hi"],
    ["has its end alone", [ended([message("Hi")])], "Hi"],
    ["has deltas alone", [created, added(message("")), text("H"), text("i"), ended()], "Hi"],
    ["has an empty output at its end", [created, added(message("")), text("Hi"), done(message("Hi")), ended([])], "Hi"],
    ["ends with response.done", [created, text("Hi"), { ...ended([message("Hi")]), type: "response.done" }], "Hi"],
    [
      "has events and items of the future",
      [
        created,
        { type: "response.dream.began" },
        added({ type: "dream" }),
        done({ type: "dream" }),
        text("Hi", { output_index: 1 }),
        ended(),
      ],
      "Hi",
    ],
    [
      "does not number its items",
      [
        created,
        added(message(""), undefined),
        text("H", { output_index: undefined, item_id: "msg_1", content_index: undefined }),
        text("i", { output_index: undefined, content_index: undefined }),
        done(message("Hi"), undefined),
        ended([message("Hi")]),
      ],
      "Hi",
    ],
    [
      "leaves out numbers of items",
      [created, added(message(""), 2), text("Hi", { output_index: 2 }), ended([message("Hi")])],
      "Hi",
    ],
    [
      "begins the same item twice",
      [created, added(message("")), added(message("", { id: "other" })), text("Hi"), ended()],
      "Hi",
    ],
    [
      "tells at its end what was left out",
      [created, added(message("")), text("H"), ended([message("Hi there")])],
      "Hi there",
    ],
    [
      "repeats events",
      [
        created,
        text("H", { sequence_number: 3 }),
        text("H", { sequence_number: 3 }),
        text("i", { sequence_number: 4 }),
        ended(),
      ],
      "Hi",
    ],
  ])("%s", async (_, events, content) => {
    for (const isNamed of [true, false]) {
      const { stream, ...got } = await read(events, isNamed);
      expect([got.error, got.outcome, got.content]).toEqual([null, "complete", content]);
      expect(stream.usage).toMatchObject({ input_tokens: 3, output_tokens: 5, source: "reported" });
    }
  });

  it("has a tail that means nothing, or its whole response as JSON", async () => {
    const frames = [created, text("Hi"), ended()].map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
    expect(await read(`${frames}data: [DONE]\n\n`)).toMatchObject({ outcome: "complete", content: "Hi", error: null });
    const whole = { id: "resp_1", object: "response", status: "completed", output: [message("Hi")] };
    expect(await read(JSON.stringify(whole))).toMatchObject({ outcome: "complete", content: "Hi", error: null });
    const failed = { ...whole, output: [], status: "failed", error: { code: "server_error", message: "No." } };
    expect(await read(JSON.stringify(failed))).toMatchObject({ outcome: "failed", error: { retryable: true } });
    // Without the terminal event it is not whole, whatever the tail says.
    const cut = `data: ${JSON.stringify(text("Hi"))}\n\ndata: [DONE]\n\n`;
    expect(await read(cut)).toMatchObject({ outcome: "truncated", content: "Hi" });
  });

  it.each<[what: string, events: readonly Event[], states: readonly string[]]>([
    [
      "whole arguments alone",
      [
        created,
        added(calling("")),
        { type: "response.function_call_arguments.done", output_index: 0, arguments: '{"a":1}' },
        done(calling('{"a":1}')),
        ended(),
      ],
      ["complete"],
    ],
    [
      "items without end, but at the end",
      [created, added(calling("")), args('{"a":1}'), ended([calling('{"a":1}')])],
      ["complete"],
    ],
    [
      "calls at the end alone",
      [created, ended([calling('{"a":1}'), calling('{"a":1}', { id: "fc_2", call_id: "call_2" })])],
      ["complete", "complete"],
    ],
    [
      "the same call id twice",
      [created, done(calling('{"a":1}')), done(calling('{"a":1}', { id: "fc_2" }), 1), ended()],
      ["complete", "complete"],
    ],
    [
      "a call that a program made",
      [created, done(calling('{"a":1}', { status: "in_progress" })), ended()],
      ["complete"],
    ],
    ["no arguments", [created, done(calling("")), ended()], ["complete"]],
    [
      "arguments that were cut, and closed all the same",
      [
        created,
        added(calling("")),
        args('{"a'),
        { type: "response.function_call_arguments.done", output_index: 0, arguments: '{"a' },
        done(calling('{"a', { status: "incomplete" })),
        ended([calling('{"a', { status: "incomplete" })], "incomplete"),
      ],
      ["truncated"],
    ],
    ["arguments whose item has no end", [created, added(calling("")), args('{"a":1}'), ended([])], ["complete"]],
    [
      "several calls whose items have no end",
      [
        created,
        added(calling("")),
        written('{"a":1}'),
        added(calling("", { id: "fc_2", call_id: "call_2" }), 1),
        written("", { output_index: 1 }),
        ended(),
      ],
      ["complete", "complete"],
    ],
    [
      "input of a custom tool whose item has no end",
      [
        created,
        added({ ...calling(""), type: "custom_tool_call", arguments: undefined, input: "" }),
        { type: "response.custom_tool_call_input.done", output_index: 0, input: '{"a":1}' },
        ended(),
      ],
      ["complete"],
    ],
    ["invalid arguments whose item has no end", [created, added(calling("")), written("{]"), ended()], ["invalid"]],
    ["no arguments, and no end of their item", [created, added(calling("")), ended()], ["truncated"]],
    ["a part of the arguments", [created, added(calling("")), args('{"a":1'), ended()], ["truncated"]],
    [
      "whole arguments in a reply that was cut",
      [created, added(calling("")), written('{"a":1}'), ended([], "incomplete")],
      ["truncated"],
    ],
    [
      "whole arguments in an item that was cut",
      [created, added(calling("", { status: "incomplete" })), written('{"a":1}'), ended()],
      ["truncated"],
    ],
    [
      "a call without an id",
      [
        created,
        added({ type: "function_call", call_id: "call_1", name: "look", arguments: "" }, undefined),
        args('{"a":1}', { output_index: undefined, item_id: "fc_9" }),
        done({ type: "function_call", call_id: "call_1", name: "look", arguments: '{"a":1}' }, undefined),
        ended(),
      ],
      ["complete"],
    ],
  ])("has %s", async (_, events, states) => {
    const got = await read(events);
    expect([got.outcome, got.states]).toEqual(["complete", states]);
    expect(got.called).toHaveLength(states.filter((state) => state === "complete").length);
    const ids = got.stream.tools.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("names one item by two places", async () => {
    const twice = [added(calling("")), done(calling('{"a":1}'), 1), ended([calling('{"a":1}')])];
    const got = await read([created, ...twice]);
    expect([got.states, got.called]).toEqual([["complete"], [{ a: 1 }]]);
    const again = await read([created, done(calling("{}")), done(calling("{}"), 1), ended([calling("{}")])]);
    expect(again.called).toHaveLength(1);
    const said = await read([created, added(message("")), text("A"), done(message("A"), 1), ended()]);
    expect([said.content, said.stream.message?.output]).toEqual(["A", [message("A")]]);
  });

  it.each<[what: string, place: number]>([
    ["with its place", 1],
    ["in its place", 0],
  ])("has an item at its end alone, before one that came %s", async (_, place) => {
    const [first, second] = [message("One"), message("Two", { id: "msg_2" })];
    const said = await readAll([created, done(second, place), ended([first, second])]);
    // What was shown cannot be taken back. The message has its items in their order.
    expect([said.error, said.shown, said.content]).toEqual([null, "TwoOne", "OneTwo"]);
    expect(said.stream.message?.output).toEqual([first, second]);
    const [a, b] = [calling('{"a":1}'), calling('{"b":1}', { id: "fc_2", call_id: "call_2" })];
    const { called, stream } = await read([created, done(b, place), ended([a, b])]);
    expect([called, stream.message?.output]).toEqual([
      [{ b: 1 }, { a: 1 }],
      [a, b],
    ]);
    expect(stream.tools.map(({ id }) => id)).toEqual(["call_1", "call_2"]);
  });

  it.each<[what: string, events: readonly Event[], content: string]>([
    ["at the end", [text("Hello"), ended([message("Goodbye")])], "Hello"],
    ["at an end that cuts", [text("Hello"), ended([message("Goodbye")], "incomplete")], "Hello"],
    ["by what was inserted before the end", [text("Hello"), ended([message("Hell, o")])], "Hello"],
    ["in a whole item", [text("Hello"), done(message("Goodbye")), ended()], "Hello"],
    [
      "in a whole text",
      [text("Hello"), { ...text(""), type: "response.output_text.done", text: "Bye" }, ended()],
      "Hello",
    ],
  ])("does not take back what it said: %s", async (_, events, content) => {
    const got = await read([created, added(message("")), ...events]);
    expect([got.outcome, got.content, got.error]).toMatchObject(["failed", content, { code: "protocol" }]);
    const again = await read([created, ...events]);
    expect([again.outcome, again.content]).toEqual(["failed", content]);
  });

  it.each<[what: string, events: readonly Event[]]>([
    ["by its whole arguments", [written('{"b":2}')]],
    ["by its whole item", [done(calling('{"b":2}'))]],
    ["at the end", [ended([calling('{"b":2}')])]],
    ["by less of it", [written("{}")]],
    ["as input of a custom tool", [done({ ...calling("", { type: "custom_tool_call" }), input: "ls" }, 1)]],
  ])("does not take back the input of a call: %s", async (_, events) => {
    const custom = { ...calling("", { type: "custom_tool_call", id: "ctc_1", call_id: "call_2" }), input: "" };
    const got = await read([
      created,
      added(calling("")),
      added(custom, 1),
      args('{"a":'),
      args("1}"),
      args("rm", { type: "response.custom_tool_call_input.delta", output_index: 1 }),
      ...events,
      ended(),
    ]);
    expect([got.outcome, got.error, got.called]).toMatchObject(["failed", { code: "protocol" }, []]);
    expect(got.stream.message?.output).toMatchObject([{ arguments: '{"a":1}' }, { input: "rm" }]);
  });

  it.each<[what: string, deltas: readonly string[], whole: string]>([
    ["with other spaces", ['{"city": "Oslo", ', '"days": [1, 2]}'], '{"city":"Oslo","days":[1,2]}'],
    ["without spaces before", ['{"city":"Oslo"}'], '{ "city": "Oslo" }'],
    ["with escapes", ['{"city":"Tromsø 😀"}'], String.raw`{"city":"Troms\u00f8 \ud83d\ude00"}`],
    ["without the escapes before", [String.raw`{"city":"Troms\u00F8\/"}`], '{"city":"Tromsø/"}'],
    ["without some deltas before", ['{"ci', '"Oslo"}'], '{"city":"Oslo"}'],
    ["after it came twice", ['{"city":"Oslo"}', '{"city":"Oslo"}'], '{"city":"Oslo"}'],
  ])("writes the input of a call again, %s", async (_, deltas, whole) => {
    const pieces = deltas.map((delta) => args(delta));
    for (const last of [written(whole), done(calling(whole)), ended([calling(whole)])]) {
      const got = await read([created, added(calling("")), ...pieces, last, ended()]);
      expect([got.outcome, got.called]).toEqual(["complete", [JSON.parse(whole)]]);
    }
  });

  it("takes linear time for a whole text that is not what came", async () => {
    const part = "a".repeat(60_000);
    const start = performance.now();
    const other = done(message(`${part}b${part}`));
    const { outcome, error } = await readAll([created, text(part.repeat(4)), other]);
    expect([outcome, error]).toMatchObject(["failed", { code: "protocol" }]);
    // Some seconds if it were quadratic.
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  it.each<[what: string, events: readonly Event[]]>([
    ["no list", [done(message("", { content: 5 })), ended([message("", { content: { 0: "Bye" } })])]],
    ["text", [done(message("", { content: "Bye" })), ended([message("", { content: null })])]],
    ["parts of another kind", [done(message("", { content: [{ type: 5, text: "Bye" }, 5, null] })), ended()]],
    ["a text that is none", [done(message("", { content: [{ type: "output_text", text: ["Bye"] }] })), ended()]],
    ["less of the text", [done(message("ello ")), ended([message("Hello")])]],
    ["another item in its place", [done(calling("{}")), ended([calling("{}")])]],
  ])("does not lose what it said if the content is then %s", async (_, events) => {
    const got = await read([created, added(message("")), text("Hello "), ...events]);
    expect([got.outcome, got.content, got.error]).toEqual(["complete", "Hello ", null]);
  });

  it("leaves out deltas", async () => {
    const { stream, outcome } = await readAll([
      created,
      text("It"),
      text(" rains."),
      done(message("It often rains.")),
      ended(),
    ]);
    expect([outcome, stream.content]).toEqual(["complete", "It often rains."]);
  });

  it("gives the model that its content has, however it came", async () => {
    const books = [text('{"title":"M"}'), done(message('{"title":"Mistborn"}'))];
    const body = [created, ...books, ended()].map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
    const own = client({ apiKey: "k", fetch: () => Promise.resolve(new Response(body)) });
    const stream = structured(
      "m",
      { stream: true, client: own, responseModel: z.object({ title: z.string() }) },
      () => "?",
    )();
    const seen: unknown[] = [];
    for await (const book of stream) seen.push(book.title);
    expect([stream.content, stream.constructedResponseModel]).toEqual(['{"title":"Mistborn"}', { title: "Mistborn" }]);
    expect(seen.at(-1)).toBe("Mistborn");
  });

  it("is cut, and does not say how", async () => {
    for (const response of [undefined, {}, { status: "incomplete" }]) {
      const { stream, outcome } = await read([created, text("Hi"), { type: "response.incomplete", response }]);
      expect([outcome, stream.commonFinishReasons]).toEqual(["complete", ["length"]]);
    }
  });

  it.each<[what: string, event: Event, retryable: boolean]>([
    ["nested", { type: "error", error: { code: "server_error", message: "No." } }, true],
    ["flat", { type: "error", code: "rate_limit_exceeded", message: "No." }, true],
    ["without a type", { error: { code: "invalid_prompt", message: "No." } }, false],
    ["as text", { type: "error", error: "No." }, false],
    [
      "in a response",
      { type: "response.failed", response: { status: "failed", error: { code: "server_error", message: "No." } } },
      true,
    ],
    [
      "of a quota, which waiting does not lift",
      { type: "error", error: { code: "insufficient_quota", message: "No." } },
      false,
    ],
  ])("fails with an error that is %s", async (_, event, retryable) => {
    for (const isNamed of [true, false]) {
      const { outcome, content, error } = await read([created, text("Hi"), event], isNamed);
      expect([outcome, content]).toEqual(["failed", "Hi"]);
      expect(error).toMatchObject({ code: "api_error", retryable, providerMessage: "No." });
    }
  });

  it("was cancelled", async () => {
    const { outcome, error, stream } = await read([created, text("Hi"), ended([], "cancelled")]);
    expect([outcome, stream.message?.status]).toEqual(["failed", "cancelled"]);
    expect(error).toMatchObject({ code: "api_error", type: "cancelled", retryable: false });
  });

  it("has tools of its own, which nobody has to answer", async () => {
    const search = {
      id: "ctc_1",
      type: "custom_tool_call",
      call_id: "xs_call_1",
      name: "x_search",
      input: "{}",
      status: "completed",
    };
    const tools = [{ type: "x_search" }];
    const begun = { ...created, response: { ...(created["response"] as object), tools } };
    const { stream } = await read([begun, done(search), done(message("Hi"), 1), ended()]);
    expect([stream.commonFinishReasons, stream.tools, stream.warnings.length]).toEqual([["stop"], [], 1]);
    expect(stream.history().slice(1)).toMatchObject([{ type: "custom_tool_call" }, { type: "message" }]);
  });
});
