import type { ToolChoice } from "../tool/tool-choice.ts";

/**
 * The choice for the turns after one in which the model has obeyed a choice that forces: it may use tools from then on.
 * Undefined if the choice does not force, or none of the calls is what it asks for.
 */
export function liftedChoice(
  choice: ToolChoice | undefined,
  calls: readonly { readonly name: string }[],
): ToolChoice | undefined {
  const { type, ...asked } = typeof choice === "object" ? choice : { type: choice };
  if (type !== "any" && type !== "tool") return undefined;
  const isObeyed = calls.some(({ name }) => !("name" in asked) || asked.name === name);
  return isObeyed ? { type: "auto", parallel: "parallel" in asked ? asked.parallel : undefined } : undefined;
}
