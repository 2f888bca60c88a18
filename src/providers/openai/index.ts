/** Everything for OpenAI's Responses API: typed calls that stream, and the native types. */

export type { Call, NoParserOfStreams, Parsed, ShownTools, ToolsOf, WithResponse } from "../../call/call.ts";
export {
  call,
  call as openaiCall,
  type NoResponseModel,
  type OpenAICall,
  type OpenAICallOptions,
  type OpenAICallOverrides,
  type OpenAIParserOption,
  type OpenAIPromptResult,
  type OpenAIResult,
} from "./call.ts";
export { OpenAICallResponseChunk, type OpenAIOwnChunk } from "./chunk.ts";
export type { Client } from "../../http/client.ts";
export { client } from "./client.ts";
export type { OpenAIClientOptions as ClientOptions } from "../openai-platform/client.ts";
export type { InputContent, InputItem } from "./input-item.ts";
export type { Annotation, CustomToolCall, FunctionCall, OutputItem, OutputMessage, ReasoningItem } from "./item.ts";
export {
  type LimiterOptions,
  LimiterQueueFullError,
  LimiterWaitError,
  RequestLimiter as OpenAILimiter,
} from "../../recovery/limiter.ts";
export { limiter } from "./limiter.ts";
export type { OpenAIModel } from "../openai-platform/models.ts";
export type {
  AsyncOpenAIDynamicConfig,
  OpenAIAccessors,
  OpenAIBody,
  OpenAIDynamicConfig,
  OpenAIKinds,
  OpenAINative,
  OpenAITool,
  SourcedUsage,
} from "./native.ts";
export type { OpenAICallParams, ReasoningParam, TextFormat, TextParam } from "./params.ts";
export type { SdkClient } from "./request.ts";
export { OpenAICallResponse, OpenAIStream } from "./stream.ts";
export type { NativeToolChoice as ToolChoice, ToolParam } from "./tool-param.ts";
export { toolSchema } from "./tool-schema.ts";
export type { FinishReason, OpenAIEvent, OpenAIResponse, OpenAIUsage } from "./wire.ts";
export { countTokens } from "./count-tokens.ts";
export {
  listPrice,
  type OpenAICostMetadata as CostMetadata,
  type OpenAIPrice as Price,
  type OpenAIPrices as Prices,
} from "../openai-platform/price.ts";
export { openAICost, type OpenAICostInput, type OpenAIUsage as Usage } from "../openai-platform/usage.ts";
export type { UsageSource } from "../../cost/usage.ts";
