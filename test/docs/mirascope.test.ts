import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { call, client } from "millrace/anthropic";
import { fakeAnthropic } from "millrace/testing";

const root = resolve(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(resolve(root, path), "utf8");
const page = read("docs/migration/mirascope.md");

/**
 * The public names of Mirascope's modules: `__all__` of their `__init__.py`, and of the modules that those name, at
 * https://github.com/Mirascope/mirascope/tree/v1.25.7/mirascope (commit 0befca3e60aa1d0d559580af81637a19680315ef).
 */
const NAMES: Readonly<Record<string, string>> = {
  "mirascope.core.anthropic":
    "AnthropicCallParams AnthropicCallResponse AnthropicCallResponseChunk AnthropicDynamicConfig AnthropicMessageParam " +
    "AnthropicStream AnthropicTool AnthropicToolConfig AsyncAnthropicDynamicConfig anthropic_call call",
  "mirascope.core.base":
    "AudioPart AudioSegment AudioURLPart BaseCallKwargs BaseCallParams BaseCallResponse BaseCallResponseChunk " +
    "BaseDynamicConfig BaseMessageParam BasePrompt BaseStream BaseStructuredStream BaseTool BaseToolKit BaseType " +
    "CacheControlPart CommonCallParams CostMetadata DocumentPart DocumentURLPart FromCallArgs " +
    "GenerateJsonSchemaNoTitles ImagePart ImageURLPart JsonableType LocalProvider Messages Metadata " +
    "ResponseModelConfigDict TextPart ToolCallPart ToolConfig ToolResultPart Usage _partial _utils call_factory " +
    "merge_decorators metadata prompt_template toolkit_tool transform_tool_outputs",
  "mirascope.llm":
    "CallResponse CallResponseChunk CostMetadata LocalProvider Provider Stream Tool calculate_cost call context override",
  "mirascope.retries": "FallbackError fallback tenacity tenacity.collect_errors",
  "mirascope.integrations":
    "langfuse langfuse.with_langfuse logfire logfire.with_logfire middleware_factory otel otel.configure " +
    "otel.with_hyperdx otel.with_otel tenacity",
  "mirascope.mcp": "MCPClient MCPServer MCPTool sse_client stdio_client",
};

/** The public members of its classes, in `core/base` and `core/anthropic` there. */
const MEMBERS: Readonly<Record<string, string>> = {
  "stream.py":
    "stream content metadata tool_types call_response_type model prompt_template fn_args dynamic_config messages " +
    "call_params call_kwargs user_message_param message_param input_tokens cached_tokens output_tokens id " +
    "finish_reasons start_time end_time provider cost_metadata cost tool_message_params construct_call_response",
  "call_response.py":
    "metadata response tool_types prompt_template fn_args dynamic_config messages call_params call_kwargs " +
    "user_message_param start_time end_time serialize_tool_types content thinking signature finish_reasons model id " +
    "usage input_tokens cached_tokens output_tokens cost_metadata cost provider message_param tools tool " +
    "tool_message_params common_finish_reasons common_message_param common_user_message_param common_messages " +
    "common_tools common_usage",
  "call_response_chunk.py":
    "chunk content thinking signature finish_reasons model id usage input_tokens cached_tokens output_tokens " +
    "cost_metadata common_finish_reasons common_usage",
  "tool.py":
    "tool_config delta args call type_from_fn type_from_base_model_type type_from_base_type tool_schema " +
    "model_json_schema warn_for_unsupported_configurations tool_call from_tool_call",
  "structured_stream.py": "stream response_model constructed_response_model",
  "prompt.py": "message_params dynamic_config dump run run_async",
  "toolkit.py": "create_tools",
};

const sections = new Map(
  page.split(/^## /m).map((section) => [section.slice(0, section.indexOf("\n")), section] as const),
);

/** The rows of a section's table: the cells of each. */
function rowsOf(heading: string): readonly (readonly string[])[] {
  const rows = [...(sections.get(heading) ?? "").matchAll(/^\| (.*) \|$/gm)].map(([, row = ""]) => row.split(" | "));
  return rows.slice(2);
}

const codeIn = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);

const camelCase = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

describe("the page for users of Mirascope", () => {
  it.each(Object.entries(NAMES))("has one line for each name of %s", (heading, names) => {
    expect(
      rowsOf(heading)
        .map(([name = ""]) => name.slice(1, -1))
        .toSorted(),
    ).toEqual(names.split(" ").toSorted());
  });

  it.each(Object.keys(NAMES))("names only what millrace has, for %s", (heading) => {
    const entries = ["index.ts", "providers/anthropic/index.ts", "neutral-mcp.ts", "neutral-context.ts"];
    const options = ["call/options.ts", "structured/structured-call.ts"];
    const words = new Set([...entries, ...options].flatMap((path) => read(`src/${path}`).match(/\w+/g) ?? []));
    for (const [name, here = ""] of rowsOf(heading)) {
      const claimed = codeIn(here).filter((code) => /^\w+$/.test(code));
      expect([name, here === "none" || codeIn(here).length > 0]).toEqual([name, true]);
      expect([name, claimed.filter((code) => !words.has(code))]).toEqual([name, []]);
    }
  });

  it.each(Object.entries(MEMBERS))("has the members that are in %s", (_file, names) => {
    const members = codeIn(sections.get("Members") ?? "").map((code) => code.replace(/^\w+\.(?=\w)|\(\)$/g, ""));
    expect(names.split(" ").filter((name) => !members.includes(name))).toEqual([]);
  });

  it("says of no member that it is the same if it is not there", async () => {
    await using server = await fakeAnthropic({ replies: "Mistborn." });
    const options = { stream: true, client: client({ apiKey: "any", baseURL: server.url }) } as const;
    const stream = call("claude-sonnet-5-5", options, () => "A book?")();
    const response = await stream.response();
    const another = call("claude-sonnet-5-5", options, () => "A book?")();
    for await (const [chunk] of another) {
      const [same = ""] = (sections.get("Members") ?? "").split("\n\n").slice(1);
      const [ofBoth = "", ofChunks = ""] = same.split("Chunks have");
      expect(codeIn(ofBoth).filter((name) => !(camelCase(name) in stream && camelCase(name) in response))).toEqual([]);
      expect(codeIn(ofChunks).filter((name) => !(camelCase(name) in chunk))).toEqual([]);
      expect(codeIn(ofChunks).length).toBeGreaterThan(10);
    }
  });
});
