/** Everything for Chat Completions, of OpenAI and the servers that imitate it: typed calls that stream, and the native types. */

export type { Call, NoParserOfStreams, Parsed, ShownTools, ToolsOf, WithResponse } from "../../call/call.ts";
export type { UsageSource } from "../../cost/usage.ts";
export type { Client } from "../../http/client.ts";
export {
  type LimiterOptions,
  LimiterQueueFullError,
  LimiterWaitError,
  RequestLimiter as OpenAIChatLimiter,
} from "../../recovery/limiter.ts";
export type { OpenAIChatModel } from "../openai-platform/models.ts";
export {
  listPrice,
  type OpenAICostItem,
  type OpenAICostMetadata,
  type OpenAICostNote,
  type OpenAIPerTokenKind,
  type OpenAIPrice,
  type OpenAIPrices,
  type OpenAIPriceTier,
  type OpenAIRates,
  type OpenAITokenKind,
} from "../openai-platform/price.ts";
export { openAICost, type OpenAICostInput, type OpenAIUsage } from "../openai-platform/usage.ts";
export {
  call,
  call as openaiCall,
  type NoResponseModel,
  type OpenAIChatCall,
  type OpenAIChatCallOptions,
  type OpenAIChatCallOverrides,
  type OpenAIChatParserOption,
  type OpenAIChatPromptResult,
  type OpenAIChatResult,
} from "./call.ts";
export { OpenAIChatCallResponseChunk, type OpenAIChatOwnChunk } from "./chunk.ts";
export { client, type ClientOptions } from "./client.ts";
export type { DialectName } from "./dialects.ts";
export { limiter } from "./limiter.ts";
export type {
  AssistantMessageParam,
  AudioPartParam,
  CacheBreakpoint,
  ChatMessageParam,
  FilePartParam,
  FunctionMessageParam,
  ImagePartParam,
  SystemMessageParam,
  TextPartParam,
  ToolMessageParam,
  UserMessageParam,
  UserPartParam,
} from "./message-param.ts";
export type {
  AsyncOpenAIChatDynamicConfig,
  OpenAIChatAccessors,
  OpenAIChatBody,
  OpenAIChatDynamicConfig,
  OpenAIChatKinds,
  OpenAIChatNative,
  OpenAIChatTool,
  OpenAIChatUsage,
} from "./native.ts";
export type { OpenAIChatCallParams, ResponseFormatParam } from "./params.ts";
export type { SdkClient } from "./sdk-client.ts";
export { OpenAIChatCallResponse, OpenAIChatStream } from "./stream.ts";
export type { CustomToolParam, FunctionToolParam, ToolChoiceParam, ToolParam } from "./tool-param.ts";
export { toolSchema } from "./tool-schema.ts";
export type {
  Annotation,
  ChatCompletion,
  ChatCompletionChunk,
  ChatMessage,
  ChatUsage,
  Choice,
  ChoiceChunk,
  ChoiceDelta,
  FinishReason,
  FunctionToolCall,
  Logprobs,
  ReasoningDetail,
  TokenLogprob,
  ToolCall,
  ToolCallDelta,
} from "./wire.ts";
