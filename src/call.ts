import type { Prices } from "./cost/price.ts";
import { InvalidOptionError, MillraceError, PromptFunctionError } from "./errors.ts";
import { defaultTimeout, type Timeout, type TimeoutLimits } from "./http/timeout.ts";
import { normalizePrompt } from "./prompt/dynamic-config.ts";
import { isPromptTemplate } from "./prompt/template.ts";
import type { EncodedPrompt, Native, Prompt, Provider } from "./provider.ts";
import type { CallPlan, Limit } from "./stream/attempt.ts";
import { captureContext } from "#platform";

/** What a call may be told, besides its model and its prompt. */
export interface CallOptions<N extends Native, S extends boolean = boolean> {
  /** Whether the call gives a stream of `[chunk, tool]` pairs, or the promise of a response. Default false. */
  readonly stream?: S | undefined;
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
  /** Anything you want to find again on the stream and the response. It is not sent. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Prices by model id; they win over the built-in ones. */
  readonly prices?: Prices | undefined;
}

/** A call as it was defined: what it asks, of whom, and how. */
export interface CallDefinition<N extends Native, Args extends readonly unknown[]> {
  readonly provider: Provider<N>;
  readonly model: string;
  readonly options: CallOptions<N>;
  readonly fn: (...args: Args) => unknown;
}

/** Plans one call: nothing runs, and nothing is sent, until its stream is first read. */
export function planCall<N extends Native, Args extends readonly unknown[]>(
  { provider, model, options, fn }: CallDefinition<N, Args>,
  fnArgs: Args,
): CallPlan<N> {
  const inContext = captureContext();
  const { signal, prices, limit = {}, metadata = {}, timeout: given } = options;
  return {
    provider,
    model,
    fnArgs,
    promptTemplate: isPromptTemplate(fn) ? fn.template : null,
    prices,
    signal,
    async prepare() {
      const result = await runPrompt(() => inContext(() => fn(...fnArgs)));
      const { messages, config } = normalizePrompt<N["promptMessage"], N["callParams"], N["client"]>(result);
      const callParams = merge<N["callParams"]>(options.callParams, config?.callParams);
      const timeout = { ...defaultTimeout, ...defined(given) };
      const encoded = encode(provider, {
        model,
        messages,
        callParams,
        client: config?.client ?? options.client,
        streamed: options.stream === true,
        connectTimeoutMs: timeout.connect,
      });
      return {
        encoded,
        dynamicConfig: config,
        callParams,
        metadata: config?.metadata ?? metadata,
        timeout: { ...timeout, total: encoded.totalTimeoutMs ?? timeout.total },
        limit,
      };
    },
  };
}

/** Options over options: `callParams` and `timeout` are merged key by key, the rest replaces. */
export function mergeOptions<N extends Native>(base: CallOptions<N>, over: CallOptions<N>): CallOptions<N> {
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
    throw new InvalidOptionError("prompt", `it cannot be sent: ${String(error)}`, { cause: error });
  }
}

async function runPrompt(run: () => unknown): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    throw error instanceof MillraceError ? error : new PromptFunctionError(error);
  }
}

/** Without what was given as undefined. */
function defined(timeout: Timeout = {}): Partial<TimeoutLimits> {
  return Object.fromEntries(Object.entries(timeout).filter(([, ms]) => ms !== undefined));
}

function merge<P>(base: P | undefined, over: unknown): P | undefined {
  return over === undefined ? base : ({ ...base, ...over } as P);
}
