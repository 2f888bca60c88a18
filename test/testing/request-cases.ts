/** Requests that the API refuses, and similar ones that it accepts. */

export type Json = Record<string, unknown>;

export const user = (content: unknown): Json => ({ role: "user", content });
export const assistant = (content: unknown): Json => ({ role: "assistant", content });
const toolUse = (id: string): Json => ({ type: "tool_use", id, name: "f", input: {} });
const toolResult = (id: string): Json => ({ type: "tool_result", tool_use_id: id, content: "ok" });
export const tool = { name: "f", input_schema: { type: "object" } };
const forced = { tools: [tool], tool_choice: { type: "any" } };

export const base = { model: "claude-sonnet-4-5", max_tokens: 2000, messages: [user("Hello")] };
export const headers = { "x-api-key": "k", "anthropic-version": "2023-06-01" };
const strict = { ...headers, "anthropic-version": "2026-10-21" };

const closed = { type: "object", properties: {}, required: [], additionalProperties: false };
const formatted = (schema: unknown, type = "json_schema"): Json => ({ output_config: { format: { type, schema } } });
const many = (count: number, part: Json): Json => {
  const names = Array.from({ length: count }, (_, n) => `part${n}`);
  return { ...closed, properties: Object.fromEntries(names.map((name) => [name, part])), required: names };
};
const withPart = (part: Json): Json => many(1, part);
const citation = { type: "char_location", cited_text: "a", document_index: 0, start_char_index: 0, end_char_index: 1 };
const cited = { type: "document", source: { type: "text", data: "a" }, citations: { enabled: true } };

/** A name, the changes to a valid request, and the error message. */
export type Case = readonly [name: string, body: Json, message: string | RegExp, headers?: Record<string, string>];

export const refused: readonly Case[] = [
  ["no max_tokens", { max_tokens: undefined }, "max_tokens: Field required"],
  ["max_tokens that is not a number", { max_tokens: "many" }, "max_tokens: Input should be a valid integer"],
  ["max_tokens below 0", { max_tokens: -1 }, "max_tokens: must be greater than or equal to 0"],
  [
    "max_tokens above the model's",
    { max_tokens: 64_001 },
    "max_tokens: 64001 > 64000, which is the maximum allowed number of output tokens for claude-sonnet-4-5-20250929",
  ],
  ["max_tokens 0 with stream", { max_tokens: 0, stream: true }, /^max_tokens: 0 is not supported/],
  [
    "max_tokens 0 with a format",
    { max_tokens: 0, output_config: { format: { type: "json_schema" } } },
    /^max_tokens: 0/,
  ],
  ["a format of another type", formatted(undefined, "json"), /^output_config\.format\.type/],
  ["a format without a schema", formatted(undefined), "output_config.format.schema: Field required"],
  [
    "an open object",
    formatted({ ...closed, additionalProperties: true }),
    /'additionalProperties' must be explicitly set/,
  ],
  [
    "an open object inside the schema",
    formatted(withPart({ type: "object", properties: {} })),
    /'additionalProperties'/,
  ],
  ["a schema whose root is not an object", formatted({ type: "string" }), /root of the schema must be an object/],
  ["a numeric limit", formatted(withPart({ type: "integer", minimum: 1 })), /'integer' type, property 'minimum'/],
  [
    "a list with a minimum of two items",
    formatted(withPart({ type: "array", minItems: 2 })),
    /'minItems' values other than 0 or 1/,
  ],
  ["an unsupported text format", formatted(withPart({ type: "string", format: "base64" })), /Format 'base64'/],
  ["a schema without constraints", formatted(withPart({})), /must have a 'type'/],
  ["recursion", formatted(withPart({ $ref: "#" })), /Recursive/],
  [
    "recursion through a definition",
    formatted({ ...withPart({ $ref: "#/$defs/A" }), $defs: { A: { type: "array", items: { $ref: "#/$defs/A" } } } }),
    /Recursive/,
  ],
  ["an external reference", formatted(withPart({ $ref: "https://example.com" })), /External \$ref/],
  ["allOf with a reference", formatted(withPart({ allOf: [{ $ref: "#/$defs/A" }] })), /'allOf' with '\$ref'/],
  ["enum values that are objects", formatted(withPart({ enum: [{}] })), /Complex enum/],
  ["25 optional parameters", formatted({ ...many(25, { type: "string" }), required: [] }), /Too many optional/],
  ["17 unions", formatted(many(17, { type: ["string", "null"] })), /Too many parameters with union types/],
  ["a format and a prefill", { ...formatted(closed), messages: [user("Hello"), assistant("Hi")] }, /prefill/],
  ["a format and citations", { ...formatted(closed), messages: [user([cited])] }, /citations/],
  ["max_tokens 0 with a forced tool", { max_tokens: 0, ...forced }, /^max_tokens: 0/],
  ["no messages", { messages: undefined }, "messages: Field required"],
  ["messages that are not a list", { messages: "Hello" }, "messages: Input should be a valid array"],
  ["an empty list of messages", { messages: [] }, "messages: at least one message is required"],
  ["no model", { model: undefined }, "model: Field required"],
  [
    "an unknown role",
    { messages: [{ role: "tool", content: "x" }] },
    'messages: Unexpected role "tool". Allowed roles are "user" or "assistant".',
  ],
  [
    "a system message, on a model without them",
    { messages: [user("a"), { role: "system", content: "x" }] },
    /top-level `system` parameter/,
  ],
  [
    "a system message out of place",
    { model: "claude-opus-5", messages: [{ role: "system", content: "x" }, user("a")] },
    /must follow a user turn/,
  ],
  [
    "an empty message",
    { messages: [user("")] },
    "messages.0: all messages must have non-empty content except for the optional final assistant message",
  ],
  [
    "an empty text",
    { messages: [user([{ type: "text", text: "" }])] },
    "messages: text content blocks must be non-empty",
  ],
  ["an empty system text", { system: [{ type: "text", text: "" }] }, "system: text content blocks must be non-empty"],
  [
    "a prefill, from 4.6 on",
    { model: "claude-opus-4-6", messages: [user("a"), assistant("b")] },
    "This model does not support assistant message prefill. The conversation must end with a user message.",
  ],
  ["a prefill that ends in a space", { messages: [user("a"), assistant("b ")] }, /cannot end with trailing whitespace/],
  [
    "a temperature, after 4.6",
    { model: "claude-opus-4-7", temperature: 0 },
    "`temperature` is deprecated for this model.",
  ],
  ["a top_k, after 4.6", { model: "claude-sonnet-5-5", top_k: 5 }, "`top_k` is deprecated for this model."],
  ["a low top_p, after 4.6", { model: "claude-sonnet-5", top_p: 0.5 }, "`top_p` is deprecated for this model."],
  ["a temperature out of range", { temperature: 1.5 }, "temperature: range: 0..1"],
  ["temperature and top_p", { temperature: 1, top_p: 1 }, /cannot both be specified/],
  ["any temperature, in the new version", { temperature: 1 }, "temperature: Extra inputs are not permitted", strict],
  [
    "text with citations from the user, in the new version",
    { messages: [user([{ type: "text", text: "a", citations: [citation] }])] },
    "messages.0.content.0.text.citations: Extra inputs are not permitted",
    strict,
  ],
  [
    "a search result with citations, in the new version",
    { messages: [user([{ type: "search_result", content: [{ type: "text", text: "a", citations: [citation] }] }])] },
    "messages.0.content.0.search_result.content.0.citations: Extra inputs are not permitted",
    strict,
  ],
  [
    "a document from the assistant, in the new version",
    { messages: [user("a"), assistant([{ type: "document" }]), user("b")] },
    /not permitted in assistant messages/,
    strict,
  ],
  [
    "thinking enabled, on a model with adaptive thinking",
    { model: "claude-opus-4-8", thinking: { type: "enabled", budget_tokens: 1024 } },
    '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.',
  ],
  [
    "thinking disabled, on a model that always thinks",
    { model: "claude-fable-5", thinking: { type: "disabled" } },
    /^"thinking.type.disabled" is not supported for this model./,
  ],
  [
    "thinking disabled, on a model that thinks between tools",
    { model: "claude-sonnet-5-5", thinking: { type: "disabled" } },
    /^"thinking.type.disabled"/,
  ],
  [
    "thinking disabled at a high effort",
    { model: "claude-opus-5", thinking: { type: "disabled" }, output_config: { effort: "max" } },
    /effort level 'max'/,
  ],
  [
    "adaptive thinking, on a model without it",
    { thinking: { type: "adaptive" } },
    "adaptive thinking is not supported on this model",
  ],
  [
    "a small budget",
    { thinking: { type: "enabled", budget_tokens: 1000 } },
    "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024",
  ],
  ["no budget", { thinking: { type: "enabled" } }, "thinking.enabled.budget_tokens: Field required"],
  [
    "a budget above max_tokens",
    { thinking: { type: "enabled", budget_tokens: 2000 } },
    /^`max_tokens` must be greater than `thinking.budget_tokens`/,
  ],
  [
    "an effort, on a model without efforts",
    { output_config: { effort: "low" } },
    "This model does not support the effort parameter.",
  ],
  [
    "an effort that the model lacks",
    { model: "claude-opus-4-6", output_config: { effort: "xhigh" } },
    /effort level 'xhigh'. Supported levels: low, medium, high, max/,
  ],
  [
    "a forced tool, on a model without forced tools",
    { model: "claude-opus-5-5", ...forced },
    'tool_choice: type "tool" and "any" are not supported for this model.',
  ],
  [
    "a forced tool with thinking",
    { thinking: { type: "enabled", budget_tokens: 1024 }, ...forced },
    "Thinking may not be enabled when tool_choice forces tool use.",
  ],
  ["a choice without tools", { tool_choice: { type: "auto" } }, /only be specified while providing tools/],
  [
    "a choice of an unknown tool",
    { tools: [tool], tool_choice: { type: "tool", name: "g" } },
    "Tool 'g' not found in provided tools",
  ],
  ["a tool without a schema", { tools: [{ name: "f" }] }, "tools.0.custom.input_schema: Field required"],
  ["a tool with a bad name", { tools: [{ ...tool, name: "a b" }] }, /^tools.0.custom.name: String should match/],
  ["two tools with the same name", { tools: [tool, tool] }, "tools: Tool names must be unique."],
  [
    "a tool without its result",
    { messages: [user("a"), assistant([toolUse("t1"), toolUse("t2")]), user([toolResult("t1")])] },
    "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: t2. Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
  ],
  [
    "a result that is not first",
    { messages: [user("a"), assistant([toolUse("t1")]), user([{ type: "text", text: "b" }, toolResult("t1")])] },
    /without `tool_result` blocks immediately after: t1/,
  ],
  [
    "a result without its tool",
    { messages: [user("a"), assistant("b"), user([toolResult("t1")])] },
    "messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: t1. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.",
  ],
  [
    "two results for a tool",
    { messages: [user("a"), assistant([toolUse("t1")]), user([toolResult("t1"), toolResult("t1")])] },
    /each tool_use must have a single result/,
  ],
  [
    "thinking without a signature",
    { messages: [user("a"), assistant([{ type: "thinking", thinking: "b" }]), user("c")] },
    "messages.1.content.0.thinking.signature: Field required",
  ],
  [
    "thinking with an empty signature",
    { messages: [user("a"), assistant([{ type: "thinking", thinking: "b", signature: "" }]), user("c")] },
    /Invalid `signature` in `thinking` block/,
  ],
  [
    "a turn that ends in thinking",
    { messages: [user("a"), assistant([{ type: "thinking", thinking: "b", signature: "c" }]), user("d")] },
    "messages.1: The final block in an assistant message cannot be `thinking`.",
  ],
  [
    "five cache breakpoints",
    {
      messages: [
        user(Array.from({ length: 5 }, () => ({ type: "text", text: "a", cache_control: { type: "ephemeral" } }))),
      ],
    },
    "A maximum of 4 blocks with cache_control may be provided. Found 5.",
  ],
  ["no version", {}, "anthropic-version: header is required", { "x-api-key": "k" }],
  ["an unknown version", {}, /is not a valid version/, { ...headers, "anthropic-version": "2024-10-22" }],
  [
    "unknown betas",
    {},
    /^Unexpected value\(s\) `a`, `b` for the `anthropic-beta` header/,
    { ...headers, "anthropic-beta": "a, house-beta, b" },
  ],
];

export const accepted: readonly (readonly [name: string, body: Json, headers?: Record<string, string>])[] = [
  ["the new version", {}, strict],
  ["a token", {}, { authorization: "Bearer t", "anthropic-version": "2023-06-01" }],
  ["a known beta, and a custom one", {}, { ...headers, "anthropic-beta": "context-management-2025-06-27,house-beta" }],
  [
    "a custom model, which accepts everything",
    { model: "house-model", temperature: 0, thinking: { type: "enabled", budget_tokens: 1024 } },
  ],
  [
    "a format that uses every keyword",
    formatted({
      ...many(2, { anyOf: [{ type: "string", format: "date" }, { const: 1 }, { $ref: "#/$defs/A" }] }),
      $defs: { A: { type: "array", items: { ...closed, description: "x" }, minItems: 1 }, B: { $ref: "#/$defs/A" } },
    }),
  ],
  ["a prefill, up to 4.5", { messages: [user("a"), assistant("b")] }],
  [
    "a paused turn, sent back",
    {
      model: "claude-opus-5",
      messages: [user("a"), assistant([{ type: "server_tool_use", id: "s", name: "web_search", input: {} }])],
    },
  ],
  [
    "a compaction, sent back",
    { model: "claude-opus-5", messages: [user("a"), assistant([{ type: "compaction", content: "b" }])] },
    { ...headers, "anthropic-beta": "compact-2026-01-12" },
  ],
  [
    "a prefill with a credit token",
    { model: "claude-opus-4-8", messages: [user("a"), assistant("b")], fallback_credit_token: "t" },
    { ...headers, "anthropic-beta": "fallback-credit-2026-07-01" },
  ],
  ["neutral sampling, after 4.6", { model: "claude-opus-5", temperature: 1 }],
  [
    "a budget above max_tokens, interleaved",
    { thinking: { type: "enabled", budget_tokens: 4000 } },
    { ...headers, "anthropic-beta": "interleaved-thinking-2025-05-14" },
  ],
  [
    "tools with their results",
    {
      messages: [
        user("a"),
        assistant([toolUse("t1"), toolUse("t2")]),
        user([toolResult("t2"), toolResult("t1"), { type: "text", text: "b" }]),
      ],
    },
  ],
  [
    "results in two messages of the same role",
    {
      messages: [
        user("a"),
        assistant([toolUse("t1"), toolUse("t2")]),
        user([toolResult("t2")]),
        user([toolResult("t1")]),
      ],
    },
  ],
  [
    "a system message in the right place",
    { model: "claude-opus-5", messages: [user("a"), { role: "system", content: "b" }] },
  ],
  ["thinking between tools", { model: "claude-sonnet-5-5", thinking: { type: "between_tools" } }],
  [
    "an image and a server tool",
    {
      tools: [{ type: "web_search_20260318", name: "web_search" }],
      messages: [user([{ type: "image", source: { type: "base64", media_type: "image/png", data: "aaaa" } }])],
    },
  ],
];
