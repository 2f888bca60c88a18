import type { Prices } from "../cost/price.ts";
import type { TimeoutLimits } from "../http/timeout.ts";
import type { DynamicConfig } from "../prompt/dynamic-config.ts";
import type { EncodedPrompt, Native, Provider } from "../provider.ts";
import type { AnyTool } from "../tool/tool.ts";
import type { ToolBox } from "../tool/tool-box.ts";
import type { Budget } from "./budget.ts";
import type { Limiter } from "./limiter.ts";
import type { Interruption, RetryPolicy } from "./recovery.ts";

/** Limits of what a response may hold, in bytes. Each has an error of its own: LimitExceededError. */
export interface Limit {
  /** One frame of the stream. Default 32 MiB. */
  readonly frame?: number | undefined;
  /** The whole body. Default: none. */
  readonly response?: number | undefined;
}

/** A model to ask, and parameters that only it gets. */
export interface Target<N extends Native> {
  readonly model: string;
  /** They are merged over those of the call. */
  readonly callParams?: N["callParams"] | undefined;
}

/** A call that has not run yet. */
export interface CallPlan<N extends Native> {
  readonly provider: Provider<N>;
  /** The models to ask, one after another: the first is the call's own. */
  readonly targets: readonly [Target<N>, ...Target<N>[]];
  readonly fnArgs: readonly unknown[];
  readonly promptTemplate: string | null;
  readonly prices: Prices | undefined;
  readonly signal: AbortSignal | undefined;
  readonly retry: RetryPolicy;
  readonly onInterrupt: Interruption;
  readonly budget: Budget | undefined;
  readonly limiter: Limiter | undefined;
  readonly limit: Limit;
  /** Runs the prompt function, the first time, and encodes its prompt with the messages that have been added. */
  prepare(target: Target<N>, added?: readonly N["promptMessage"][]): Promise<PreparedCall<N>>;
  /** The same call with more messages. */
  extend(messages: readonly N["promptMessage"][]): CallPlan<N>;
}

/** The config object that a prompt function may return. */
export type NativeConfig<N extends Native> = DynamicConfig<
  N["promptMessage"],
  N["callParams"],
  N["client"],
  AnyTool | N["toolParam"]
>;

/** A reply that was cut, and that another attempt goes on with. */
export interface Cut<N extends Native> {
  /** What stays of it; null for nothing. */
  readonly kept: N["messageParam"] | null;
  readonly prepared: PreparedCall<N>;
}

/** What a call is once its prompt function has run. */
export interface PreparedCall<N extends Native> {
  readonly encoded: EncodedPrompt<N>;
  readonly dynamicConfig: NativeConfig<N> | null;
  readonly callParams: N["callParams"] | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly tools: ToolBox | null;
  readonly timeout: TimeoutLimits;
}
