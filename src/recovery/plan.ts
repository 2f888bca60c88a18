import type { Attempt, AttemptSettings } from "../attempt/attempt.ts";
import type { NativeConfig, Prepared } from "../attempt/prepared.ts";
import type { MillraceError } from "../errors.ts";
import type { CommonMessage } from "../prompt/common-message.ts";
import type { Native } from "../provider/native.ts";
import type { Provider } from "../provider/provider.ts";
import type { AnyTool } from "../tool/tool.ts";
import type { ToolChoice } from "../tool/tool-choice.ts";
import type { Budget } from "./budget.ts";
import type { Interruption, RetryPolicy } from "./policy.ts";

/** A model to ask if the one before it fails. */
export interface Target<N extends Native> {
  /** The model's id. */
  readonly model: N["model"];
  /** Parameters for this model. They are merged over those of the call. */
  readonly callParams?: N["callParams"] | undefined;
  /** The client for this model, instead of the one of the call. */
  readonly client?: N["client"] | undefined;
  /** Whether to ask this model after an error; if not, it is passed over. Default: after errors that are retryable, or a 404. */
  readonly when?: ((error: MillraceError) => boolean) | undefined;
}

/** A target, its provider, and what differs in this request alone. @internal */
export interface PlannedTarget<N extends Native> extends Target<N> {
  /** That of the first target is the call's own. */
  readonly provider: Provider<N>;
  /** Instead of that of the call. */
  readonly toolChoice?: ToolChoice | undefined;
}

/** What a prompt function has returned. */
export interface PlannedPrompt<N extends Native> {
  /** They may be replaced before they are sent. */
  messages: readonly N["promptMessage"][];
  readonly config: NativeConfig<N> | null;
}

/** A call that has not run yet. */
export interface CallPlan<N extends Native> extends AttemptSettings<N> {
  /** The models to ask, one after another. The first is the call's own. */
  readonly targets: readonly [PlannedTarget<N>, ...PlannedTarget<N>[]];
  readonly fnArgs: readonly unknown[];
  readonly promptTemplate: string | null;
  /** Those of the options: a dynamic config may replace them. */
  readonly tools?: readonly (AnyTool | N["toolParam"])[] | undefined;
  readonly toolChoice?: ToolChoice | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly retry: RetryPolicy;
  readonly onInterrupt: Interruption;
  /** To continue, the very same reply has to go on. */
  readonly resumesOnly: boolean;
  readonly budget?: Budget | undefined;
  /** The requests that were made for the same result before: they are charged for, and count for the budget. */
  readonly earlier: readonly Attempt<N>[];
  /**
   * Runs the prompt function, the first time, and gives what it has returned: for the call's own provider.
   *
   * @param other - A provider whose code is needed as well.
   */
  read(other?: Provider<N>): Promise<PlannedPrompt<N>>;
  /** Runs the prompt function, the first time, and encodes its prompt with the items that were added. */
  prepare(target: PlannedTarget<N>, added: readonly N["item"][]): Promise<Prepared<N>>;
  /**
   * The messages as data that belongs to no provider, as soon as the prompt function has returned them; null before, and
   * if they cannot be sent.
   */
  common(): readonly CommonMessage[] | null;
  /**
   * The same call with more items at the end of its messages.
   *
   * @param author - The provider whose items they are.
   * @param earlier - The requests that were made for the same result so far.
   */
  extend(items: readonly N["promptMessage"][], author: Provider<N>, earlier?: readonly Attempt<N>[]): CallPlan<N>;
}
