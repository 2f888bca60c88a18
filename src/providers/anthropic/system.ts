import type { AnthropicCallParams } from "./params.ts";

/** Instructions after what the parameters say already. */
export function joinSystem(
  system: AnthropicCallParams["system"],
  instructions: readonly object[],
): AnthropicCallParams["system"] | readonly object[] {
  if (instructions.length === 0) return system;
  const first = typeof system === "string" ? [{ type: "text", text: system }] : (system ?? []);
  return [...first, ...instructions];
}
