import type { Native } from "../provider/native.ts";
import type { CallPlan, PlannedTarget } from "../recovery/plan.ts";
import { mergeParams } from "./options.ts";

/** What differs in one request of a conversation. */
export type RequestChanges<N extends Native> = Pick<PlannedTarget<N>, "callParams" | "toolChoice"> & {
  readonly model?: N["model"] | undefined;
};

/** The plan with changes to its own request. Plans that are extended from it do not inherit them. */
export function withChanges<N extends Native>(plan: CallPlan<N>, changes: RequestChanges<N>): CallPlan<N> {
  const { model, toolChoice, callParams } = changes;
  const [first, ...fallbacks] = plan.targets;
  const changed = (target: PlannedTarget<N>): PlannedTarget<N> => {
    // Another provider has other parameters; those of a fallback are the ones that its model takes.
    if (target.provider !== first.provider) return { ...target, toolChoice };
    return { ...target, toolChoice, callParams: mergeParams<N["callParams"]>(callParams, target.callParams) };
  };
  return { ...plan, targets: [changed({ ...first, model: model ?? first.model }), ...fallbacks.map(changed)] };
}
