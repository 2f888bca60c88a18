import { type Calls, defineCalls } from "../../call/define-calls.ts";
import type { CallResponse } from "../../stream/response.ts";
import type { Stream } from "../../stream/stream.ts";
import type { PairTypes } from "../../tool/pair.ts";
import type { AnyTool } from "../../tool/tool.ts";
import type { AnthropicAccessors, AnthropicNative } from "./native.ts";
import { anthropic } from "./provider.ts";

/** The call and the classes of Anthropic. @internal */
export const calls: Calls<AnthropicNative> = /* @__PURE__ */ defineCalls(anthropic);

/**
 * A whole reply from Anthropic; `.response` is the native message.
 *
 * @example
 * ```ts
 * import { call } from "millrace/anthropic";
 *
 * const recommend = call("claude-sonnet-5-5", (genre: string) => `Recommend a ${genre} book`);
 * const response = await recommend("fantasy");
 * console.log(response.content, response.response.stop_reason, response.cost);
 * ```
 */
export interface AnthropicCallResponse<out T extends PairTypes = AnyTool>
  extends CallResponse<AnthropicNative, T>, AnthropicAccessors {}

/** The class of these responses, for `instanceof`. */
export const AnthropicCallResponse = /* @__PURE__ */ (() => calls.Response)() as unknown as {
  readonly prototype: AnthropicCallResponse;
  [Symbol.hasInstance](value: unknown): value is AnthropicCallResponse;
};

/**
 * A reply from Anthropic, while it arrives: iterate it as `[chunk, toolCall]` pairs.
 *
 * @example
 * ```ts
 * import { call } from "millrace/anthropic";
 *
 * const recommend = call("claude-sonnet-5-5", { stream: true }, (genre: string) => `Recommend a ${genre} book`);
 * const stream = recommend("fantasy");
 * for await (const [chunk] of stream) process.stdout.write(chunk.content);
 * console.log(stream.cost, stream.constructCallResponse().usage);
 * ```
 */
export interface AnthropicStream<out T extends PairTypes = AnyTool>
  extends Stream<AnthropicNative, T>, AnthropicAccessors {
  response(): Promise<AnthropicCallResponse<T>>;
  constructCallResponse(): AnthropicCallResponse<T>;
}

/** The class of these streams, for `instanceof`. */
export const AnthropicStream = /* @__PURE__ */ (() => calls.Stream)() as unknown as {
  readonly prototype: AnthropicStream;
  [Symbol.hasInstance](value: unknown): value is AnthropicStream;
};
