import { type CallOptions, planCall } from "../../call.ts";
import type { AnthropicNative } from "./native.ts";
import { anthropic } from "./provider.ts";
import { type AnthropicCallResponse, AnthropicStream } from "./stream.ts";

/** The options of a call to Anthropic. */
export type AnthropicCallOptions<S extends boolean = boolean> = CallOptions<AnthropicNative, S>;

/** A typed function that asks a model. */
export interface AnthropicCall<Args extends readonly unknown[], S extends boolean> {
  /** Asks: gives a stream, which sends nothing before it is read, or a promise, which starts at once. */
  (...args: Args): S extends true ? AnthropicStream : Promise<AnthropicCallResponse>;
  /** The same call with other options; `callParams` and `timeout` are merged, the rest replaces. */
  with<S2 extends boolean = S>(
    overrides: AnthropicCallOptions<S2> & { readonly model?: string | undefined },
  ): AnthropicCall<Args, S2>;
}

type PromptFn<Args extends readonly unknown[]> = (...args: Args) => unknown;

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
export function call<const Args extends readonly unknown[]>(
  model: string,
  fn: PromptFn<Args>,
): AnthropicCall<Args, false>;
export function call<const Args extends readonly unknown[], S extends boolean = false>(
  model: string,
  options: AnthropicCallOptions<S>,
  fn: PromptFn<Args>,
): AnthropicCall<Args, S>;
export function call<Args extends readonly unknown[]>(
  model: string,
  ...rest: [PromptFn<Args>] | [AnthropicCallOptions, PromptFn<Args>]
): AnthropicCall<Args, boolean> {
  return rest.length === 1 ? define(model, {}, rest[0]) : define(model, rest[0], rest[1]);
}

function define<Args extends readonly unknown[]>(
  model: string,
  options: AnthropicCallOptions,
  fn: PromptFn<Args>,
): AnthropicCall<Args, boolean> {
  const ask = (...args: Args): AnthropicStream | Promise<AnthropicCallResponse> => {
    const stream = new AnthropicStream(planCall({ provider: anthropic, model, options, fn }, args));
    // A new promise: that of the stream may be ignored, while an ignored failure of this one should be noticed.
    return options.stream === true ? stream : stream.response().then((response) => response);
  };
  return Object.assign(ask, {
    with: ({ model: other = model, ...overrides }: AnthropicCallOptions & { readonly model?: string | undefined }) =>
      define(
        other,
        {
          ...options,
          ...overrides,
          callParams: { ...options.callParams, ...overrides.callParams },
          timeout: { ...options.timeout, ...overrides.timeout },
        },
        fn,
      ),
  }) as AnthropicCall<Args, boolean>;
}
