/** The tools of an MCP server, with the options of all providers. */

import type { AnthropicToolOptions } from "./providers/anthropic/tool-schema.ts";
import { type McpClient, type McpOptions as AnyMcpOptions, type McpTool, mcpTools as toolsOf } from "./tool/mcp.ts";

export {
  type McpClient,
  McpListError,
  type McpOutput,
  type McpPart,
  type McpTool,
  McpToolError,
  type McpToolList,
} from "./tool/mcp.ts";

/** How the tools of a server are offered to the model. */
export interface McpOptions<Namespace extends string>
  extends AnyMcpOptions<Namespace>, Omit<AnthropicToolOptions, "cacheControl"> {}

/**
 * Lists the tools that an MCP server has now, and makes tools of them.
 *
 * Characters that are not allowed in the name of a model's tool become `_`, and names that are too long are cut. Tools
 * whose names become the same are numbered: `docs_read`, `docs_read_2`. A schema becomes one that models accept: of an
 * object, and with no `anyOf`, `oneOf` or `allOf` at its top, which the description repeats in words. A tool that no model
 * would accept is left out, and `onSkip` is told.
 *
 * @param client - A connected client of `@modelcontextprotocol/client`, or one of its shape.
 * @param options - The namespace, and how the tools are offered to the model.
 * @throws InvalidOptionError if `namespace` cannot begin a tool's name.
 * @throws McpListError if the list is malformed, or longer than 1,000 pages or 10,000 tools.
 * Rejections of the client are passed on.
 * @example
 * ```ts
 * import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
 * import { mcpTools } from "millrace/mcp";
 * const client = new Client({ name: "my-app", version: "1.0.0" });
 * await client.connect(new StreamableHTTPClientTransport(new URL("https://docs.example.com/mcp")));
 * const tools = await mcpTools(client, { namespace: "docs" }); // docs_search, docs_read, …
 * ```
 */
export function mcpTools<const Namespace extends string>(
  client: McpClient,
  options: McpOptions<Namespace>,
): Promise<readonly McpTool<Namespace>[]> {
  return toolsOf(client, options);
}
