import { defined } from "../../json/object.ts";
import { isDeclared } from "../../tool/declared.ts";
import type { AnyTool } from "../../tool/tool.ts";
import type { ToolChoice } from "../../tool/tool-choice.ts";
import type { Dialect } from "./dialects.ts";
import type { FunctionToolParam, ToolChoiceParam, ToolParam } from "./tool-param.ts";

/** The options of a tool that are the API's own. */
export interface OpenAIChatToolOptions {
  /** Holds the model to the schema, which must then be of the strict subset. */
  readonly strict?: boolean | undefined;
}

/**
 * A tool in the form that Chat Completions takes.
 *
 * @param tool - A tool that `tool()` has made.
 * @example
 * ```ts
 * import { tool } from "millrace";
 * import { toolSchema } from "millrace/openai/chat";
 *
 * const ping = tool({ name: "ping", description: "Replies with pong.", call: () => "pong" });
 * console.log(toolSchema(ping)); // { type: "function", function: { name: "ping", … } }
 * ```
 */
export function toolSchema(tool: AnyTool & OpenAIChatToolOptions): FunctionToolParam {
  const { name, description, inputSchema, strict } = tool;
  return { type: "function", function: defined({ name, description, parameters: { ...inputSchema }, strict }) };
}

/** The request parameters for tools and the choice among them. */
export interface ToolParams {
  readonly tools?: readonly ToolParam[] | undefined;
  readonly tool_choice?: ToolChoiceParam | undefined;
  readonly parallel_tool_calls?: boolean | undefined;
}

/** None without tools. A choice that is not given is left out, so that one in `callParams` stands. */
export function toolParams(
  tools: readonly (AnyTool | ToolParam)[],
  choice: ToolChoice | undefined,
  { anyTool = "required" }: Dialect,
): ToolParams {
  if (tools.length === 0) return {};
  const { type, parallel, ...rest } = typeof choice === "object" ? choice : { type: choice, parallel: undefined };
  const named = { type: "function", function: rest };
  return defined({
    tools: tools.map((tool) => (isDeclared(tool) ? toolSchema(tool) : tool)),
    // A server may have another word for it.
    tool_choice: (type === "tool" ? named : type === "any" ? anyTool : type) as ToolChoiceParam | undefined,
    parallel_tool_calls: parallel,
  });
}
