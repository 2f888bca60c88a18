/**
 * Which fields a request may have, at every depth. From the types of the official SDK (1.12.0), what `@ai-sdk/anthropic`
 * (4.0.105) sends besides, and the API's documentation; docs/testing.md says what is known and what is guessed.
 */

import type { Check, CheckedRequest } from "./check.ts";
import { content, text } from "./content-shape.ts";
import { objectsOf } from "../json.ts";
import { anything, beta, fields, kinds, list, type Shape, unknownName } from "./shape.ts";
import { cacheControl, mcpServer, toolChoice, tools } from "./tool-shape.ts";

const FAST_MODE = "fast-mode-2026-02-01";

const jsonSchema = fields("type schema");
const outputConfig = fields("effort", {
  format: jsonSchema,
  task_budget: beta("task-budgets-", fields("type total remaining")),
});

const thinkingOptions: Readonly<Record<string, Shape>> = {
  block_binding: beta("thinking-binding-controls-", fields("prefix_mismatch_behavior")),
  display: {
    words: { summarized: anything, omitted: anything, updates: beta("thinking-display-updates-") },
  },
};
const thinking = kinds(
  {
    adaptive: fields("", thinkingOptions),
    between_tools: fields(""),
    disabled: fields(""),
    enabled: fields("budget_tokens", thinkingOptions),
  },
  // What binds the blocks of earlier replies is accepted without a type: `@ai-sdk/anthropic` sends it so.
  "adaptive",
);

const value = fields("value");
const contextManagement = fields("", {
  edits: list(
    kinds({
      clear_thinking_20251015: fields("", {
        keep: { ...kinds({ all: fields(""), thinking_turns: value }), words: { all: anything } },
      }),
      clear_tool_uses_20250919: fields("clear_tool_inputs exclude_tools", {
        clear_at_least: kinds({ input_tokens: value }),
        keep: kinds({ tool_uses: value }),
        trigger: kinds({ input_tokens: value, tool_uses: value }),
      }),
      compact_20260112: beta(
        "compact-2026-01-12",
        fields("instructions pause_after_compaction", { trigger: kinds({ input_tokens: value }) }),
      ),
    }),
  ),
});

const fallback = fields("max_tokens model speed", { output_config: outputConfig, thinking });

/** The fields of a request that only counts tokens, in the order in which the API looks at them. */
export const countRequest: Readonly<Record<string, Shape>> = {
  model: anything,
  tool_choice: toolChoice,
  tools: list(tools),
  messages: list(
    fields("role", {
      content,
      clear_at: beta("mid-conversation-system-clear-at-"),
      output_config: beta("mid-conversation-output-config-", fields("effort")),
    }),
  ),
  system: list(text),
  thinking,
  output_config: outputConfig,
  cache_control: cacheControl,
  billing_policy: beta("user-profiles-billing-", fields("type bill_to")),
  compaction: beta("compact-2026-09-04", fields("type instructions")),
  context_management: beta("context-management- compact-2026-01-12", contextManagement),
  mcp_servers: beta("mcp-client-", list(mcpServer)),
  output_format: beta("structured-outputs-", jsonSchema),
  speed: beta(FAST_MODE),
};

/** The fields of a request for a message. */
export const messageRequest: Readonly<Record<string, Shape>> = {
  ...countRequest,
  max_tokens: anything,
  metadata: fields("user_id"),
  stop_sequences: anything,
  temperature: anything,
  service_tier: anything,
  top_k: anything,
  top_p: anything,
  stream: anything,
  container: fields("id", { skills: list(fields("type skill_id version")) }),
  inference_geo: anything,
  diagnostics: fields("previous_message_id"),
  fallback_credit_token: beta("fallback-credit- server-side-fallback-2026-07-01", fields("token mode")),
  fallbacks: beta("server-side-fallback-", { ...list(fallback), words: { default: anything } }),
  // In no type of the SDK; `@ai-sdk/anthropic` sends it.
  safeguards: beta("dangerous-tool-use-", list(fields("type classifier_context"))),
  thread: beta("message-threads-", kinds({ continue: fields("previous_message_id"), create: fields("") })),
};

const namesAreKnown =
  (shapes: Readonly<Record<string, Shape>>): Check =>
  ({ body, model, betas, fields: accepted, sent }) => {
    const choice = body["tool_choice"];
    if (choice === null) return "tool_choice: Input should be an object";
    const asked = model.fastMode ? new Set([...betas, FAST_MODE]) : betas;
    return unknownName(body, { fields: shapes }, "", { betas: asked, fields: accepted, sent: sent.fields });
  };

const systemFieldsAreOfTheSystem: Check = ({ body }: CheckedRequest) => {
  for (const [index, message] of objectsOf(body["messages"]).entries()) {
    if (message["role"] === "system") continue;
    const name = ["clear_at", "output_config"].find((field) => message[field] !== undefined);
    if (name !== undefined) return `messages.${index}.${name}: ${name} is only permitted on role 'system' messages`;
  }
  return null;
};

/** The checks of the fields of a request for a message. */
export const messageFields: readonly Check[] = [namesAreKnown(messageRequest), systemFieldsAreOfTheSystem];
/** The checks of the fields of a request that only counts tokens. */
export const countFields: readonly Check[] = [namesAreKnown(countRequest), systemFieldsAreOfTheSystem];
