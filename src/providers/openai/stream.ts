import { type Calls, defineCalls } from "../../call/define-calls.ts";
import type { CallResponse } from "../../stream/response.ts";
import type { Stream } from "../../stream/stream.ts";
import type { PairTypes } from "../../tool/pair.ts";
import type { AnyTool } from "../../tool/tool.ts";
import type { OpenAIAccessors, OpenAINative } from "./native.ts";
import { openai } from "./provider.ts";

/** The call and the classes of OpenAI. @internal */
export const calls: Calls<OpenAINative> = /* @__PURE__ */ defineCalls(openai);

/**
 * A whole reply from OpenAI; `.response` is the native message.
 *
 * @example
 * ```ts
 * import { call } from "millrace/openai";
 *
 * const recommend = call("gpt-6-sol", (genre: string) => `Recommend a ${genre} book`);
 * const response = await recommend("fantasy");
 * console.log(response.content, response.finishReasons, response.cost);
 * ```
 */
export interface OpenAICallResponse<out T extends PairTypes = AnyTool>
  extends CallResponse<OpenAINative, T>, OpenAIAccessors {}

/** The class of these responses, for `instanceof`. */
export const OpenAICallResponse = /* @__PURE__ */ (() => calls.Response)() as unknown as {
  readonly prototype: OpenAICallResponse;
  [Symbol.hasInstance](value: unknown): value is OpenAICallResponse;
};

/**
 * A reply from OpenAI, while it arrives: iterate it as `[chunk, toolCall]` pairs.
 *
 * @example
 * ```ts
 * import { call } from "millrace/openai";
 *
 * const recommend = call("gpt-6-sol", { stream: true }, (genre: string) => `Recommend a ${genre} book`);
 * const stream = recommend("fantasy");
 * for await (const [chunk] of stream) process.stdout.write(chunk.content);
 * console.log(stream.cost, stream.constructCallResponse().usage);
 * ```
 */
export interface OpenAIStream<out T extends PairTypes = AnyTool> extends Stream<OpenAINative, T>, OpenAIAccessors {
  response(): Promise<OpenAICallResponse<T>>;
  constructCallResponse(): OpenAICallResponse<T>;
}

/** The class of these streams, for `instanceof`. */
export const OpenAIStream = /* @__PURE__ */ (() => calls.Stream)() as unknown as {
  readonly prototype: OpenAIStream;
  [Symbol.hasInstance](value: unknown): value is OpenAIStream;
};
