/** The messages of a request and their content, in the wire's own names: platform.claude.com/docs/en/api/messages. */

import type {
  Citation,
  CompactionBlock,
  ContainerUploadBlock,
  FallbackBlock,
  McpToolListingBlock,
  McpToolUseBlock,
  RedactedThinkingBlock,
  ServerToolUseBlock,
  ThinkingBlock,
  ToolUseBlock,
} from "./block.ts";
import type { Cacheable } from "./cache-control.ts";
import type { UnknownVariant } from "./open.ts";
import type {
  AdvisorToolResultBlock,
  BashCodeExecutionToolResultBlock,
  CodeExecutionToolResultBlock,
  TextEditorCodeExecutionToolResultBlock,
  ToolSearchToolResultBlock,
  WebFetchResult,
  WebFetchToolResultBlock,
  WebFetchToolResultError,
  WebSearchToolResultBlock,
} from "./server-tool-result.ts";
import type { ToolAddition, ToolRemoval } from "./tool-param.ts";

/** Text; not empty. */
export interface TextBlockParam extends Cacheable {
  readonly type: "text";
  readonly text: string;
  /** As they came. From API version `2026-10-21` on, only in assistant messages. */
  readonly citations?: readonly Citation[] | null | undefined;
}

/** A file that was uploaded. */
export interface FileSource {
  readonly type: "file";
  readonly file_id: string;
}

/** An address that the API fetches; `https:`. */
export interface UrlSourceParam {
  readonly type: "url";
  readonly url: string;
}

/** An image. At most 600 images and PDF pages of a request, 100 on models with a context of 200,000 tokens. */
export interface ImageBlockParam extends Cacheable {
  readonly type: "image";
  readonly source:
    | {
        readonly type: "base64";
        readonly media_type: "image/jpeg" | "image/png" | "image/gif" | "image/webp";
        readonly data: string;
      }
    | UrlSourceParam
    | FileSource;
  /** What becomes of an image that is too large; it is scaled down if not given. */
  readonly transformations?: { readonly oversized_image?: "downsize" | "error" | undefined } | null | undefined;
}

/** Whether the model may cite it. */
export interface CitationsParam {
  readonly enabled?: boolean | undefined;
}

/** A document. From API version `2026-10-21` on, not directly in an assistant message. */
export interface DocumentBlockParam extends Cacheable {
  readonly type: "document";
  readonly source:
    | { readonly type: "base64"; readonly media_type: "application/pdf"; readonly data: string }
    | { readonly type: "text"; readonly media_type: "text/plain"; readonly data: string }
    | { readonly type: "content"; readonly content: string | readonly (TextBlockParam | ImageBlockParam)[] }
    | UrlSourceParam
    | FileSource;
  readonly title?: string | null | undefined;
  /** What the model should know about the document, and never cites. */
  readonly context?: string | null | undefined;
  readonly citations?: CitationsParam | null | undefined;
}

/** A find of your own search, which the model may cite. */
export interface SearchResultBlockParam extends Cacheable {
  readonly type: "search_result";
  readonly source: string;
  readonly title: string;
  readonly content: readonly TextBlockParam[];
  readonly citations?: CitationsParam | undefined;
}

/** The tabs of the browser that you drive. */
export interface BrowserStateBlockParam extends Cacheable {
  readonly type: "browser_state";
  readonly tabs: readonly {
    readonly tab_id: string;
    readonly title: string;
    readonly url: string;
    readonly active?: boolean | undefined;
  }[];
  readonly state_changes?: readonly BrowserStateChange[] | null | undefined;
}

/** What has happened in the browser that you drive. */
export type BrowserStateChange =
  | { readonly type: "tab_opened"; readonly tab_id: string }
  | ({ readonly download_id: string; readonly url: string } & (
      | { readonly type: "download_started" }
      | { readonly type: "download_failed"; readonly error?: string | null | undefined }
      | {
          readonly type: "download_completed";
          readonly path?: string | null | undefined;
          readonly size_bytes?: number | null | undefined;
        }
    ));

/** What one of your tools answered. The next user message begins with one for each `tool_use` of the reply. */
export interface ToolResultBlockParam extends Cacheable {
  readonly type: "tool_result";
  readonly tool_use_id: string;
  readonly content?: string | readonly ToolResultContentParam[] | undefined;
  readonly is_error?: boolean | undefined;
  /** As it came in the call. */
  readonly toolset_name?: string | null | undefined;
}

/** What a tool's answer may hold. */
export type ToolResultContentParam =
  | TextBlockParam
  | ImageBlockParam
  | DocumentBlockParam
  | SearchResultBlockParam
  | BrowserStateBlockParam
  | ({ readonly type: "tool_reference"; readonly tool_name: string } & Cacheable);

/** What an MCP server's tool answered, as it came. */
export interface McpToolResultBlockParam extends Cacheable {
  readonly type: "mcp_tool_result";
  readonly tool_use_id: string;
  readonly content?: string | readonly TextBlockParam[] | undefined;
  readonly is_error?: boolean | undefined;
}

/** A page from the web, or why it could not be had, as it came. */
export interface WebFetchToolResultBlockParam extends Omit<WebFetchToolResultBlock, "content">, Cacheable {
  readonly content:
    | (Omit<WebFetchResult, "content"> & { readonly content: DocumentBlockParam })
    | WebFetchToolResultError;
}

/** What the conversation before it was summarised to, as it came. */
export interface CompactionBlockParam extends Partial<Omit<CompactionBlock, "type">>, Cacheable {
  readonly type: "compaction";
}

/** That one model gave way to another, as it came. */
export interface FallbackBlockParam extends Omit<FallbackBlock, "trigger"> {
  readonly trigger?: unknown;
}

/** Tools that are there from here on, in a system message. */
export type ToolAdditionBlockParam = ToolAddition & Cacheable;

/** Tools that are gone from here on, in a system message. */
export type ToolRemovalBlockParam = ToolRemoval & Cacheable;

/** Blocks of a reply that are sent back as they came. */
export type EchoedBlockParam =
  | ThinkingBlock
  | RedactedThinkingBlock
  | McpToolListingBlock
  | FallbackBlockParam
  | ((
      | ToolUseBlock
      | ServerToolUseBlock
      | McpToolUseBlock
      | ContainerUploadBlock
      | WebSearchToolResultBlock
      | CodeExecutionToolResultBlock
      | BashCodeExecutionToolResultBlock
      | TextEditorCodeExecutionToolResultBlock
      | ToolSearchToolResultBlock
      | AdvisorToolResultBlock
    ) &
      Cacheable)
  | WebFetchToolResultBlockParam
  | McpToolResultBlockParam
  | CompactionBlockParam
  | UnknownVariant;

/** A content block of a message of the request. Every block of a reply can be sent back as one. */
export type ContentBlockParam =
  | TextBlockParam
  | ImageBlockParam
  | DocumentBlockParam
  | SearchResultBlockParam
  | ToolResultBlockParam
  | ToolAdditionBlockParam
  | ToolRemovalBlockParam
  | EchoedBlockParam;

/** What the user says. Text alone stands for one text block. */
export interface UserMessageParam {
  readonly role: "user";
  readonly content: string | readonly ContentBlockParam[];
}

/** What the model said. As the last message, which the model continues, it is refused from Claude 4.6 on. */
export interface AssistantMessageParam {
  readonly role: "assistant";
  readonly content: string | readonly ContentBlockParam[];
}

/**
 * Instructions in mid-conversation, which the newest models take: after a user message, or an assistant message that
 * ends in a server tool's result, and last or before an assistant message.
 */
export interface SystemMessageParam {
  readonly role: "system";
  readonly content: string | readonly (TextBlockParam | ToolAdditionBlockParam | ToolRemovalBlockParam)[];
  /** Until when it holds. Beta. */
  readonly clear_at?: "next_user_message" | "never" | null | undefined;
  /** The effort from here on. Beta. */
  readonly output_config?: { readonly effort?: Effort | null | undefined } | null | undefined;
}

/** How much work the model puts into a reply. */
export type Effort = "low" | "medium" | "high" | "xhigh" | "max";

/**
 * A message of the request. A request has at most 100,000; consecutive messages of the same role count as one.
 *
 * @example
 * ```ts
 * import type { MessageParam } from "millrace/anthropic";
 * const history: MessageParam[] = [
 *   { role: "user", content: "Recommend a book" },
 *   { role: "assistant", content: [{ type: "text", text: "The Name of the Wind" }] },
 * ];
 * ```
 */
export type MessageParam = UserMessageParam | AssistantMessageParam | SystemMessageParam;
