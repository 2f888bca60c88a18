/** The messages of a request, in the wire's own names: platform.openai.com/docs/api-reference/chat/create. */

import type { Open, ReasoningDetail, ToolCall } from "./wire.ts";

/** Where the cache may end. From gpt-5.6 on; at most four of a request are written. */
export interface CacheBreakpoint {
  /** Ends a part of the prompt that is cached. */
  readonly prompt_cache_breakpoint?:
    | { readonly mode: "explicit"; readonly ttl?: Open<"30m" | "12h"> | undefined }
    | undefined;
}

/** Text. */
export interface TextPartParam extends CacheBreakpoint {
  readonly type: "text";
  /** The text. */
  readonly text: string;
}

/** An image: an address, `https:` or `data:`. */
export interface ImagePartParam extends CacheBreakpoint {
  readonly type: "image_url";
  /** An address or a `data:` URL, and how closely the model looks. */
  readonly image_url: {
    readonly url: string;
    /** How closely the model looks. */
    readonly detail?: Open<"auto" | "low" | "high" | "original"> | undefined;
  };
}

/** Audio. */
export interface AudioPartParam extends CacheBreakpoint {
  readonly type: "input_audio";
  /** The sound as base64, and its format. */
  readonly input_audio: {
    /** Base64. */
    readonly data: string;
    readonly format: "wav" | "mp3";
  };
}

/** A file: one that was uploaded, or its data. */
export interface FilePartParam extends CacheBreakpoint {
  readonly type: "file";
  /** The id of an uploaded file, or a name and a `data:` URL. */
  readonly file: {
    readonly file_id?: string | undefined;
    readonly filename?: string | undefined;
    /** A `data:` URL. */
    readonly file_data?: string | undefined;
  };
}

/** A part of what the user says. */
export type UserPartParam = TextPartParam | ImagePartParam | AudioPartParam | FilePartParam;

/** Instructions. `developer` is the newer name of the role, and compatible servers mostly know `system` alone. */
export interface SystemMessageParam {
  /** Who speaks: newer models call it `developer`. */
  readonly role: "system" | "developer";
  /** The instructions. */
  readonly content: string | readonly TextPartParam[];
  /** Tells apart participants with the same role. */
  readonly name?: string | undefined;
}

/** What the user says. */
export interface UserMessageParam {
  readonly role: "user";
  /** Text, or a list of parts. */
  readonly content: string | readonly UserPartParam[];
  /** Tells apart participants with the same role. */
  readonly name?: string | undefined;
}

/** The model's turn. */
export interface AssistantMessageParam {
  readonly role: "assistant";
  /** May be left out beside calls of tools. */
  readonly content?:
    | string
    | readonly (TextPartParam | { readonly type: "refusal"; readonly refusal: string })[]
    | null
    | undefined;
  /** The next messages answer each of them. */
  readonly tool_calls?: readonly ToolCall[] | undefined;
  /** What the model said instead of an answer. */
  readonly refusal?: string | null | undefined;
  /** What was said before, by its id. */
  readonly audio?: { readonly id: string } | null | undefined;
  /** Tells apart participants with the same role. */
  readonly name?: string | undefined;
  /** @deprecated */
  readonly function_call?: { readonly name: string; readonly arguments: string } | null | undefined;
  /** DeepSeek wants it back beside calls of tools. */
  readonly reasoning_content?: string | null | undefined;
  /** OpenRouter wants it back. */
  readonly reasoning_details?: readonly ReasoningDetail[] | undefined;
}

/** What a tool answered. */
export interface ToolMessageParam {
  readonly role: "tool";
  /** What the tool gave: text. */
  readonly content: string | readonly TextPartParam[];
  /** The id of the call that it answers. */
  readonly tool_call_id: string;
}

/** What a function answered that was called in the form that came before `tool_calls`. @deprecated */
export interface FunctionMessageParam {
  readonly role: "function";
  /** What the function gave. */
  readonly content: string | null;
  /** The function's name. */
  readonly name: string;
}

/** A message of a request. */
export type ChatMessageParam =
  | SystemMessageParam
  | UserMessageParam
  | AssistantMessageParam
  | ToolMessageParam
  | FunctionMessageParam;
