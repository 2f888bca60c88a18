import { defined } from "../../json/object.ts";
import type { NativeParams, Params, Reasoning } from "../../provider/params.ts";
import { hasThinkingBudget, isBefore46 } from "./models.ts";
import type { AnthropicCallParams } from "./params.ts";

/** Tokens of thinking for models that know no effort. */
const BUDGETS = { low: 2_048, medium: 8_192, high: 16_384 } as const;

/** Neutral parameters as those of the Messages API. */
export function nativeParams(params: Params, model: string): NativeParams<AnthropicCallParams> {
  const { maxTokens, temperature, topP, topK, stop, reasoning } = params;
  const thinking = reasoning === undefined ? {} : thinkingParams(reasoning, model);
  const lacking = (["seed", "frequencyPenalty", "presencePenalty"] as const).filter(
    (name) => params[name] !== undefined,
  );
  return {
    callParams: defined({
      max_tokens: maxTokens,
      temperature,
      top_p: topP,
      top_k: topK,
      stop_sequences: stop === undefined ? undefined : [stop].flat(),
      ...thinking,
    }),
    unsupported: thinking === null ? [...lacking, "reasoning"] : lacking,
  };
}

/** Null if the model has nothing like it. */
function thinkingParams(
  reasoning: Reasoning,
  model: string,
): Pick<AnthropicCallParams, "thinking" | "output_config"> | null {
  if (reasoning === "none") return { thinking: { type: "disabled" } };
  if (typeof reasoning === "object") {
    return hasThinkingBudget(model) ? { thinking: { type: "enabled", budget_tokens: reasoning.maxTokens } } : null;
  }
  return isBefore46(model)
    ? { thinking: { type: "enabled", budget_tokens: BUDGETS[reasoning] } }
    : { thinking: { type: "adaptive" }, output_config: { effort: reasoning } };
}
