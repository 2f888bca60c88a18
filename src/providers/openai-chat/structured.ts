/** Calls with response models: the `call` of `millrace/openai/chat` that can also return an object instead of text. */

import type { StreamOption } from "../../call/options.ts";
import type { StandardSchema } from "../../schema/standard-schema.ts";
import {
  defineStructuredCalls,
  type StructuredCalls,
  type StructuredProvider,
} from "../../structured/define-structured-calls.ts";
import type {
  DefineStructuredCall,
  StructuredCall as StructuredCallOf,
  StructuredCallOptions as OptionsOf,
  StructuredCallOverrides as OverridesOf,
  StructuredParserOption as ParserOptionOf,
  StructuredResult as ResultOf,
} from "../../structured/structured-call.ts";
import type { StructuredStream } from "../../structured/structured-stream.ts";
import type { PairTypes } from "../../tool/pair.ts";
import type { AnyTool } from "../../tool/tool.ts";
import type { OpenAIChatAccessors, OpenAIChatNative } from "./native.ts";
import { formatBody } from "./output-format.ts";
import { openAIChat } from "./provider.ts";
import { type OpenAIChatCallResponse, calls } from "./stream.ts";
import type { ToolParam } from "./tool-param.ts";

export type {
  ModelOptions,
  Parsing,
  StructuredAnswer,
  StructuredCall as StructuredCallOf,
  ToolsBeside,
} from "../../structured/structured-call.ts";
export type { Parsed, WithResponse } from "../../call/call.ts";
export { client, type ClientOptions } from "./client.ts";
export { limiter } from "./limiter.ts";
export type { OpenAIChatNative } from "./native.ts";
export type { OpenAIChatCallResponse } from "./stream.ts";

/** Chat Completions, for calls that may have response models. @internal */
export const structuredOpenAIChat: StructuredProvider<OpenAIChatNative> = {
  provider: openAIChat,
  formatBody,
  hasTools: ({ tools }) => Array.isArray(tools) && tools.length > 0,
};

const structured: StructuredCalls<OpenAIChatNative> = /* @__PURE__ */ defineStructuredCalls<OpenAIChatNative>(
  structuredOpenAIChat,
  calls,
);

/**
 * A reply from OpenAIChat to a call with `responseModel`, while it arrives: iterate the model so far.
 *
 * @example
 * ```ts
 * import { call } from "millrace/openai/chat/structured";
 * import * as z from "zod";
 *
 * const Book = z.object({ title: z.string(), author: z.string() });
 * const extractBook = call("gpt-6.2-sol", { stream: true, responseModel: Book }, (text: string) => `Extract: ${text}`);
 * const extraction = extractBook("The Name of the Wind by Patrick Rothfuss");
 * for await (const partial of extraction) console.log(partial.title ?? "");
 * console.log(extraction.constructedResponseModel.author);
 * ```
 */
export interface OpenAIChatStructuredStream<out Model = unknown, out Arriving = unknown>
  extends StructuredStream<OpenAIChatNative, Model, Arriving>, OpenAIChatAccessors {
  response(): Promise<OpenAIChatCallResponse<never>>;
  constructCallResponse(): OpenAIChatCallResponse<never>;
}

/** The class of these streams, for `instanceof`. */
export const OpenAIChatStructuredStream = /* @__PURE__ */ (() => structured.StructuredStream)() as unknown as {
  readonly prototype: OpenAIChatStructuredStream;
  [Symbol.hasInstance](value: unknown): value is OpenAIChatStructuredStream;
};

/** The options of a call to OpenAIChat that may have a response model: `CallOptions` and {@link ModelOptions}. */
export type StructuredCallOptions<
  S extends StreamOption = StreamOption,
  D extends AnyTool | ToolParam = AnyTool | ToolParam,
  M extends StandardSchema = StandardSchema,
> = OptionsOf<OpenAIChatNative, S, D, M>;

/** The options of `.with()`: {@link StructuredCallOptions}, and another `model`. */
export type StructuredCallOverrides<
  S extends StreamOption = StreamOption,
  D extends AnyTool | ToolParam = AnyTool | ToolParam,
  M extends StandardSchema = StandardSchema,
> = OverridesOf<OpenAIChatNative, S, D, M>;

/** The option `outputParser`: it takes the result that the call has without it. A stream has none, and the type says why. */
export type StructuredParserOption<
  S extends StreamOption,
  T extends PairTypes,
  M extends StandardSchema,
  O,
> = ParserOptionOf<OpenAIChatNative, S, T, M, O>;

/**
 * The result of a call. With a response model it is the promise of that model, or a stream of it; without one, or with tools
 * as well, it is a response or a stream.
 */
export type StructuredResult<S extends StreamOption, T extends PairTypes, M extends StandardSchema, O> = ResultOf<
  OpenAIChatNative,
  S,
  T,
  M,
  O
>;

/** A typed function that asks a model: see `Call`. */
export type StructuredCall<
  Args extends readonly unknown[],
  S extends StreamOption,
  T extends PairTypes = never,
  M extends StandardSchema = never,
  O = never,
> = StructuredCallOf<OpenAIChatNative, Args, S, T, M, O>;

/**
 * Makes a function out of a prompt, as `call` of `millrace/openai/chat` does; it may have a `responseModel`.
 *
 * Its parameters are the model's id, as OpenAIChat names it; options (`CallOptions` and {@link ModelOptions}), which may
 * be left out; and a function that returns the prompt, or a promise of it.
 *
 * @example
 * ```ts
 * import { call } from "millrace/openai/chat/structured";
 * import * as z from "zod";
 *
 * const Book = z.object({ title: z.string(), author: z.string() });
 * const extractBook = call("gpt-6.2-sol", { responseModel: Book }, (text: string) => `Extract: ${text}`);
 * const book = await extractBook("The Name of the Wind by Patrick Rothfuss");
 * console.log(book.author);
 * ```
 */
export const call: DefineStructuredCall<OpenAIChatNative> = /* @__PURE__ */ (() => structured.call)();
