import { defined } from "../../json/object.ts";
import { isDeclared } from "../../tool/declared.ts";
import type { AnyTool } from "../../tool/tool.ts";
import type { ToolChoice } from "../../tool/tool-choice.ts";
import type { CacheControlParam } from "./cache-control.ts";
import type { ToolChoice as NativeToolChoice, ToolParam } from "./tool-param.ts";

/** The options of a tool that are Anthropic's own. */
export interface AnthropicToolOptions {
  /** Caches the list of tools up to and including this one. */
  readonly cacheControl?: CacheControlParam | undefined;
  /** Makes the model follow the schema, which must then have `additionalProperties: false`, and lack some keywords. */
  readonly strict?: boolean | undefined;
  /** Streams the input as the model writes it, not value by value. It may then turn out not to be JSON. */
  readonly eagerInputStreaming?: boolean | undefined;
  /** Hides the tool from the model until a tool search finds it. */
  readonly deferLoading?: boolean | undefined;
}

/**
 * A tool in the form that the Messages API takes.
 *
 * @param tool - A tool that `tool()` has made.
 * @example
 * ```ts
 * import { tool } from "millrace";
 * import { toolSchema } from "millrace/anthropic";
 *
 * const ping = tool({ name: "ping", description: "Replies with pong.", call: () => "pong" });
 * console.log(toolSchema(ping)); // { name: "ping", description: "Replies with pong.", input_schema: { type: "object", … } }
 * ```
 */
export function toolSchema(tool: AnyTool & AnthropicToolOptions): ToolParam {
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
