/** Fake servers for tests, examples and demonstrations: real HTTP with scripted replies. */

export {
  advisor,
  codeExecution,
  type CommandOutput,
  mcpTool,
  type SearchResult,
  serverToolUse,
  type ServerToolError,
  toolSearch,
  webFetch,
  webSearch,
} from "./anthropic/server-tool.ts";
export { type Citation, citation, type CitationType } from "./anthropic/citation.ts";
export { compaction, fallback, redactedThinking } from "./anthropic/part.ts";
export type { JsonObject } from "./json.ts";
export { replyMessage } from "./anthropic/message-script.ts";
export {
  block,
  type BlockPart,
  cut,
  errorEvent,
  type ErrorPart,
  type EventPart,
  pause,
  type PausePart,
  ping,
  rawEvent,
  type ReplyPart,
  text,
  thinking,
  type ThinkingOptions,
  toolUse,
  type ToolUseOptions,
} from "./part.ts";
export {
  apiError,
  type ApiErrorOptions,
  type ErrorScript,
  events,
  type EventsScript,
  type FileScript,
  reply,
  type ReplyContent,
  type ReplyOptions,
  type ReplyScript,
  replayFile,
  type Script,
  type ScriptedUsage,
} from "./script.ts";
export type { DeliveryOptions } from "./delivery.ts";
export { demoReply } from "./demo.ts";
export { type FakeAnthropic, fakeAnthropic, type FakeAnthropicOptions } from "./fake-anthropic.ts";
export { type FakeOpenAI, fakeOpenAI, type FakeOpenAIOptions } from "./fake-openai.ts";
export type { FaultOptions } from "./fault.ts";
export type { Replies } from "./script-source.ts";
export { randomFault } from "./random-fault.ts";
export type { HttpServerOptions } from "./http-server.ts";
export type { Dialect } from "./openai/dialect.ts";
export type { ChatOddity, Oddity, ResponsesOddity } from "./openai/oddity.ts";
export { customToolUse, refusal } from "./openai/part.ts";
export type { RecordedRequest, ReplyOutcome, ReplyProgress } from "./recorded-request.ts";
