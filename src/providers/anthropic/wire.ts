/**
 * What the Messages API sends, in the wire's own names: platform.claude.com/docs/en/api/messages and
 * platform.claude.com/docs/en/build-with-claude/streaming. Members that come only sometimes are optional; what the API
 * adds passes through as {@link UnknownVariant}, and as any string where a name is open.
 */

import type { Citation, ContentBlock, RefusalCategory } from "./block.ts";
import type { AnthropicUsage, MessageDeltaUsage } from "./message-usage.ts";
import type { Open, UnknownVariant } from "./open.ts";

export type { ContentBlock } from "./block.ts";
export type { AnthropicUsage } from "./message-usage.ts";

/**
 * Why a reply ended; platform.claude.com/docs/en/build-with-claude/handling-stop-reasons. `compaction` is beta. Other
 * values may appear; they end the reply as well.
 */
export type FinishReason = Open<
  | "end_turn"
  | "max_tokens"
  | "stop_sequence"
  | "tool_use"
  | "pause_turn"
  | "refusal"
  | "model_context_window_exceeded"
  | "compaction"
>;

/** A whole reply. */
export interface AnthropicMessage {
  /** The message's id: `msg_…`. */
  readonly id: string;
  readonly type: "message";
  readonly role: "assistant";
  /** The model that answered. */
  readonly model: string;
  /** What the model wrote, thought and asked for, in its order. */
  readonly content: readonly ContentBlock[];
  /** Null until the reply ends. */
  readonly stop_reason: FinishReason | null;
  /** Which of the request's stop sequences ended the reply. */
  readonly stop_sequence: string | null;
  /** What a refusal was about. */
  readonly stop_details?: StopDetails | null | undefined;
  /** The container that code ran in. */
  readonly container?: Container | null | undefined;
  /** What was cleared from the context. */
  readonly context_management?: ContextManagementResult | null | undefined;
  /** What the API says about its cache. Beta. */
  readonly diagnostics?: Diagnostics | null | undefined;
  /** What became of the request's thinking blocks. Beta `thinking-binding-controls-2026-08-01`. */
  readonly input_transformations?: readonly InputTransformation[] | null | undefined;
  /** Tokens, and how often tools of the server ran. */
  readonly usage: AnthropicUsage;
}

/** What a refusal was about. The credit and the recommendation are beta. */
export interface StopDetails {
  readonly type: Open<"refusal">;
  readonly category?: RefusalCategory | null | undefined;
  readonly explanation?: string | null | undefined;
  /** Lets another model take over at the price of a cache read. It lives five minutes. */
  readonly fallback_credit_token?: string | null | undefined;
  readonly fallback_has_prefill_claim?: boolean | null | undefined;
  readonly recommended_model?: string | null | undefined;
}

/** The container that code ran in; its id may be sent again. */
export interface Container {
  readonly id: string;
  /** RFC 3339. */
  readonly expires_at: string;
  readonly skills?:
    | readonly { readonly type: Open<"anthropic" | "custom">; readonly skill_id: string; readonly version: string }[]
    | null
    | undefined;
}

/** What was cleared from the context. Beta `context-management-2025-06-27`. */
export interface ContextManagementResult {
  readonly applied_edits: readonly AppliedEdit[];
}

/** One thing that was cleared from the context. */
export type AppliedEdit =
  | {
      readonly type: "clear_tool_uses_20250919";
      readonly cleared_tool_uses: number;
      readonly cleared_input_tokens: number;
    }
  | {
      readonly type: "clear_thinking_20251015";
      readonly cleared_thinking_turns: number;
      readonly cleared_input_tokens: number;
    }
  | UnknownVariant;

/** Why the cache was missed, where the request asked. */
export interface Diagnostics {
  readonly cache_miss_reason: {
    readonly type: Open<
      | "model_changed"
      | "system_changed"
      | "tools_changed"
      | "messages_changed"
      | "previous_message_not_found"
      | "unavailable"
    >;
    readonly cache_missed_input_tokens?: number | undefined;
  } | null;
}

/** What became of a thinking block of the request. */
export interface InputTransformation {
  readonly type: Open<"thinking_dropped" | "thinking_mismatch_allowed">;
  readonly path: string;
  readonly reason: Open<
    "model_binding_mismatch" | "prefix_binding_mismatch" | "organization_binding_mismatch" | "end_user_binding_mismatch"
  >;
}

/** Text to append to a text block. */
export interface TextDelta {
  readonly type: "text_delta";
  readonly text: string;
}

/** JSON to append to a tool's input; it may be cut anywhere. */
export interface InputJsonDelta {
  readonly type: "input_json_delta";
  readonly partial_json: string;
}

/** A citation to add to a text block. */
export interface CitationsDelta {
  readonly type: "citations_delta";
  readonly citation: Citation;
}

/** Thinking to append to a thinking block. */
export interface ThinkingDelta {
  readonly type: "thinking_delta";
  readonly thinking: string;
  /** Tokens thought so far, about. Beta `thinking-token-count-2026-05-13`. */
  readonly estimated_tokens?: number | null | undefined;
}

/** The signature of a thinking block, whole. */
export interface SignatureDelta {
  readonly type: "signature_delta";
  readonly signature: string;
}

/** The summary of a compaction block, whole. Beta `compact-2026-01-12`. */
export interface CompactionDelta {
  readonly type: "compaction_delta";
  readonly content: string | null;
  readonly encrypted_content?: string | null | undefined;
}

/** What an event adds to a content block. */
export type ContentBlockDelta =
  | TextDelta
  | InputJsonDelta
  | CitationsDelta
  | ThinkingDelta
  | SignatureDelta
  | CompactionDelta
  | UnknownVariant;

/** A reply begins. Its output count is provisional. */
export interface MessageStartEvent {
  readonly type: "message_start";
  readonly message: AnthropicMessage;
}

/** A content block begins; some kinds come whole here. */
export interface ContentBlockStartEvent {
  readonly type: "content_block_start";
  readonly index: number;
  readonly content_block: ContentBlock;
}

/** A content block grows. */
export interface ContentBlockDeltaEvent {
  readonly type: "content_block_delta";
  readonly index: number;
  readonly delta: ContentBlockDelta;
}

/** A content block ends. */
export interface ContentBlockStopEvent {
  readonly type: "content_block_stop";
  readonly index: number;
}

/** The reply's own fields change: its stop reason and its usage. It may come more than once. */
export interface MessageDeltaEvent {
  readonly type: "message_delta";
  readonly delta: MessageDelta;
  readonly usage?: MessageDeltaUsage | null | undefined;
  readonly context_management?: ContextManagementResult | null | undefined;
  readonly input_transformations?: readonly InputTransformation[] | null | undefined;
}

/** The fields of a reply that come at its end. */
export type MessageDelta = Partial<
  Pick<AnthropicMessage, "stop_reason" | "stop_sequence" | "stop_details" | "container">
>;

/** The reply is whole. */
export interface MessageStopEvent {
  readonly type: "message_stop";
}

/** The connection lives. */
export interface PingEvent {
  readonly type: "ping";
}

/** The reply failed after it had begun; platform.claude.com/docs/en/api/errors. */
export interface ErrorEvent {
  readonly type: "error";
  readonly error: {
    readonly type: AnthropicErrorType;
    readonly message: string;
    readonly details?: unknown;
  };
  readonly request_id?: string | null | undefined;
}

/** The kinds of error: platform.claude.com/docs/en/api/errors. */
export type AnthropicErrorType = Open<
  | "invalid_request_error"
  | "authentication_error"
  | "billing_error"
  | "permission_error"
  | "not_found_error"
  | "conflict_error"
  | "request_too_large"
  | "rate_limit_error"
  | "api_error"
  | "timeout_error"
  | "overloaded_error"
>;

/** An event of a kind that is not known here. */
export type AnthropicUnknownEvent = UnknownVariant;

/**
 * One event of a stream.
 *
 * @example
 * ```ts
 * import type { AnthropicEvent } from "millrace/anthropic";
 * const textOf = (event: AnthropicEvent): string =>
 *   event.type === "content_block_delta" && event.delta.type === "text_delta" ? event.delta.text : "";
 * ```
 */
export type AnthropicEvent =
  | MessageStartEvent
  | ContentBlockStartEvent
  | ContentBlockDeltaEvent
  | ContentBlockStopEvent
  | MessageDeltaEvent
  | MessageStopEvent
  | PingEvent
  | ErrorEvent
  | AnthropicUnknownEvent;
