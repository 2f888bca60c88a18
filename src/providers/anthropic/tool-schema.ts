import { defined } from "../../json/object.ts";
import { isDeclared } from "../../tool/declared.ts";
import type { AnyTool } from "../../tool/tool.ts";
import type { ToolChoice } from "../../tool/tool-choice.ts";
import type { ToolChoice as NativeToolChoice, ToolParam } from "./tool-param.ts";

/**
 * A tool in the form that the Messages API takes.
 *
 * @example
 * ```ts
 * import { tool } from "millrace";
 * import { toolSchema } from "millrace/anthropic";
 *
 * const ping = tool({ name: "ping", description: "Replies with pong.", call: () => "pong" });
 * console.log(toolSchema(ping)); // { name: "ping", description: "Replies with pong.", input_schema: { type: "object", … } }
 * ```
 */
export function toolSchema(tool: AnyTool): ToolParam {
  const { name, description, inputSchema, cacheControl, strict, eagerInputStreaming, deferLoading } = tool;
  return defined({
    name,
    description,
    input_schema: inputSchema,
    cache_control: cacheControl,
    strict,
    eager_input_streaming: eagerInputStreaming,
    defer_loading: deferLoading,
  }) as ToolParam;
}

/**
 * The request parameters for tools and the choice among them; none without tools. A choice that is not given is left
 * out, so that one in `callParams` stands.
 */
export function toolParams(
  tools: readonly (AnyTool | ToolParam)[],
  choice: ToolChoice | undefined,
): { readonly tools?: readonly ToolParam[] | undefined; readonly tool_choice?: NativeToolChoice | undefined } {
  if (tools.length === 0) return {};
  return defined({
    tools: tools.map((tool) => (isDeclared(tool) ? toolSchema(tool) : tool)),
    tool_choice: nativeChoice(choice),
  });
}

function nativeChoice(choice: ToolChoice | undefined): NativeToolChoice | undefined {
  if (choice === undefined) return choice;
  const { parallel, ...rest } = typeof choice === "string" ? { type: choice, parallel: undefined } : choice;
  return defined({ ...rest, disable_parallel_tool_use: parallel === undefined ? parallel : !parallel });
}
