/** The results of tools that run at Anthropic: platform.claude.com/docs/en/agents-and-tools/tool-use/server-tools. */

import type { Open, UnknownVariant } from "./open.ts";

/** Who called a tool: the model, or code that it runs. */
export type ToolCaller =
  | { readonly type: "direct" }
  | { readonly type: "code_execution_20250825" | "code_execution_20260120"; readonly tool_id: string }
  | UnknownVariant;

/** That a tool failed, and why. */
export interface ToolResultError<Type extends string, Code extends string> {
  readonly type: Type;
  readonly error_code: Open<Code>;
}

/** What most tools may fail with. */
export type ServerToolErrorCode = "invalid_tool_input" | "unavailable" | "too_many_requests";

/** What a web search found, or why it failed. */
export interface WebSearchToolResultBlock {
  readonly type: "web_search_tool_result";
  readonly tool_use_id: string;
  readonly content: readonly WebSearchResult[] | WebSearchToolResultError;
  readonly caller?: ToolCaller | undefined;
}

/** One find of a web search. */
export interface WebSearchResult {
  readonly type: "web_search_result";
  readonly url: string;
  readonly title: string;
  /** Opaque; must be sent back as it came. */
  readonly encrypted_content: string;
  readonly page_age?: string | null | undefined;
}

/** Why a web search failed. It is not charged. */
export type WebSearchToolResultError = ToolResultError<
  "web_search_tool_result_error",
  ServerToolErrorCode | "max_uses_exceeded" | "query_too_long" | "request_too_large"
>;

/** A page from the web, or why it could not be had. */
export interface WebFetchToolResultBlock {
  readonly type: "web_fetch_tool_result";
  readonly tool_use_id: string;
  readonly content: WebFetchResult | WebFetchToolResultError;
  readonly caller?: ToolCaller | undefined;
}

/** A page from the web. */
export interface WebFetchResult {
  readonly type: "web_fetch_result";
  readonly url: string;
  readonly content: DocumentBlock;
  /** RFC 3339. */
  readonly retrieved_at?: string | null | undefined;
}

/** A document as a tool gives it. */
export interface DocumentBlock {
  readonly type: "document";
  readonly source:
    | { readonly type: "base64"; readonly media_type: "application/pdf"; readonly data: string }
    | { readonly type: "text"; readonly media_type: "text/plain"; readonly data: string };
  readonly title?: string | null | undefined;
  readonly citations?: { readonly enabled: boolean } | null | undefined;
}

/** Why a page could not be had. */
export type WebFetchToolResultError = ToolResultError<
  "web_fetch_tool_result_error",
  | ServerToolErrorCode
  | "max_uses_exceeded"
  | "url_too_long"
  | "url_not_allowed"
  | "url_not_in_prior_context"
  | "url_not_accessible"
  | "unsupported_content_type"
  | "content_too_large"
>;

/** What code printed, or why it did not run. */
export interface CodeExecutionToolResultBlock {
  readonly type: "code_execution_tool_result";
  readonly tool_use_id: string;
  readonly content:
    | CodeExecutionResult
    | EncryptedCodeExecutionResult
    | ToolResultError<"code_execution_tool_result_error", ServerToolErrorCode | "execution_time_exceeded">;
}

/** A file that code has written. */
export interface CodeExecutionOutput<Type extends string> {
  readonly type: Type;
  readonly file_id: string;
}

/** What code printed. */
export interface CodeExecutionResult {
  readonly type: "code_execution_result";
  readonly stdout: string;
  readonly stderr: string;
  readonly return_code: number;
  readonly content: readonly CodeExecutionOutput<"code_execution_output">[];
}

/** What code printed, where only the model may read it. */
export interface EncryptedCodeExecutionResult {
  readonly type: "encrypted_code_execution_result";
  /** Opaque; must be sent back as it came. */
  readonly encrypted_stdout: string;
  readonly stderr: string;
  readonly return_code: number;
  readonly content: readonly CodeExecutionOutput<"code_execution_output">[];
}

/** What a shell command printed, or why it did not run. */
export interface BashCodeExecutionToolResultBlock {
  readonly type: "bash_code_execution_tool_result";
  readonly tool_use_id: string;
  readonly content:
    | BashCodeExecutionResult
    | ToolResultError<
        "bash_code_execution_tool_result_error",
        ServerToolErrorCode | "execution_time_exceeded" | "output_file_too_large"
      >;
}

/** What a shell command printed. */
export interface BashCodeExecutionResult {
  readonly type: "bash_code_execution_result";
  readonly stdout: string;
  readonly stderr: string;
  readonly return_code: number;
  readonly content: readonly CodeExecutionOutput<"bash_code_execution_output">[];
}

/** What an editing command did, or why it failed. */
export interface TextEditorCodeExecutionToolResultBlock {
  readonly type: "text_editor_code_execution_tool_result";
  readonly tool_use_id: string;
  readonly content: TextEditorCodeExecutionResult | TextEditorCodeExecutionToolResultError;
}

/** What an editing command did. */
export type TextEditorCodeExecutionResult =
  | {
      readonly type: "text_editor_code_execution_view_result";
      readonly content: string;
      readonly file_type: "text" | "image" | "pdf";
      readonly num_lines?: number | null | undefined;
      readonly start_line?: number | null | undefined;
      readonly total_lines?: number | null | undefined;
    }
  | { readonly type: "text_editor_code_execution_create_result"; readonly is_file_update: boolean }
  | {
      readonly type: "text_editor_code_execution_str_replace_result";
      readonly lines?: readonly string[] | null | undefined;
      readonly old_start?: number | null | undefined;
      readonly old_lines?: number | null | undefined;
      readonly new_start?: number | null | undefined;
      readonly new_lines?: number | null | undefined;
    };

/** Why an editing command failed. */
export interface TextEditorCodeExecutionToolResultError extends ToolResultError<
  "text_editor_code_execution_tool_result_error",
  ServerToolErrorCode | "execution_time_exceeded" | "file_not_found"
> {
  readonly error_message?: string | null | undefined;
}

/** The tools that a search found, or why it failed. */
export interface ToolSearchToolResultBlock {
  readonly type: "tool_search_tool_result";
  readonly tool_use_id: string;
  readonly content: ToolSearchResult | ToolSearchToolResultError;
}

/** The tools that a search found. */
export interface ToolSearchResult {
  readonly type: "tool_search_tool_search_result";
  readonly tool_references: readonly { readonly type: "tool_reference"; readonly tool_name: string }[];
}

/** Why a search for tools failed. */
export interface ToolSearchToolResultError extends ToolResultError<
  "tool_search_tool_result_error",
  ServerToolErrorCode | "execution_time_exceeded"
> {
  readonly error_message?: string | null | undefined;
}

/** What another model advised, or why it did not. Beta `advisor-tool-2026-03-01`. */
export interface AdvisorToolResultBlock {
  readonly type: "advisor_tool_result";
  readonly tool_use_id: string;
  readonly content: AdvisorResult | AdvisorRedactedResult | AdvisorToolResultError;
}

/** What another model advised. */
export interface AdvisorResult {
  readonly type: "advisor_result";
  readonly text: string;
  readonly stop_reason?: string | null | undefined;
}

/** What another model advised, where only the model may read it. */
export interface AdvisorRedactedResult {
  readonly type: "advisor_redacted_result";
  /** Opaque; must be sent back as it came. */
  readonly encrypted_content: string;
  readonly stop_reason?: string | null | undefined;
}

/** Why another model did not advise. */
export type AdvisorToolResultError = ToolResultError<
  "advisor_tool_result_error",
  | "max_uses_exceeded"
  | "prompt_too_long"
  | "too_many_requests"
  | "overloaded"
  | "unavailable"
  | "execution_time_exceeded"
  | "model_not_found"
>;
