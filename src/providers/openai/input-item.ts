/** The input items of a request, in the wire's own names: platform.openai.com/docs/api-reference/responses/create. */

import type {
  ApplyPatchCall,
  CodeInterpreterCall,
  CompactionItem,
  ComputerCall,
  CustomToolCall,
  FileSearchCall,
  FunctionCall,
  ImageGenerationCall,
  LocalShellCall,
  McpApprovalRequest,
  McpCall,
  McpListTools,
  OutputMessage,
  OutputRefusal,
  OutputText,
  Program,
  ProgramOutput,
  ReasoningItem,
  ShellCall,
  ShellCallOutput,
  ShellOutput,
  ToolSearchCall,
  ToolSearchOutput,
  WebSearchCall,
} from "./item.ts";
import type { UnknownVariant } from "./open.ts";
import type { ReasoningParam, TextParam } from "./params.ts";
import type { ToolParam } from "./tool-param.ts";

/** Caches the prompt up to and including this part. */
export interface CacheBreakpoint {
  readonly mode: "explicit";
}

/** What parts of a message may carry. */
export interface Cacheable {
  readonly prompt_cache_breakpoint?: CacheBreakpoint | undefined;
}

/** Text. */
export interface InputText extends Cacheable {
  readonly type: "input_text";
  readonly text: string;
}

/** An image: its address (`https:` or `data:`), or a file's id. */
export interface InputImage extends Cacheable {
  readonly type: "input_image";
  readonly image_url?: string | null | undefined;
  readonly file_id?: string | null | undefined;
  readonly detail?: "auto" | "low" | "high" | "original" | undefined;
}

/** A file: its id, its address, or its name and its data as a `data:` URL. */
export interface InputFile extends Cacheable {
  readonly type: "input_file";
  readonly file_id?: string | null | undefined;
  readonly file_url?: string | undefined;
  readonly filename?: string | undefined;
  readonly file_data?: string | undefined;
  readonly detail?: "auto" | "low" | "high" | undefined;
}

/** A part of what is said to the model, and of what a tool gives. */
export type InputContent = InputText | InputImage | InputFile;

/** A message. The text of the assistant is `output_text`, all other text is `input_text`. */
export interface InputMessage {
  readonly type?: "message" | undefined;
  readonly role: "user" | "assistant" | "system" | "developer";
  readonly content: string | readonly (InputContent | Pick<OutputText, "type" | "text"> | OutputRefusal)[];
  readonly phase?: "commentary" | "final_answer" | null | undefined;
  readonly status?: "in_progress" | "completed" | "incomplete" | undefined;
}

/** What a function gave. */
export interface FunctionCallOutput {
  readonly type: "function_call_output";
  readonly call_id: string;
  readonly output: string | readonly InputContent[];
  readonly id?: string | null | undefined;
  readonly status?: "in_progress" | "completed" | "incomplete" | null | undefined;
}

/** What a custom tool gave. */
export interface CustomToolCallOutput {
  readonly type: "custom_tool_call_output";
  readonly call_id: string;
  readonly output: string | readonly InputContent[];
  readonly id?: string | null | undefined;
}

/** What is to be seen on the screen. */
export interface ComputerCallOutput {
  readonly type: "computer_call_output";
  readonly call_id: string;
  readonly output: {
    readonly type: "computer_screenshot";
    readonly image_url?: string | undefined;
    readonly file_id?: string | undefined;
  };
  readonly acknowledged_safety_checks?: readonly { readonly id: string }[] | null | undefined;
  readonly id?: string | null | undefined;
}

/** What a command gave in your shell, as JSON. */
export interface LocalShellCallOutput {
  readonly type: "local_shell_call_output";
  readonly id: string;
  readonly output: string;
}

/** What commands gave in your shell. */
export interface ShellCallOutputParam {
  readonly type: "shell_call_output";
  readonly call_id: string;
  readonly output: readonly ShellOutput[];
  readonly max_output_length?: number | null | undefined;
  readonly id?: string | null | undefined;
}

/** Whether a file could be changed. */
export interface ApplyPatchCallOutput {
  readonly type: "apply_patch_call_output";
  readonly call_id: string;
  readonly status: "completed" | "failed";
  readonly output?: string | null | undefined;
  readonly id?: string | null | undefined;
}

/** Whether an MCP server's tool may run. */
export interface McpApprovalResponse {
  readonly type: "mcp_approval_response";
  readonly approval_request_id: string;
  readonly approve: boolean;
  readonly reason?: string | null | undefined;
  readonly id?: string | null | undefined;
}

/** An item of the store of OpenAI, by its id. */
export interface ItemReference {
  readonly type?: "item_reference" | null | undefined;
  readonly id: string;
}

/** Settings that hold from here on. */
export interface ConfigurationUpdate {
  readonly type: "configuration_update";
  readonly reasoning?: ReasoningParam | undefined;
  readonly text?: TextParam | undefined;
}

/** Tools that are there from here on. */
export interface AdditionalTools {
  readonly type: "additional_tools";
  readonly role: "developer";
  readonly tools: readonly ToolParam[];
  readonly id?: string | null | undefined;
}

/**
 * An item of the input of a request. Every item of a reply can be sent back as one.
 *
 * @example
 * ```ts
 * import type { InputItem } from "millrace/openai";
 * const history: InputItem[] = [
 *   { role: "user", content: "Recommend a book" },
 *   { role: "assistant", content: [{ type: "output_text", text: "The Name of the Wind" }] },
 * ];
 * ```
 */
export type InputItem =
  | InputMessage
  | OutputMessage
  | FunctionCall
  | FunctionCallOutput
  | CustomToolCall
  | CustomToolCallOutput
  | ReasoningItem
  | ComputerCall
  | ComputerCallOutput
  | LocalShellCall
  | LocalShellCallOutput
  | ShellCall
  | ShellCallOutput
  | ShellCallOutputParam
  | ApplyPatchCall
  | ApplyPatchCallOutput
  | WebSearchCall
  | FileSearchCall
  | CodeInterpreterCall
  | ImageGenerationCall
  | McpListTools
  | McpCall
  | McpApprovalRequest
  | McpApprovalResponse
  | Program
  | ProgramOutput
  | ToolSearchCall
  | ToolSearchOutput
  | CompactionItem
  | { readonly type: "compaction_trigger" }
  | ItemReference
  | ConfigurationUpdate
  | AdditionalTools
  | UnknownVariant;
