/** The tools of a request, from the types of the official SDK (1.12.0). */

import { beta, fields, kinds, list, type Shape } from "./shape.ts";

export const cacheControl = kinds({ ephemeral: fields("ttl") });

/** A tool with the fields that all have but toolsets, and others. */
function tool(names: string, shapes: Readonly<Record<string, Shape>> = {}): Shape {
  return fields(`name allowed_callers defer_loading strict ${names}`, { cache_control: cacheControl, ...shapes });
}

/** A toolset, with the settings of its members by their names. */
function toolset(members: string): Shape {
  const member = fields("defer_loading enabled");
  const configs = Object.fromEntries(members.split(" ").map((name) => [name, member]));
  return fields("", { cache_control: cacheControl, configs: fields("", configs) });
}

const MOUSE =
  "double_click hold_key key left_click left_click_drag left_mouse_down left_mouse_up middle_click mouse_move " +
  "right_click screenshot scroll triple_click type wait zoom";
const BROWSER =
  "close_tab file_upload find form_input get_page_text hover javascript_exec list_tabs navigate new_tab read_console " +
  "read_network read_page scroll_to switch_tab";

const clientTool = tool("input_examples");
const computer = "display_height_px display_width_px display_number input_examples";
const serverTool = tool("");

const someTools = fields("", { tools: list(fields("type name")) });
const allOrNone = { all: fields(""), none: fields("") };
const origin = kinds({ ...allOrNone, except: someTools, only: someTools });
const webSearch = (more = ""): Shape =>
  tool(`allowed_domains blocked_domains max_uses ${more}`, {
    user_location: fields("type city country region timezone"),
  });
const webFetch = (more = ""): Shape =>
  tool(`allowed_domains blocked_domains max_content_tokens max_uses ${more}`, {
    citations: fields("enabled"),
    url_sources: fields("", { client_tool_results: origin, server_tool_results: origin, user_input: kinds(allOrNone) }),
  });

const mcpToolset = fields("mcp_server_name", {
  cache_control: cacheControl,
  configs: { values: fields("defer_loading enabled") },
  default_config: fields("defer_loading enabled"),
  tools: beta("mcp-client-2026-09-15", list(fields("input_schema name description"))),
});

/** One tool. The order is that of the API's messages. */
export const tools: Shape = kinds(
  {
    advisor_20260301: beta("advisor-tool-", tool("max_tokens max_uses model", { caching: cacheControl })),
    bash_20241022: beta("computer-use-2024-10-22", clientTool),
    bash_20250124: clientTool,
    browser_toolset_20260801: toolset(`${MOUSE} ${BROWSER}`),
    code_execution_20250522: serverTool,
    code_execution_20250825: serverTool,
    code_execution_20260120: serverTool,
    code_execution_20260521: serverTool,
    computer_20241022: beta("computer-use-2024-10-22", tool(computer)),
    computer_20250124: beta("computer-use-2025-01-24", tool(computer)),
    computer_20251124: beta("computer-use-2025-11-24", tool(`${computer} enable_zoom`)),
    computer_toolset_20260801: toolset(`${MOUSE} cursor_position`),
    // The schema of the input is anything: `$schema` and all other keywords are accepted.
    custom: tool("description eager_input_streaming input_examples input_schema"),
    mcp_toolset: beta("mcp-client-", mcpToolset),
    memory_20250818: clientTool,
    text_editor_20241022: beta("computer-use-2024-10-22", clientTool),
    text_editor_20250124: clientTool,
    text_editor_20250429: clientTool,
    text_editor_20250728: tool("input_examples max_characters"),
    tool_search_tool_bm25: serverTool,
    tool_search_tool_bm25_20251119: serverTool,
    tool_search_tool_regex: serverTool,
    tool_search_tool_regex_20251119: serverTool,
    web_fetch_20250910: webFetch(),
    web_fetch_20260209: webFetch(),
    web_fetch_20260309: webFetch("use_cache"),
    web_fetch_20260318: webFetch("response_inclusion use_cache"),
    web_search_20250305: webSearch(),
    web_search_20260209: webSearch(),
    web_search_20260318: webSearch("response_inclusion"),
  },
  "custom",
);

const parallel = fields("disable_parallel_tool_use");

/** Which tools the model may, must or must not use. */
export const toolChoice: Shape = kinds({
  auto: parallel,
  any: parallel,
  tool: fields("disable_parallel_tool_use name"),
  none: fields(""),
});

/** An MCP server. */
export const mcpServer: Shape = fields("authorization_token name type url", {
  tool_configuration: fields("allowed_tools enabled"),
});
