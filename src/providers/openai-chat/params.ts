/** The parameters of a call, in the wire's own names: platform.openai.com/docs/api-reference/chat/create. */

import { defined } from "../../json/object.ts";
import type { NativeParams, Params } from "../../provider/params.ts";
import type { ToolChoiceParam } from "./tool-param.ts";
import type { Open } from "./wire.ts";

/**
 * The parameters of Chat Completions, except `model`, `messages`, `stream` and `tools`, which the call sets. Which of them
 * a compatible server takes is its own affair. Parameters that are missing here go into `extra_body`.
 *
 * @example
 * ```ts
 * import { call, type OpenAIChatCallParams } from "millrace/openai/chat";
 *
 * const callParams: OpenAIChatCallParams = { max_completion_tokens: 2000, reasoning_effort: "low" };
 * const recommend = call("gpt-6.2-sol", { stream: true, callParams }, (city: string) => `Books on ${city}?`);
 * ```
 */
export interface OpenAIChatCallParams {
  /** The most tokens to write, reasoning included. Servers that only know `max_tokens` are sent that instead. */
  readonly max_completion_tokens?: number | null | undefined;
  /** The same under its older name, which reasoning models refuse, and which is the only one that many compatible servers know. */
  readonly max_tokens?: number | null | undefined;
  /** How much the model reasons. Which levels it takes differs by model. */
  readonly reasoning_effort?: Open<"none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max"> | null | undefined;
  /** How long the reply should be. `medium` if not given. */
  readonly verbosity?: "low" | "medium" | "high" | null | undefined;
  /** 0 to 2. Reasoning models only accept the default. */
  readonly temperature?: number | null | undefined;
  /** 0 to 1. */
  readonly top_p?: number | null | undefined;
  /** -2 to 2. */
  readonly presence_penalty?: number | null | undefined;
  /** -2 to 2. */
  readonly frequency_penalty?: number | null | undefined;
  /** From -100 to 100, by token id. */
  readonly logit_bias?: Readonly<Record<string, number>> | null | undefined;
  /** Whether the reply says how likely its tokens were. */
  readonly logprobs?: boolean | null | undefined;
  /** How many likely tokens it names for each: 0 to 20. Needs `logprobs`. */
  readonly top_logprobs?: number | null | undefined;
  /** How many replies to write: 1 to 128. All are paid. `content` is that of the first, and the message has all. */
  readonly n?: number | null | undefined;
  /** Texts that end the reply, at most 4; they are not part of it. */
  readonly stop?: string | readonly string[] | null | undefined;
  /** @deprecated */
  readonly seed?: number | null | undefined;
  /** Whether the model may, must or must not use tools. The option `toolChoice` beats it. */
  readonly tool_choice?: ToolChoiceParam | undefined;
  /** Whether the model may call several tools at once. */
  readonly parallel_tool_calls?: boolean | undefined;
  /** @deprecated */
  readonly functions?:
    | readonly {
        readonly name: string;
        readonly description?: string | undefined;
        readonly parameters?: { readonly [key: string]: unknown } | undefined;
      }[]
    | undefined;
  /** @deprecated */
  readonly function_call?: "none" | "auto" | { readonly name: string } | undefined;
  /** Holds the text to a format. */
  readonly response_format?: ResponseFormatParam | undefined;
  /** What the model answers with: `["text", "audio"]` needs `audio`. */
  readonly modalities?: readonly ("text" | "audio")[] | null | undefined;
  /** The voice, and the format. Streams only have `pcm16`. */
  readonly audio?:
    | {
        readonly voice:
          | Open<"alloy" | "ash" | "ballad" | "coral" | "echo" | "sage" | "shimmer" | "verse">
          | { readonly id: string };
        readonly format: "wav" | "aac" | "mp3" | "flac" | "opus" | "pcm16";
      }
    | null
    | undefined;
  /** What most of the reply is expected to be. */
  readonly prediction?:
    | {
        readonly type: "content";
        readonly content: string | readonly { readonly type: "text"; readonly text: string }[];
      }
    | null
    | undefined;
  /** Lets search models search the web. */
  readonly web_search_options?:
    | {
        readonly search_context_size?: "low" | "medium" | "high" | undefined;
        readonly user_location?:
          | {
              readonly type: "approximate";
              readonly approximate: {
                readonly city?: string | undefined;
                readonly country?: string | undefined;
                readonly region?: string | undefined;
                readonly timezone?: string | undefined;
              };
            }
          | null
          | undefined;
      }
    | undefined;
  /** Requests with the same key are more likely to share a cache. */
  readonly prompt_cache_key?: string | null | undefined;
  /** How the cache is written. From gpt-5.6 on. */
  readonly prompt_cache_options?:
    | { readonly mode?: "implicit" | "explicit" | undefined; readonly ttl?: "30m" | undefined }
    | undefined;
  /** @deprecated */
  readonly prompt_cache_retention?: "in_memory" | "24h" | null | undefined;
  /** Moderates the prompt and the reply. The result is in the message. */
  readonly moderation?:
    | {
        readonly model: string;
        readonly policy?:
          | {
              readonly input?: ModerationPolicy | null | undefined;
              readonly output?: ModerationPolicy | null | undefined;
            }
          | null
          | undefined;
      }
    | null
    | undefined;
  /** At most 16 pairs, which are kept with the reply. */
  readonly metadata?: Readonly<Record<string, string>> | null | undefined;
  /** Whether the API keeps the reply. */
  readonly store?: boolean | null | undefined;
  /** Who asks, in words that say nothing of a person: at most 128 characters. */
  readonly safety_identifier?: string | null | undefined;
  /** @deprecated It is `safety_identifier` and `prompt_cache_key` now. */
  readonly user?: string | undefined;
  /** Which capacity to use. The reply says which it was. */
  readonly service_tier?: Open<"auto" | "default" | "flex" | "scale" | "priority" | "fast"> | null | undefined;
  /** Of a stream. Usage is asked for unless this says otherwise. */
  readonly stream_options?:
    | { readonly include_usage?: boolean | undefined; readonly include_obfuscation?: boolean | undefined }
    | null
    | undefined;

  /** More headers, such as `x-title`. */
  readonly extra_headers?: Readonly<Record<string, string>> | undefined;
  /** More fields of the body, over all others. */
  readonly extra_body?: Readonly<Record<string, unknown>> | undefined;
  /** How long the whole call may take, in milliseconds. No limit if not given. */
  readonly timeout?: number | undefined;
}

/** Whether what is found is only told, or blocks the reply as well. */
export interface ModerationPolicy {
  readonly mode: "score" | "block";
}

/** The format that a text is held to. */
export type ResponseFormatParam =
  | { readonly type: "text" }
  /** Any JSON object. The prompt has to say so too. */
  | { readonly type: "json_object" }
  | {
      readonly type: "json_schema";
      readonly json_schema: {
        /** `^[a-zA-Z0-9_-]{1,64}$` */
        readonly name: string;
        readonly description?: string | undefined;
        readonly schema?: { readonly [keyword: string]: unknown } | undefined;
        /** Holds the model to the schema, which must then be of the strict subset. */
        readonly strict?: boolean | null | undefined;
      };
    };

/** Neutral parameters under the names of Chat Completions. */
export function nativeParams(params: Params): NativeParams<OpenAIChatCallParams> {
  const { maxTokens, temperature, topP, topK, stop, seed, frequencyPenalty, presencePenalty, reasoning } = params;
  const hasBudget = typeof reasoning === "object";
  const callParams: OpenAIChatCallParams = {
    max_completion_tokens: maxTokens,
    temperature,
    top_p: topP,
    stop,
    seed,
    frequency_penalty: frequencyPenalty,
    presence_penalty: presencePenalty,
    reasoning_effort: hasBudget ? undefined : reasoning,
  };
  return {
    callParams: defined(callParams),
    unsupported: [...(topK === undefined ? [] : (["topK"] as const)), ...(hasBudget ? (["reasoning"] as const) : [])],
  };
}
