import type { Limit } from "../attempt/limit.ts";
import type { Limiter } from "../attempt/limiter.ts";
import type { Timeout } from "../http/timeout.ts";
import { defined } from "../json/object.ts";
import type { Native } from "../provider/native.ts";
import type { Params } from "../provider/params.ts";
import type { Budget } from "../recovery/budget.ts";
import type { Target } from "../recovery/plan.ts";
import type { Interruption, RetryOptions } from "../recovery/policy.ts";
import type { AnyTool } from "../tool/tool.ts";
import type { ToolChoice } from "../tool/tool-choice.ts";

/** Whether a call is streamed, and whether its pairs also hold tools while their input arrives. */
export type StreamOption = boolean | { readonly partialTools?: boolean | undefined };

/** The options of a call, all but `fallback`. `D` are its tools. */
export interface OptionsOfOneModel<
  N extends Native,
  S extends StreamOption = StreamOption,
  D = AnyTool | N["toolParam"],
> {
  /** Whether the call returns a stream of `[chunk, toolCall]` pairs, or the promise of a response. Default false. */
  readonly stream?: S | undefined;
  /** The tools that the model may ask for: made by `tool()`, or in the provider's own format. */
  readonly tools?: readonly D[] | undefined;
  /** Whether the model may, must or must not use tools. The provider's default: it may. */
  readonly toolChoice?: ToolChoice<NoInfer<NameOf<D>>> | undefined;
  /** Parameters that providers share, in words that belong to none of them. One that this provider lacks is refused. */
  readonly params?: Params | undefined;
  /** The provider's parameters, under the wire's names. They beat {@link params}. */
  readonly callParams?: N["callParams"] | undefined;
  /** Where the requests go and with which credentials: a client made by the provider's `client()`, or by an official SDK. */
  readonly client?: N["client"] | undefined;
  /** Aborts the call. It may be long-lived: no listener stays on it. */
  readonly signal?: AbortSignal | undefined;
  /** Time limits, in milliseconds. */
  readonly timeout?: Timeout | undefined;
  /** Size limits of the response, in bytes. */
  readonly limit?: Limit | undefined;
  /**
   * How a request that fails before its first content is sent again, unseen: three times in all by default. False: it is
   * not sent again, and pairs are not held until there is content.
   */
  readonly retry?: false | RetryOptions | undefined;
  /**
   * How to recover if the stream is interrupted after its first content: `"fail"` (the default), `"restart"` or
   * `"continue"`. As many requests are made as `retry` says, or three if that is false.
   */
  readonly onInterrupt?: Interruption | undefined;
  /** Stops the call once it has taken this much. */
  readonly budget?: Budget | undefined;
  /** Makes requests wait for each other and for the provider's rate limits. Many calls may share it. */
  readonly limiter?: Limiter | undefined;
  /** Your own data, to be found on the stream and the response. It is not sent. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Prices by model id. They beat the built-in ones. */
  readonly prices?: N["prices"] | undefined;
}

/** The options of a call. `D` are its tools. */
export interface CallOptions<
  N extends Native,
  S extends StreamOption = StreamOption,
  D = AnyTool | N["toolParam"],
> extends OptionsOfOneModel<N, S, D> {
  /** Models to ask, in this order, once the requests to the one before have failed, or if it does not exist. */
  readonly fallback?: N["model"] | readonly (N["model"] | Target<N>)[] | undefined;
}

/** The options of `.with()`: those of a call, and another model. */
export type CallOverrides<
  N extends Native,
  S extends StreamOption = StreamOption,
  D extends AnyTool | N["toolParam"] = AnyTool | N["toolParam"],
> = CallOptions<N, S, D> & { readonly model?: N["model"] | undefined };

/** The option `outputParser` of a call that is not streamed. */
export interface ParserOption<R, O> {
  /** Makes the result of the call out of its response, at once or asynchronously. */
  readonly outputParser?: ((response: R) => O) | undefined;
}

/** The names that {@link ToolChoice} may take. */
export type NameOf<D> = D extends { readonly name: infer Name extends string } ? Name : never;

/** Whether the option asks for a stream. */
export function isStreamed(option: StreamOption | undefined): boolean {
  return option !== undefined && option !== false;
}

/** Options over options: `params`, `callParams` and `timeout` are merged key by key, the others replace if they have a value. */
export function mergeOptions<N extends Native, O extends CallOptions<N>>(base: O, over: O): O {
  return {
    ...base,
    ...defined(over),
    params: mergeParams(base.params, over.params),
    callParams: mergeParams(base.callParams, over.callParams),
    timeout: { ...base.timeout, ...over.timeout },
  };
}

/** Parameters over parameters, key by key. */
export function mergeParams<P>(base: P | undefined, over: unknown): P | undefined {
  return over === undefined ? base : ({ ...base, ...over } as P);
}
