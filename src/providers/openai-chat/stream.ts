import { type Calls, defineCalls } from "../../call/define-calls.ts";
import type { CallResponse } from "../../stream/response.ts";
import type { Stream } from "../../stream/stream.ts";
import type { PairTypes } from "../../tool/pair.ts";
import type { AnyTool } from "../../tool/tool.ts";
import type { OpenAIChatAccessors, OpenAIChatNative } from "./native.ts";
import { openAIChat } from "./provider.ts";

/** The call and the classes of OpenAIChat. @internal */
export const calls: Calls<OpenAIChatNative> = /* @__PURE__ */ defineCalls(openAIChat);

/**
 * A whole reply from OpenAIChat; `.response` is the native message.
 *
 * @example
 * ```ts
 * import { call } from "millrace/openai/chat";
 *
 * const recommend = call("gpt-6.2-sol", (genre: string) => `Recommend a ${genre} book`);
 * const response = await recommend("fantasy");
 * console.log(response.content, response.finishReasons, response.cost);
 * ```
 */
export interface OpenAIChatCallResponse<out T extends PairTypes = AnyTool>
  extends CallResponse<OpenAIChatNative, T>, OpenAIChatAccessors {}

/** The class of these responses, for `instanceof`. */
export const OpenAIChatCallResponse = /* @__PURE__ */ (() => calls.Response)() as unknown as {
  readonly prototype: OpenAIChatCallResponse;
  [Symbol.hasInstance](value: unknown): value is OpenAIChatCallResponse;
};

/**
 * A reply from OpenAIChat, while it arrives: iterate it as `[chunk, toolCall]` pairs.
 *
 * @example
 * ```ts
 * import { call } from "millrace/openai/chat";
 *
 * const recommend = call("gpt-6.2-sol", { stream: true }, (genre: string) => `Recommend a ${genre} book`);
 * const stream = recommend("fantasy");
 * for await (const [chunk] of stream) process.stdout.write(chunk.content);
 * console.log(stream.cost, stream.constructCallResponse().usage);
 * ```
 */
export interface OpenAIChatStream<out T extends PairTypes = AnyTool>
  extends Stream<OpenAIChatNative, T>, OpenAIChatAccessors {
  response(): Promise<OpenAIChatCallResponse<T>>;
  constructCallResponse(): OpenAIChatCallResponse<T>;
}

/** The class of these streams, for `instanceof`. */
export const OpenAIChatStream = /* @__PURE__ */ (() => calls.Stream)() as unknown as {
  readonly prototype: OpenAIChatStream;
  [Symbol.hasInstance](value: unknown): value is OpenAIChatStream;
};
