/**
 * What the Responses API sends, in the wire's own names: platform.openai.com/docs/api-reference/responses-streaming.
 * Members that come only sometimes are optional; what the API adds passes through as {@link UnknownVariant}, and as any
 * string where a name is open.
 */

import type { Annotation, Logprob, OutputItem, OutputRefusal, OutputText, ShellOutput } from "./item.ts";
import type { Open, UnknownVariant } from "./open.ts";

/** How far a response has come. */
export type ResponseStatus = Open<"completed" | "failed" | "in_progress" | "cancelled" | "queued" | "incomplete">;

/** Why a reply is incomplete. */
export type IncompleteReason = Open<"max_output_tokens" | "max_messages" | "content_filter" | "steered">;

/** Why a reply ended: it was completed, or why not. The API has no such field of its own. */
export type FinishReason = "completed" | IncompleteReason;

/** A whole reply. What the API repeats of the request is among its other members. */
export interface OpenAIResponse {
  /** `resp_…` */
  readonly id: string;
  readonly object: "response";
  /** Seconds since the epoch. */
  readonly created_at: number;
  /** When it was complete: seconds since the epoch. */
  readonly completed_at?: number | null | undefined;
  /** `completed`, `incomplete`, `failed`, `cancelled`, `queued` or `in_progress`. */
  readonly status: ResponseStatus;
  /** Why it failed; null if it did not. */
  readonly error: ResponseError | null;
  /** Why it is not complete; null if it is. */
  readonly incomplete_details: { readonly reason?: IncompleteReason | undefined } | null;
  /** The model that answered. */
  readonly model: string;
  /** Messages, reasoning and calls, in their order. */
  readonly output: readonly OutputItem[];
  /** Null until the reply ends. */
  readonly usage: OpenAIUsage | null;
  /** What served the request; `auto` until the reply ends. */
  readonly service_tier?:
    | Open<"auto" | "default" | "flex" | "scale" | "priority" | "fast" | "ultrafast">
    | null
    | undefined;
  /** Whether it goes on without its connection. */
  readonly background?: boolean | null | undefined;
  /** The conversation that it belongs to. */
  readonly conversation?: { readonly id: string } | null | undefined;
  /** The response that it goes on from. */
  readonly previous_response_id?: string | null | undefined;
  /** Whether it is kept. */
  readonly store?: boolean | null | undefined;
  /** Your own texts, as they were sent. */
  readonly metadata?: Readonly<Record<string, string>> | null | undefined;
  /** What moderation found, if that was asked for. */
  readonly moderation?: unknown;
  /** What the tools of the server did, to be charged. */
  readonly tool_usage?: unknown;
  /** Reasoning that was sent and that the model did not get. */
  readonly input_transformations?: readonly InputTransformation[] | null | undefined;
  readonly [field: string]: unknown;
}

/** Why a response failed. */
export interface ResponseError {
  readonly code: Open<
    | "server_error"
    | "rate_limit_exceeded"
    | "invalid_prompt"
    | "bio_policy"
    | "misalignment_policy_violation"
    | "data_residency_mismatch"
    | "vector_store_timeout"
  >;
  readonly message: string;
}

/** What became of an item that was sent. */
export interface InputTransformation {
  readonly id: string;
  readonly type: Open<"reasoning">;
  readonly action: Open<"removed">;
  readonly reason: Open<
    "organization_mismatch" | "end_user_mismatch" | "model_mismatch" | "prefix_mismatch" | "turn_boundary"
  >;
}

/** Tokens. Cached ones are part of the input, and reasoning is part of the output. */
export interface OpenAIUsage {
  /** All tokens of the prompt, those from the cache included. */
  readonly input_tokens: number;
  /** How many of them came from the cache, or were written to it. */
  readonly input_tokens_details?:
    | {
        readonly cached_tokens?: number | undefined;
        readonly cache_write_tokens?: number | undefined;
        readonly [kind: string]: unknown;
      }
    | null
    | undefined;
  /** All tokens that the model wrote, reasoning included. */
  readonly output_tokens: number;
  /** How many of them were reasoning. */
  readonly output_tokens_details?:
    | { readonly reasoning_tokens?: number | undefined; readonly [kind: string]: unknown }
    | null
    | undefined;
  /** Both sums together. */
  readonly total_tokens: number;
  readonly [kind: string]: unknown;
}

/** The members that all events have. Some servers do not number them. */
export interface Numbered {
  readonly sequence_number: number;
}

/** What is common to the events of an item. */
export interface OfItem extends Numbered {
  readonly item_id: string;
  readonly output_index: number;
}

/** The events of a part of an item's content. */
export interface OfContent extends OfItem {
  readonly content_index: number;
}

/** The events of a part of a reasoning summary. */
export interface OfSummary extends OfItem {
  readonly summary_index: number;
}

/** The response begins, goes on or ends. */
export interface LifecycleEvent extends Numbered {
  readonly type:
    | "response.created"
    | "response.queued"
    | "response.in_progress"
    | "response.completed"
    | "response.incomplete"
    | "response.failed";
  readonly response: OpenAIResponse;
}

/** An item begins, or is whole. */
export interface OutputItemEvent extends Numbered {
  readonly type: "response.output_item.added" | "response.output_item.done";
  readonly output_index: number;
  readonly item: OutputItem;
}

/** A part of an item's content begins, or is whole. */
export interface ContentPartEvent extends OfContent {
  readonly type: "response.content_part.added" | "response.content_part.done";
  readonly part:
    | OutputText
    | OutputRefusal
    | { readonly type: "reasoning_text"; readonly text: string }
    | UnknownVariant;
}

/** Text to append. */
export interface TextDeltaEvent extends OfContent {
  readonly type: "response.output_text.delta";
  readonly delta: string;
  readonly logprobs: readonly Partial<Logprob>[];
  /** Padding of random length. */
  readonly obfuscation?: string | undefined;
}

/** The whole text. */
export interface TextDoneEvent extends OfContent {
  readonly type: "response.output_text.done";
  readonly text: string;
  readonly logprobs: readonly Partial<Logprob>[];
}

/** An annotation of a text. */
export interface AnnotationEvent extends OfContent {
  readonly type: "response.output_text.annotation.added";
  readonly annotation_index: number;
  readonly annotation: Annotation;
}

/** A refusal to append. */
export interface RefusalDeltaEvent extends OfContent {
  readonly type: "response.refusal.delta";
  readonly delta: string;
  readonly obfuscation?: string | undefined;
}

/** The whole refusal. */
export interface RefusalDoneEvent extends OfContent {
  readonly type: "response.refusal.done";
  readonly refusal: string;
}

/** Reasoning to append, from models that show it. */
export interface ReasoningTextDeltaEvent extends OfContent {
  readonly type: "response.reasoning_text.delta";
  readonly delta: string;
  readonly obfuscation?: string | undefined;
}

/** The whole reasoning. */
export interface ReasoningTextDoneEvent extends OfContent {
  readonly type: "response.reasoning_text.done";
  readonly text: string;
}

/** A part of a reasoning summary begins, or is whole. */
export interface SummaryPartEvent extends OfSummary {
  readonly type: "response.reasoning_summary_part.added" | "response.reasoning_summary_part.done";
  readonly part: { readonly type: "summary_text"; readonly text: string };
  readonly status?: Open<"incomplete"> | undefined;
}

/** A reasoning summary to append. */
export interface SummaryTextDeltaEvent extends OfSummary {
  readonly type: "response.reasoning_summary_text.delta";
  readonly delta: string;
  readonly obfuscation?: string | undefined;
}

/** A whole part of a reasoning summary. */
export interface SummaryTextDoneEvent extends OfSummary {
  readonly type: "response.reasoning_summary_text.done";
  readonly text: string;
  readonly status?: Open<"incomplete"> | undefined;
}

/** Something to append to what a tool is given. */
export interface InputDeltaEvent extends OfItem {
  readonly type:
    | "response.function_call_arguments.delta"
    | "response.custom_tool_call_input.delta"
    | "response.mcp_call_arguments.delta"
    | "response.code_interpreter_call_code.delta"
    | "response.apply_patch_call_operation_diff.delta";
  readonly delta: string;
  readonly obfuscation?: string | undefined;
}

/** The whole arguments of a call. */
export interface ArgumentsDoneEvent extends OfItem {
  readonly type: "response.function_call_arguments.done" | "response.mcp_call_arguments.done";
  readonly arguments: string;
  readonly name?: string | undefined;
}

/** The whole input of a custom tool. */
export interface CustomInputDoneEvent extends OfItem {
  readonly type: "response.custom_tool_call_input.done";
  readonly input: string;
}

/** The whole code. */
export interface CodeDoneEvent extends OfItem {
  readonly type: "response.code_interpreter_call_code.done";
  readonly code: string;
}

/** The whole change of a file. */
export interface DiffDoneEvent extends OfItem {
  readonly type: "response.apply_patch_call_operation_diff.done";
  readonly diff: string;
}

/** A command for a shell begins, or is whole. */
export interface ShellCommandEvent extends Numbered {
  readonly type: "response.shell_call_command.added" | "response.shell_call_command.done";
  readonly output_index: number;
  readonly command_index: number;
  readonly command: string;
}

/** A command to append to. */
export interface ShellCommandDeltaEvent extends Numbered {
  readonly type: "response.shell_call_command.delta";
  readonly output_index: number;
  readonly command_index: number;
  readonly delta: string;
  readonly obfuscation?: string | undefined;
}

/** What a command writes. */
export interface ShellOutputDeltaEvent extends OfItem {
  readonly type: "response.shell_call_output_content.delta";
  readonly command_index: number;
  readonly delta: { readonly stdout?: string | undefined; readonly stderr?: string | undefined };
}

/** What a command wrote. */
export interface ShellOutputDoneEvent extends OfItem {
  readonly type: "response.shell_call_output_content.done";
  readonly command_index: number;
  readonly output: readonly ShellOutput[];
}

/** What a tool that runs at OpenAI is doing. It changes nothing in the reply. */
export interface ToolProgressEvent extends OfItem {
  readonly type: `response.${
    | `web_search_call.${"in_progress" | "searching" | "completed"}`
    | `file_search_call.${"in_progress" | "searching" | "completed"}`
    | `code_interpreter_call.${"in_progress" | "interpreting" | "completed"}`
    | `image_generation_call.${"in_progress" | "generating" | "completed"}`
    | `mcp_list_tools.${"in_progress" | "completed" | "failed"}`
    | `mcp_call.${"in_progress" | "completed" | "failed"}`}`;
}

/** A preview of an image. */
export interface PartialImageEvent extends OfItem {
  readonly type: "response.image_generation_call.partial_image";
  readonly partial_image_b64: string;
  readonly partial_image_index: number;
}

/** The reply failed after it had begun. The API nests what its own types have flat. */
export interface ErrorEvent extends Numbered {
  readonly type: "error";
  readonly code?: string | null | undefined;
  readonly message?: string | undefined;
  readonly param?: string | null | undefined;
  readonly error?:
    | {
        readonly type?: string | undefined;
        readonly code?: string | null | undefined;
        readonly message?: string | undefined;
        readonly param?: string | null | undefined;
      }
    | undefined;
}

/** Speech, or its words. They are part of no item. */
export interface AudioEvent extends Numbered {
  readonly type: `response.audio.${"delta" | "done" | "transcript.delta" | "transcript.done"}`;
  /** Base64, or text. Absent at the end. */
  readonly delta?: string | undefined;
}

/** The conversation is being compressed. */
export interface CompactingEvent extends Numbered {
  readonly type: "response.compaction.compacting";
}

/** The connection lives. */
export interface KeepaliveEvent extends Numbered {
  readonly type: "keepalive";
}

/**
 * One event of a stream.
 *
 * @example
 * ```ts
 * import type { OpenAIEvent } from "millrace/openai";
 * const textOf = (event: OpenAIEvent): string => (event.type === "response.output_text.delta" ? event.delta : "");
 * ```
 */
export type OpenAIEvent =
  | LifecycleEvent
  | OutputItemEvent
  | ContentPartEvent
  | TextDeltaEvent
  | TextDoneEvent
  | AnnotationEvent
  | RefusalDeltaEvent
  | RefusalDoneEvent
  | ReasoningTextDeltaEvent
  | ReasoningTextDoneEvent
  | SummaryPartEvent
  | SummaryTextDeltaEvent
  | SummaryTextDoneEvent
  | InputDeltaEvent
  | ArgumentsDoneEvent
  | CustomInputDoneEvent
  | CodeDoneEvent
  | DiffDoneEvent
  | ShellCommandEvent
  | ShellCommandDeltaEvent
  | ShellOutputDeltaEvent
  | ShellOutputDoneEvent
  | ToolProgressEvent
  | PartialImageEvent
  | ErrorEvent
  | AudioEvent
  | CompactingEvent
  | KeepaliveEvent
  | UnknownVariant;
