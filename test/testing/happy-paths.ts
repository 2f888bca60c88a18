import { expect } from "vitest";
import {
  advisor,
  block,
  citation,
  codeExecution,
  compaction,
  cut,
  events,
  fallback,
  mcpTool,
  pause,
  ping,
  rawEvent,
  redactedThinking,
  reply,
  replyMessage,
  type Script,
  serverToolUse,
  text,
  thinking,
  toolSearch,
  toolUse,
  webFetch,
  webSearch,
} from "millrace/testing";

const search = [{ url: "https://example.org/mill", title: "Mill" }];
const citations = [
  citation("char_location", "Grass."),
  citation("page_location", "Page.", { document_title: "Doc" }),
  citation("content_block_location", "Block."),
  citation("search_result_location", "Found.", { source: "s" }),
  citation("web_search_result_location", "Web.", { url: "https://example.org" }),
];

/** Kinds of reply, in the order of the documentation on streaming, with the message that each adds up to. */
export const happyPaths: [name: string, script: Script, expected: object][] = [
  ["a plain text", "Hello", { content: [{ type: "text", text: "Hello" }], stop_reason: "end_turn" }],
  ["given deltas", reply(text(["Hel", "lo"])), { content: [{ text: "Hello" }] }],
  [
    "parallel tools",
    reply("Both.", toolUse("a", { x: "y" }, { fragments: 5 }), toolUse("b")),
    {
      content: [
        { type: "text" },
        { type: "tool_use", name: "a", input: { x: "y" }, id: expect.stringMatching(/^toolu_01/) },
        { type: "tool_use", name: "b", input: {} },
      ],
      stop_reason: "tool_use",
    },
  ],
  [
    "summarized thinking",
    reply(thinking("Let me see."), "Yes."),
    { content: [{ type: "thinking", thinking: "Let me see.", signature: expect.stringMatching(/^Eq.{158}$/) }, {}] },
  ],
  [
    "omitted thinking",
    reply(thinking(), "Yes."),
    { content: [{ thinking: "", signature: expect.stringMatching(/^Eq/) }, {}] },
  ],
  [
    "estimates of thinking",
    reply(thinking("", { estimatedTokens: [10, 20] }), "Hi"),
    { content: [{ thinking: "" }, {}] },
  ],
  [
    "redacted thinking",
    reply(redactedThinking("abc"), "Yes."),
    { content: [{ type: "redacted_thinking", data: "abc" }, {}] },
  ],
  [
    "interleaved thinking",
    reply(thinking("One."), toolUse("a"), thinking("Two."), toolUse("b")),
    { content: [{ type: "thinking" }, { type: "tool_use" }, { type: "thinking" }, { type: "tool_use" }] },
  ],
  ["citations of all kinds", reply(text("Cited.", { citations })), { content: [{ text: "Cited.", citations }] }],
  [
    "a web search",
    reply(webSearch("mill", search), text("It grinds.")),
    {
      content: [
        {
          type: "server_tool_use",
          name: "web_search",
          input: { query: "mill" },
          id: expect.stringMatching(/^srvtoolu_01/),
        },
        { type: "web_search_tool_result", content: search, tool_use_id: expect.stringMatching(/^srvtoolu_01/) },
        { type: "text" },
      ],
      usage: { server_tool_use: { web_search_requests: 1 } },
    },
  ],
  [
    "a web search that failed",
    reply(webSearch("mill", { error: "max_uses_exceeded" })),
    { content: [{}, { content: { type: "web_search_tool_result_error", error_code: "max_uses_exceeded" } }] },
  ],
  [
    "a web fetch",
    reply(webFetch("https://e.org", { title: "E", text: "e" })),
    { content: [{}, { content: { type: "web_fetch_result" } }] },
  ],
  [
    "code in a container",
    reply(codeExecution("echo 4", { stdout: "4\n" }), "Four.", {
      container: { id: "container_01", expires_at: "2026-12-01T00:00:00Z" },
    }),
    { content: [{}, { content: { stdout: "4\n", return_code: 0 } }, {}], container: { id: "container_01" } },
  ],
  [
    "a search for tools",
    reply(toolSearch("weather", ["get_weather"])),
    { content: [{}, { content: { tool_references: [{ tool_name: "get_weather" }] } }] },
  ],
  [
    "an advisor, after a silence with pings",
    reply(serverToolUse("advisor"), pause(5), ping(), pause(5), ping(), advisor("Use X.").slice(1)),
    { content: [{ name: "advisor" }, { content: { type: "advisor_result", text: "Use X." } }] },
  ],
  [
    "a paused turn",
    reply("Looking.", serverToolUse("web_search", { query: "q" }), { stopReason: "pause_turn" }),
    { stop_reason: "pause_turn" },
  ],
  [
    "an MCP tool",
    reply(mcpTool("srv", "echo", { a: 1 }, "Hi")),
    {
      content: [
        { type: "mcp_tool_use", server_name: "srv", input: { a: 1 } },
        { is_error: false, content: [{ text: "Hi" }] },
      ],
    },
  ],
  [
    "a compaction",
    reply(compaction("Summary.", { encrypted: "e" }), "On."),
    { content: [{ type: "compaction", content: "Summary.", encrypted_content: "e" }, {}] },
  ],
  [
    "a compaction on demand",
    reply(compaction("Summary.", { whole: true }), { stopReason: "compaction" }),
    { content: [{ content: "Summary." }], stop_reason: "compaction" },
  ],
  [
    "a fallback",
    reply("Half", fallback("claude-fable-5", "claude-opus-4-8"), "Other half"),
    { content: [{}, { type: "fallback" }, {}] },
  ],
  [
    "a refusal",
    reply("Hm", { stopReason: "refusal" }),
    { stop_reason: "refusal", stop_details: { type: "refusal", category: null } },
  ],
  [
    "a refusal without details",
    reply({ stopReason: "refusal", stopDetails: null }),
    { content: [], stop_reason: "refusal", stop_details: null },
  ],
  [
    "a stop sequence",
    reply("A", { stopReason: "stop_sequence", stopSequence: "END" }),
    { stop_reason: "stop_sequence", stop_sequence: "END" },
  ],
  [
    "max_tokens in a text",
    reply("A long", { stopReason: "max_tokens" }),
    { stop_reason: "max_tokens", content: [{ text: "A long" }] },
  ],
  [
    "max_tokens in a tool",
    reply(cut(toolUse("save", { text: "a long text" })), { stopReason: "max_tokens" }),
    { stop_reason: "max_tokens", content: [{ name: "save" }] },
  ],
  [
    "a full context",
    reply("A", { stopReason: "model_context_window_exceeded" }),
    { stop_reason: "model_context_window_exceeded" },
  ],
  ["an empty turn", reply(), { content: [], stop_reason: "end_turn" }],
  [
    "two message_deltas",
    reply(
      "A",
      rawEvent({
        type: "message_delta",
        delta: { stop_reason: null, stop_sequence: null },
        usage: { output_tokens: 1 },
      }),
      { usage: { output_tokens: 9 } },
    ),
    { stop_reason: "end_turn", usage: { output_tokens: 9 } },
  ],
  [
    "an unknown block",
    reply(block({ type: "from_the_future", answer: 42 }), "A"),
    { content: [{ type: "from_the_future", answer: 42 }, {}] },
  ],
  [
    "an unknown event",
    reply("A", rawEvent({ type: "from_the_future" }), text("B")),
    { content: [{ text: "A" }, { text: "B" }] },
  ],
  [
    "context management",
    reply("A", { contextManagement: { applied_edits: [] }, message: { diagnostics: null } }),
    { context_management: { applied_edits: [] } },
  ],
  [
    "a message as the API gives it",
    replyMessage({
      id: "msg_x",
      content: [
        { type: "text", text: "A", citations },
        { type: "tool_use", id: "t", name: "f", input: { a: 1 } },
      ],
      stop_reason: "tool_use",
      usage: { output_tokens: 3 },
    }),
    {
      id: "msg_x",
      content: [
        { text: "A", citations },
        { id: "t", input: { a: 1 } },
      ],
      usage: { output_tokens: 3 },
    },
  ],
  [
    "given events",
    events([
      {
        type: "message_start",
        message: {
          id: "m",
          type: "message",
          role: "assistant",
          content: [],
          model: "x",
          usage: { input_tokens: 1, output_tokens: 1 },
        },
      },
      { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 2 } },
      '{"type":"message_stop"}',
    ]),
    { id: "m", stop_reason: "end_turn", usage: { output_tokens: 2 } },
  ],
];
