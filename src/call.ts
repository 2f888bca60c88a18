import type { Prices } from "./cost/price.ts";
import { InvalidOptionError, MillraceError, PromptFunctionError } from "./errors.ts";
import { defaultTimeout, type Timeout } from "./http/timeout.ts";
import { defined } from "./json/object.ts";
import { type NormalizedPrompt, normalizePrompt } from "./prompt/dynamic-config.ts";
import { isPromptTemplate } from "./prompt/template.ts";
import type { EncodedPrompt, Native, Prompt, Provider, ShapeBody } from "./provider.ts";
import type { Budget } from "./stream/budget.ts";
import type { Limiter } from "./stream/limiter.ts";
import type { CallPlan, Limit, PreparedCall, Target } from "./stream/plan.ts";
import { type Interruption, type RetryOptions, retryPolicy } from "./stream/recovery.ts";
import type { StandardSchema } from "./schema/standard-schema.ts";
import type { ToolBox } from "./tool/tool-box.ts";
import { isDeclared } from "./tool/declared.ts";
import type { AnyTool } from "./tool/tool.ts";
import type { ToolChoice } from "./tool/tool-choice.ts";

/** Whether a call is streamed, and whether its pairs hold tools while their input streams, too. */
export type StreamOption = boolean | { readonly partialTools?: boolean | undefined };

/** What a call may be told, besides its model and its prompt. `D` are its tools. */
export interface CallOptions<N extends Native, S extends StreamOption = StreamOption, D = AnyTool | N["toolParam"]> {
  /** Whether the call gives a stream of `[chunk, tool]` pairs, or the promise of a response. Default false. */
  readonly stream?: S | undefined;
  /** What the model may ask for: tools made by `tool()`, and the provider's own. */
  readonly tools?: readonly D[] | undefined;
  /** Whether the model may, must or must not use tools. The default is the provider's: it may. */
  readonly toolChoice?: ToolChoice<NoInfer<NameOf<D>>> | undefined;
  /** The provider's own parameters, under the wire's names. */
  readonly callParams?: N["callParams"] | undefined;
  /** Where the requests go, and who asks: a client made by `client()`, or an official SDK client. */
  readonly client?: N["client"] | undefined;
  /** Aborts the call. It may be long-lived: no listener stays on it. */
  readonly signal?: AbortSignal | undefined;
  /** Time limits, in milliseconds. */
  readonly timeout?: Timeout | undefined;
  /** Size limits of the response, in bytes. */
  readonly limit?: Limit | undefined;
  /**
   * How a request that fails before its first content is sent again, unseen: three times in all, unless told otherwise.
   * False: it is not, and pairs are not held until there is content.
   */
  readonly retry?: false | RetryOptions | undefined;
  /**
   * What happens when the stream is interrupted after its first content: `"fail"` (the default), `"restart"`, or
   * `"continue"`. As many requests are made as `retry` says, or three where that is false.
   */
  readonly onInterrupt?: Interruption | undefined;
  /** Models to ask, in this order, once the requests to the one before have failed, or where it does not exist. */
  readonly fallback?: string | readonly (string | Target<N>)[] | undefined;
  /** Stops the call when it has taken so much. */
  readonly budget?: Budget | undefined;
  /** Makes requests wait for each other, and for the provider's rate limits. It may be shared by many calls. */
  readonly limiter?: Limiter | undefined;
  /** Anything you want to find again on the stream and the response. It is not sent. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Prices by model id; they win over the built-in ones. */
  readonly prices?: Prices | undefined;
}

/** What a call may be told that is to give something else than a response. `M` is the schema of that. */
export interface ModelOptions<M extends StandardSchema = StandardSchema> {
  /**
   * What the call is to give instead of a response: a schema of any library that speaks Standard Schema. The reply is
   * validated. With `tools` the ordinary stream or response comes back, and has `parse()`.
   */
  readonly responseModel?: M | undefined;
  /** JSON Schema of the model, where `responseModel` cannot put itself as such. */
  readonly responseSchema?: object | undefined;
  /** How often the model is told what is wrong with its reply and asked again. Only for calls that are not streamed. */
  readonly validationRetries?: number | undefined;
  /** Asks for JSON in words, whatever else the provider could do; with `responseModel`, or alone. */
  readonly jsonMode?: boolean | undefined;
}

/** Makes what a call is to give out of its response. */
export interface ParserOption<R, O> {
  /** Makes what the call is to give out of its response, at once or asynchronously. Only for calls that are not streamed. */
  readonly outputParser?: ((response: R) => O) | undefined;
}

/** The names that {@link ToolChoice} may take. */
export type NameOf<D> = D extends { readonly name: infer Name extends string } ? Name : never;

/** A call as it was defined: what it asks, of whom, and how. */
export interface CallDefinition<N extends Native, Args extends readonly unknown[]> {
  readonly provider: Provider<N>;
  readonly model: string;
  readonly options: CallOptions<N>;
  readonly fn: (...args: Args) => unknown;
  /** Has the last word on the body of a request. */
  readonly shape?: ShapeBody<N> | undefined;
}

/** Plans calls: nothing runs, and nothing is sent, until a call's stream is first read. */
export function planner<N extends Native, Args extends readonly unknown[]>(
  definition: CallDefinition<N, Args>,
): (...fnArgs: Args) => CallPlan<N> {
  const { provider, model, fn, shape, options } = definition;
  const { prices, signal, retry, fallback = [], onInterrupt = "fail", budget, limiter, limit = {} } = options;
  const fixed = {
    provider,
    targets: [{ model }, ...[fallback].flat().map(targetOf)] as const,
    promptTemplate: isPromptTemplate(fn) ? fn.template : null,
    prices,
    signal,
    retry: retryPolicy(retry),
    // JSON that was cut cannot be gone on with: a model whose output has a form begins it anew.
    onInterrupt: shape !== undefined && onInterrupt !== "restart" ? "fail" : onInterrupt,
    budget,
    limiter,
    limit,
  };
  const prepareFor = preparer(definition);
  return (...fnArgs) => {
    // A reaction runs in the asynchronous context (AsyncLocalStorage and its like) in which it was registered: that of
    // the call. It runs once, however often the prompt is sent.
    let runPrompt = (): void => {};
    const result = new Promise<void>((resolve) => (runPrompt = resolve)).then(() => fn(...fnArgs));
    let prompt: Promise<NativePrompt<N>> | undefined;
    const plan = (added: readonly N["promptMessage"][]): CallPlan<N> => ({
      fnArgs,
      async prepare(target, more = []) {
        runPrompt();
        prompt ??= result.then(normalizePrompt as (result: unknown) => NativePrompt<N>, promptFailed);
        return prepareFor(await prompt, target, [...added, ...more]);
      },
      extend: (messages) => plan([...added, ...messages]),
      // Last: V8 takes five times as long to add to what it has cloned.
      ...fixed,
    });
    return plan([]);
  };
}

/** What a prompt function gave. */
type NativePrompt<N extends Native> = NormalizedPrompt<
  N["promptMessage"],
  N["callParams"],
  N["client"],
  AnyTool | N["toolParam"]
>;

/** Makes a prompt what is sent to a model. */
function preparer<N extends Native, Args extends readonly unknown[]>({
  provider,
  options,
  shape,
}: CallDefinition<N, Args>): (
  prompt: NativePrompt<N>,
  target: Target<N>,
  added: readonly N["promptMessage"][],
) => PreparedCall<N> {
  const timeout = { ...defaultTimeout, ...defined(options.timeout ?? {}) };
  return ({ messages, config }, target, added) => {
    const common = merge<N["callParams"]>(options.callParams, config?.callParams);
    const callParams = merge<N["callParams"]>(common, target.callParams);
    const tools = config?.tools ?? options.tools ?? [];
    const encoded = encode(provider, {
      model: target.model,
      messages: [...messages, ...added],
      callParams,
      tools,
      toolChoice: options.toolChoice,
      ...(shape && { shape }),
      client: config?.client ?? options.client,
      streamed: isStreamed(options.stream),
      connectTimeoutMs: timeout.connect,
    });
    return {
      encoded,
      dynamicConfig: config,
      callParams,
      metadata: config?.metadata ?? options.metadata ?? {},
      tools: toolBox(tools, options.stream),
      timeout: { ...timeout, total: encoded.totalTimeoutMs ?? timeout.total },
    };
  };
}

function targetOf<N extends Native>(fallback: string | Target<N>): Target<N> {
  return typeof fallback === "string" ? { model: fallback } : fallback;
}

/** Whether the option asks for a stream. */
export function isStreamed(option: StreamOption | undefined): boolean {
  return option !== undefined && option !== false;
}

/** The declared tools; null where there is none, so that a stream without tools does no work for them. */
function toolBox(tools: readonly object[], stream: StreamOption | undefined): ToolBox | null {
  const declared = tools.filter(isDeclared);
  const isPartial = typeof stream === "object" && stream.partialTools === true;
  return declared[0]?.["~box"](declared, isPartial) ?? null;
}

/** Options over options: `callParams` and `timeout` are merged key by key, the rest replaces. */
export function mergeOptions<N extends Native, O extends CallOptions<N>>(base: O, over: O): O {
  return {
    ...base,
    ...over,
    callParams: merge(base.callParams, over.callParams),
    timeout: { ...base.timeout, ...over.timeout },
  };
}

function encode<N extends Native>(provider: Provider<N>, prompt: Prompt<N>): EncodedPrompt<N> {
  try {
    return provider.encode(prompt);
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    throw new InvalidOptionError("prompt", String(error), { cause: error });
  }
}

function promptFailed(error: unknown): never {
  throw error instanceof MillraceError ? error : new PromptFunctionError(error);
}

function merge<P>(base: P | undefined, over: unknown): P | undefined {
  return over === undefined ? base : ({ ...base, ...over } as P);
}
