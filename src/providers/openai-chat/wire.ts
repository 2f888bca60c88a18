/**
 * What the Chat Completions API sends, in the wire's own names: platform.openai.com/docs/api-reference/chat. Fields that
 * only some servers send are optional; what a server adds passes through as it came.
 */

/** One of the names known today, or another. */
export type Open<Known extends string> = Known | (string & {});

/**
 * Why a choice ended. `error` fails the stream. `model_length` is Mistral's, `eos` Together's, and
 * `insufficient_system_resource` DeepSeek's; any other value ends the choice as well.
 */
export type FinishReason = Open<
  | "stop"
  | "length"
  | "tool_calls"
  | "content_filter"
  | "function_call"
  | "error"
  | "model_length"
  | "eos"
  | "insufficient_system_resource"
>;

/** A call of one of your functions. */
export interface FunctionToolCall {
  /** What the result names it by. Some servers send none. */
  readonly id?: string | undefined;
  readonly type: "function";
  readonly function: {
    /** The tool's name. */
    readonly name: string;
    /** The input as the model wrote it: JSON, unless it was cut or the model erred. */
    readonly arguments: string;
  };
  /** Its place in the stream, which need not begin at 0. */
  readonly index?: number | undefined;
  /** What Gemini's compatible endpoint adds, and wants back. */
  readonly extra_content?: unknown;
}

/** A call of a custom tool, whose input is free text. */
export interface CustomToolCall {
  readonly id?: string | undefined;
  readonly type: "custom";
  readonly custom: { readonly name: string; readonly input: string };
  readonly index?: number | undefined;
}

/** A call of a tool. */
export type ToolCall = FunctionToolCall | CustomToolCall;

/** A call in the form that came before `tool_calls`. */
export interface FunctionCall {
  readonly name: string;
  readonly arguments: string;
}

/** A part of a model's reasoning, as OpenRouter and other gateways have it. It is sent back unchanged. */
export interface ReasoningDetail {
  readonly type: Open<"reasoning.text" | "reasoning.summary" | "reasoning.encrypted" | "reasoning.server_tool_call">;
  readonly index?: number | undefined;
  readonly id?: string | null | undefined;
  readonly format?: string | null | undefined;
  readonly text?: string | null | undefined;
  readonly signature?: string | null | undefined;
  readonly summary?: string | undefined;
  readonly data?: string | undefined;
  readonly [field: string]: unknown;
}

/** A source that a text names. */
export interface Annotation {
  readonly type: Open<"url_citation">;
  readonly url_citation?:
    | { readonly start_index: number; readonly end_index: number; readonly title: string; readonly url: string }
    | undefined;
}

/** What was said. */
export interface Audio {
  /** Sent back in the place of the audio itself. */
  readonly id: string;
  /** Base64. */
  readonly data: string;
  readonly transcript: string;
  /** Until when the id can be sent back: seconds since the epoch. */
  readonly expires_at: number;
}

/** A part of a content that is not plain text: Mistral's references, for example. */
export interface ContentPart {
  readonly type?: string | undefined;
  readonly [field: string]: unknown;
}

/** What the model wrote, thought and asked for in one choice. */
export interface ChatMessage {
  readonly role: "assistant";
  /** Null until there is text; a list if a server sends parts that are not text. */
  readonly content: string | readonly ContentPart[] | null;
  /** Why the model refused. */
  readonly refusal?: string | null | undefined;
  readonly tool_calls?: readonly ToolCall[] | undefined;
  /** @deprecated Answers the parameter `functions`. */
  readonly function_call?: FunctionCall | null | undefined;
  readonly audio?: Audio | null | undefined;
  readonly annotations?: readonly Annotation[] | undefined;
  /** The reasoning, where the server shows it: DeepSeek, xAI, llama.cpp and others. */
  readonly reasoning_content?: string | null | undefined;
  /** The reasoning, where the server shows it: OpenRouter, Groq, Ollama and others. */
  readonly reasoning?: string | null | undefined;
  readonly reasoning_details?: readonly ReasoningDetail[] | undefined;
}

/** How likely a token was. */
export interface TokenLogprob {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[] | null;
  readonly top_logprobs: readonly Omit<TokenLogprob, "top_logprobs">[];
}

/** How likely the tokens of a choice were. */
export interface Logprobs {
  readonly content: readonly TokenLogprob[] | null;
  readonly refusal: readonly TokenLogprob[] | null;
}

/** One of the replies that were asked for by `n`. */
export interface Choice {
  readonly index: number;
  readonly message: ChatMessage;
  /** Null until the choice ends, and where the server never says. */
  readonly finish_reason: FinishReason | null;
  readonly logprobs?: Logprobs | null | undefined;
  /** What Azure's filters found. */
  readonly content_filter_results?: unknown;
}

/** A whole reply. */
export interface ChatCompletion {
  readonly id: string;
  readonly object: "chat.completion";
  /** Seconds since the epoch. */
  readonly created: number;
  /** The model that answered. */
  readonly model: string;
  /** By their index. */
  readonly choices: readonly Choice[];
  readonly usage?: ChatUsage | undefined;
  /** The tier that served the request. */
  readonly service_tier?: Open<"auto" | "default" | "flex" | "scale" | "priority"> | null | undefined;
  /** @deprecated */
  readonly system_fingerprint?: string | null | undefined;
  /** That of the request. */
  readonly metadata?: Readonly<Record<string, string>> | null | undefined;
  /** What the moderation that was asked for found. */
  readonly moderation?: unknown;
  /** What Azure's filters found in the prompt. */
  readonly prompt_filter_results?: unknown;
  /** Who served the request, behind OpenRouter. */
  readonly provider?: string | undefined;
}

/** What an event adds to a message. */
export interface ChoiceDelta {
  readonly role?: Open<"assistant"> | undefined;
  readonly content?: string | readonly ContentPart[] | null | undefined;
  readonly refusal?: string | null | undefined;
  readonly tool_calls?: readonly ToolCallDelta[] | null | undefined;
  /** @deprecated */
  readonly function_call?: Partial<FunctionCall> | null | undefined;
  readonly audio?: Partial<Audio> | null | undefined;
  readonly annotations?: readonly Annotation[] | undefined;
  readonly reasoning_content?: string | null | undefined;
  readonly reasoning?: string | null | undefined;
  readonly reasoning_details?: readonly ReasoningDetail[] | undefined;
}

/** A fragment of a tool call. Which parts of it a server sends differs. */
export interface ToolCallDelta {
  readonly index?: number | undefined;
  readonly id?: string | undefined;
  readonly type?: Open<"function" | "custom"> | undefined;
  readonly function?: { readonly name?: string | undefined; readonly arguments?: string | undefined } | undefined;
  readonly custom?: { readonly name?: string | undefined; readonly input?: string | undefined } | undefined;
}

/** What an event adds to a choice. */
export interface ChoiceChunk {
  readonly index: number;
  readonly delta: ChoiceDelta;
  readonly finish_reason?: FinishReason | null | undefined;
  readonly logprobs?: Logprobs | null | undefined;
  readonly content_filter_results?: unknown;
}

/** One event of a stream. */
export interface ChatCompletionChunk {
  readonly id: string;
  readonly object: "chat.completion.chunk";
  readonly created: number;
  readonly model: string;
  /** Empty in the events that carry usage or results of moderation alone. */
  readonly choices: readonly ChoiceChunk[];
  readonly usage?: ChatUsage | null | undefined;
  readonly service_tier?: ChatCompletion["service_tier"];
  /** @deprecated */
  readonly system_fingerprint?: string | null | undefined;
  readonly moderation?: unknown;
  readonly prompt_filter_results?: unknown;
  readonly provider?: string | undefined;
  /** Padding, which hides the length of the event. */
  readonly obfuscation?: string | undefined;
}

/** What a reply used. Counts are tokens. */
export interface ChatUsage {
  /** All of the prompt, what was read from the cache included. */
  readonly prompt_tokens: number;
  /** All of the output, reasoning included; xAI's excludes it. */
  readonly completion_tokens: number;
  readonly total_tokens: number;
  readonly prompt_tokens_details?:
    | {
        readonly cached_tokens?: number | undefined;
        /** Written to the cache. */
        readonly cache_write_tokens?: number | undefined;
        readonly audio_tokens?: number | undefined;
        readonly image_tokens?: number | undefined;
        readonly text_tokens?: number | undefined;
      }
    | null
    | undefined;
  readonly completion_tokens_details?:
    | {
        readonly reasoning_tokens?: number | undefined;
        readonly audio_tokens?: number | undefined;
        readonly accepted_prediction_tokens?: number | undefined;
        readonly rejected_prediction_tokens?: number | undefined;
      }
    | null
    | undefined;
  /** What the reply cost, in US dollars: OpenRouter says so. */
  readonly cost?: unknown;
}
