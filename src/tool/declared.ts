import type { AnyTool } from "./tool.ts";

/** Whether this is a tool made by `tool()`, rather than one in a provider's own shape. */
export function isDeclared(tool: object): tool is AnyTool {
  return "~open" in tool;
}
