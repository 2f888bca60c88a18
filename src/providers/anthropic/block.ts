/**
 * The content blocks of a reply, in the wire's own names: platform.claude.com/docs/en/api/messages. Blocks that need a
 * beta header are marked; {@link UnknownVariant} stands for what the API has added since.
 */

import type { Open, UnknownVariant } from "./open.ts";
import type {
  AdvisorToolResultBlock,
  BashCodeExecutionToolResultBlock,
  CodeExecutionToolResultBlock,
  TextEditorCodeExecutionToolResultBlock,
  ToolCaller,
  ToolSearchToolResultBlock,
  WebFetchToolResultBlock,
  WebSearchToolResultBlock,
} from "./server-tool-result.ts";
import type { ToolAddition, ToolRemoval } from "./tool-param.ts";

/** Text, and what it cites. */
export interface TextBlock {
  readonly type: "text";
  readonly text: string;
  /** Absent or null where the text cites nothing. */
  readonly citations?: readonly Citation[] | null | undefined;
}

/** The source of a passage of text. */
export type Citation =
  | DocumentCitation
  | SearchResultLocationCitation
  | WebSearchResultLocationCitation
  | UnknownVariant;

/** A place in a document of the request: characters and blocks count from 0, pages from 1; the end is exclusive. */
export type DocumentCitation = {
  readonly cited_text: string;
  /** Which document, of all in the request. Counts from 0. */
  readonly document_index: number;
  readonly document_title: string | null;
  readonly file_id?: string | null | undefined;
} & (
  | { readonly type: "char_location"; readonly start_char_index: number; readonly end_char_index: number }
  | { readonly type: "page_location"; readonly start_page_number: number; readonly end_page_number: number }
  | { readonly type: "content_block_location"; readonly start_block_index: number; readonly end_block_index: number }
);

/** Blocks of a search result of the request. They count from 0; the end is exclusive. */
export interface SearchResultLocationCitation {
  readonly type: "search_result_location";
  readonly cited_text: string;
  readonly search_result_index: number;
  readonly source: string;
  readonly title: string | null;
  readonly start_block_index: number;
  readonly end_block_index: number;
}

/** A find of a web search. */
export interface WebSearchResultLocationCitation {
  readonly type: "web_search_result_location";
  readonly cited_text: string;
  readonly url: string;
  readonly title: string | null;
  /** Opaque; must be sent back as it came. */
  readonly encrypted_index: string;
}

/** Thinking, or a summary of it; `""` where `display` is `"omitted"`. */
export interface ThinkingBlock {
  readonly type: "thinking";
  readonly thinking: string;
  /** Opaque; holds the whole reasoning, and must be sent back as it came. */
  readonly signature: string;
}

/** Thinking that is encrypted. */
export interface RedactedThinkingBlock {
  readonly type: "redacted_thinking";
  readonly data: string;
}

/** A call of one of your tools. */
export interface ToolUseBlock {
  readonly type: "tool_use";
  /** What the result names it by. */
  readonly id: string;
  /** The tool's name. */
  readonly name: string;
  /** The input, parsed. */
  readonly input: unknown;
  /** The code that called the tool, if the model did not do so itself. */
  readonly caller?: ToolCaller | undefined;
  /** The toolset whose member this is. */
  readonly toolset_name?: string | null | undefined;
}

/** The names of tools that run at Anthropic. */
export type ServerToolName = Open<
  | "web_search"
  | "web_fetch"
  | "code_execution"
  | "bash_code_execution"
  | "text_editor_code_execution"
  | "tool_search_tool_regex"
  | "tool_search_tool_bm25"
  | "advisor"
>;

/** A call of a tool that runs at Anthropic. */
export interface ServerToolUseBlock {
  readonly type: "server_tool_use";
  readonly id: string;
  readonly name: ServerToolName;
  /** Sometimes absent where the block begins. */
  readonly input: unknown;
  readonly caller?: ToolCaller | undefined;
}

/** A call of a tool on an MCP server. Beta `mcp-client-2025-11-20`. */
export interface McpToolUseBlock {
  readonly type: "mcp_tool_use";
  readonly id: string;
  readonly name: string;
  readonly server_name: string;
  readonly input: unknown;
}

/** What an MCP server's tool answered. Beta `mcp-client-2025-11-20`. */
export interface McpToolResultBlock {
  readonly type: "mcp_tool_result";
  readonly tool_use_id: string;
  readonly is_error: boolean;
  readonly content: string | readonly TextBlock[];
}

/** The tools that an MCP server offered. Beta `mcp-client-2026-09-15`. */
export interface McpToolListingBlock {
  readonly type: "mcp_tool_listing";
  readonly mcp_server_name: string;
  readonly tools: readonly McpToolDefinition[];
}

/** One tool of an MCP server. */
export interface McpToolDefinition {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly input_schema: { readonly [key: string]: unknown };
}

/** A file that a container may use. */
export interface ContainerUploadBlock {
  readonly type: "container_upload";
  readonly file_id: string;
}

/** What the conversation before it was summarised to. Beta `compact-2026-01-12`. */
export interface CompactionBlock {
  readonly type: "compaction";
  /** Null until it has come, or where compaction failed. */
  readonly content: string | null;
  readonly encrypted_content?: string | null | undefined;
  readonly signature?: string | null | undefined;
  /** What had become of the tools by then. */
  readonly tool_changes?: readonly (ToolAddition | ToolRemoval)[] | null | undefined;
}

/** One model gave way to another. Beta `server-side-fallback-2026-07-01`. */
export interface FallbackBlock {
  readonly type: "fallback";
  readonly from: { readonly model: string };
  readonly to: { readonly model: string };
  readonly trigger?: FallbackTrigger | null | undefined;
}

/** Why a model gave way. */
export interface FallbackTrigger {
  readonly type: Open<"refusal">;
  readonly category?: RefusalCategory | null | undefined;
}

/** What a refusal was about. */
export type RefusalCategory = Open<"cyber" | "bio" | "frontier_llm" | "reasoning_extraction" | "general_harms">;

/** The result of a tool that runs at Anthropic. A failure is a result too, in a reply of status 200. */
export type ServerToolResultBlock =
  | WebSearchToolResultBlock
  | WebFetchToolResultBlock
  | CodeExecutionToolResultBlock
  | BashCodeExecutionToolResultBlock
  | TextEditorCodeExecutionToolResultBlock
  | ToolSearchToolResultBlock
  | AdvisorToolResultBlock;

/** A content block of a reply. */
export type ContentBlock =
  | TextBlock
  | ThinkingBlock
  | RedactedThinkingBlock
  | ToolUseBlock
  | ServerToolUseBlock
  | ServerToolResultBlock
  | McpToolUseBlock
  | McpToolResultBlock
  | McpToolListingBlock
  | ContainerUploadBlock
  | CompactionBlock
  | FallbackBlock
  | UnknownVariant;
