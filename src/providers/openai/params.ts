/** The parameters of a call, in the wire's own names: platform.openai.com/docs/api-reference/responses/create. */

import type { NativeParams, Params } from "../../provider/params.ts";
import { defined } from "../../json/object.ts";
import type { Open } from "./open.ts";
import type { NativeToolChoice, Schema } from "./tool-param.ts";

/**
 * The parameters of the Responses API, except `model`, `input`, `stream` and `tools`, which the call sets. Parameters that
 * are missing here go into `extra_body`.
 *
 * @example
 * ```ts
 * import { call, type OpenAICallParams } from "millrace/openai";
 *
 * const callParams: OpenAICallParams = { max_output_tokens: 2000, reasoning: { effort: "low" } };
 * const recommend = call("gpt-6-sol", { stream: true, callParams }, (city: string) => `Books on ${city}?`);
 * ```
 */
export interface OpenAICallParams {
  /** Instructions that open the conversation. A request that goes on with `previous_response_id` needs them again. */
  readonly instructions?: string | null | undefined;
  /** The most tokens to write, reasoning included. */
  readonly max_output_tokens?: number | null | undefined;
  /** How the model reasons. */
  readonly reasoning?: ReasoningParam | null | undefined;
  /** What shape the text has, and how long it is. */
  readonly text?: TextParam | undefined;
  /** Whether the model may, must or must not use tools, and which. */
  readonly tool_choice?: NativeToolChoice | undefined;
  /** Whether the model may call several tools at once. */
  readonly parallel_tool_calls?: boolean | null | undefined;
  /** The most calls of tools that run at OpenAI. */
  readonly max_tool_calls?: number | null | undefined;
  /** What else the reply is to hold. Without an earlier response, encrypted reasoning is always asked for where a model has it. */
  readonly include?: readonly Includable[] | null | undefined;
  /** Whether OpenAI keeps the response; true if not given. */
  readonly store?: boolean | null | undefined;
  /** The response that this one follows: only what is new need be sent then. Not together with `conversation`. */
  readonly previous_response_id?: string | null | undefined;
  /** The conversation of OpenAI's store that this belongs to. */
  readonly conversation?: string | { readonly id: string } | null | undefined;
  /**
   * The reply goes on at OpenAI when the connection is lost: `onInterrupt: "continue"` then resumes it exactly. It is
   * cancelled when the stream is left or aborted.
   */
  readonly background?: boolean | null | undefined;
  /** When a reply in the background is wanted: later costs less. Only `soonest` may be streamed. */
  readonly background_options?:
    | { readonly completion_window?: "soonest" | "2h" | "8h" | undefined; readonly [field: string]: unknown }
    | null
    | undefined;
  /** 0 to 2. Models that reason refuse it, unless their effort is `none`. */
  readonly temperature?: number | null | undefined;
  /** 0 to 1. Models that reason refuse it, unless their effort is `none`. */
  readonly top_p?: number | null | undefined;
  /** How many alternatives of each token to tell, 0 to 20, with `include: ["message.output_text.logprobs"]`. */
  readonly top_logprobs?: number | null | undefined;
  /** Who serves the request, and at what price. */
  readonly service_tier?: "auto" | "default" | "flex" | "scale" | "priority" | "fast" | "ultrafast" | null | undefined;
  /** Requests with the same key are more likely to find the cache. */
  readonly prompt_cache_key?: string | null | undefined;
  /** How the prompt is cached. */
  readonly prompt_cache_options?:
    | { readonly mode?: "implicit" | "explicit" | undefined; readonly ttl?: "30m" | "12h" | undefined }
    | undefined;
  /** @deprecated It is `prompt_cache_options` now. */
  readonly prompt_cache_retention?: "in_memory" | "24h" | null | undefined;
  /** A prompt that is stored at OpenAI. */
  readonly prompt?:
    | {
        readonly id: string;
        readonly version?: string | null | undefined;
        readonly variables?: { readonly [name: string]: unknown } | null | undefined;
      }
    | null
    | undefined;
  /** Compresses the conversation when it becomes long. */
  readonly context_management?:
    | readonly { readonly type: "compaction"; readonly compact_threshold?: number | null | undefined }[]
    | null
    | undefined;
  /** Has the prompt and the reply judged. */
  readonly moderation?:
    | {
        readonly model: string;
        readonly policy?:
          | {
              readonly input?: { readonly mode: "score" | "block" } | null | undefined;
              readonly output?: { readonly mode: "score" | "block" } | null | undefined;
            }
          | null
          | undefined;
      }
    | null
    | undefined;
  /** Programs that the account takes part in. */
  readonly access_programs?: { readonly [program: string]: unknown } | null | undefined;
  /** Whether images of the prompt are compressed. */
  readonly image?:
    | {
        readonly context_compression?: "auto" | "enabled" | "disabled" | null | undefined;
        readonly [field: string]: unknown;
      }
    | null
    | undefined;
  /** Whether deltas are padded, which hides their length from listeners. */
  readonly stream_options?: { readonly include_obfuscation?: boolean | undefined } | null | undefined;
  /** @deprecated Whether what is too long is cut; otherwise it is an error. */
  readonly truncation?: "auto" | "disabled" | null | undefined;
  /** Up to 16 texts of your own, kept with the response. */
  readonly metadata?: Readonly<Record<string, string>> | null | undefined;
  /** Who asks, in at most 128 characters that say nothing of a person. */
  readonly safety_identifier?: string | null | undefined;
  /** @deprecated It is `safety_identifier` or `prompt_cache_key` now. */
  readonly user?: string | undefined;

  /** More headers. */
  readonly extra_headers?: Readonly<Record<string, string>> | undefined;
  /** More fields of the body, over all others. */
  readonly extra_body?: Readonly<Record<string, unknown>> | undefined;
  /** How long the whole call may take, in milliseconds. No limit if not given. */
  readonly timeout?: number | undefined;
}

/** What a reply may hold if it is asked for. */
export type Includable = Open<
  | "reasoning.encrypted_content"
  | "web_search_call.action.sources"
  | "web_search_call.results"
  | "file_search_call.results"
  | "code_interpreter_call.outputs"
  | "computer_call_output.output.image_url"
  | "message.input_image.image_url"
  | "message.output_text.logprobs"
>;

/** How the model reasons. Which of it a model takes differs. */
export interface ReasoningParam {
  /** How much the model reasons. Which levels it takes differs by model. */
  readonly effort?: "none" | "minimal" | "low" | "medium" | "high" | "xhigh" | "max" | null | undefined;
  /** Asks for a summary of the reasoning. */
  readonly summary?: "auto" | "concise" | "detailed" | null | undefined;
  /** `pro` lets the model work longer. */
  readonly mode?: "standard" | "pro" | undefined;
  /** Which earlier reasoning the model sees. */
  readonly context?: "auto" | "current_turn" | "all_turns" | null | undefined;
}

/** What shape the text has, and how long it is. */
export interface TextParam {
  /** The format of the text: plain, JSON, or JSON that fits a schema. */
  readonly format?: TextFormat | undefined;
  /** How long the reply should be. `medium` if not given. */
  readonly verbosity?: "low" | "medium" | "high" | null | undefined;
}

/** What shape the text has. */
export type TextFormat =
  | { readonly type: "text" }
  | { readonly type: "json_object" }
  | {
      readonly type: "json_schema";
      readonly name: string;
      readonly schema: Schema;
      readonly strict?: boolean | null | undefined;
      readonly description?: string | undefined;
    };

/** Neutral parameters as this API has them: it stops at no texts, and has no seed and no penalties. */
export function nativeParams(params: Params, _model: string): NativeParams<OpenAICallParams> {
  const { maxTokens, temperature, topP, reasoning, ...others } = params;
  const names = Object.keys(defined(others)) as (keyof Params)[];
  // It limits tokens of reasoning and of the reply together.
  const hasEffort = typeof reasoning === "string";
  return {
    callParams: defined({
      max_output_tokens: maxTokens,
      temperature,
      top_p: topP,
      reasoning: hasEffort ? { effort: reasoning } : undefined,
    }),
    unsupported: reasoning === undefined || hasEffort ? names : [...names, "reasoning"],
  };
}
