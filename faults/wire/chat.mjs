/** The bytes of Chat Completions. */

const MODEL = "gpt-4o";

const chunk = (fields) => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1_795_800_000,
  model: MODEL,
  choices: [],
  usage: null,
  ...fields,
});
const frame = (fields) => `data: ${JSON.stringify(chunk({ ...fields, obfuscation: "nYdSaPIbhl6FsC" }))}\n\n`;
const choice = (delta, finish_reason = null) => ({ choices: [{ index: 0, delta, logprobs: null, finish_reason }] });
const say = (delta, finish_reason) => frame(choice(delta, finish_reason));

const USAGE = { prompt_tokens: 10, completion_tokens: 42, total_tokens: 52 };
const DONE = "data: [DONE]\n\n";

const started = say({ role: "assistant", content: "", refusal: null });
const delta = (content) => say({ content });
const finished = (reason = "stop") => say({}, reason);
const closing = frame({ usage: USAGE }) + DONE;
const ended = () => finished() + closing;
const reply = (...texts) => started + texts.map(delta).join("") + ended();

const silent = say({ role: "assistant", content: null });
const toolStart = (index) =>
  say({
    tool_calls: [
      { index, id: `call_${index + 1}`, type: "function", function: { name: "delete_files", arguments: "" } },
    ],
  });
const inputDelta = (fragment, index) => say({ tool_calls: [{ index, function: { arguments: fragment } }] });
const call = (fragments, index = 0) =>
  toolStart(index) + fragments.map((fragment) => inputDelta(fragment, index)).join("");
const textAndCall = (text, input) => started + delta(text) + call([input]);

const wholeCall = (json, at) => ({
  id: `call_${at + 1}`,
  type: "function",
  function: { name: "delete_files", arguments: json },
});
const calls = (each) =>
  silent + each.map((one) => say({ tool_calls: [one] })).join("") + finished("tool_calls") + closing;

/** A text of "Hello" that ends so. */
const ending = (...frames) => started + delta("Hello") + frames.join("") + DONE;
const usageOf = (usage) => ({ ...USAGE, ...usage });

const ERRORS = {
  internal: { type: "server_error", code: "server_error" },
  invalid: { type: "invalid_request_error", code: "context_length_exceeded" },
  limited: { type: "tokens", code: "rate_limit_exceeded" },
  overloaded: { type: "server_error", code: "server_error" },
  spent: { type: "insufficient_quota", code: "insufficient_quota" },
  unauthorized: { type: "invalid_request_error", code: "invalid_api_key" },
};
export const errorOf = (kind, message) => ({ message, param: null, ...ERRORS[kind] });

/** What both of OpenAI's APIs share. */
export const openai = {
  model: MODEL,
  fallback: "gpt-4o-mini",
  origin: "https://api.openai.com/v1",
  base: "/v1",
  idHeader: "x-request-id",
  variables: (baseURL, key) => ({ OPENAI_BASE_URL: `${baseURL}/v1`, OPENAI_API_KEY: key }),
  overloaded: 503,
  errorBody: (kind, details, message = "No.") => ({ error: { ...errorOf(kind, message), ...details } }),
  tellsInputFirst: false,
};

export const chat = {
  ...openai,
  title: "OpenAI: Chat Completions",
  path: "/v1/chat/completions",

  begun: started,
  started,
  delta,
  stopped: () => finished(),
  ended,
  reply,
  // It has no event for that: servers send comments.
  keepAlive: ": PROCESSING\n\n",
  malformed: "data: {]\n\n",
  endless: `data: {"id":"chatcmpl-1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"`,
  earlyStop: (before, after) => ({
    first: started + delta(before) + finished(),
    after: after.map(delta),
    last: closing,
  }),
  contradictions: {},

  callBegun: (...fragments) => silent + call(fragments),
  callReply: (...fragments) => silent + call(fragments) + finished("tool_calls") + closing,
  callCut: (...fragments) => silent + call(fragments) + finished("length") + closing,
  textAndCall,
  textAndCallReply: (text, input) => textAndCall(text, input) + finished("tool_calls") + closing,
  interleaved: (...inputs) =>
    silent +
    inputs.map((_, index) => toolStart(index)).join("") +
    // In pieces that are no JSON by themselves.
    inputs.map((json, index) => inputDelta(json.slice(0, 10), index)).join("") +
    inputs.map((json, index) => inputDelta(json.slice(10), index)).join("") +
    finished("tool_calls") +
    closing,

  error: (kind, message = "Overloaded") => `data: ${JSON.stringify({ error: errorOf(kind, message) })}\n\n`,

  usageTwice: ending(
    frame({ ...choice({ content: "" }), usage: usageOf({ completion_tokens: 20, total_tokens: 30 }) }),
    finished(),
    frame({ usage: USAGE }),
  ),
  usageZero: ending(
    finished(),
    frame({ usage: USAGE }),
    frame({ usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } }),
  ),
  odd: {
    contentNull: ending(say({ content: null }, "stop"), frame({ choices: null, usage: USAGE })),
    contentNullThenEof: started + delta("Hello") + say(null),
    reasonObject: ending(finished({ toString: 1 }), frame({ usage: USAGE })),
    usageListOfNull: ending(finished(), frame({ usage: usageOf({ completion_tokens_details: [null] }) })),
  },
  imitations: {
    failedAlone: started + delta("Hello") + finished("error") + closing,
    idsChange:
      ["chatcmpl-2", "chatcmpl-3"]
        .map((id, at) => frame({ ...choice({ content: ["Hello ", "there"][at] }), id }))
        .join("") + ended(),
    // As Ollama had it, and Mistral has it.
    oneIndex: (...inputs) => calls(inputs.map((json, at) => ({ index: 0, ...wholeCall(json, at) }))),
    noIndex: (...inputs) => calls(inputs.map(wholeCall)),
  },
  lacks: {
    "text-ended-then-eof": "There is no event that ends a text.",
    "empty-at-the-end": "The last events hold nothing of what was streamed.",
    "second-start": "There is no event that begins a message; servers repeat the role, and some change the id.",
    "delta-before-start": "There is no event that begins a text.",
    "delta-after-stop": "There is no event that ends a text.",
  },
};
