/**
 * The tools of a server that speaks the Model Context Protocol (modelcontextprotocol.io/specification), as tools. The
 * client is yours: one of `@modelcontextprotocol/client`, or anything else of its shape.
 */

import { MillraceError } from "../errors.ts";
import { field, isObject, stringField } from "../json/object.ts";
import { checkName, type Tool, tool, type ToolOptions } from "./tool.ts";

/** An MCP client, as far as it is used. */
export interface McpClient {
  listTools(params?: { readonly cursor?: string }): Promise<McpToolList>;
  callTool(
    params: { readonly name: string; readonly arguments?: Record<string, unknown> },
    options?: { readonly signal?: AbortSignal },
  ): Promise<object>;
}

/** A page of the tools that a server has. */
export interface McpToolList {
  readonly tools: readonly {
    readonly name: string;
    readonly title?: string | undefined;
    readonly description?: string | undefined;
    readonly inputSchema: object;
  }[];
  readonly nextCursor?: string | undefined;
}

/** What a tool of an MCP server gives: text, or content parts where there is more than text. */
export type McpOutput = string | readonly McpPart[];

/** One part of what a tool gave. */
export type McpPart =
  | { readonly type: "text"; readonly text: string }
  /** `data` is base64. */
  | { readonly type: "image" | "document"; readonly data: string; readonly mediaType: string };

/** A tool of an MCP server. Its input is what the model wrote: the server validates it. */
export type McpTool<Namespace extends string> = Tool<
  `${Namespace}_${string}`,
  Record<string, unknown>,
  McpOutput,
  Record<string, unknown>
>;

/** How the tools of a server are offered. */
export interface McpOptions<Namespace extends string> extends Omit<ToolOptions, "cacheControl"> {
  /** Comes before each tool's name, with `_` between. So names differ from those of your other tools. */
  readonly namespace: Namespace;
}

/** A tool of an MCP server failed. The message is what the tool said. */
export class McpToolError extends MillraceError {
  readonly code = "mcp_tool";
  /** The name that the server knows it by. */
  readonly toolName: string;
  constructor(toolName: string, message: string) {
    super(message);
    this.toolName = toolName;
  }
}

/**
 * The tools that an MCP server has now. Characters that a model's tool may not have in its name become `_`; names that
 * are too long are cut, and those that then are the same numbered.
 *
 * @throws {InvalidOptionError} If the namespace cannot stand in a name. Besides, whatever the client throws.
 * @example
 * ```ts
 * import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
 * import { mcpTools } from "millrace/mcp";
 * const client = new Client({ name: "my-app", version: "1.0.0" });
 * await client.connect(new StreamableHTTPClientTransport(new URL("https://docs.example.com/mcp")));
 * const tools = await mcpTools(client, { namespace: "docs" }); // docs_search, docs_read, …
 * ```
 */
export async function mcpTools<const Namespace extends string>(
  client: McpClient,
  { namespace, ...options }: McpOptions<Namespace>,
): Promise<readonly McpTool<Namespace>[]> {
  checkName(namespace);
  const names = new Set<string>();
  const listed = await listAll(client);
  return listed.map(({ name, title, description = title, inputSchema }) =>
    tool({
      ...options,
      name: uniqueName(namespace, name, names),
      description,
      inputSchema,
      call: async (args, { signal }) => toOutput(name, await client.callTool({ name, arguments: args }, { signal })),
    }),
  );
}

async function listAll(client: McpClient): Promise<McpToolList["tools"]> {
  const tools: McpToolList["tools"][number][] = [];
  const cursors = new Set<string | undefined>();
  let cursor: string | undefined;
  // A server that gives the same cursor again would go on for ever.
  while (!cursors.has(cursor)) {
    cursors.add(cursor);
    const page = await client.listTools(cursor === undefined ? {} : { cursor });
    tools.push(...page.tools);
    cursor = page.nextCursor;
  }
  return tools;
}

const LONGEST_NAME = 64;

function uniqueName<Namespace extends string>(
  namespace: Namespace,
  name: string,
  taken: Set<string>,
): `${Namespace}_${string}` {
  const rest = name.replace(/[^\w-]/g, "_");
  for (let number = 1; ; number++) {
    const ending = number === 1 ? "" : `_${number}`;
    const unique =
      `${namespace}_${rest.slice(0, LONGEST_NAME - namespace.length - 1 - ending.length)}${ending}` as const;
    if (taken.has(unique)) continue;
    taken.add(unique);
    return unique;
  }
}

/** @throws {McpToolError} If the tool says that it failed. */
function toOutput(name: string, result: object): McpOutput {
  const content = field(result, "content");
  const parts = Array.isArray(content) ? content.map(toPart) : [];
  const texts = parts.flatMap((part) => (part.type === "text" ? [part.text] : []));
  if (field(result, "isError") === true) {
    throw new McpToolError(name, texts.join("\n") || "The tool failed, and did not say why.");
  }
  if (texts.length < parts.length) return parts;
  const structured = field(result, "structuredContent");
  return parts.length === 0 && structured !== undefined ? JSON.stringify(structured) : texts.join("\n");
}

function toPart(block: unknown): McpPart {
  switch (stringField(block, "type")) {
    case "text":
      return text(stringField(block, "text") ?? "");
    case "image":
    case "audio":
      return media(stringField(block, "data"), stringField(block, "mimeType"), "");
    case "resource":
      return fromResource(field(block, "resource"));
    case "resource_link":
      return text(`${stringField(block, "title") ?? stringField(block, "name") ?? "Resource"}: ${uriOf(block)}`);
    default:
      return text(isObject(block) ? JSON.stringify(block) : String(block));
  }
}

function fromResource(resource: unknown): McpPart {
  const content = stringField(resource, "text");
  if (content !== null) return text(content);
  return media(stringField(resource, "blob"), stringField(resource, "mimeType"), ` ${uriOf(resource)}`);
}

/** Images and PDFs; of what models cannot read as a tool's result, a note. */
function media(data: string | null, mediaType: string | null, uri: string): McpPart {
  if (data !== null && mediaType !== null) {
    if (mediaType.startsWith("image/")) return { type: "image", data, mediaType };
    if (mediaType === "application/pdf") return { type: "document", data, mediaType };
  }
  return text(`[${mediaType ?? "Binary content"}${uri}, not shown]`);
}

function uriOf(block: unknown): string {
  return stringField(block, "uri") ?? "";
}

function text(content: string): McpPart {
  return { type: "text", text: content };
}
