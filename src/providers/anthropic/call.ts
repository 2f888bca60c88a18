import { type CallOptions, mergeOptions, planCall } from "../../call.ts";
import { InvalidOptionError } from "../../errors.ts";
import type { PromptFunction, PromptResult } from "../../prompt/dynamic-config.ts";
import type { Client } from "./client.ts";
import type { AnthropicModel } from "./models.ts";
import type { AnthropicNative } from "./native.ts";
import type { AnthropicCallParams, MessageParam } from "./params.ts";
import type { SdkClient } from "./sdk-client.ts";
import { anthropic } from "./provider.ts";
import { type AnthropicCallResponse, AnthropicStream } from "./stream.ts";

/** The options of a call to Anthropic. */
export type AnthropicCallOptions<S extends boolean = boolean> = CallOptions<AnthropicNative, S>;

/** What `.with()` takes: options, and another model. */
export type AnthropicCallOverrides<S extends boolean = boolean> = AnthropicCallOptions<S> & {
  readonly model?: AnthropicModel | undefined;
};

/** A typed function that asks a model. */
export interface AnthropicCall<Args extends readonly unknown[], S extends boolean> {
  /** Asks: gives a stream, which sends nothing before it is read, or a promise, which starts at once. */
  (...args: Args): S extends true ? AnthropicStream : Promise<AnthropicCallResponse>;
  /** The same call with other options; `callParams` and `timeout` are merged, the rest replaces. */
  with<S2 extends boolean = S>(overrides: AnthropicCallOverrides<S2>): AnthropicCall<Args, S2>;
}

/** What a prompt function may give. */
export type AnthropicPromptResult = PromptResult<MessageParam, AnthropicCallParams, Client | SdkClient>;

/**
 * Makes a function out of a prompt.
 *
 * @param model - The model's id, as Anthropic names it.
 * @param options - How to call it. See {@link CallOptions}.
 * @param fn - Gives the prompt: a string (one user message), messages, or a config object; it may be asynchronous.
 *
 * @example
 * ```ts
 * import { call } from "millrace/anthropic";
 *
 * const recommend = call("claude-sonnet-5-5", (genre: string) => `Recommend a ${genre} book`);
 * const answer = await recommend("fantasy");
 * console.log(answer.content, answer.finishReasons, answer.cost);
 * ```
 */
export function call<const Args extends readonly unknown[], R extends AnthropicPromptResult>(
  model: AnthropicModel,
  fn: PromptFunction<Args, R, AnthropicCallParams>,
): AnthropicCall<Args, false>;
export function call<const Args extends readonly unknown[], R extends AnthropicPromptResult, S extends boolean = false>(
  model: AnthropicModel,
  options: AnthropicCallOptions<S>,
  fn: PromptFunction<Args, R, AnthropicCallParams>,
): AnthropicCall<Args, S>;
export function call<Args extends readonly unknown[]>(
  model: string,
  ...rest: [fn: unknown] | [options: AnthropicCallOptions, fn: unknown]
): AnthropicCall<Args, boolean> {
  return rest.length === 1 ? defineCall(model, {}, rest[0]) : defineCall(model, rest[0], rest[1]);
}

/** What both signatures come to. @internal */
export function defineCall<Args extends readonly unknown[]>(
  model: string,
  options: AnthropicCallOptions,
  prompt: unknown,
): AnthropicCall<Args, boolean> {
  if (typeof prompt !== "function") {
    throw new InvalidOptionError("prompt function", `it is ${prompt === null ? "null" : typeof prompt}.`);
  }
  const fn = prompt as (...args: Args) => unknown;
  const ask = (...args: Args): AnthropicStream | Promise<AnthropicCallResponse> => {
    const stream = new AnthropicStream(planCall({ provider: anthropic, model, options, fn }, args));
    // A new promise: that of the stream may be ignored, while an ignored failure of this one should be noticed.
    return options.stream === true ? stream : stream.response().then((response) => response);
  };
  return Object.assign(ask, {
    with: ({ model: other = model, ...overrides }: AnthropicCallOverrides) =>
      defineCall(other, mergeOptions(options, overrides), fn),
  }) as AnthropicCall<Args, boolean>;
}
