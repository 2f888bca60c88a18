/** Everything for Anthropic: typed calls that stream, and the native types. */

export { type AnthropicCall, type AnthropicCallOptions, call, call as anthropicCall } from "./call.ts";
export { AnthropicCallResponseChunk } from "./chunk.ts";
export { type Client, client, type ClientOptions, type SdkClient } from "./client.ts";
export type {
  AnthropicBody,
  AnthropicDynamicConfig,
  AnthropicNative,
  AsyncAnthropicDynamicConfig,
  SourcedUsage,
} from "./native.ts";
export { AnthropicCallResponse, AnthropicStream } from "./stream.ts";
