/** The parameters of a call, in the wire's own names: platform.claude.com/docs/en/api/messages. */

import type { CacheControlParam } from "./cache-control.ts";
import type { Effort, TextBlockParam } from "./content.ts";
import type { AnthropicModel } from "./models.ts";
import type { Open } from "./open.ts";
import type { ToolChoice } from "./tool-param.ts";

export type { MessageParam } from "./content.ts";

/**
 * The parameters of the Messages API, except `model`, `messages`, `stream` and `tools`, which the call sets. Parameters
 * that are missing here go into `extra_body`.
 *
 * @example
 * ```ts
 * import { call, type AnthropicCallParams } from "millrace/anthropic";
 *
 * const callParams: AnthropicCallParams = { max_tokens: 2000, output_config: { effort: "low" } };
 * const recommend = call("claude-opus-5", { stream: true, callParams }, (city: string) => `Books on ${city}?`);
 * ```
 */
export interface AnthropicCallParams {
  /**
   * The most tokens to write, thinking included: at most what the model can write, which is the default. 0 fills the
   * cache and writes nothing; only for calls that are not streamed.
   */
  readonly max_tokens?: number | undefined;
  /** Instructions that open the conversation. Those of the prompt follow them. */
  readonly system?: string | readonly TextBlockParam[] | undefined;
  /** Texts that end the reply; they are not part of it. */
  readonly stop_sequences?: readonly string[] | undefined;
  /** How the model thinks. Which of it a model takes, and what it does unasked, differ by model. */
  readonly thinking?: ThinkingParam | undefined;
  /** How much work goes into the reply, and what shape it has. */
  readonly output_config?: OutputConfig | undefined;
  /** Whether the model may, must or must not use tools. */
  readonly tool_choice?: ToolChoice | undefined;
  /** Caches the prompt up to its last block that can be cached. It uses one of the four breakpoints. */
  readonly cache_control?: CacheControlParam | null | undefined;
  /** Who asks, in words that say nothing of a person. */
  readonly metadata?: { readonly user_id?: string | null | undefined } | undefined;
  /** Whether to use capacity that was bought in advance, where there is some. `auto` if not given. */
  readonly service_tier?: "auto" | "standard_only" | undefined;
  /** The container to run code in, and the skills to load there. */
  readonly container?: string | ContainerParam | null | undefined;
  /** Where the model may run: `"us"` costs 1.1 times as much. From Claude 4.6 on; else refused. */
  readonly inference_geo?: Open<"us" | "global"> | null | undefined;
  /** `"fast"` writes faster and costs more: Fable 5.2, Opus from 4.8 on. For some, beta `fast-mode-2026-02-01`. */
  readonly speed?: "standard" | "fast" | null | undefined;
  /** Asks why the cache was missed, compared with the request of a message. */
  readonly diagnostics?: { readonly previous_message_id?: string | null | undefined } | null | undefined;
  /** 0 to 1. @deprecated Refused by models after Opus 4.6 unless 1, and by API version `2026-10-21`. */
  readonly temperature?: number | undefined;
  /** 0 to 1. @deprecated Refused by models after Opus 4.6 below 0.99, and by API version `2026-10-21`. */
  readonly top_p?: number | undefined;
  /** 0 or more. @deprecated Refused by models after Opus 4.6, and by API version `2026-10-21`. */
  readonly top_k?: number | undefined;

  /** What to clear from the context, and when. Beta `context-management-2025-06-27`. */
  readonly context_management?: ContextManagementParam | null | undefined;
  /** Makes the reply a summary of the conversation. Beta `compact-2026-09-04`; not with `context_management`. */
  readonly compaction?:
    | { readonly type: "summarize"; readonly instructions?: string | null | undefined }
    | null
    | undefined;
  /** MCP servers whose tools the model may use. Beta `mcp-client-2025-11-20`. */
  readonly mcp_servers?: readonly McpServerParam[] | undefined;
  /** Models to ask where this one refuses, one to three, or `"default"`. Beta `server-side-fallback-2026-07-01`. */
  readonly fallbacks?: "default" | readonly FallbackParam[] | null | undefined;
  /** From a refusal's `stop_details`, within five minutes. Beta `fallback-credit-2026-07-01`; not with `fallbacks`. */
  readonly fallback_credit_token?:
    | string
    | { readonly token: string; readonly mode?: "strict" | "best_effort" | undefined }
    | null
    | undefined;
  /** A conversation that the API keeps. Beta `message-threads-2026-08-12`. */
  readonly thread?:
    | { readonly type: "create" }
    | { readonly type: "continue"; readonly previous_message_id: string }
    | null
    | undefined;
  /** Who is billed. Beta `user-profiles-billing-2026-10-01`. */
  readonly billing_policy?:
    | { readonly type: "billing_policy"; readonly bill_to?: "self" | "user_profile" | undefined }
    | null
    | undefined;
  /** Beta. @deprecated It is `output_config.format` now. */
  readonly output_format?: JsonSchemaFormat | null | undefined;

  /** Sent as the header `anthropic-beta`. */
  readonly betas?: readonly AnthropicBeta[] | undefined;
  /** More headers, such as `anthropic-user-profile-id`. */
  readonly extra_headers?: Readonly<Record<string, string>> | undefined;
  /** More fields of the body, over all others. */
  readonly extra_body?: Readonly<Record<string, unknown>> | undefined;
  /** How long the whole call may take, in milliseconds. No limit if not given. */
  readonly timeout?: number | undefined;
}

/** How the model thinks; platform.claude.com/docs/en/build-with-claude/thinking. */
export type ThinkingParam =
  | ({ readonly type: "adaptive" } & ThinkingOptions)
  /** `budget_tokens`: at least 1024, and less than `max_tokens`. Up to Claude 4.6. */
  | ({ readonly type: "enabled"; readonly budget_tokens: number } & ThinkingOptions)
  /** Thinks before tools are used, and only then: instead of `disabled`, from Sonnet 5.5 on. */
  | { readonly type: "between_tools" }
  | { readonly type: "disabled" };

/** What the reply shows of the thinking. */
export interface ThinkingOptions {
  /** `updates` is beta `thinking-display-updates-2026-08-18`. */
  readonly display?: "summarized" | "omitted" | "updates" | null | undefined;
  /** What becomes of thinking whose history was edited. Beta `thinking-binding-controls-2026-08-01`. */
  readonly block_binding?:
    | { readonly prefix_mismatch_behavior?: "error" | "drop_block" | null | undefined }
    | null
    | undefined;
}

/** How much work goes into the reply, and what shape it has. */
export interface OutputConfig {
  /** Which levels a model takes, and which is its default, differ by model. */
  readonly effort?: Effort | null | undefined;
  /** Holds the text to a JSON schema; not with citations. */
  readonly format?: JsonSchemaFormat | null | undefined;
  /** What the whole task may take, in tokens. Beta `task-budgets-2026-03-13`. */
  readonly task_budget?:
    | { readonly type: "tokens"; readonly total: number; readonly remaining?: number | null | undefined }
    | null
    | undefined;
}

/** A JSON schema for the text; platform.claude.com/docs/en/build-with-claude/structured-outputs says which keywords. */
export interface JsonSchemaFormat {
  readonly type: "json_schema";
  /** The schema. */
  readonly schema: { readonly [keyword: string]: unknown };
}

/** A container, and the skills to load there. */
export interface ContainerParam {
  readonly id?: string | null | undefined;
  readonly skills?:
    | readonly {
        readonly type: "anthropic" | "custom";
        readonly skill_id: string;
        readonly version?: string | undefined;
      }[]
    | null
    | undefined;
}

/** What to clear from the context, and when. */
export interface ContextManagementParam {
  readonly edits?: readonly ContextEdit[] | undefined;
}

/** One rule of what to clear; platform.claude.com/docs/en/build-with-claude/context-editing. */
export type ContextEdit =
  | {
      readonly type: "clear_tool_uses_20250919";
      readonly trigger?: TokenCount | { readonly type: "tool_uses"; readonly value: number } | undefined;
      readonly keep?: { readonly type: "tool_uses"; readonly value: number } | undefined;
      readonly clear_at_least?: TokenCount | null | undefined;
      readonly clear_tool_inputs?: boolean | readonly string[] | null | undefined;
      readonly exclude_tools?: readonly string[] | null | undefined;
    }
  | {
      readonly type: "clear_thinking_20251015";
      readonly keep?:
        | "all"
        | { readonly type: "all" }
        | { readonly type: "thinking_turns"; readonly value: number }
        | undefined;
    }
  /** Summarises the conversation. Beta `compact-2026-01-12`. */
  | {
      readonly type: "compact_20260112";
      /** At least 50,000 tokens; 150,000 if not given. */
      readonly trigger?: TokenCount | null | undefined;
      readonly pause_after_compaction?: boolean | undefined;
      readonly instructions?: string | null | undefined;
    };

/** A number of input tokens. */
export interface TokenCount {
  readonly type: "input_tokens";
  readonly value: number;
}

/** An MCP server whose tools the model may use; it needs an `mcp_toolset` among the tools. */
export interface McpServerParam {
  readonly type: "url";
  readonly name: string;
  readonly url: string;
  readonly authorization_token?: string | null | undefined;
  /** Beta `mcp-client-2025-04-04` alone. */
  readonly tool_configuration?:
    | {
        readonly enabled?: boolean | null | undefined;
        readonly allowed_tools?: readonly string[] | null | undefined;
      }
    | null
    | undefined;
}

/** A model to ask where the first one refuses, and what changes for it. */
export interface FallbackParam {
  readonly model: AnthropicModel;
  readonly max_tokens?: number | null | undefined;
  readonly thinking?: ThinkingParam | null | undefined;
  readonly output_config?: OutputConfig | null | undefined;
  readonly speed?: "standard" | "fast" | null | undefined;
}

/** A value of the header `anthropic-beta`; platform.claude.com/docs/en/api/beta-headers. */
export type AnthropicBeta = Open<
  | "advisor-tool-2026-03-01"
  | "compact-2026-01-12"
  | "compact-2026-09-04"
  | "computer-use-2025-11-24"
  | "context-1m-2025-08-07"
  | "context-management-2025-06-27"
  | "fallback-credit-2026-07-01"
  | "fast-mode-2026-02-01"
  | "inline-tools-2026-09-15"
  | "interleaved-thinking-2025-05-14"
  | "mcp-client-2025-11-20"
  | "mcp-client-2026-09-15"
  | "message-threads-2026-08-12"
  | "mid-conversation-output-config-2026-07-01"
  | "mid-conversation-system-clear-at-2026-08-21"
  | "mid-conversation-tool-changes-2026-07-01"
  | "output-300k-2026-03-24"
  | "server-side-fallback-2026-07-01"
  | "task-budgets-2026-03-13"
  | "thinking-binding-controls-2026-08-01"
  | "thinking-display-updates-2026-08-18"
  | "thinking-token-count-2026-05-13"
  | "user-profiles-billing-2026-10-01"
>;
