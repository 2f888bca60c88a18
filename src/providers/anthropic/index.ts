/** Everything for Anthropic: typed calls that stream, and the native types. */

export type { Citation, ContentBlock, RefusalCategory, ToolUseBlock } from "./block.ts";
export {
  type AnthropicCall,
  type AnthropicCallOptions,
  type AnthropicCallOverrides,
  type AnthropicPromptResult,
  type AnthropicResult,
  call,
  call as anthropicCall,
  type AnthropicParserOption,
  type NoResponseModel,
} from "./call.ts";
export type { Call, NoParserOfStreams, Parsed, ShownTools, ToolsOf, WithResponse } from "../../call/call.ts";
export { AnthropicCallResponseChunk, type AnthropicOwnChunk } from "./chunk.ts";
export type { Client } from "../../http/client.ts";
export { client, type ClientOptions } from "./client.ts";
export type { ContentBlockParam, MessageParam } from "./content.ts";
export {
  type LimiterOptions,
  LimiterQueueFullError,
  LimiterWaitError,
  RequestLimiter as AnthropicLimiter,
} from "../../recovery/limiter.ts";
export { limiter } from "./limiter.ts";
export { type AnthropicModel, defaultMaxTokens } from "./models.ts";
export type {
  AnthropicAccessors,
  AnthropicBody,
  AnthropicDynamicConfig,
  AnthropicKinds,
  AnthropicNative,
  AnthropicTool,
  AsyncAnthropicDynamicConfig,
  SourcedUsage,
} from "./native.ts";
export type { MessageDeltaUsage, TokenUsage } from "./message-usage.ts";
export type { AnthropicCallParams, JsonSchemaFormat, OutputConfig, ThinkingOptions, ThinkingParam } from "./params.ts";
export type { SdkClient } from "./sdk-client.ts";
export { AnthropicCallResponse, AnthropicStream } from "./stream.ts";
export type { ToolChoice, ToolParam } from "./tool-param.ts";
export { toolSchema } from "./tool-schema.ts";
export type { AnthropicEvent, AnthropicMessage, AnthropicUsage, FinishReason } from "./wire.ts";
export { countTokens } from "./count-tokens.ts";
export { listPrice } from "./list-price.ts";
export { type AnthropicCostInput, anthropicCost, type Usage } from "./usage.ts";
export type { CostItem, CostMetadata, CostNote, PerTokenKind, Price, Prices, PriceTier, TokenKind } from "./price.ts";
export type { UsageSource } from "../../cost/usage.ts";
