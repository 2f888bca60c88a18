import { shortened } from "../errors.ts";
import { stringField } from "../json/object.ts";
import type { Native } from "../provider/native.ts";
import type { Reply } from "../recovery/reply.ts";

/** Something about a reply that did not stop it, and that a program may want to log. */
export interface Warning {
  /**
   * - `undeclared_tool`: the model asked for a tool that the call does not have.
   * - `unusable_tool`: a tool cannot run, because its input is invalid or was cut.
   * - `usage_not_reported`: the server did not say how many tokens it used; usage and cost are estimates.
   * - `unknown_price`: the cost is not known, since the price of a model is not.
   * - `format_not_enforced`: the model was asked for the format of the response model, and is not held to it.
   */
  readonly code: "undeclared_tool" | "unusable_tool" | "usage_not_reported" | "unknown_price" | "format_not_enforced";
  /** What happened, in a sentence. */
  readonly message: string;
}

const LONGEST_NAME = 100;

/** What there is to warn of in a reply so far. */
export function warningsOf<N extends Native>({ shown, plan, prepared, costMetadata }: Reply<N>): Warning[] {
  const { decoder } = shown;
  const warnings: Warning[] = [];
  const warn = (code: Warning["code"], message: string): void => void warnings.push({ code, message });
  const names = (prepared?.dynamicConfig?.tools ?? plan.tools ?? []).map((tool) => stringField(tool, "name"));
  for (const { name } of decoder.toolInputs) {
    // Tools in the provider's own shape may have names that are not known here.
    if (names.includes(name) || names.includes(null) || name === prepared?.jsonTool) continue;
    const shownName = shortened(shown.secrets.cut(name), LONGEST_NAME);
    warn("undeclared_tool", `The model asked for "${shownName}", which the call does not have.`);
  }
  if (prepared?.formatProblem !== undefined) warn("format_not_enforced", prepared.formatProblem);
  for (const { error } of shown.toolCalls) if (error !== null) warn("unusable_tool", error.message);
  if (decoder.message === null) return warnings;
  if (decoder.isWhole && !decoder.hasUsage) {
    warn("usage_not_reported", "The server did not report its usage: tokens and cost are estimates.");
  }
  if (costMetadata?.cost == null) {
    warn("unknown_price", `The price of ${shortened(shown.model, LONGEST_NAME)} is not known: give it in prices.`);
  }
  return warnings;
}
