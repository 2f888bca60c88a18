// The bodies of the Responses API: shaped as OpenAI sends them, with sequence numbers, item ids, lists of logprobs and padding.
import { seeded, tokens } from "../../body.mjs";
import { obfuscation } from "../openai.mjs";

export { headers } from "../openai.mjs";

/** The path of the API below the base URL of a scenario. */
export const path = "/v1/responses";

/** The frames of a reply of a size, by what it has. */
export const replies = { text: textFrames };

/** Frames of a response of `count` text deltas, each a token. */
function textFrames(count) {
  const random = seeded(count);
  const [created_at, item_id] = [1_795_800_000, id("msg", random)];
  const begun = { id: id("resp", random), object: "response", created_at, status: "in_progress", ...echo };
  const texts = tokens(count);
  const part = { type: "output_text", annotations: [], logprobs: [], text: "" };
  const whole = { ...part, text: texts.join("") };
  const item = { id: item_id, type: "message", status: "in_progress", content: [], role: "assistant" };
  const done = { ...item, status: "completed", content: [whole] };
  const usage = {
    input_tokens: 24,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: count,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 24 + count,
  };
  const at = { item_id, output_index: 0, content_index: 0 };
  const delta = (text) => ({ ...at, delta: text, logprobs: [], obfuscation: obfuscation(text, random) });
  const events = [
    ["response.created", { response: begun }],
    ["response.in_progress", { response: begun }],
    ["response.output_item.added", { output_index: 0, item }],
    ["response.content_part.added", { ...at, part }],
    ...texts.map((text) => ["response.output_text.delta", delta(text)]),
    ["response.output_text.done", { ...at, text: whole.text, logprobs: [] }],
    ["response.content_part.done", { ...at, part: whole }],
    ["response.output_item.done", { output_index: 0, item: done }],
    ["response.completed", { response: { ...begun, status: "completed", output: [done], usage } }],
  ];
  return events.map(([type, fields], sequence_number) =>
    Buffer.from(`event: ${type}\ndata: ${JSON.stringify({ type, sequence_number, ...fields })}\n\n`),
  );
}

/** What a response says again of its request. */
const echo = {
  background: false,
  error: null,
  incomplete_details: null,
  instructions: null,
  max_output_tokens: null,
  max_tool_calls: null,
  model: "gpt-6-sol-2026-09-22",
  output: [],
  parallel_tool_calls: true,
  previous_response_id: null,
  prompt_cache_key: null,
  reasoning: { effort: null, summary: null },
  safety_identifier: null,
  service_tier: "default",
  store: true,
  temperature: 1,
  text: { format: { type: "text" }, verbosity: "medium" },
  tool_choice: "auto",
  tools: [],
  top_logprobs: 0,
  top_p: 1,
  truncation: "disabled",
  usage: null,
  user: null,
  metadata: {},
};

/** An id such as `msg_05aee6862dd20adc0068f966a7b06481939ce80dfccd63051e`. */
function id(prefix, random) {
  const digits = Array.from({ length: 50 }, () => Math.floor(16 * random()).toString(16));
  return `${prefix}_${digits.join("")}`;
}
