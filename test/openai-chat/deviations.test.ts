import { describe, expect, it } from "vitest";
import { ApiError } from "../../src/errors.ts";
import { ChatDecoder } from "../../src/providers/openai-chat/decode.ts";
import { dialectNamed, UNKNOWN } from "../../src/providers/openai-chat/dialects.ts";
import { chatViews } from "../../src/providers/openai-chat/view.ts";
import { ChatBytes, decodeEvents } from "./chat-steps.ts";

const chunk = (delta: unknown, more: object = {}) => ({ id: "c", choices: [{ index: 0, delta, ...more }] });
const calls = (...tool_calls: unknown[]) => chunk({ tool_calls });
const finish = (finish_reason: unknown = "tool_calls") => chunk({}, { finish_reason });
const fn = (name?: string, args?: unknown) => ({
  function: { ...(name !== undefined && { name }), ...(args !== undefined && { arguments: args }) },
});
const whole = (name: string, args: unknown = "{}") => ({ type: "function", ...fn(name, args) });

/** The calls, and how many times each was completed. */
function callsOf(events: readonly unknown[], end?: string) {
  const { decoder, steps } = decodeEvents(events, end);
  const completed = steps.flatMap(({ tools }) => tools.filter(({ fragment }) => fragment === null));
  expect(new Set(completed).size).toBe(completed.length);
  const told = new Map(decoder.toolInputs.map((input) => [input, ""]));
  for (const { tools } of steps) {
    for (const { input, fragment } of tools) told.set(input, (told.get(input) ?? "") + (fragment ?? ""));
  }
  return decoder.toolInputs.map((input) => {
    if (input.state === "complete") expect(completed.some((update) => update.input === input)).toBe(true);
    return { id: input.id, call: `${input.name}(${input.text})`, state: input.state, told: told.get(input) };
  });
}

const shown = (events: readonly unknown[]) => callsOf(events).map(({ call, state }) => `${call} ${state}`);

/** By the numbers of the reference's list of deviations. */
const PLACED: readonly (readonly [deviation: string, events: unknown[], expected: string[]])[] = [
  ["1 no index", [calls({ id: "a", ...whole("f") }), finish()], ["f({}) complete"]],
  [
    "1 no index, several calls in one chunk",
    [calls({ id: "a", ...whole("f") }, { id: "b", ...whole("g") }), finish()],
    ["f({}) complete", "g({}) complete"],
  ],
  [
    "1 neither index nor id",
    [calls(whole("f", '{"a":1}')), calls(whole("f", '{"a":2}')), calls(whole("g")), finish()],
    ['f({"a":1}) complete', 'f({"a":2}) complete', "g({}) complete"],
  ],
  [
    "1 neither index nor id, in fragments",
    [calls(fn("f", "")), calls(fn(undefined, '{"a"')), calls(fn(undefined, ":1}")), finish()],
    ['f({"a":1}) complete'],
  ],
  [
    "2 the same index for different ids",
    [calls({ index: 0, id: "a", ...whole("f", '{"a":1}') }), calls({ index: 0, id: "b", ...whole("g") }), finish()],
    ['f({"a":1}) complete', "g({}) complete"],
  ],
  [
    "2 the same id for different indexes",
    [
      calls({ index: 0, id: "a", ...whole("f", '{"a":1}') }, { index: 1, id: "a", ...whole("f", '{"a":2}') }),
      calls({ index: 2, id: "b", ...whole("g") }, { index: 3, id: "a", ...whole("f", '{"a":3}') }),
      finish(),
    ],
    ['f({"a":1}) complete', 'f({"a":2}) complete', "g({}) complete", 'f({"a":3}) complete'],
  ],
  [
    "2 the same index, and fragments of the later",
    [
      calls({ index: 0, id: "a", ...whole("f") }),
      calls({ index: 0, id: "b", ...fn("g", "") }),
      calls({ index: 0, ...fn(undefined, '{"b":2}') }),
      finish(),
    ],
    ["f({}) complete", 'g({"b":2}) complete'],
  ],
  [
    "3 the index starts at 1, and jumps",
    [calls({ index: 1, id: "a", ...whole("f") }), calls({ index: 7, id: "b", ...whole("g") }), finish()],
    ["f({}) complete", "g({}) complete"],
  ],
  [
    "3 later fragments on a new index without id",
    [
      calls({ index: 0, id: "a", ...fn("f", '{"a') }),
      calls({ index: 1, ...fn(undefined, '":') }),
      calls({ index: 1, ...fn(undefined, "1}") }),
      finish(),
    ],
    ['f({"a":1}) complete'],
  ],
  [
    "4 the same index twice in one chunk",
    [
      calls({ index: 0, id: "a", ...fn("f", "") }, { index: 0, ...fn(undefined, '{"a":') }),
      calls({ index: 0, ...fn(undefined, "1}") }),
      finish(),
    ],
    ['f({"a":1}) complete'],
  ],
  [
    "5 an empty id on later fragments",
    [
      calls({ index: 0, id: "a", ...fn("f", "{") }),
      calls({ index: 0, id: "", ...fn("", "}") }),
      calls({ index: 1, id: "b", ...whole("g") }),
      finish(),
    ],
    ["f({}) complete", "g({}) complete"],
  ],
  [
    "6 the id in each fragment",
    [
      calls({ index: 0, id: "a", ...fn("f", "{") }),
      calls({ index: 1, id: "b", ...fn("g", "{") }),
      calls({ index: 0, id: "a", ...fn("f", "}") }, { index: 1, id: "b", ...fn("g", "}") }),
      finish(),
    ],
    ["f({}) complete", "g({}) complete"],
  ],
  [
    "7 the name in pieces",
    [
      calls({ index: 0, id: "a", ...fn("get_") }),
      calls({ index: 0, ...fn("it") }),
      calls({ index: 0, ...fn("", "{}") }),
      finish(),
    ],
    ["get_it({}) complete"],
  ],
  [
    "7 the name after the arguments",
    [calls({ index: 0, id: "a", ...fn(undefined, '{"a"') }), calls({ index: 0, ...fn("f", ":1}") }), finish()],
    ['f({"a":1}) complete'],
  ],
  [
    "9 arguments as an object, as null, and none",
    [
      calls({ index: 0, id: "a", ...fn("f", { a: 1 }) }),
      calls({ index: 1, id: "b", ...fn("g", null) }),
      calls({ index: 2, id: "c", ...fn("h") }),
      finish(),
    ],
    ['f({"a":1}) complete', "g() complete", "h() complete"],
  ],
  [
    "9 the whole arguments again",
    [
      calls({ id: "a", ...fn("f", "") }),
      calls({ id: "a", ...fn("f", "{}") }),
      calls({ id: "a", ...fn("f", '{"a":1}') }),
      finish(),
    ],
    ['f({"a":1}) complete'],
  ],
  [
    "10 the whole call with its finish reason",
    [chunk({ tool_calls: [{ id: "a", ...whole("f") }] }, { finish_reason: "tool_calls" })],
    ["f({}) complete"],
  ],
  ["22 finish reason stop", [calls({ index: 0, id: "a", ...whole("f") }), finish("stop")], ["f({}) complete"]],
  ["23 no calls", [calls(), chunk({ tool_calls: null, content: "x" }), finish("stop")], []],
  [
    "a number, and a list",
    [calls({ id: "a", ...fn("f", 5) }, { id: "b", ...fn("g", [1]) }), finish()],
    ["f(5) invalid", "g([1]) invalid"],
  ],
  [
    "the same id for two calls",
    [calls({ index: 0, id: "0", ...whole("f") }), calls({ index: 1, id: "0", ...whole("g") }), finish()],
    ["f({}) complete", "g({}) complete"],
  ],
  [
    "calls that take turns",
    [
      calls({ index: 0, id: "a", ...fn("f", "") }),
      calls({ index: 1, id: "b", ...fn("g", "") }),
      calls({ index: 0, ...fn(undefined, '{"a":1}') }),
      calls({ index: 1, ...fn(undefined, '{"b":2}') }),
      finish(),
    ],
    ['f({"a":1}) complete', 'g({"b":2}) complete'],
  ],
  [
    "the last one cut",
    [calls({ index: 0, id: "a", ...whole("f") }), calls({ index: 1, id: "b", ...fn("g", '{"b') }), finish("length")],
    ["f({}) complete", 'g({"b) truncated'],
  ],
  [
    "the form that came before lists",
    [
      chunk({ function_call: { name: "f", arguments: "" } }),
      chunk({ function_call: { arguments: "{}" } }),
      finish("function_call"),
    ],
    ["f({}) complete"],
  ],
];

describe("calls of tools in all their deviations", () => {
  it.each(PLACED)("%s", (_, events, expected) => {
    expect(shown(events)).toEqual(expected);
  });

  it("are told apart by ids of their own", () => {
    const ids = (events: readonly unknown[]) => callsOf(events).map(({ id }) => id);
    const same = ids([
      calls({ index: 0, id: "0", ...whole("f") }),
      calls({ index: 1, id: "0", ...whole("g") }),
      finish(),
    ]);
    const none = ids([calls(whole("f"), whole("g")), finish()]);
    expect(same[0]).toBe("0");
    expect(new Set([...same, ...none]).size).toBe(4);
    for (const id of none) expect(id).toMatch(/^call_\w+$/);
  });

  it("readers are told the whole input, once there is a name", () => {
    const events = [
      calls({ index: 0, id: "a", ...fn(undefined, '{"a"') }),
      calls({ index: 0, ...fn("f", ":1}") }),
      finish(),
    ];
    expect(callsOf(events).map(({ told }) => told)).toEqual(['{"a":1}']);
  });

  it("input that changes after it was complete breaks the protocol", () => {
    const first = [calls({ index: 0, id: "a", ...whole("f", '{"a":1}') }), calls({ index: 1, id: "b", ...whole("g") })];
    expect(shown([...first, calls({ index: 0, id: "a", ...fn("f", '{"a":1}') }), finish()])).toHaveLength(2);
    expect(shown([...first, calls({ index: 0, ...fn(undefined, "\n") }), finish()])).toHaveLength(2);
    expect(() => shown([...first, calls({ index: 0, ...fn(undefined, ',"b":2}') }), finish()])).toThrow("was complete");
  });

  it.each<[string, object[], string]>([
    ["a body decides, whatever the type", [{ type: "function", custom: { name: "sh", input: "ls" } }], "custom sh(ls)"],
    ["a body decides, whatever the type", [{ type: "custom", ...fn("f", "{}") }], "function f({})"],
    ["an empty body says nothing", [{ ...whole("f"), custom: {} }], "function f({})"],
    ["an empty body says nothing", [{ ...whole("f"), custom: { name: "", input: "" } }], "function f({})"],
    [
      "an empty body says nothing",
      [
        { type: "custom", custom: { name: "sh", input: "l" } },
        { ...fn(), custom: { input: "s" } },
      ],
      "custom sh(ls)",
    ],
  ])("a call is of one type: %s", (_, fragments, expected) => {
    const { decoder } = decodeEvents([...fragments.map((each) => calls({ index: 0, id: "a", ...each })), finish()]);
    const sent = decoder.items().flatMap((item) => ("tool_calls" in item ? (item.tool_calls ?? []) : []));
    const inputs = decoder.toolInputs.map(({ name, text }) => `${name}(${text})`);
    expect(sent.map(({ type }, place) => `${type} ${inputs[place]}`)).toEqual([expected]);
    expect(sent.map((each) => Object.keys(each))).toEqual([["id", "type", expected.split(" ")[0]]]);
  });

  it.each<[string, object[]]>([
    ["function, with the body of both", [{ ...whole("f"), custom: { input: "ls" } }]],
    ["custom, with the body of both", [{ ...fn("f", "{}"), type: "custom", custom: { name: "sh", input: "ls" } }]],
    ["function, then custom", [{ ...whole("f", '{"a"') }, { custom: { input: " -l" } }]],
    ["custom, then function", [{ type: "custom", custom: { name: "sh", input: "ls" } }, fn(undefined, "{}")]],
  ])("a call of both types breaks the protocol: %s", (_, fragments) => {
    const bytes = new ChatBytes();
    const play = (event: object) => [...bytes.push(new TextEncoder().encode(`data: ${JSON.stringify(event)}\n\n`))];
    expect(() => fragments.forEach((each) => play(calls({ index: 0, id: "a", ...each })))).toThrow("of another type");
    expect(bytes.decoder.items()).toEqual([]);
  });

  it("custom tools have free text, and keep what is not known", () => {
    const custom = (input: string, more = {}) => calls({ index: 0, ...more, custom: { input } });
    const { decoder } = decodeEvents([
      calls({ index: 0, id: "a", type: "custom", custom: { name: "sh", input: "ls" }, extra_content: { x: 1 } }),
      custom(" -l"),
      finish(),
    ]);
    expect(decoder.toolInputs).toMatchObject([{ name: "sh", text: "ls -l", state: "complete" }]);
    expect(decoder.message?.choices[0]?.message.tool_calls).toEqual([
      { index: 0, id: "a", type: "custom", custom: { name: "sh", input: "ls -l" }, extra_content: { x: 1 } },
    ]);
  });
});

describe("everything else that servers do differently", () => {
  const said = (events: readonly unknown[], end?: string) => {
    const { decoder, steps } = decodeEvents(events, end);
    const { message, isWhole } = decoder;
    const told = steps.map(({ chunk: { content, thinking } }) => [content, thinking]);
    expect(told.map(([content]) => content).join("")).toBe(chatViews.content(message));
    expect(told.map(([, thinking]) => thinking).join("")).toBe(chatViews.thinking(message));
    return { content: chatViews.content(message), thinking: chatViews.thinking(message), isWhole, message };
  };

  it.each<[string, unknown[]]>([
    [
      "11 null where something could be",
      [{ choices: null }, { choices: [null, { delta: null }, {}] }, { choices: [] }],
    ],
    ["12 finish reasons that are none", [chunk({}, { finish_reason: "" }), chunk({}, { finish_reason: null })]],
    [
      "13 usage that says nothing",
      [
        { choices: [], usage: null },
        { choices: [], usage: { prompt_tokens: 0 } },
      ],
    ],
    ["14 a role in each chunk", [chunk({ role: "assistant" }), chunk({ role: "assistant", content: null })]],
  ])("%s", (_, events) => {
    const { content, isWhole } = said([...events, chunk({ content: "Hi" }), ...events]);
    expect([content, isWhole]).toEqual(["Hi", false]);
    const ended = said([...events, chunk({ content: "Hi" }), finish("stop"), ...events]);
    expect([ended.isWhole, ended.message?.choices[0]?.finish_reason]).toEqual([true, "stop"]);
  });

  it("one choice of two is a whole reply only if it is the first", () => {
    const choice = (index: number) => ({
      id: "c",
      choices: [{ index, delta: { content: "Hi" }, finish_reason: "stop" }],
    });
    const isWhole = (index: number): boolean => {
      const decoder = new ChatDecoder();
      decoder.decode({ expected: { choices: 2, dialect: UNKNOWN } });
      decoder.decode({ event: choice(index) } as never);
      decoder.end();
      return decoder.isWhole;
    };
    expect([isWhole(0), isWhole(1)]).toEqual([true, false]);
  });

  it("13 usage in each chunk, in x_groq or in a choice: the last one with counts is that of the reply", () => {
    const usage = (count: number) => ({ prompt_tokens: 3, completion_tokens: count, total_tokens: 3 + count });
    for (const event of [
      { choices: [], usage: usage(2) },
      { x_groq: { usage: usage(2) } },
      { choices: [{ usage: usage(2) }] },
    ]) {
      const { decoder } = decodeEvents([
        { ...chunk({ content: "x" }), usage: usage(1) },
        finish("stop"),
        event,
        { usage: usage(0) && {} },
      ]);
      expect([decoder.message?.usage, decoder.hasUsage]).toEqual([usage(2), true]);
    }
  });

  it.each([
    "data: [DONE]\n\n",
    "data:  [DONE] \n\n",
    "",
    "data: [DONE]\n\ndata: [DONE]\n\n",
    'data: [DONE]\n\ndata: {"choices":[{"delta":{"content":"!"}}]}\n\n',
  ])("16 the end is %j", (end) => {
    const { content, isWhole } = said([chunk({ content: "Hi" }), finish("stop")], end);
    expect([content, isWhole]).toEqual(["Hi", true]);
    expect(said([chunk({ content: "Hi" })], end).isWhole).toBe(false);
  });

  it("[DONE] alone is the end where a row says so, and something has come", () => {
    const openrouter = dialectNamed("openrouter");
    const isWhole = (events: readonly unknown[], end?: string) => decodeEvents(events, end, openrouter).decoder.isWhole;
    expect(isWhole([chunk({ content: "Hi" })])).toBe(true);
    expect(isWhole([chunk({ content: "Hi" })], "")).toBe(false);
    expect(isWhole([chunk({ content: "" })])).toBe(false);
    expect(isWhole([calls({ index: 0, id: "a", ...whole("f") })])).toBe(true);
    expect(isWhole([calls({ index: 0, id: "a", ...fn("f", '{"a') })])).toBe(false);
  });

  it("17 a reply as JSON is a reply, and an error as JSON is refused", () => {
    const reply = {
      id: "c",
      object: "chat.completion",
      choices: [
        {
          index: 0,
          message: { role: "assistant", content: "Hi", tool_calls: [{ id: "a", ...whole("f") }] },
          finish_reason: "tool_calls",
        },
      ],
    };
    const bytes = new ChatBytes();
    const steps = [...bytes.push(new TextEncoder().encode(JSON.stringify(reply, null, 2))), ...bytes.end()];
    expect(steps.map(({ chunk: { content }, tools }) => [content, tools.length])).toEqual([["Hi", 2]]);
    expect([bytes.decoder.isWhole, bytes.decoder.message]).toEqual([true, reply]);
  });

  it("18 content as a list: text, thinking, and parts that are neither", () => {
    const reference = { type: "reference", reference_ids: [1] };
    const thinking = { type: "thinking", thinking: [{ type: "text", text: "Hm" }] };
    const { content, message, ...rest } = said([
      chunk({ content: [thinking] }),
      chunk({ content: [{ type: "text", text: "See" }] }),
      chunk({ content: [reference, { type: "text", text: " th" }] }),
      chunk({ content: "is" }),
      finish("stop"),
    ]);
    expect([content, rest.thinking]).toEqual(["See this", "Hm"]);
    expect(message?.choices[0]?.message).toEqual({
      role: "assistant",
      content: [{ type: "text", text: "See" }, reference, { type: "text", text: " this" }],
      reasoning: "Hm",
    });
  });

  it("20 the same reasoning under two names is shown once", () => {
    const { thinking, message } = said([
      chunk({ reasoning: "Hm", reasoning_content: "Hm" }),
      chunk({ reasoning: "!", reasoning_content: "!" }),
    ]);
    expect([thinking, message?.choices[0]?.message.reasoning_content]).toEqual(["Hm!", "Hm!"]);
  });

  it("details of the reasoning go on by their index and type", () => {
    const detail = (more: object) => chunk({ reasoning_details: [{ index: 0, ...more }] });
    const { thinking, message } = said([
      detail({ type: "reasoning.text", text: "H", signature: "" }),
      detail({ type: "reasoning.text", text: "m" }),
      detail({ type: "reasoning.text", signature: "s" }),
      detail({ type: "reasoning.encrypted", data: "d" }),
    ]);
    expect(thinking).toBe("Hm");
    expect(message?.choices[0]?.message.reasoning_details).toEqual([
      { index: 0, type: "reasoning.text", text: "Hm", signature: "s" },
      { index: 0, type: "reasoning.encrypted", data: "d" },
    ]);
  });

  it("24 an id that changes is the last one, and an empty one is none", () => {
    const { message } = said([
      { id: "", created: 0, model: "" },
      { id: "a", created: 5, model: "m" },
      { id: "", created: 0, model: "" },
      { id: "b" },
    ]);
    expect(message).toEqual({ id: "b", created: 5, model: "m", choices: [] });
  });

  it("25 pairs of halves of a character become one again", () => {
    expect(said([chunk({ content: "\ud83d" }), chunk({ content: "\ude00" })]).content).toBe("😀");
  });

  it("audio is joined by its bytes", () => {
    const pieces = ["Hel", "lo", " w", "orld!"].map((text) =>
      chunk({ audio: { id: "a", data: btoa(text), transcript: text } }),
    );
    const { decoder } = decodeEvents([...pieces, chunk({ audio: { expires_at: 9 } }), finish("stop")]);
    const audio = decoder.message?.choices[0]?.message.audio;
    expect({ ...audio, data: atob(audio?.data ?? "") }).toEqual({
      id: "a",
      data: "Hello world!",
      transcript: "Hello world!",
      expires_at: 9,
    });
  });

  it("logprobs are joined, and a bare number is kept", () => {
    const token = (name: string) => ({ token: name, logprob: -1, bytes: null, top_logprobs: [] });
    const { message } = said([
      chunk({ content: "a" }, { logprobs: { content: [token("a")], refusal: null } }),
      chunk({ content: "b" }, { logprobs: { content: [token("b")], refusal: null } }),
      chunk({}, { logprobs: null }),
    ]);
    expect(message?.choices[0]?.logprobs).toEqual({ content: [token("a"), token("b")], refusal: null });
    expect(said([chunk({ content: "a" }, { logprobs: -0.5 })]).message?.choices[0]?.logprobs).toBe(-0.5);
  });

  it("choices are told apart by their index, and the first one is the content", () => {
    const choice = (index: number, content: string, finish_reason: string | null = null) => ({
      choices: [{ index, delta: { content }, finish_reason }],
    });
    const events = [choice(1, "b"), choice(0, "a"), choice(1, "B", "stop"), choice(0, "A")];
    const { message } = said(events);
    expect(message?.choices.map(({ index, message: { content } }) => [index, content])).toEqual([
      [0, "aA"],
      [1, "bB"],
    ]);
    const isWhole = (...more: object[]) => decodeEvents([...events, ...more], "", undefined, 2).decoder.isWhole;
    expect([isWhole(), isWhole(choice(0, "", "stop"))]).toEqual([false, true]);
  });

  it("one of several choices that has ended does not make the reply whole before the others have begun", () => {
    const first = { choices: [{ index: 0, delta: { content: "a" }, finish_reason: "stop" }] };
    const bytes = new ChatBytes(undefined, 2);
    const text = new TextEncoder().encode(`data: ${JSON.stringify(first)}\n\n`);
    expect([...bytes.push(text)]).toHaveLength(1);
    expect(bytes.decoder.isWhole).toBe(false);
    // A server that knows nothing of several choices.
    expect(decodeEvents([first], undefined, undefined, 2).decoder.isWhole).toBe(true);
    // OpenAI's own knows.
    expect(decodeEvents([first], "", dialectNamed("openai"), 2).decoder.isWhole).toBe(false);
  });

  it.each<[string, unknown, string]>([
    ["an object", { error: { message: "No.", type: "t", code: "server_error" } }, "No."],
    ["a text", { error: "No." }, "No."],
    [
      "beside choices",
      { id: "c", choices: [{ delta: { content: "" }, finish_reason: "error" }], error: { code: 502, message: "No." } },
      "No.",
    ],
    [
      "a finish reason",
      { id: "c", choices: [{ delta: {}, finish_reason: "error", native_finish_reason: "MALFORMED" }] },
      "MALFORMED",
    ],
    ["details", { detail: "No." }, "No."],
    ["a message", { object: "error", message: "No." }, "No."],
  ])("an error is %s", (_, event, words) => {
    expect(() => decodeEvents([chunk({ content: "Hi" }), event])).toThrow(ApiError);
    expect(() => decodeEvents([event])).toThrow(words);
  });

  it("an error that an event is named for is one, whatever it says", () => {
    for (const data of ["{}", "No.", '"No."', '{"message":"No."}']) {
      expect(() => decodeEvents([], `event: error\ndata: ${data}\n\n`)).toThrow(ApiError);
    }
  });
});
