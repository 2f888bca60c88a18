/** The bytes of the Messages API. */

const MODEL = "claude-sonnet-4-5";

const frames = (...events) =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");

const messageStart = {
  type: "message_start",
  message: {
    id: "msg_1",
    type: "message",
    role: "assistant",
    model: MODEL,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 10, output_tokens: 1 },
  },
};
const textStart = { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } };
const textDelta = (text) => ({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } });

const toolStart = (index) => ({
  type: "content_block_start",
  index,
  content_block: { type: "tool_use", id: `toolu_${index + 1}`, name: "delete_files", input: {} },
});
const inputDelta = (partial_json, index) => ({
  type: "content_block_delta",
  index,
  delta: { type: "input_json_delta", partial_json },
});
const blockStop = (index = 0) => ({ type: "content_block_stop", index });
const call = (index, fragments) => [
  toolStart(index),
  ...fragments.map((fragment) => inputDelta(fragment, index)),
  blockStop(index),
];

const stopReason = (reason = "end_turn", usage = { output_tokens: 42 }) => ({
  type: "message_delta",
  delta: { stop_reason: reason, stop_sequence: null },
  usage,
});
const messageStop = { type: "message_stop" };

const started = frames(messageStart, textStart);
const stopped = () => frames(blockStop(), stopReason());
const ended = () => stopped() + frames(messageStop);
const delta = (text) => frames(textDelta(text));
const counted = (reason, input_tokens, output_tokens) => stopReason(reason, { input_tokens, output_tokens });
const callReply = (reason, fragments) => frames(messageStart, ...call(0, fragments), stopReason(reason), messageStop);
const textAndCall = (text, input) => frames(messageStart, textStart, textDelta(text), blockStop(), ...call(1, [input]));

/** A text of "Hello" that ends so. */
const ending = (...events) => started + delta("Hello") + frames(blockStop(), ...events);

const TYPES = {
  internal: "api_error",
  invalid: "invalid_request_error",
  limited: "rate_limit_error",
  overloaded: "overloaded_error",
  spent: "rate_limit_error",
  unauthorized: "authentication_error",
};
const DETAILS = { spent: { error_code: "enforced_spend_limit_reached" } };
const errorBody = (kind, details = DETAILS[kind], message = "No.") => ({
  type: "error",
  error: { type: TYPES[kind], message, ...(details && { details }) },
});

export const anthropic = {
  title: "Anthropic: Messages",
  model: MODEL,
  fallback: "claude-haiku-4-5",
  origin: "https://api.anthropic.com",
  base: "",
  path: "/v1/messages",
  idHeader: "request-id",
  variables: (baseURL, key) => ({ ANTHROPIC_BASE_URL: baseURL, ANTHROPIC_API_KEY: key }),
  overloaded: 529,

  begun: frames(messageStart),
  started,
  delta,
  textEnded: (...texts) => started + texts.map(delta).join("") + frames(blockStop()),
  stopped,
  ended,
  reply: (...texts) => started + texts.map(delta).join("") + ended(),
  keepAlive: frames({ type: "ping" }),
  malformed: "event: content_block_delta\ndata: {]\n\n",
  endless: 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"text":"',
  earlyStop: (before, after) => ({
    first: started + delta(before) + frames(stopReason()),
    after: after.map(delta),
    last: frames(blockStop(), messageStop),
  }),
  contradictions: {
    secondStart: frames(messageStart, textStart, textDelta("Hello ")) + ended(),
    textBeforeStart: frames(messageStart, textDelta("Hello "), textStart, textDelta("the")) + ended(),
    textAfterStop: started + delta("Hello ") + frames(blockStop(), textDelta("the"), stopReason(), messageStop),
  },

  callBegun: (...fragments) =>
    frames(messageStart, toolStart(0), ...fragments.map((fragment) => inputDelta(fragment, 0))),
  callReply: (...fragments) => callReply("tool_use", fragments),
  callCut: (...fragments) => callReply("max_tokens", fragments),
  textAndCall,
  textAndCallReply: (text, input) => textAndCall(text, input) + frames(stopReason("tool_use"), messageStop),
  interleaved: (...inputs) =>
    frames(
      messageStart,
      ...inputs.map((_, index) => toolStart(index)),
      // In pieces that are no JSON by themselves.
      ...inputs.map((json, index) => inputDelta(json.slice(0, 10), index)),
      ...inputs.map((json, index) => inputDelta(json.slice(10), index)),
      ...inputs.map((_, index) => blockStop(index)),
      stopReason("tool_use"),
      messageStop,
    ),

  error: (kind, message = "Overloaded") => frames({ type: "error", error: { type: TYPES[kind], message } }),
  errorBody,

  usageTwice: ending(counted(null, 10, 20), counted("end_turn", 10, 42), messageStop),
  usageZero: ending(counted("end_turn", 10, 42), counted("end_turn", 0, 0), messageStop),
  odd: {
    contentNull: ending({ ...stopReason(), delta: { ...stopReason().delta, content: null } }, messageStop),
    contentNullThenEof: started + delta("Hello") + frames({ ...stopReason(null), delta: { content: null } }),
    reasonObject: ending(stopReason({ toString: 1 }), messageStop),
    usageListOfNull: ending(stopReason("end_turn", { output_tokens: 42, iterations: [null] }), messageStop),
  },
  imitations: {},
  /** The tokens of the input are told before the first text. */
  tellsInputFirst: true,
  lacks: {
    "failed-alone": "An error is an event.",
    "ids-change": "An id is in the first event alone.",
    "empty-at-the-end": "The last events hold nothing of what was streamed.",
    "one-index": "A block under an index that is taken is an error.",
    "no-index": "A block has an index.",
  },
};
