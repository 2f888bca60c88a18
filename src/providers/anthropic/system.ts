import type { AnthropicCallParams } from "./params.ts";

/** The `system` of a request: what the call's parameters say, followed by instructions from elsewhere. */
export function joinSystem(
  system: AnthropicCallParams["system"],
  instructions: readonly object[],
): AnthropicCallParams["system"] | readonly object[] {
  if (instructions.length === 0) return system;
  if (typeof system !== "string") return [...(system ?? []), ...instructions];
  // The API takes an empty string, but refuses empty text blocks.
  return system === "" ? instructions : [{ type: "text", text: system }, ...instructions];
}
