import type { PromptFunction, PromptResult } from "../prompt/dynamic-config.ts";
import type { Native } from "../provider/native.ts";
import type { FormattedBody, Provider } from "../provider/provider.ts";
import type { CallPlan } from "../recovery/plan.ts";
import type { CallResponse } from "../stream/response.ts";
import type { Stream } from "../stream/stream.ts";
import type { PairTypes, PartialTools } from "../tool/pair.ts";
import type { AnyTool } from "../tool/tool.ts";
import type { CallOptions, CallOverrides, ParserOption, StreamOption } from "./options.ts";

/** How a call is planned and its stream opened, for callers that repeat it. Every call has it under `~call`. @internal */
export interface CallMachine<N extends Native, Args extends readonly unknown[], T extends PairTypes, Model = never> {
  plan(...args: Args): CallPlan<N>;
  open(plan: CallPlan<N>): Stream<N, T>;
  /** The stream that the call gives, if it is a streamed one. */
  stream(plan: CallPlan<N>): unknown;
  /** The validated model of a reply's text, if the call has a response model. */
  parse?(response: CallResponse<N, PairTypes>): Promise<Model>;
  /** How the value that was asked for is made out of JSON of another form. */
  fromJson?(body: N["body"], provider: Provider<N>): FormattedBody<N>["fromJson"];
}

/** The stream of a provider for the tools `T`. */
export type StreamOf<N extends Native, T extends PairTypes> = (N["kinds"] & { readonly tools: T })["stream"];

/** The response of a provider for the tools `T`. */
export type ResponseOf<N extends Native, T extends PairTypes> = (N["kinds"] & { readonly tools: T })["response"];

/** The result of a call: a stream, which sends nothing before it is read, or a promise, which starts at once. */
export type CallResult<N extends Native, S extends StreamOption, T extends PairTypes, O = never> = S extends false
  ? Promise<Parsed<ResponseOf<N, T>, O>>
  : StreamOf<N, ShownTools<S, T>>;

/** What an output parser makes of a result; the result itself if there is none. */
export type Parsed<Result, O> = [O] extends [never] ? Result : Awaited<O>;

/** What a call comes to, and the response that it was made of. */
export interface WithResponse<out Model, out Response> {
  /** The result of the call if it is not streamed: its response model, what its output parser gave, or the response. */
  readonly model: Model;
  /** The reply, with its usage, cost and id. */
  readonly response: Response;
}

/** The tools that pairs hold. */
export type ShownTools<S extends StreamOption, T extends PairTypes> = S extends { readonly partialTools: true }
  ? PartialTools<T>
  : T;

/** The results that a prompt function may return. */
export type NativePromptResult<N extends Native> = PromptResult<
  N["promptMessage"],
  N["callParams"],
  N["client"],
  AnyTool | N["toolParam"]
>;

/** The tools in the dynamic config that a prompt function returns. */
export type ToolsOf<R> = R extends { readonly tools?: readonly (infer D)[] | undefined } ? Extract<D, AnyTool> : never;

/** The option `outputParser`. A stream does not take it, and the type says why. */
export type ParserOptionOf<N extends Native, S extends StreamOption, T extends PairTypes, O> = ParserOption<
  ResponseOf<N, T>,
  O
> &
  NoParserOfStreams<S>;

/** The compile errors for options that a stream does not take: `outputParser`, and `validationRetries` where there is a response model. */
export type NoParserOfStreams<S extends StreamOption> = S extends false
  ? unknown
  : {
      readonly outputParser?:
        | "a stream is parsed by the code that reads it: outputParser needs a call that is not streamed"
        | undefined;
      // An object, since a number and a text come to `never`, which says nothing.
      readonly validationRetries?:
        | {
            readonly problem: "a stream cannot be asked for again: validationRetries needs a call that is not streamed";
          }
        | undefined;
    };

/**
 * Says where the `call` with `responseModel` is: in an entry of its own, so that other programs do not bundle its code.
 */
export interface NoResponseModel<N extends Native> {
  readonly responseModel?: `import { call } from "${N["entry"]}/structured" for response models` | undefined;
}

/** A typed function that asks a model. */
export interface Call<
  N extends Native,
  Args extends readonly unknown[],
  S extends StreamOption,
  T extends PairTypes = never,
  O = never,
> {
  /** Lets an agent repeat it. @internal */
  readonly "~call": CallMachine<N, Args, ShownTools<S, T>>;
  /**
   * Asks the model.
   *
   * @param args - The arguments of the prompt function.
   */
  (...args: Args): CallResult<N, S, T, O>;
  /**
   * Asks, reads the reply to its end, and gives what `outputParser` made of it together with the response.
   *
   * @param args - The arguments of the prompt function.
   * @throws What the call itself throws, and what `outputParser` throws.
   */
  withResponse(...args: Args): Promise<WithResponse<Parsed<ResponseOf<N, T>, O>, ResponseOf<N, T>>>;
  /**
   * The same call with other options.
   *
   * @param overrides - Options, and `model`. `callParams` and `timeout` are merged key by key, the others replace.
   * @throws InvalidOptionError if an option cannot work, or has no effect.
   */
  with<const S2 extends StreamOption = S, D extends AnyTool | N["toolParam"] = never, O2 = O>(
    overrides: CallOverrides<N, S2, D> &
      NoResponseModel<N> &
      ParserOptionOf<N, NoInfer<S2>, NoInfer<Extract<D, AnyTool>>, O2>,
  ): Call<N, Args, S2, [D] extends [never] ? T : Extract<D, AnyTool>, O2>;
}

/** The type of a provider's `call`. */
export interface DefineCall<N extends Native> {
  /**
   * Makes a call that is not streamed.
   *
   * @param model - The model's id, as the provider names it.
   * @param fn - Returns the prompt, or a promise of it: a string, which is one user message; messages; or a config object.
   */
  <const Args extends readonly unknown[], const R extends NativePromptResult<N>>(
    model: N["model"],
    fn: PromptFunction<Args, R, N["callParams"], N["role"]>,
  ): Call<N, Args, false, ToolsOf<R>>;
  /**
   * Makes a call with options.
   *
   * @param model - The model's id, as the provider names it.
   * @param options - Whether it streams, tools, limits and all else: see {@link CallOptions}.
   * @param fn - Returns the prompt, or a promise of it: a string, which is one user message; messages; or a config object.
   * @throws InvalidOptionError if an option cannot work, or has no effect.
   */
  <
    const Args extends readonly unknown[],
    const R extends NativePromptResult<N>,
    const S extends StreamOption = false,
    D extends AnyTool | N["toolParam"] = never,
    O = never,
  >(
    model: N["model"],
    options: CallOptions<N, S, D> &
      NoResponseModel<N> &
      ParserOptionOf<N, NoInfer<S>, NoInfer<Extract<D, AnyTool> | ToolsOf<R>>, O>,
    fn: PromptFunction<Args, R, N["callParams"], N["role"]>,
  ): Call<N, Args, S, Extract<D, AnyTool> | ToolsOf<R>, O>;
}
