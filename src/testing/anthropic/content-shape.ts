/**
 * The content blocks of a request, from the types of the official SDK (1.12.0). Where a reply has a field that the SDK
 * does not send, it is here too: the reply goes back as it came.
 */

import { anything, beta, fields, kinds, list, type Shape } from "./shape.ts";
import { cacheControl, tools } from "./tool-shape.ts";

const cached: Readonly<Record<string, Shape>> = { cache_control: cacheControl };

const citation = kinds({
  char_location: fields("cited_text document_index document_title end_char_index file_id start_char_index"),
  content_block_location: fields("cited_text document_index document_title end_block_index file_id start_block_index"),
  page_location: fields("cited_text document_index document_title end_page_number file_id start_page_number"),
  search_result_location: fields("cited_text end_block_index search_result_index source start_block_index title"),
  web_search_result_location: fields("cited_text encrypted_index title url"),
});

const textFields = fields("text", { ...cached, citations: list(citation) });
/** Text where nothing else may be. */
export const text = fields("type", textFields.fields);

const image = fields("", {
  ...cached,
  source: kinds({ base64: fields("data media_type"), file: fields("file_id"), url: fields("url") }),
  transformations: fields("oversized_image"),
});

const document = fields("context title", {
  ...cached,
  citations: fields("enabled"),
  source: kinds({
    base64: fields("data media_type"),
    content: fields("", { content: list(kinds({ image, text: textFields })) }),
    file: fields("file_id"),
    text: fields("data media_type"),
    url: fields("url"),
  }),
});

const searchResult = fields("source title", { ...cached, citations: fields("enabled"), content: list(text) });

const toolReference = fields("tool_name", cached);

const browserState = fields("", {
  ...cached,
  tabs: list(fields("tab_id title url active")),
  state_changes: list(
    kinds({
      download_completed: fields("download_id url path size_bytes"),
      download_failed: fields("download_id url error"),
      download_started: fields("download_id url"),
      tab_opened: fields("tab_id"),
    }),
  ),
});

const caller = kinds({
  code_execution_20250825: fields("tool_id"),
  code_execution_20260120: fields("tool_id"),
  direct: fields(""),
});

/** The result of a tool that runs at Anthropic. */
function result(content: Shape, more: Readonly<Record<string, Shape>> = {}): Shape {
  return fields("tool_use_id", { ...cached, content, ...more });
}

const failure = fields("error_code");
const explainedFailure = fields("error_code error_message");
const outputs = list(fields("type file_id"));

const serverToolResults = {
  advisor_tool_result: beta(
    "advisor-tool-",
    result(
      kinds({
        advisor_redacted_result: fields("encrypted_content stop_reason"),
        advisor_result: fields("text stop_reason"),
        advisor_tool_result_error: failure,
      }),
    ),
  ),
  bash_code_execution_tool_result: result(
    kinds({
      bash_code_execution_result: fields("return_code stderr stdout", { content: outputs }),
      bash_code_execution_tool_result_error: failure,
    }),
  ),
  code_execution_tool_result: result(
    kinds({
      code_execution_result: fields("return_code stderr stdout", { content: outputs }),
      code_execution_tool_result_error: failure,
      encrypted_code_execution_result: fields("encrypted_stdout return_code stderr", { content: outputs }),
    }),
  ),
  text_editor_code_execution_tool_result: result(
    kinds({
      text_editor_code_execution_create_result: fields("is_file_update"),
      text_editor_code_execution_str_replace_result: fields("lines new_lines new_start old_lines old_start"),
      text_editor_code_execution_tool_result_error: explainedFailure,
      text_editor_code_execution_view_result: fields("content file_type num_lines start_line total_lines"),
    }),
  ),
  tool_search_tool_result: result(
    kinds({
      tool_search_tool_result_error: explainedFailure,
      tool_search_tool_search_result: fields("", { tool_references: list(fields("type", toolReference.fields)) }),
    }),
  ),
  web_fetch_tool_result: result(
    kinds({
      web_fetch_result: fields("url retrieved_at", { content: kinds({ document }) }),
      web_fetch_tool_result_error: failure,
    }),
    { caller },
  ),
  web_search_tool_result: result(
    {
      ...list(kinds({ web_search_result: fields("encrypted_content title url page_age") })),
      ...kinds({ web_search_tool_result_error: failure }),
    },
    { caller },
  ),
};

const MCP = "mcp-client-";
const TOOL_CHANGES = "mid-conversation-tool-changes- inline-tools-";

const changedTools = {
  mcp_tool_reference: fields("name server_name"),
  mcp_toolset_reference: fields("server_name"),
  tool_reference: fields("name"),
};
const addition = fields("", {
  ...cached,
  tool: kinds({ ...changedTools, tool_definition: beta("inline-tools-", fields("", { definition: tools })) }),
});
const removal = fields("", { ...cached, tool: kinds(changedTools) });
const toolChanges: Readonly<Record<string, Shape>> = { tool_addition: addition, tool_removal: removal };

/** The API lists the kinds in this order. */
function alphabetical(byType: Readonly<Record<string, Shape>>): Readonly<Record<string, Shape>> {
  return Object.fromEntries(Object.entries(byType).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The content of a message. */
export const content: Shape = list(
  kinds(
    alphabetical({
      ...serverToolResults,
      compaction: beta(
        "compact-",
        fields("content encrypted_content signature", { ...cached, tool_changes: list(kinds(toolChanges)) }),
      ),
      container_upload: fields("file_id", cached),
      document,
      fallback: beta("server-side-fallback-", fields("trigger", { from: fields("model"), to: fields("model") })),
      image,
      mcp_tool_listing: beta(
        "mcp-client-2026-09-15",
        fields("mcp_server_name", { tools: list(fields("input_schema name description")) }),
      ),
      mcp_tool_result: beta(MCP, result(list(text), { is_error: anything })),
      mcp_tool_use: beta(MCP, fields("id input name server_name", cached)),
      redacted_thinking: fields("data"),
      search_result: searchResult,
      server_tool_use: fields("id input name", { ...cached, caller }),
      text: textFields,
      thinking: fields("thinking signature"),
      tool_addition: beta(TOOL_CHANGES, addition),
      tool_removal: beta(TOOL_CHANGES, removal),
      tool_result: result(
        list(
          kinds({
            browser_state: browserState,
            document,
            image,
            search_result: searchResult,
            text: textFields,
            tool_reference: toolReference,
          }),
        ),
        { is_error: anything, toolset_name: anything },
      ),
      tool_use: fields("id input name toolset_name", { ...cached, caller }),
    }),
  ),
);
