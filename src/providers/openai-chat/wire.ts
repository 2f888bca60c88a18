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
  /** The function's name, and its arguments as JSON. */
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
  /** The item's id. Results name the `call_id`. */
  readonly id?: string | undefined;
  readonly type: "custom";
  readonly custom: { readonly name: string; readonly input: string };
  readonly index?: number | undefined;
}

/** A call of a tool. */
export type ToolCall = FunctionToolCall | CustomToolCall;

/** A call in the form that came before `tool_calls`. */
export interface FunctionCall {
  /** The function's name. */
  readonly name: string;
  readonly arguments: string;
}

/** A part of a model's reasoning, as OpenRouter and other gateways have it. It is sent back unchanged. */
export interface ReasoningDetail {
  /** `reasoning.text`, `reasoning.summary`, `reasoning.encrypted`, or another one. */
  readonly type: Open<"reasoning.text" | "reasoning.summary" | "reasoning.encrypted" | "reasoning.server_tool_call">;
  /** Its place among the details. */
  readonly index?: number | undefined;
  /** The provider's id of it. */
  readonly id?: string | null | undefined;
  /** Whose format it has. */
  readonly format?: string | null | undefined;
  /** The reasoning. */
  readonly text?: string | null | undefined;
  /** Proves that the text was not changed. */
  readonly signature?: string | null | undefined;
  /** The reasoning in short. */
  readonly summary?: string | undefined;
  /** The reasoning, which only its provider can read. */
  readonly data?: string | undefined;
  readonly [field: string]: unknown;
}

/** A source that a text names. */
export interface Annotation {
  /** What kind of note it is. */
  readonly type: Open<"url_citation">;
  /** The page that a part of the text comes from. */
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
  /** The calls of tools, in the order in which they began. */
  readonly tool_calls?: readonly ToolCall[] | undefined;
  /** @deprecated Answers the parameter `functions`. */
  readonly function_call?: FunctionCall | null | undefined;
  /** What the model said, and its words. */
  readonly audio?: Audio | null | undefined;
  /** Notes on parts of the text. */
  readonly annotations?: readonly Annotation[] | undefined;
  /** The reasoning, where the server shows it: DeepSeek, xAI, llama.cpp and others. */
  readonly reasoning_content?: string | null | undefined;
  /** The reasoning, where the server shows it: OpenRouter, Groq, Ollama and others. */
  readonly reasoning?: string | null | undefined;
  /** The reasoning in parts, as OpenRouter sends it. */
  readonly reasoning_details?: readonly ReasoningDetail[] | undefined;
}

/** How likely a token was. */
export interface TokenLogprob {
  /** The token. */
  readonly token: string;
  /** The natural logarithm of its probability. */
  readonly logprob: number;
  /** Its UTF-8 bytes; null if it has none. */
  readonly bytes: readonly number[] | null;
  /** The likeliest tokens in this place. */
  readonly top_logprobs: readonly Omit<TokenLogprob, "top_logprobs">[];
}

/** How likely the tokens of a choice were. */
export interface Logprobs {
  /** Of the tokens of the text. */
  readonly content: readonly TokenLogprob[] | null;
  /** Of the tokens of the refusal. */
  readonly refusal: readonly TokenLogprob[] | null;
}

/** One of the replies that were asked for by `n`. */
export interface Choice {
  /** Its place among the choices. */
  readonly index: number;
  /** What the model wrote. */
  readonly message: ChatMessage;
  /** Null until the choice ends, and where the server never says. */
  readonly finish_reason: FinishReason | null;
  /** How likely its tokens were, if that was asked for. */
  readonly logprobs?: Logprobs | null | undefined;
  /** What Azure's filters found. */
  readonly content_filter_results?: unknown;
}

/** A whole reply. */
export interface ChatCompletion {
  /** The reply's id. */
  readonly id: string;
  readonly object: "chat.completion";
  /** Seconds since the epoch. */
  readonly created: number;
  /** The model that answered. */
  readonly model: string;
  /** By their index. */
  readonly choices: readonly Choice[];
  /** What the reply used. */
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
  /** Who speaks. */
  readonly role?: Open<"assistant"> | undefined;
  /** Text to append. */
  readonly content?: string | readonly ContentPart[] | null | undefined;
  /** Text of a refusal to append. */
  readonly refusal?: string | null | undefined;
  /** Parts of calls of tools. */
  readonly tool_calls?: readonly ToolCallDelta[] | null | undefined;
  /** @deprecated */
  readonly function_call?: Partial<FunctionCall> | null | undefined;
  /** Sound and words to append. */
  readonly audio?: Partial<Audio> | null | undefined;
  /** Notes to add. */
  readonly annotations?: readonly Annotation[] | undefined;
  /** Reasoning to append, as most servers name it. */
  readonly reasoning_content?: string | null | undefined;
  /** The same under another name. */
  readonly reasoning?: string | null | undefined;
  /** Parts of reasoning to merge by their index. */
  readonly reasoning_details?: readonly ReasoningDetail[] | undefined;
}

/** A fragment of a tool call. Which parts of it a server sends differs. */
export interface ToolCallDelta {
  /** The place of the call. Some servers leave it out, or repeat it. */
  readonly index?: number | undefined;
  /** The id of the call, on its first part. */
  readonly id?: string | undefined;
  /** `function` or `custom`. */
  readonly type?: Open<"function" | "custom"> | undefined;
  /** The name, and arguments to append. */
  readonly function?: { readonly name?: string | undefined; readonly arguments?: string | undefined } | undefined;
  /** The name, and input to append. */
  readonly custom?: { readonly name?: string | undefined; readonly input?: string | undefined } | undefined;
}

/** What an event adds to a choice. */
export interface ChoiceChunk {
  /** The choice that it adds to. */
  readonly index: number;
  /** What it adds. */
  readonly delta: ChoiceDelta;
  /** Why the choice ended; null if it goes on. */
  readonly finish_reason?: FinishReason | null | undefined;
  /** How likely the tokens of this chunk were. */
  readonly logprobs?: Logprobs | null | undefined;
  /** What Azure's filter found. */
  readonly content_filter_results?: unknown;
}

/** One event of a stream. */
export interface ChatCompletionChunk {
  /** The reply's id. */
  readonly id: string;
  readonly object: "chat.completion.chunk";
  /** When it began: seconds since the epoch. */
  readonly created: number;
  /** The model that answers. */
  readonly model: string;
  /** Empty in the events that carry usage or results of moderation alone. */
  readonly choices: readonly ChoiceChunk[];
  /** What the reply used, on a chunk of its own after the last choice has ended. */
  readonly usage?: ChatUsage | null | undefined;
  /** The tier that serves the reply. */
  readonly service_tier?: ChatCompletion["service_tier"];
  /** @deprecated */
  readonly system_fingerprint?: string | null | undefined;
  /** What moderation found, if that was asked for. */
  readonly moderation?: unknown;
  /** What Azure's filter found in the prompt. */
  readonly prompt_filter_results?: unknown;
  /** Who answers behind OpenRouter. */
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
  /** All tokens together. */
  readonly total_tokens: number;
  /** What the tokens of the prompt were. */
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
  /** What the tokens of the reply were. */
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
