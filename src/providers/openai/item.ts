/**
 * The output items of a reply, in the wire's own names: platform.openai.com/docs/api-reference/responses.
 * {@link UnknownVariant} stands for what the API has added since.
 */

import type { Open, UnknownVariant } from "./open.ts";

/** How far an item has come. */
export type ItemStatus = Open<"in_progress" | "completed" | "incomplete">;

/** What the model says. */
export interface OutputMessage {
  readonly type: "message";
  /** The item's id. */
  readonly id: string;
  readonly role: "assistant";
  /** Whether it is complete. */
  readonly status: ItemStatus;
  /** Its parts: text, or a refusal. */
  readonly content: readonly (OutputText | OutputRefusal | UnknownVariant)[];
  /** Whether it is said before tools are used, or is the answer. Send it back as it came. */
  readonly phase?: Open<"commentary" | "final_answer"> | null | undefined;
}

/** Text, and what it cites. */
export interface OutputText {
  readonly type: "output_text";
  readonly text: string;
  readonly annotations: readonly Annotation[];
  readonly logprobs?: readonly Logprob[] | undefined;
}

/** Why the model does not do what was asked. */
export interface OutputRefusal {
  readonly type: "refusal";
  readonly refusal: string;
}

/** The source of a passage of text, or a file that it mentions. */
export type Annotation =
  | {
      /** What kind of note it is. */
      readonly type: "url_citation";
      readonly url: string;
      readonly title: string;
      readonly start_index: number;
      readonly end_index: number;
    }
  | { readonly type: "file_citation"; readonly file_id: string; readonly filename: string; readonly index: number }
  | {
      readonly type: "container_file_citation";
      readonly container_id: string;
      readonly file_id: string;
      readonly filename: string;
      readonly start_index: number;
      readonly end_index: number;
    }
  | { readonly type: "file_path"; readonly file_id: string; readonly index: number }
  | UnknownVariant;

/** How likely a token was. */
export interface TokenLogprob {
  /** The token. */
  readonly token: string;
  /** Its UTF-8 bytes; null if it has none. */
  readonly bytes: readonly number[];
  /** The natural logarithm of its probability. */
  readonly logprob: number;
}

/** How likely a token and its alternatives were. */
export interface Logprob extends TokenLogprob {
  readonly top_logprobs: readonly TokenLogprob[];
}

/** Reasoning: its summary, if one was asked for, and the whole of it, encrypted. */
export interface ReasoningItem {
  readonly type: "reasoning";
  /** The item's id. */
  readonly id: string;
  /** The reasoning in short; empty unless a summary was asked for. */
  readonly summary: readonly { readonly type: "summary_text"; readonly text: string }[];
  /** The reasoning itself, from models that show it. */
  readonly content?: readonly { readonly type: "reasoning_text"; readonly text: string }[] | undefined;
  /** Opaque. Only the one of the finished item may be sent back. */
  readonly encrypted_content?: string | null | undefined;
  /** Whether it is complete. */
  readonly status?: ItemStatus | undefined;
}

/** Who called a tool: the model itself, or a program that it wrote. */
export type ToolCaller =
  | { readonly type: "direct" }
  | { readonly type: "program"; readonly caller_id: string }
  | UnknownVariant;

/** A call of one of your functions. */
export interface FunctionCall {
  readonly type: "function_call";
  /** The item's id. Results name the `call_id`. */
  readonly id?: string | undefined;
  /** What the output names it by. */
  readonly call_id: string;
  /** The function's name. */
  readonly name: string;
  /** JSON, as the model wrote it. */
  readonly arguments: string;
  /** The namespace of the tool. */
  readonly namespace?: string | undefined;
  /** The program that made the call, if one did. */
  readonly caller?: ToolCaller | null | undefined;
  /** Whether the model goes on without the output. */
  readonly async?: boolean | undefined;
  /** Whether it is complete. */
  readonly status?: ItemStatus | undefined;
}

/** A call of one of your tools that take text. */
export interface CustomToolCall {
  readonly type: "custom_tool_call";
  /** The item's id. Results name the `call_id`. */
  readonly id?: string | undefined;
  /** What its result names it by. */
  readonly call_id: string;
  /** The tool's name. */
  readonly name: string;
  /** The input, as text. */
  readonly input: string;
  /** The namespace of the tool, if it has one. */
  readonly namespace?: string | undefined;
  /** The program that made the call, if one did. */
  readonly caller?: ToolCaller | null | undefined;
  /** Whether it is complete. */
  readonly status?: ItemStatus | undefined;
}

/** A search of the web. */
export interface WebSearchCall {
  readonly type: "web_search_call";
  readonly id: string;
  readonly status: Open<"in_progress" | "searching" | "completed" | "failed">;
  /** Absent until the item is done. */
  readonly action?:
    | {
        readonly type: "search";
        readonly query?: string | undefined;
        readonly queries?: readonly string[] | undefined;
        readonly sources?: readonly { readonly type: "url"; readonly url: string }[] | undefined;
      }
    | { readonly type: "open_page"; readonly url?: string | null | undefined }
    | { readonly type: "find_in_page"; readonly url: string; readonly pattern: string }
    | UnknownVariant
    | undefined;
}

/** A search of files. */
export interface FileSearchCall {
  readonly type: "file_search_call";
  readonly id: string;
  readonly status: Open<"in_progress" | "searching" | "completed" | "incomplete" | "failed">;
  readonly queries: readonly string[];
  readonly results?:
    | readonly {
        readonly file_id?: string | undefined;
        readonly filename?: string | undefined;
        readonly score?: number | undefined;
        readonly text?: string | undefined;
        readonly attributes?: Readonly<Record<string, string | number | boolean>> | null | undefined;
      }[]
    | null
    | undefined;
}

/** Code that ran at OpenAI. */
export interface CodeInterpreterCall {
  readonly type: "code_interpreter_call";
  readonly id: string;
  readonly status: Open<"in_progress" | "completed" | "incomplete" | "interpreting" | "failed">;
  readonly code: string | null;
  readonly container_id: string;
  /** Only if the request's `include` asks for them. */
  readonly outputs:
    | readonly (
        | { readonly type: "logs"; readonly logs: string }
        | { readonly type: "image"; readonly url: string }
        | UnknownVariant
      )[]
    | null;
}

/** An image that was made. */
export interface ImageGenerationCall {
  readonly type: "image_generation_call";
  readonly id: string;
  readonly status: Open<"in_progress" | "completed" | "generating" | "failed">;
  /** Base64. */
  readonly result: string | null;
  readonly revised_prompt?: string | null | undefined;
  readonly size?: string | undefined;
  readonly quality?: string | undefined;
  readonly output_format?: string | undefined;
  readonly background?: string | undefined;
}

/** What is to be done on a screen, which you drive. */
export interface ComputerCall {
  readonly type: "computer_call";
  readonly id: string;
  readonly call_id: string;
  readonly status: ItemStatus;
  readonly action?: { readonly type: string; readonly [field: string]: unknown } | undefined;
  readonly actions?: readonly { readonly type: string; readonly [field: string]: unknown }[] | undefined;
  readonly pending_safety_checks: readonly {
    readonly id: string;
    readonly code?: string | null | undefined;
    readonly message?: string | null | undefined;
  }[];
}

/** A command for a shell that you run. */
export interface LocalShellCall {
  readonly type: "local_shell_call";
  readonly id: string;
  readonly call_id: string;
  readonly status: ItemStatus;
  readonly action: {
    readonly type: "exec";
    readonly command: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    readonly timeout_ms?: number | null | undefined;
    readonly user?: string | null | undefined;
    readonly working_directory?: string | null | undefined;
  };
}

/** Commands for a shell: yours, or that of a container. */
export interface ShellCall {
  readonly type: "shell_call";
  readonly id: string;
  readonly call_id: string;
  readonly status: ItemStatus;
  readonly action: {
    readonly commands: readonly string[];
    readonly max_output_length: number | null;
    readonly timeout_ms: number | null;
  };
  readonly environment:
    | { readonly type: "local" }
    | { readonly type: "container_reference"; readonly container_id: string }
    | UnknownVariant
    | null;
  readonly caller?: ToolCaller | null | undefined;
  readonly created_by?: string | undefined;
}

/** What commands wrote, and how they ended. */
export interface ShellOutput {
  readonly stdout: string;
  readonly stderr: string;
  readonly outcome:
    | { readonly type: "timeout" }
    | { readonly type: "exit"; readonly exit_code: number }
    | UnknownVariant;
  readonly created_by?: string | undefined;
}

/** What the shell of a container gave. */
export interface ShellCallOutput {
  readonly type: "shell_call_output";
  readonly id: string;
  readonly call_id: string;
  readonly status: ItemStatus;
  readonly max_output_length: number | null;
  readonly output: readonly ShellOutput[];
  readonly caller?: ToolCaller | null | undefined;
  readonly created_by?: string | undefined;
}

/** A change to a file, which you make. */
export interface ApplyPatchCall {
  readonly type: "apply_patch_call";
  readonly id: string;
  readonly call_id: string;
  readonly status: ItemStatus;
  readonly operation:
    | { readonly type: "create_file"; readonly path: string; readonly diff: string }
    | { readonly type: "update_file"; readonly path: string; readonly diff: string }
    | { readonly type: "delete_file"; readonly path: string }
    | UnknownVariant;
  readonly caller?: ToolCaller | null | undefined;
  readonly created_by?: string | undefined;
}

/** The tools that an MCP server offers. */
export interface McpListTools {
  readonly type: "mcp_list_tools";
  readonly id: string;
  readonly server_label: string;
  readonly tools: readonly {
    readonly name: string;
    readonly input_schema: unknown;
    readonly description?: string | null | undefined;
    readonly annotations?: unknown;
  }[];
  readonly error?: unknown;
}

/** A call of a tool of an MCP server, which OpenAI makes. */
export interface McpCall {
  readonly type: "mcp_call";
  readonly id: string;
  readonly server_label: string;
  readonly name: string;
  readonly arguments: string;
  readonly output?: string | null | undefined;
  readonly error?: unknown;
  readonly approval_request_id?: string | null | undefined;
  readonly status?: Open<"in_progress" | "completed" | "incomplete" | "calling" | "failed"> | undefined;
}

/** A call of a tool of an MCP server that needs your approval: answer with an `mcp_approval_response`. */
export interface McpApprovalRequest {
  readonly type: "mcp_approval_request";
  readonly id: string;
  readonly server_label: string;
  readonly name: string;
  readonly arguments: string;
}

/** Code that calls your functions. */
export interface Program {
  readonly type: "program";
  readonly id: string;
  readonly call_id: string;
  readonly code: string;
  /** Opaque. */
  readonly fingerprint: string;
}

/** What came of that code. */
export interface ProgramOutput {
  readonly type: "program_output";
  readonly id: string;
  readonly call_id: string;
  readonly result: string;
  readonly status: ItemStatus;
}

/** A search for tools. */
export interface ToolSearchCall {
  readonly type: "tool_search_call";
  readonly id: string;
  /** Null if the search runs at OpenAI. */
  readonly call_id: string | null;
  readonly execution: Open<"server" | "client">;
  readonly arguments: unknown;
  readonly status: ItemStatus;
  readonly created_by?: string | undefined;
}

/** The tools that a search has found. */
export interface ToolSearchOutput {
  readonly type: "tool_search_output";
  readonly id: string;
  readonly call_id: string | null;
  readonly execution: Open<"server" | "client">;
  readonly status: ItemStatus;
  readonly tools: readonly unknown[];
  readonly created_by?: string | undefined;
}

/** What the conversation before it was compressed to. */
export interface CompactionItem {
  readonly type: "compaction";
  readonly id: string;
  /** Opaque. */
  readonly encrypted_content: string;
  readonly created_by?: string | undefined;
}

/** What a call was given, where the API repeats it. */
export interface RepeatedItem {
  readonly type:
    | "function_call_output"
    | "custom_tool_call_output"
    | "computer_call_output"
    | "local_shell_call_output"
    | "apply_patch_call_output"
    | "mcp_approval_response"
    | "additional_tools";
  readonly id: string;
}

/** One item of a reply. */
export type OutputItem =
  | OutputMessage
  | ReasoningItem
  | FunctionCall
  | CustomToolCall
  | WebSearchCall
  | FileSearchCall
  | CodeInterpreterCall
  | ImageGenerationCall
  | ComputerCall
  | LocalShellCall
  | ShellCall
  | ShellCallOutput
  | ApplyPatchCall
  | McpListTools
  | McpCall
  | McpApprovalRequest
  | Program
  | ProgramOutput
  | ToolSearchCall
  | ToolSearchOutput
  | CompactionItem
  | RepeatedItem
  | UnknownVariant;
