import type { AnyTool } from "./tool.ts";

/** Whether a tool was made by `tool()`; if not, it is in a provider's own shape. */
export function isDeclared(tool: object): tool is AnyTool {
  return "~open" in tool;
}
