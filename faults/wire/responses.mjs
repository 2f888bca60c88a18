/** The bytes of the Responses API. */

import { errorOf, openai } from "./chat.mjs";

const MODEL = openai.model;
const USAGE = {
  input_tokens: 10,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 42,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 52,
};

const frame = (type, fields) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
/** Events `[type, fields]`, numbered from here on. */
const numbered = (from, ...events) =>
  events.map(([type, fields], index) => frame(type, { sequence_number: from + index, ...fields })).join("");

const response = (fields) => ({
  id: "resp_1",
  object: "response",
  created_at: 1_795_800_000,
  status: "in_progress",
  error: null,
  incomplete_details: null,
  model: MODEL,
  output: [],
  parallel_tool_calls: true,
  service_tier: "default",
  store: true,
  tool_choice: "auto",
  tools: [],
  usage: null,
  metadata: {},
  ...fields,
});

const begun = numbered(
  0,
  ["response.created", { response: response() }],
  ["response.in_progress", { response: response() }],
);

const item = (status, content) => ({ id: "msg_1", type: "message", status, content, role: "assistant" });
const part = (text) => ({ type: "output_text", annotations: [], logprobs: [], text });
const at = { item_id: "msg_1", output_index: 0, content_index: 0 };
const open = numbered(
  2,
  ["response.output_item.added", { output_index: 0, item: item("in_progress", []) }],
  ["response.content_part.added", { ...at, part: part("") }],
);
const message = (text) => item("completed", [part(text)]);
const close = (text) => [
  ["response.output_text.done", { ...at, text, logprobs: [] }],
  ["response.content_part.done", { ...at, part: part(text) }],
  ["response.output_item.done", { output_index: 0, item: message(text) }],
];
const completed = (output, fields) => [
  "response.completed",
  { response: response({ status: "completed", output, usage: USAGE, ...fields }) },
];

const started = begun + open;
/** Without its number, so that it can be sent as often as one likes; servers leave it out, too. */
const delta = (text) =>
  frame("response.output_text.delta", { ...at, delta: text, logprobs: [], obfuscation: "nYdSaPIbhl6FsC" });
const textEnd = (...texts) => {
  const text = texts.join("");
  return numbered(4 + texts.length, ...close(text), completed([message(text)]));
};

const callItem = (index, status, input) => ({
  id: `fc_${index + 1}`,
  type: "function_call",
  status,
  arguments: input,
  call_id: `call_${index + 1}`,
  name: "delete_files",
});
const callStart = (index) => [
  "response.output_item.added",
  { output_index: index, item: callItem(index, "in_progress", "") },
];
const inputDelta = (fragment, index) => [
  "response.function_call_arguments.delta",
  { item_id: `fc_${index + 1}`, output_index: index, delta: fragment, obfuscation: "yZ2" },
];
const callStop = (index, input, status = "completed") => [
  ["response.function_call_arguments.done", { item_id: `fc_${index + 1}`, output_index: index, arguments: input }],
  ["response.output_item.done", { output_index: index, item: callItem(index, status, input) }],
];
const call = (index, fragments, status) => [
  callStart(index),
  ...fragments.map((fragment) => inputDelta(fragment, index)),
  ...callStop(index, fragments.join(""), status),
];
const textAndCall = (text, input) => started + delta(text) + numbered(5, ...close(text), ...call(1, [input]));

/** A text of "Hello" whose last event is so. */
const ending = (...events) => started + delta("Hello") + numbered(5, ...close("Hello"), ...events);
const hello = [message("Hello")];

export const responses = {
  ...openai,
  title: "OpenAI: Responses",
  path: "/v1/responses",

  begun,
  started,
  delta,
  textEnded: (...texts) => started + texts.map(delta).join("") + numbered(4 + texts.length, ...close(texts.join(""))),
  stopped: textEnd,
  ended: textEnd,
  reply: (...texts) => started + texts.map(delta).join("") + textEnd(...texts),
  keepAlive: frame("keepalive", {}),
  malformed: "event: response.output_text.delta\ndata: {]\n\n",
  endless:
    'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","item_id":"msg_1","output_index":0,"content_index":0,"delta":"',
  contradictions: {},

  callBegun: (...fragments) =>
    begun + numbered(2, callStart(0), ...fragments.map((fragment) => inputDelta(fragment, 0))),
  callReply: (...fragments) =>
    begun + numbered(2, ...call(0, fragments), completed([callItem(0, "completed", fragments.join(""))])),
  callCut: (...fragments) =>
    begun +
    numbered(2, ...call(0, fragments, "incomplete"), [
      "response.incomplete",
      {
        response: response({
          status: "incomplete",
          incomplete_details: { reason: "max_output_tokens" },
          output: [callItem(0, "incomplete", fragments.join(""))],
          usage: USAGE,
        }),
      },
    ]),
  textAndCall,
  textAndCallReply: (text, input) =>
    textAndCall(text, input) + numbered(12, completed([message(text), callItem(1, "completed", input)])),
  interleaved: (...inputs) =>
    begun +
    numbered(
      2,
      ...inputs.map((_, index) => callStart(index)),
      // In pieces that are no JSON by themselves.
      ...inputs.map((json, index) => inputDelta(json.slice(0, 10), index)),
      ...inputs.map((json, index) => inputDelta(json.slice(10), index)),
      ...inputs.flatMap((json, index) => callStop(index, json)),
      completed(inputs.map((json, index) => callItem(index, "completed", json))),
    ),

  /** Nested, as OpenAI sends it, and followed by the response that failed. */
  error(kind, text = "Overloaded") {
    const { code, ...error } = errorOf(kind, text);
    const failed = response({ status: "failed", error: { code, message: text } });
    return frame("error", { error: { ...error, code } }) + frame("response.failed", { response: failed });
  },

  odd: {
    contentNull: ending(completed(null)),
    contentNullThenEof: started + delta("Hello") + frame("response.output_item.done", { output_index: 0, item: null }),
    reasonObject: ending(completed(hello, { incomplete_details: { reason: { toString: 1 } } })),
    usageListOfNull: ending(completed(hello, { usage: { ...USAGE, input_tokens_details: [null] } })),
  },
  imitations: {
    failedAlone:
      started +
      delta("Hello") +
      frame("response.failed", {
        response: response({ status: "failed", error: { code: "server_error", message: "No." } }),
      }),
    // As GitHub Copilot has it.
    idsChange:
      numbered(0, ["response.created", { response: response() }]) +
      started.split("\n\n").slice(2).join("\n\n") +
      ["Hello ", "there"].map((text, at) => delta(text).replace("msg_1", `msg_${at + 2}`)).join("") +
      textEnd("Hello ", "there")
        .split("\n\n")
        .map((event, at) => event.replaceAll("msg_1", `msg_${at + 4}`).replace("resp_1", "resp_2"))
        .join("\n\n"),
    emptyAtTheEnd: begun + numbered(2, ...call(0, ['{"path":"/tmp/a"}']), completed([])),
  },
  lacks: {
    "one-index": "An item under an index that is taken is the same item.",
    "no-index": "Calls are items of their own, with ids.",
    "stop-reason-then-eof": "Its last event is the sign that the message is whole.",
    "early-stop-reason": "Its last event is the sign that the message is whole.",
    "second-start": "A response that begins again goes on: gateways send the event twice, and change its id.",
    "delta-before-start": "Servers leave out the event that begins a text.",
    "delta-after-stop": "What is last is what counts: the whole text is in the last event.",
    "usage-twice": "Usage is in the last event alone.",
    "usage-zero": "Usage is in the last event alone.",
  },
};
