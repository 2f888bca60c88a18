/** Tools that run at Anthropic or on an MCP server. Each function makes the blocks of a call and its result. */

import type { JsonObject } from "../json.ts";
import { block, type BlockPart, inputDeltas } from "../part.ts";

/**
 * Makes the call of a server tool without its result, as at the end of a reply that pauses.
 *
 * @param name - The tool's name, such as `web_search`.
 * @param input - Its input. Default: none.
 * @example
 * ```ts
 * import { reply, serverToolUse } from "millrace/testing";
 * reply(serverToolUse("web_search", { query: "millrace" }), { stopReason: "pause_turn" });
 * ```
 */
export function serverToolUse(name: string, input: JsonObject = {}): BlockPart {
  return block({ type: "server_tool_use", name, input: {} }, inputDeltas(input));
}

/** A page found by a web search. */
export interface SearchResult {
  /** Where it is. */
  readonly url: string;
  /** Its title. */
  readonly title: string;
  /** How old it is, in words. */
  readonly page_age?: string | null | undefined;
}

/** The failure of a server tool. The reply itself goes on. */
export interface ServerToolError {
  /** The error's code, such as `max_uses_exceeded`. */
  readonly error: string;
}

/**
 * Makes a web search, with the pages that it found or the reason why it failed.
 *
 * @param query - What was searched for.
 * @param found - The pages, or why it failed.
 * @example
 * ```ts
 * import { reply, text, webSearch } from "millrace/testing";
 * reply(webSearch("millrace", [{ url: "https://example.org", title: "A millrace" }]), text("It is a channel."));
 * reply(webSearch("millrace", { error: "max_uses_exceeded" }), text("I could not look."));
 * ```
 */
export function webSearch(query: string, found: readonly SearchResult[] | ServerToolError): BlockPart[] {
  const content = isError(found)
    ? failure("web_search", found)
    : found.map(({ url, title, page_age = null }) => ({
        type: "web_search_result",
        title,
        url,
        encrypted_content: `EvOD${url.length}${title.length}`,
        page_age,
      }));
  return pair("web_search", { query }, "web_search_tool_result", content);
}

/**
 * Makes the fetch of a web page, with the page or the reason why it failed.
 *
 * @param url - The address of the page.
 * @param fetched - The page, or why it failed.
 * @example
 * ```ts
 * import { reply, text, webFetch } from "millrace/testing";
 * reply(webFetch("https://example.org", { title: "Example", text: "An example." }), text("It is an example."));
 * ```
 */
export function webFetch(url: string, fetched: { title: string; text: string } | ServerToolError): BlockPart[] {
  const document = (title: string, data: string): JsonObject => ({
    type: "document",
    source: { type: "text", media_type: "text/plain", data },
    title,
  });
  const content = isError(fetched)
    ? failure("web_fetch", fetched)
    : {
        type: "web_fetch_result",
        url,
        retrieved_at: "2026-11-01T00:00:00Z",
        content: document(fetched.title, fetched.text),
      };
  return pair("web_fetch", { url }, "web_fetch_tool_result", content);
}

/** The output of a command. */
export interface CommandOutput {
  /** What it printed. Default: nothing. */
  readonly stdout?: string | undefined;
  /** What it printed as errors. Default: nothing. */
  readonly stderr?: string | undefined;
  /** Its exit code. Default 0. */
  readonly returnCode?: number | undefined;
}

/**
 * Makes a command that runs in the container, with its output or the reason why it failed. The reply's `container`
 * option names the container.
 *
 * @param command - The command.
 * @param output - What it printed, or why it failed.
 * @example
 * ```ts
 * import { codeExecution, reply, text } from "millrace/testing";
 * reply(codeExecution("echo 4", { stdout: "4\n" }), text("Four."), { container: { id: "container_01" } });
 * ```
 */
export function codeExecution(command: string, output: CommandOutput | ServerToolError): BlockPart[] {
  const content = isError(output)
    ? failure("bash_code_execution", output)
    : {
        type: "bash_code_execution_result",
        stdout: output.stdout ?? "",
        stderr: output.stderr ?? "",
        return_code: output.returnCode ?? 0,
        content: [],
      };
  return pair("bash_code_execution", { command }, "bash_code_execution_tool_result", content);
}

/**
 * Makes a search among deferred tools, with the names that it found or the reason why it failed.
 *
 * @param pattern - The regular expression that was searched for.
 * @param found - The names of the tools, or why it failed.
 * @example
 * ```ts
 * import { reply, toolSearch, toolUse } from "millrace/testing";
 * reply(toolSearch("book", ["find_book"]), toolUse("find_book", { genre: "fantasy" }));
 * ```
 */
export function toolSearch(pattern: string, found: readonly string[] | ServerToolError): BlockPart[] {
  const content = isError(found)
    ? failure("tool_search", found)
    : {
        type: "tool_search_tool_search_result",
        tool_references: found.map((tool_name) => ({ type: "tool_reference", tool_name })),
      };
  return pair("tool_search_tool_regex", { pattern }, "tool_search_tool_result", content);
}

/**
 * Makes a request for the advice of another model, with the advice. Beta `advisor-tool-2026-03-01`.
 *
 * @param advice - The advice, or why there is none.
 * @example
 * ```ts
 * import { advisor, reply, text } from "millrace/testing";
 * reply(advisor("Be brief."), text("Yes."));
 * ```
 */
export function advisor(advice: string | ServerToolError): BlockPart[] {
  const content =
    typeof advice === "string"
      ? { type: "advisor_result", text: advice, stop_reason: "end_turn" }
      : failure("advisor", advice);
  return pair("advisor", {}, "advisor_tool_result", content);
}

/**
 * Makes the call of a tool on an MCP server, with its answer. Beta `mcp-client-2025-11-20`.
 *
 * @param server - The server's name.
 * @param name - The tool's name.
 * @param input - Its input.
 * @param answer - What it gave, or the words of its error.
 * @example
 * ```ts
 * import { mcpTool, reply, text } from "millrace/testing";
 * reply(mcpTool("docs", "read", { page: 1 }, "Page one."), text("It says: Page one."));
 * ```
 */
export function mcpTool(
  server: string,
  name: string,
  input: JsonObject,
  answer: string | ServerToolError,
): BlockPart[] {
  return [
    block({ type: "mcp_tool_use", name, input: {}, server_name: server }, inputDeltas(input)),
    block({
      type: "mcp_tool_result",
      is_error: isError(answer),
      content: [{ type: "text", text: isError(answer) ? answer.error : answer }],
    }),
  ];
}

function pair(name: string, input: JsonObject, resultType: string, content: unknown): BlockPart[] {
  return [serverToolUse(name, input), block({ type: resultType, content })];
}

function isError(result: unknown): result is ServerToolError {
  return typeof result === "object" && result !== null && "error" in result;
}

function failure(tool: string, { error }: ServerToolError): JsonObject {
  return { type: `${tool}_tool_result_error`, error_code: error };
}
