/** The neutral entry: calls by `provider/model` id, prompts, and errors. */

export {
  ApiError,
  ConnectionError,
  ContentTypeError,
  EmptyPromptError,
  type ErrorDetails,
  InvalidOptionError,
  LimitExceededError,
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
export type { CallOptions } from "./call.ts";
export type {
  CostItem,
  CostMetadata,
  CostNote,
  PerTokenKind,
  Price,
  Prices,
  PriceTier,
  TokenKind,
} from "./cost/price.ts";
export type { Usage, UsageSource } from "./cost/usage.ts";
export type { Fetch } from "./http/fetch.ts";
export type { Timeout } from "./http/timeout.ts";
export { call } from "./neutral-call.ts";
export type { Media, MediaData, MediaSource, MediaUrl } from "./prompt/media.ts";
export type { DynamicConfig, PromptFunction, PromptResult } from "./prompt/dynamic-config.ts";
export {
  assistant,
  audio,
  type AudioOptions,
  type AudioPart,
  type CacheControl,
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
  type NativeMessage,
  type PartOptions,
  type PromptMessage,
  type Role,
  type SplicedMessage,
  system,
  text,
  type TextPart,
  user,
} from "./prompt/message.ts";
export { promptTemplate, type PromptTemplate } from "./prompt/template.ts";
export type { Scalar, TemplateArguments, TemplateVariables, ValidTemplate } from "./prompt/template-variables.ts";
export type { CommonFinishReason, Native, ResponseChunk } from "./provider.ts";
export type { Outcome } from "./stream/attempt.ts";
export type { Limit } from "./stream/attempt.ts";
export { CallResponse } from "./stream/response.ts";
export { type Pair, Stream } from "./stream/stream.ts";
export type { Timings } from "./stream/view.ts";
export type { AnyTool, PairTool } from "./tool/tool.ts";
