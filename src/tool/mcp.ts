/**
 * The tools of a server that speaks the Model Context Protocol (modelcontextprotocol.io/specification). You bring the
 * client: one of `@modelcontextprotocol/client`, or any object of its shape.
 */

import { type ErrorDetails, InvalidOptionError, messageOf, MillraceError, shortened } from "../errors.ts";
import { field, isObject, type JsonObject, stringField } from "../json/object.ts";
import { shownInput } from "../schema/tool-input.ts";
import { type McpOutput, toMcpOutput } from "./mcp-output.ts";
import { type Tool, tool, type ToolOptions } from "./tool.ts";

export { type McpOutput, type McpPart, McpToolError } from "./mcp-output.ts";

/** The part of an MCP client that is used. */
export interface McpClient {
  /**
   * Lists the tools of the server, a page at a time.
   *
   * @param params - `cursor`: where the page begins, as the page before it said.
   */
  listTools(params?: { readonly cursor?: string }): Promise<McpToolList>;
  /**
   * Calls a tool, and returns an object with `content`, `structuredContent` and `isError`, as MCP defines it.
   *
   * @param params - The tool's name and its input.
   * @param options - `signal`: aborts the call.
   */
  callTool(
    params: { readonly name: string; readonly arguments?: Record<string, unknown> },
    options?: { readonly signal?: AbortSignal },
  ): Promise<object>;
}

/** One page of a server's list of tools. */
export interface McpToolList {
  /** The tools, as the server describes them. */
  readonly tools: readonly {
    readonly name: string;
    readonly title?: string | undefined;
    readonly description?: string | undefined;
    readonly inputSchema: object;
  }[];
  /** Where the next page begins; nothing on the last one. */
  readonly nextCursor?: string | undefined;
}

/** A tool of an MCP server. Its input is what the model wrote: the server validates it. */
export type McpTool<Namespace extends string> = Tool<
  `${Namespace}_${string}`,
  Record<string, unknown>,
  McpOutput,
  Record<string, unknown>
>;

/** How the tools of a server are offered to the model. */
export interface McpOptions<Namespace extends string> extends ToolOptions {
  /**
   * Whether a person has to agree before an agent runs a tool: always, or where this gives true. `name` is the tool's, as
   * the server has it. As for {@link tool}.
   */
  readonly needsApproval?:
    | boolean
    | ((args: Record<string, unknown>, name: string) => boolean | Promise<boolean>)
    | undefined;
  /** Put before each tool's name, with `_` between them, which keeps the names apart from those of your other tools. */
  readonly namespace: Namespace;
  /**
   * Called for each tool that is left out because no model would accept it: it has no name, say, or takes something other
   * than an object. Default: a warning on the console.
   */
  readonly onSkip?: ((error: McpListError) => void) | undefined;
}

/**
 * An MCP server's list of tools is malformed or endless, or one of its tools cannot be offered to a model.
 *
 * @example
 * ```ts
 * import { McpListError } from "millrace/mcp";
 *
 * function report(error: unknown): void {
 *   if (error instanceof McpListError) console.error(error.toolName, error.message);
 * }
 * ```
 */
export class McpListError extends MillraceError {
  readonly code = "mcp_list";
  /** The tool that is at fault, as the server names it; null if it is the list, or the tool has no name. */
  declare readonly toolName: string | null;
  constructor(problem: string, toolName: string | null = null, details?: ErrorDetails) {
    super(problem, { ...details, toolName });
  }
}

/** A server whose list goes on beyond these would be asked for ever. */
const MOST_PAGES = 1000;
const MOST_TOOLS = 10_000;
/** The longest name of a tool that models accept. */
const LONGEST_NAME = 64;
/** The number of the last of so many tools of the same name, with its `_`. */
const LONGEST_ENDING = `_${MOST_TOOLS}`.length;
/** Leaves room for `_`, one character of the tool's own name, and the number. */
const LONGEST_NAMESPACE = LONGEST_NAME - 2 - LONGEST_ENDING;

/** The tools that an MCP server has now: see `mcpTools` of the entry, which adds the options of providers. */
export async function mcpTools<const Namespace extends string>(
  client: McpClient,
  { namespace, onSkip = warn, ...options }: McpOptions<Namespace>,
): Promise<readonly McpTool<Namespace>[]> {
  checkNamespace(namespace);
  const listed = await listAll(client);
  const uniqueName = uniqueNames(namespace);
  return listed.flatMap((each, place): McpTool<Namespace> | [] => {
    const name = stringField(each, "name") || null;
    try {
      return toTool(client, toListedTool(each), uniqueName, options);
    } catch (cause) {
      const which = name === null ? `Tool ${place + 1}` : `Tool "${shortened(name, 100)}"`;
      onSkip(new McpListError(`${which} of the MCP server is left out: ${messageOf(cause)}`, name, { cause }));
      return [];
    }
  });
}

function warn({ message }: McpListError): void {
  console.warn(message);
}

function toTool<Namespace extends string>(
  client: McpClient,
  { name, description, inputSchema }: ListedTool,
  uniqueName: (name: string) => `${Namespace}_${string}`,
  { needsApproval, ...options }: Omit<McpOptions<Namespace>, "namespace" | "onSkip">,
): McpTool<Namespace> {
  // Before it is given a name, which stays free if it is left out.
  const { schema, note } = shownInput(inputSchema);
  return tool({
    ...options,
    name: uniqueName(name),
    description: [description, note].filter(Boolean).join("\n\n") || undefined,
    inputSchema: schema,
    needsApproval: typeof needsApproval === "function" ? (args) => needsApproval(args, name) : needsApproval,
    call: async (args, { signal }) => toMcpOutput(name, await client.callTool({ name, arguments: args }, { signal })),
  });
}

/** @throws InvalidOptionError */
function checkNamespace(namespace: string): void {
  if (/^[\w-]+$/.test(namespace) && namespace.length <= LONGEST_NAMESPACE) return;
  throw new InvalidOptionError(
    "namespace",
    `it must be 1 to ${LONGEST_NAMESPACE} letters, digits, "_" or "-", to leave room for the tools' names.`,
  );
}

interface ListedTool {
  readonly name: string;
  readonly description: string | null;
  readonly inputSchema: JsonObject;
}

async function listAll(client: McpClient): Promise<readonly unknown[]> {
  const tools: unknown[] = [];
  const cursors = new Set<string | undefined>();
  let cursor: string | undefined;
  // A server that repeats a cursor has no further page.
  while (!cursors.has(cursor)) {
    if (cursors.size === MOST_PAGES) throw unusable(`it has more than ${MOST_PAGES} pages.`);
    cursors.add(cursor);
    const page: unknown = await client.listTools(cursor === undefined ? {} : { cursor });
    const listed: unknown = field(page, "tools");
    if (!Array.isArray(listed)) throw unusable(`page ${cursors.size} has no array "tools".`);
    if (tools.length + listed.length > MOST_TOOLS) throw unusable(`it has more than ${MOST_TOOLS} tools.`);
    for (const each of listed as readonly unknown[]) tools.push(each);
    // Some servers end their list with a cursor that is null or empty.
    cursor = stringField(page, "nextCursor") || undefined;
  }
  return tools;
}

function unusable(problem: string): McpListError {
  return new McpListError(`The MCP server's list of tools cannot be used: ${problem}`);
}

/** @throws Error if it is not a tool. */
function toListedTool(listed: unknown): ListedTool {
  const name = stringField(listed, "name");
  if (!isObject(listed) || !name) throw new Error("it has no name.");
  const description = stringField(listed, "description") ?? stringField(listed, "title");
  // The protocol requires a schema. Some servers leave it out for a tool without input.
  const inputSchema = listed["inputSchema"] ?? {};
  if (!isObject(inputSchema)) throw new Error("its inputSchema is not an object.");
  return { name, description, inputSchema };
}

/** Gives each name once, put in the namespace and made one that models accept. */
function uniqueNames<Namespace extends string>(namespace: Namespace): (name: string) => `${Namespace}_${string}` {
  const room = LONGEST_NAME - namespace.length - 1;
  const taken = new Set<string>();
  // The last number given to names that begin alike, up to where a number may replace their end. Counting on from it,
  // not from 1, keeps thousands of equal names from taking quadratic time.
  const numbers = new Map<string, number>();
  return (name) => {
    const rest = name.slice(0, 2 * room).replace(/[^\w-]/gu, "_");
    const beginning = rest.slice(0, room - LONGEST_ENDING);
    let unique = `${namespace}_${rest.slice(0, room)}` as const;
    while (taken.has(unique)) {
      const number = (numbers.get(beginning) ?? 1) + 1;
      numbers.set(beginning, number);
      const ending = `_${number}`;
      unique = `${namespace}_${rest.slice(0, room - ending.length)}${ending}`;
    }
    taken.add(unique);
    return unique;
  };
}
