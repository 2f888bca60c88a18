import { defined } from "../../json/object.ts";
import { isDeclared } from "../../tool/declared.ts";
import type { AnyTool } from "../../tool/tool.ts";
import type { ToolChoice } from "../../tool/tool-choice.ts";
import type { NativeToolChoice, ToolParam } from "./tool-param.ts";

/** The options of a tool that this API has, too. */
export interface OpenAIToolOptions {
  /** Makes the model follow the schema, which must then have `additionalProperties: false`, and lack some keywords. */
  readonly strict?: boolean | undefined;
  /** Hides the tool from the model until a tool search finds it. */
  readonly deferLoading?: boolean | undefined;
}

/**
 * A tool in the form that the Responses API takes.
 *
 * @param tool - A tool that `tool()` has made.
 * @example
 * ```ts
 * import { tool } from "millrace";
 * import { toolSchema } from "millrace/openai";
 *
 * const ping = tool({ name: "ping", description: "Replies with pong.", call: () => "pong" });
 * console.log(toolSchema(ping)); // { type: "function", name: "ping", description: "Replies with pong.", parameters: … }
 * ```
 */
export function toolSchema(tool: AnyTool & OpenAIToolOptions): ToolParam {
  const { name, description, inputSchema, strict = false, deferLoading } = tool;
  // If it is left out, the API decides by itself whether to be strict.
  const param = { type: "function", name, description, parameters: inputSchema, strict, defer_loading: deferLoading };
  return defined(param) as ToolParam;
}

/** The request parameters for tools and the choice among them; none without tools. */
interface ToolParams {
  readonly tools?: readonly ToolParam[];
  readonly tool_choice?: NativeToolChoice;
  readonly parallel_tool_calls?: boolean;
}

/** A choice that is not given is left out, so that one in `callParams` stands. */
export function toolParams(tools: readonly (AnyTool | ToolParam)[], choice: ToolChoice | undefined): ToolParams {
  if (tools.length === 0) return {};
  const given: Exclude<ToolChoice, string> | { readonly type: "none" } | undefined =
    typeof choice === "string" ? { type: choice } : choice;
  const name = given?.type === "tool" ? given.name : "";
  // Its name may be that of a tool that takes text.
  const chosen = tools.find((tool) => "name" in tool && tool.name === name);
  const kind = chosen && !isDeclared(chosen) && chosen.type === "custom" ? "custom" : "function";
  const choices = { auto: "auto", none: "none", any: "required", tool: { type: kind, name } } as const;
  return defined({
    tools: tools.map((tool) => (isDeclared(tool) ? toolSchema(tool) : tool)),
    tool_choice: given && choices[given.type],
    parallel_tool_calls: given && "parallel" in given ? given.parallel : undefined,
  }) as ToolParams;
}
