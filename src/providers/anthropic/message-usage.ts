/** Usage as the Messages API reports it: platform.claude.com/docs/en/api/messages. */

import type { Open } from "./open.ts";

/** Tokens written to the cache, by how long it keeps them. */
export interface CacheCreation {
  readonly ephemeral_5m_input_tokens: number;
  readonly ephemeral_1h_input_tokens: number;
}

/** The tokens of one model's work on a request. */
export type TokenUsage = {
  /** Without those read from and written to the cache. */
  readonly input_tokens: number;
  /** Thinking included. */
  readonly output_tokens: number;
  readonly cache_creation_input_tokens?: number | null | undefined;
  readonly cache_read_input_tokens?: number | null | undefined;
  readonly cache_creation?: CacheCreation | null | undefined;
};

/** One step of a reply that took several. Beta. */
export type UsageIteration = TokenUsage & {
  readonly type: Open<"message" | "compaction" | "advisor_message" | "fallback_message">;
  /** The request's model where it is absent or null. */
  readonly model?: string | null | undefined;
};

/**
 * What a reply took. Counts are cumulative, so a later one replaces an earlier one. The counts beside `iterations`
 * leave out compaction and advisors, and after a fallback describe the attempt that served.
 */
export type AnthropicUsage = TokenUsage & {
  /** `thinking_tokens` are part of `output_tokens`. */
  readonly output_tokens_details?: { readonly thinking_tokens: number } | null | undefined;
  readonly server_tool_use?: ServerToolUsage | null | undefined;
  readonly service_tier?: Open<"standard" | "priority" | "batch"> | null | undefined;
  readonly inference_geo?: string | null | undefined;
  readonly speed?: Open<"standard" | "fast"> | null | undefined;
  readonly iterations?: readonly UsageIteration[] | null | undefined;
  readonly fallback_credit?: FallbackCredit | null | undefined;
};

/** How often the tools at Anthropic were asked. */
export interface ServerToolUsage {
  readonly web_search_requests?: number | null | undefined;
  readonly web_fetch_requests?: number | null | undefined;
}

/** What became of the request's `fallback_credit_token`. Beta `fallback-credit-2026-07-01`. */
export interface FallbackCredit {
  readonly status: {
    readonly type: Open<"redeemed" | "not_applied">;
    readonly reason?: string | undefined;
    readonly remove_to_redeem?: readonly string[] | null | undefined;
  };
}

/** The usage of a `message_delta`: what is absent or null stays as it was. */
export type MessageDeltaUsage = { readonly [Key in keyof AnthropicUsage]?: AnthropicUsage[Key] | null | undefined };
