/** Everything for OpenAIChat: typed calls that stream, and the native types. */

export type { Citation, ContentBlock, RefusalCategory, ToolUseBlock } from "./block.ts";
export {
  type OpenAIChatCall,
  type OpenAIChatCallOptions,
  type OpenAIChatCallOverrides,
  type OpenAIChatPromptResult,
  type OpenAIChatResult,
  call,
  call as openAIChatCall,
  type OpenAIChatParserOption,
  type NoResponseModel,
} from "./call.ts";
export type { Call, NoParserOfStreams, Parsed, ShownTools, ToolsOf, WithResponse } from "../../call/call.ts";
export { OpenAIChatCallResponseChunk, type OpenAIChatOwnChunk } from "./chunk.ts";
export type { Client } from "../../http/client.ts";
export { client, type ClientOptions } from "./client.ts";
export type { ContentBlockParam, MessageParam } from "./content.ts";
export {
  type LimiterOptions,
  LimiterQueueFullError,
  LimiterWaitError,
  RequestLimiter as OpenAIChatLimiter,
} from "../../recovery/limiter.ts";
export { limiter } from "./limiter.ts";
export { type OpenAIChatModel, defaultMaxTokens } from "./models.ts";
export type {
  OpenAIChatAccessors,
  OpenAIChatBody,
  OpenAIChatDynamicConfig,
  OpenAIChatKinds,
  OpenAIChatNative,
  OpenAIChatTool,
  AsyncOpenAIChatDynamicConfig,
  SourcedUsage,
} from "./native.ts";
export type { MessageDeltaUsage, TokenUsage } from "./message-usage.ts";
export type { OpenAIChatCallParams, JsonSchemaFormat, OutputConfig, ThinkingOptions, ThinkingParam } from "./params.ts";
export type { SdkClient } from "./sdk-client.ts";
export { OpenAIChatCallResponse, OpenAIChatStream } from "./stream.ts";
export type { ToolChoice, ToolParam } from "./tool-param.ts";
export { toolSchema } from "./tool-schema.ts";
export type { OpenAIChatEvent, OpenAIChatMessage, OpenAIChatUsage, FinishReason } from "./wire.ts";
export { countTokens } from "./count-tokens.ts";
export { listPrice } from "./list-price.ts";
export { type OpenAIChatCostInput, openAIChatCost, type Usage } from "./usage.ts";
export type { CostItem, CostMetadata, CostNote, PerTokenKind, Price, Prices, PriceTier, TokenKind } from "./price.ts";
export type { UsageSource } from "../../cost/usage.ts";
