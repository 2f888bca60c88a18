/** The neutral entry: calls by `provider/model` id, prompts, and errors. */

export {
  ApiError,
  ConnectionError,
  ContentTypeError,
  EmptyPromptError,
  type ErrorCode,
  type ErrorDetails,
  InvalidOptionError,
  LimitExceededError,
  LogError,
  MalformedFrameError,
  MillraceError,
  MissingApiKeyError,
  type PartialResponse,
  type Phase,
  PromptFunctionError,
  ProtocolError,
  RedirectError,
  type ReportedUsage,
  StreamAbortedError,
  StreamConsumedError,
  type StreamErrorContext,
  StreamNotConsumedError,
  StreamNotStartedError,
  StreamTimeoutError,
  StreamTruncatedError,
  TemplateError,
  type TimeLimit,
  UnsupportedContentError,
} from "./errors.ts";
export { agent, type RunOf } from "./agent/agent.ts";
export { type ApprovalMessage, approve } from "./agent/approve.ts";
export type {
  AgentOptions,
  AgentStop,
  AgentTurn,
  Asked,
  CallableTool,
  NextTurn,
  Repeatable,
  ToolName,
  TurnOptions,
} from "./agent/options.ts";
export type { AgentRun } from "./agent/run.ts";
export { ToolRefusedError } from "./agent/tool-refused-error.ts";
export type { Call, CallMachine, DefineCall, Parsed, WithResponse } from "./call/call.ts";
export type { Parsing, StructuredCall } from "./structured/structured-call.ts";
export type { CallOptions, CallOverrides, OptionsOfOneModel, ParserOption, StreamOption } from "./call/options.ts";
export type {
  CostItem,
  CostMetadata,
  CostNote,
  PerTokenKind,
  Price,
  Prices,
  PriceTier,
  TokenKind,
} from "./providers/anthropic/price.ts";
export type { UsageSource } from "./cost/usage.ts";
export type { Usage } from "./providers/anthropic/usage.ts";
export type { Fetch } from "./http/fetch.ts";
export type { Timeout } from "./http/timeout.ts";
export {
  call,
  type ModelId,
  type NativeOf,
  type NeutralCall,
  type NeutralCallOptions,
  type NeutralParserOption,
  type NeutralTarget,
} from "./neutral-call.ts";
export type { Natives, NeutralKinds, NeutralNative } from "./neutral-provider.ts";
export type { Media, MediaData, MediaSource, MediaUrl } from "./prompt/media.ts";
export type { DynamicConfig, PromptFunction, PromptResult } from "./prompt/dynamic-config.ts";
export type {
  CommonMessage,
  CommonPart,
  NativePart,
  SentPart,
  ToolApprovalPart,
  ToolCallPart,
  ToolResultPart,
} from "./prompt/common-message.ts";
export type { NativeMessage, Role, SplicedMessage } from "./prompt/message.ts";
export {
  assistant,
  audio,
  type AudioOptions,
  type AudioPart,
  cacheControl,
  type CacheControlPart,
  type Content,
  type ContentPart,
  document,
  type DocumentOptions,
  type DocumentPart,
  image,
  type ImageOptions,
  type ImagePart,
  type Message,
  type MessageLike,
  type PromptMessage,
  system,
  text,
  type TextPart,
  user,
} from "./neutral-message.ts";
export type { CacheControlParam as CacheControl, PartOptions } from "./providers/anthropic/cache-control.ts";
export {
  promptTemplate,
  type PromptTemplate,
  type TemplateArguments,
  type TemplateVariables,
  type ValidTemplate,
} from "./neutral-template.ts";
export type { Scalar } from "./prompt/template-variables.ts";
export type { AgentToolResult, OwnChunk, Recovery, ResponseChunk } from "./provider/chunk.ts";
export type { CommonFinishReason, Native } from "./provider/native.ts";
export type { Params, Reasoning } from "./provider/params.ts";
export type { Outcome } from "./attempt/lifecycle.ts";
export type { Limit } from "./attempt/limit.ts";
export type { Admission, Limiter } from "./attempt/limiter.ts";
export type { AttemptReport } from "./stream/attempt-report.ts";
export type { Warning } from "./stream/warning.ts";
export { type Budget, BudgetExceededError } from "./recovery/budget.ts";
export type { PlannedTarget, Target } from "./recovery/plan.ts";
export type { Interruption, RetryOptions } from "./recovery/policy.ts";
export { CallResponse } from "./stream/response.ts";
export type { ToolOutput } from "./stream/history.ts";
export type { PairIteration } from "./stream/pair-iterator.ts";
export type { Pair } from "./stream/pair-source.ts";
export { ResponseModelError } from "./structured/response-model.ts";
export { Stream } from "./stream/stream.ts";
export type { ModelOptions } from "./structured/structured-call.ts";
export { StructuredStream } from "./structured/structured-stream.ts";
export type { DeepPartial } from "./schema/deep-partial.ts";
export { SchemaError } from "./schema/schema-error.ts";
export type { SchemaIssue, Validation } from "./schema/validate.ts";
export type { JsonSchema } from "./schema/json-schema.ts";
export type {
  SchemaInput,
  SchemaOutput,
  StandardConverter,
  StandardIssue,
  StandardJsonSchema,
  StandardProps,
  StandardResult,
  StandardSchema,
} from "./schema/standard-schema.ts";
export type { Timings } from "./stream/view.ts";
export type { AnyToolCall, CallOf, PairTool, PairTypes, PartialTools } from "./tool/pair.ts";
export type { ToolChoice } from "./tool/tool-choice.ts";
export type {
  FailedToolCall,
  OpenBlock,
  OpenCall,
  StreamingToolCall,
  ApprovalCheck,
  ToolApproval,
  ToolBehavior,
  ToolCall,
  ToolContext,
} from "./tool/tool-call.ts";
export { ToolInputError } from "./tool/tool-input-error.ts";
export type {
  AnyTool,
  ArrivingToolArgs,
  AwaitedResult,
  ExplicitInputSchema,
  NoInput,
  NoInputSchema,
  Tool,
  ToolArgs,
  ToolFunction,
  ToolInputSchema,
} from "./tool/tool.ts";
export { nativeCall, type NativeToolCall } from "./tool/tool-result.ts";
export { tool, type ToolDefinition, type ToolDescription, type ToolOptions } from "./neutral-tool.ts";
export { type NamespacedTools, toolkit } from "./tool/toolkit.ts";
