/** The tools of a request, in the wire's own names: platform.openai.com/docs/api-reference/responses/create. */

import type { UnknownVariant } from "./open.ts";

/** A JSON Schema. */
export type Schema = { readonly [keyword: string]: unknown };

/** Who may call a tool: the model itself, or programs that it writes. */
export type AllowedCaller = "direct" | "programmatic";

/** What tools of your own may carry. */
export interface OwnToolOptions {
  readonly description?: string | null | undefined;
  /** Hides the tool until a tool search loads it. */
  readonly defer_loading?: boolean | undefined;
  readonly allowed_callers?: readonly AllowedCaller[] | null | undefined;
}

/** One of your functions. */
export interface FunctionToolParam extends OwnToolOptions {
  readonly type: "function";
  /** `^[a-zA-Z0-9_-]{1,64}$` */
  readonly name: string;
  readonly parameters: Schema | null;
  /** Holds the model to the schema, which then may have few keywords. */
  readonly strict: boolean | null;
  readonly output_schema?: Schema | null | undefined;
  /** The model goes on without the output, which a later request has. */
  readonly async?: boolean | undefined;
}

/** One of your tools that takes text. */
export interface CustomToolParam extends OwnToolOptions {
  readonly type: "custom";
  readonly name: string;
  readonly description?: string | undefined;
  readonly format?:
    | { readonly type: "text" }
    | { readonly type: "grammar"; readonly syntax: "lark" | "regex"; readonly definition: string }
    | undefined;
}

/** Some of your tools under one name. */
export interface NamespaceToolParam {
  readonly type: "namespace";
  readonly name: string;
  readonly description: string;
  readonly tools: readonly (FunctionToolParam | CustomToolParam)[];
}

/** A search of the web. */
export interface WebSearchToolParam {
  readonly type: "web_search" | "web_search_2025_08_26" | "web_search_preview" | "web_search_preview_2025_03_11";
  readonly filters?: { readonly allowed_domains?: readonly string[] | null | undefined } | null | undefined;
  readonly search_context_size?: "low" | "medium" | "high" | undefined;
  readonly user_location?: { readonly [field: string]: unknown } | null | undefined;
  readonly external_web_access?: boolean | undefined;
}

/** A search of your files. */
export interface FileSearchToolParam {
  readonly type: "file_search";
  readonly vector_store_ids: readonly string[];
  readonly filters?: unknown;
  readonly max_num_results?: number | undefined;
  readonly ranking_options?: { readonly [field: string]: unknown } | undefined;
}

/** Code that runs at OpenAI. */
export interface CodeInterpreterToolParam {
  readonly type: "code_interpreter";
  readonly container:
    | string
    | {
        readonly type: "auto";
        readonly file_ids?: readonly string[] | undefined;
        readonly memory_limit?: "1g" | "4g" | "16g" | "64g" | null | undefined;
        readonly network_policy?: { readonly type: string; readonly [field: string]: unknown } | undefined;
      };
  readonly allowed_callers?: readonly AllowedCaller[] | null | undefined;
}

/** Images that are made. */
export interface ImageGenerationToolParam {
  readonly type: "image_generation";
  /** 0 to 3. */
  readonly partial_images?: number | undefined;
  readonly size?: string | undefined;
  readonly quality?: "low" | "medium" | "high" | "auto" | undefined;
  readonly output_format?: "png" | "webp" | "jpeg" | undefined;
  readonly background?: "transparent" | "opaque" | "auto" | undefined;
  readonly [field: string]: unknown;
}

/** The tools of an MCP server, which OpenAI calls. */
export interface McpToolParam {
  readonly type: "mcp";
  readonly server_label: string;
  readonly server_url?: string | undefined;
  readonly tunnel_id?: string | undefined;
  readonly connector_id?: string | undefined;
  readonly server_description?: string | undefined;
  /** Secret. */
  readonly authorization?: string | undefined;
  /** Secret. */
  readonly headers?: { readonly [name: string]: string } | null | undefined;
  readonly allowed_tools?: readonly string[] | { readonly [field: string]: unknown } | null | undefined;
  readonly require_approval?: "always" | "never" | { readonly [field: string]: unknown } | null | undefined;
  readonly defer_loading?: boolean | undefined;
  readonly allowed_callers?: readonly AllowedCaller[] | null | undefined;
}

/** A search for tools that are hidden. */
export interface ToolSearchToolParam {
  readonly type: "tool_search";
  /** Who searches: OpenAI, or you. */
  readonly execution?: "server" | "client" | undefined;
  readonly description?: string | null | undefined;
  readonly parameters?: unknown;
}

/** A shell: that of a container, or yours. */
export interface ShellToolParam {
  readonly type: "shell";
  readonly environment?: { readonly type: string; readonly [field: string]: unknown } | null | undefined;
  readonly allowed_callers?: readonly AllowedCaller[] | null | undefined;
}

/** Screen, mouse and keyboard, which you drive. */
export interface ComputerToolParam {
  readonly type: "computer" | "computer_use_preview";
  readonly display_width?: number | undefined;
  readonly display_height?: number | undefined;
  readonly environment?: "windows" | "mac" | "linux" | "ubuntu" | "browser" | undefined;
}

/** A shell or files that you have, or programs that call your functions. */
export interface PlainToolParam {
  readonly type: "local_shell" | "apply_patch" | "programmatic_tool_calling";
}

/** A tool in the wire's own form. */
export type ToolParam =
  | FunctionToolParam
  | CustomToolParam
  | NamespaceToolParam
  | WebSearchToolParam
  | FileSearchToolParam
  | CodeInterpreterToolParam
  | ImageGenerationToolParam
  | McpToolParam
  | ToolSearchToolParam
  | ShellToolParam
  | ComputerToolParam
  | PlainToolParam
  | UnknownVariant;

/** Whether the model may, must or must not use tools, and which. */
export type NativeToolChoice =
  | "none"
  | "auto"
  | "required"
  | { readonly type: "function" | "custom"; readonly name: string }
  | { readonly type: "mcp"; readonly server_label: string; readonly name?: string | null | undefined }
  | {
      readonly type: "allowed_tools";
      readonly mode: "auto" | "required";
      readonly tools: readonly { readonly [field: string]: unknown }[];
    }
  | {
      readonly type:
        | "web_search_preview"
        | "web_search_preview_2025_03_11"
        | "file_search"
        | "code_interpreter"
        | "image_generation"
        | "computer"
        | "computer_use"
        | "computer_use_preview"
        | "apply_patch"
        | "shell"
        | "programmatic_tool_calling";
    };
