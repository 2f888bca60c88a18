import type { CallMachine } from "../../agent.ts";
import {
  type CallOptions,
  isStreamed,
  mergeOptions,
  type ParserOption,
  planner,
  type StreamOption,
} from "../../call.ts";
import { InvalidOptionError } from "../../errors.ts";
import type { PromptFunction, PromptResult } from "../../prompt/dynamic-config.ts";
import type { ShapeBody } from "../../provider.ts";
import type { CallPlan } from "../../stream/plan.ts";
import type { PairTypes, PartialTools } from "../../tool/pair.ts";
import type { AnyTool } from "../../tool/tool.ts";
import type { Client } from "./client.ts";
import type { AnthropicModel } from "./models.ts";
import type { AnthropicNative } from "./native.ts";
import type { AnthropicCallParams, MessageParam } from "./params.ts";
import type { SdkClient } from "./sdk-client.ts";
import type { ToolParam } from "./tool-param.ts";
import { anthropic } from "./provider.ts";
import { type AnthropicCallResponse, AnthropicStream } from "./stream.ts";

/** The options of a call to Anthropic. */
export type AnthropicCallOptions<
  S extends StreamOption = StreamOption,
  D extends AnyTool | ToolParam = AnyTool | ToolParam,
> = CallOptions<AnthropicNative, S, D>;

/** What `.with()` takes: options, and another model. */
export type AnthropicCallOverrides<
  S extends StreamOption = StreamOption,
  D extends AnyTool | ToolParam = AnyTool | ToolParam,
> = AnthropicCallOptions<S, D> & { readonly model?: AnthropicModel | undefined };

/** The option `outputParser`. A stream takes none, and the type says why. */
export type AnthropicParserOption<S extends StreamOption, T extends PairTypes, O> = ParserOption<
  AnthropicCallResponse<T>,
  O
> &
  NoParserOfStreams<S>;

/** Why a stream takes no parser. */
export type NoParserOfStreams<S extends StreamOption> = S extends false
  ? unknown
  : {
      readonly outputParser?: "a stream is parsed by whoever reads it: outputParser needs a call that is not streamed";
    };

/** Where response models are: a program without them does not carry what they need. */
export interface NoResponseModel {
  readonly responseModel?: 'import { call } from "millrace/anthropic/structured" for response models' | undefined;
}

/** What a call gives: a stream, which sends nothing before it is read, or a promise, which starts at once. */
export type AnthropicResult<S extends StreamOption, T extends PairTypes, O = never> = S extends false
  ? Promise<[O] extends [never] ? AnthropicCallResponse<T> : Awaited<O>>
  : AnthropicStream<ShownTools<S, T>>;

/** The tools that pairs hold. */
export type ShownTools<S extends StreamOption, T extends PairTypes> = S extends { readonly partialTools: true }
  ? PartialTools<T>
  : T;

/** A typed function that asks a model. */
export interface AnthropicCall<
  Args extends readonly unknown[],
  S extends StreamOption,
  T extends PairTypes = never,
  O = never,
> {
  /** How {@link agent} repeats it. @internal */
  readonly "~call": CallMachine<AnthropicNative, Args, ShownTools<S, T>>;
  /** Asks. */
  (...args: Args): AnthropicResult<S, T, O>;
  /** The same call with other options; `callParams` and `timeout` are merged, the rest replaces. */
  with<const S2 extends StreamOption = S, D extends AnyTool | ToolParam = never, O2 = O>(
    overrides: AnthropicCallOverrides<S2, D> &
      NoResponseModel &
      AnthropicParserOption<NoInfer<S2>, NoInfer<Extract<D, AnyTool>>, O2>,
  ): AnthropicCall<Args, S2, [D] extends [never] ? T : Extract<D, AnyTool>, O2>;
}

/** What a prompt function may give. */
export type AnthropicPromptResult = PromptResult<
  MessageParam,
  AnthropicCallParams,
  Client | SdkClient,
  AnyTool | ToolParam
>;

/** The tools of a dynamic config that a prompt function gives. */
export type ToolsOf<R> = R extends { readonly tools?: readonly (infer D)[] | undefined } ? Extract<D, AnyTool> : never;

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
export function call<const Args extends readonly unknown[], const R extends AnthropicPromptResult>(
  model: AnthropicModel,
  fn: PromptFunction<Args, R, AnthropicCallParams>,
): AnthropicCall<Args, false, ToolsOf<R>>;
export function call<
  const Args extends readonly unknown[],
  const R extends AnthropicPromptResult,
  const S extends StreamOption = false,
  D extends AnyTool | ToolParam = never,
  O = never,
>(
  model: AnthropicModel,
  options: AnthropicCallOptions<S, D> &
    NoResponseModel &
    AnthropicParserOption<NoInfer<S>, NoInfer<Extract<D, AnyTool> | ToolsOf<R>>, O>,
  fn: PromptFunction<Args, R, AnthropicCallParams>,
): AnthropicCall<Args, S, Extract<D, AnyTool> | ToolsOf<R>, O>;
export function call(model: string, ...rest: [fn: unknown] | [options: object, fn: unknown]): unknown {
  return rest.length === 1 ? defineCall(model, {}, rest[0]) : defineCall(model, rest[0], rest[1]);
}

/** Options of which nothing more is known. @internal */
export type AnyAnthropicOptions = AnthropicCallOptions & ParserOption<AnthropicCallResponse<never>, unknown>;

/** How a call asks: made out of its options, by what its entry offers. @internal */
export type Ask<O> = (plan: CallPlan<AnthropicNative>, options: O) => unknown;

function defineCall(model: string, options: AnyAnthropicOptions, prompt: unknown): unknown {
  return callOf(model, options, prompt, undefined, (plan, { stream: option, outputParser }: AnyAnthropicOptions) => {
    const stream = new AnthropicStream(plan);
    if (isStreamed(option)) return stream;
    // A new promise: that of the stream may be ignored, while an ignored failure of this one should be noticed.
    return stream
      .response()
      .then((response) => (outputParser ? outputParser(response as AnthropicCallResponse<never>) : response));
  });
}

/**
 * What all signatures come to.
 *
 * @param shape - Has the last word on the body of a request.
 * @internal
 */
export function callOf<O extends AnyAnthropicOptions>(
  model: string,
  options: O,
  prompt: unknown,
  shape: ((options: O) => ShapeBody<AnthropicNative> | undefined) | undefined,
  ask: Ask<O>,
): unknown {
  if (typeof prompt !== "function") {
    throw new InvalidOptionError("prompt function", `it is ${prompt === null ? "null" : typeof prompt}.`);
  }
  const fn = prompt as (...args: readonly unknown[]) => unknown;
  const plan = planner<AnthropicNative, readonly unknown[]>({
    provider: anthropic,
    model,
    options,
    fn,
    shape: shape?.(options),
  });
  return Object.assign((...args: readonly unknown[]) => ask(plan(...args), options), {
    "~call": { plan, open: (from: CallPlan<AnthropicNative>) => new AnthropicStream(from) },
    with: ({ model: other = model, ...overrides }: O & { readonly model?: string }) =>
      callOf(other, mergeOptions(options, overrides as unknown as O), fn, shape, ask),
  });
}
