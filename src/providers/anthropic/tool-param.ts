/** The tools of a request, in the wire's own names: platform.claude.com/docs/en/agents-and-tools/tool-use/overview. */

import type { CacheControlParam } from "./cache-control.ts";
import type { AnthropicModel } from "./models.ts";
import type { Open } from "./open.ts";

/** Who may call a tool: the model, or code that it runs. */
export type AllowedCaller = Open<
  "direct" | "code_execution_20250825" | "code_execution_20260120" | "code_execution_20260521"
>;

/** What every tool may carry. */
export interface ToolOptions {
  /** Caches the tools up to and including this one. */
  readonly cache_control?: CacheControlParam | null | undefined;
  readonly allowed_callers?: readonly AllowedCaller[] | undefined;
  /** Hides the tool until a tool search loads it. */
  readonly defer_loading?: boolean | undefined;
  /** Holds the model to the tool's schema. At most 20 tools of a request may be strict. */
  readonly strict?: boolean | undefined;
}

/** What tools with input may carry. */
export interface InputToolOptions extends ToolOptions {
  /** Inputs that fit the schema, to show the model what is meant. */
  readonly input_examples?: readonly { readonly [key: string]: unknown }[] | undefined;
}

/** One of your own tools. */
export interface CustomToolParam extends InputToolOptions {
  readonly type?: "custom" | null | undefined;
  /** `^[a-zA-Z0-9_-]{1,64}$` */
  readonly name: string;
  readonly description?: string | undefined;
  /** JSON Schema, draft 2020-12. */
  readonly input_schema: {
    readonly type: "object";
    readonly properties?: unknown;
    readonly required?: readonly string[] | null | undefined;
    readonly [keyword: string]: unknown;
  };
  /** `true` streams the input as it is written, unchecked; `false` buffers it, whatever the headers say. */
  readonly eager_input_streaming?: boolean | null | undefined;
}

/** The shell, which you run. */
export interface BashToolParam extends InputToolOptions {
  readonly type: "bash_20250124" | "bash_20241022";
  readonly name: "bash";
}

/** The text editor, which you run. */
export type TextEditorToolParam = InputToolOptions &
  (
    | {
        readonly type: "text_editor_20250728";
        readonly name: "str_replace_based_edit_tool";
        readonly max_characters?: number | null | undefined;
      }
    | { readonly type: "text_editor_20250429"; readonly name: "str_replace_based_edit_tool" }
    | { readonly type: "text_editor_20250124" | "text_editor_20241022"; readonly name: "str_replace_editor" }
  );

/** The memory directory, which you keep. */
export interface MemoryToolParam extends InputToolOptions {
  readonly type: "memory_20250818";
  readonly name: "memory";
}

/** Screen, mouse and keyboard, which you drive. Beta. */
export interface ComputerToolParam extends InputToolOptions {
  readonly type: "computer_20251124" | "computer_20250124" | "computer_20241022";
  readonly name: "computer";
  readonly display_width_px: number;
  readonly display_height_px: number;
  readonly display_number?: number | null | undefined;
  /** Only `computer_20251124`. */
  readonly enable_zoom?: boolean | undefined;
}

/** Small tools for a screen, which you drive. Their calls carry `toolset_name`. */
export interface ComputerToolsetParam {
  readonly type: "computer_toolset_20260801";
  readonly cache_control?: CacheControlParam | null | undefined;
  readonly configs?: ToolsetConfigs<PointerMember | "cursor_position"> | null | undefined;
}

/** Small tools for a browser, which you drive. Their calls carry `toolset_name`. */
export interface BrowserToolsetParam {
  readonly type: "browser_toolset_20260801";
  readonly cache_control?: CacheControlParam | null | undefined;
  readonly configs?: ToolsetConfigs<PointerMember | BrowserMember> | null | undefined;
}

/** What becomes of some members of a toolset, by name. */
export type ToolsetConfigs<Member extends string> = {
  readonly [Name in Member]?: ToolsetMemberConfig | null | undefined;
};

/** The members that both toolsets have. */
export type PointerMember =
  | ("left_click" | "right_click" | "middle_click" | "double_click" | "triple_click" | "left_click_drag")
  | ("left_mouse_down" | "left_mouse_up" | "mouse_move" | "scroll" | "type" | "key" | "hold_key")
  | ("screenshot" | "zoom" | "wait");

/** The members that only the browser's toolset has. */
export type BrowserMember =
  | ("navigate" | "list_tabs" | "new_tab" | "switch_tab" | "close_tab" | "read_page" | "get_page_text" | "find")
  | ("read_console" | "read_network" | "form_input" | "file_upload" | "scroll_to" | "hover" | "javascript_exec");

/** Whether a member of a toolset is offered, and when. */
export interface ToolsetMemberConfig {
  readonly enabled?: boolean | null | undefined;
  readonly defer_loading?: boolean | null | undefined;
}

/** Search on the web, at Anthropic. */
export interface WebSearchToolParam extends ToolOptions {
  readonly type: "web_search_20260318" | "web_search_20260209" | "web_search_20250305";
  readonly name: "web_search";
  readonly max_uses?: number | null | undefined;
  /** Not together with `blocked_domains`. */
  readonly allowed_domains?: readonly string[] | null | undefined;
  readonly blocked_domains?: readonly string[] | null | undefined;
  readonly user_location?: UserLocation | null | undefined;
  /** Whether the results come in the reply. Only `web_search_20260318`. */
  readonly response_inclusion?: "full" | "excluded" | undefined;
}

/** Where the user is, about. */
export interface UserLocation {
  readonly type: "approximate";
  readonly city?: string | null | undefined;
  readonly region?: string | null | undefined;
  /** ISO 3166-1, two letters. */
  readonly country?: string | null | undefined;
  /** IANA name. */
  readonly timezone?: string | null | undefined;
}

/** Pages from the web, fetched at Anthropic. */
export interface WebFetchToolParam extends ToolOptions {
  readonly type: "web_fetch_20260318" | "web_fetch_20260309" | "web_fetch_20260209" | "web_fetch_20250910";
  readonly name: "web_fetch";
  readonly max_uses?: number | null | undefined;
  readonly allowed_domains?: readonly string[] | null | undefined;
  readonly blocked_domains?: readonly string[] | null | undefined;
  readonly citations?: { readonly enabled?: boolean | undefined } | null | undefined;
  readonly max_content_tokens?: number | null | undefined;
  readonly url_sources?: UrlSources | null | undefined;
  /** From `web_fetch_20260309` on. */
  readonly use_cache?: boolean | undefined;
  /** Only `web_fetch_20260318`. */
  readonly response_inclusion?: "full" | "excluded" | undefined;
}

/** Which URLs of the conversation may be fetched. */
export interface UrlSources {
  readonly user_input?: { readonly type: "all" | "none" } | undefined;
  readonly client_tool_results?: UrlSource | undefined;
  readonly server_tool_results?: UrlSource | undefined;
}

/** Of which tools. */
export type UrlSource =
  | { readonly type: "all" | "none" }
  | {
      readonly type: "only" | "except";
      readonly tools: readonly { readonly type: "tool_reference"; readonly name: string }[];
    };

/** Code that runs at Anthropic. */
export interface CodeExecutionToolParam extends ToolOptions {
  readonly type:
    | "code_execution_20260521"
    | "code_execution_20260120"
    | "code_execution_20250825"
    | "code_execution_20250522";
  readonly name: "code_execution";
}

/** A search among the tools that are deferred. */
export type ToolSearchToolParam = ToolOptions &
  (
    | {
        readonly type: "tool_search_tool_regex" | "tool_search_tool_regex_20251119";
        readonly name: "tool_search_tool_regex";
      }
    | {
        readonly type: "tool_search_tool_bm25" | "tool_search_tool_bm25_20251119";
        readonly name: "tool_search_tool_bm25";
      }
  );

/** Another model that the model may ask. Beta `advisor-tool-2026-03-01`. */
export interface AdvisorToolParam extends ToolOptions {
  readonly type: "advisor_20260301";
  readonly name: "advisor";
  readonly model: AnthropicModel;
  readonly caching?: CacheControlParam | null | undefined;
  readonly max_tokens?: number | null | undefined;
  readonly max_uses?: number | null | undefined;
}

/** The tools of an MCP server of the request. Beta `mcp-client-2025-11-20`. */
export interface McpToolsetParam {
  readonly type: "mcp_toolset";
  readonly mcp_server_name: string;
  readonly cache_control?: CacheControlParam | null | undefined;
  readonly default_config?: McpToolConfig | undefined;
  /** By the tool's name. */
  readonly configs?: { readonly [tool: string]: McpToolConfig } | null | undefined;
  readonly tools?: readonly McpToolParam[] | null | undefined;
}

/** Whether a tool of an MCP server is offered, and when. */
export interface McpToolConfig {
  readonly enabled?: boolean | undefined;
  readonly defer_loading?: boolean | undefined;
}

/** One tool of an MCP server, described by you. */
export interface McpToolParam {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly input_schema: { readonly [key: string]: unknown };
}

/** A tool that you run, of a shape that Anthropic has fixed. */
export type ClientToolParam =
  | BashToolParam
  | TextEditorToolParam
  | MemoryToolParam
  | ComputerToolParam
  | ComputerToolsetParam
  | BrowserToolsetParam;

/** A tool that runs at Anthropic. */
export type ServerToolParam =
  | WebSearchToolParam
  | WebFetchToolParam
  | CodeExecutionToolParam
  | ToolSearchToolParam
  | AdvisorToolParam
  | McpToolsetParam;

/** A tool of a request. */
export type ToolParam = CustomToolParam | ClientToolParam | ServerToolParam;

/**
 * Whether the model may, must or must not use tools. `any` and `tool` are refused by Fable from 5.1, by Opus and Sonnet
 * from 5.5, and beside `thinking: { type: "enabled" }`.
 */
export type ToolChoice =
  | { readonly type: "auto" | "any"; readonly disable_parallel_tool_use?: boolean | undefined }
  | { readonly type: "tool"; readonly name: string; readonly disable_parallel_tool_use?: boolean | undefined }
  | { readonly type: "none" };

/** Which tool a change is about. */
export type ToolChangeTarget =
  | { readonly type: "tool_reference"; readonly name: string }
  | { readonly type: "mcp_tool_reference"; readonly name: string; readonly server_name: string }
  | { readonly type: "mcp_toolset_reference"; readonly server_name: string };

/** A tool that is there from here on. Beta `mid-conversation-tool-changes-2026-07-01`. */
export interface ToolAddition {
  readonly type: "tool_addition";
  /** A whole `tool_definition` is beta `inline-tools-2026-09-15`. */
  readonly tool: ToolChangeTarget | { readonly type: "tool_definition"; readonly definition: ToolParam };
}

/** A tool that is gone from here on. Beta `mid-conversation-tool-changes-2026-07-01`. */
export interface ToolRemoval {
  readonly type: "tool_removal";
  readonly tool: ToolChangeTarget;
}
