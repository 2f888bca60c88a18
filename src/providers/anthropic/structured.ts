/** Calls with response models: the `call` of `millrace/anthropic` that can also return an object instead of text. */

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
import type { AnthropicAccessors, AnthropicNative } from "./native.ts";
import { formatBody } from "./output-format.ts";
import { anthropic } from "./provider.ts";
import { type AnthropicCallResponse, calls } from "./stream.ts";
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
export type { AnthropicNative } from "./native.ts";
export type { AnthropicCallResponse } from "./stream.ts";

/** Anthropic, for calls that may have response models. @internal */
export const structuredAnthropic: StructuredProvider<AnthropicNative> = {
  provider: anthropic,
  formatBody,
  hasTools: ({ tools }) => Array.isArray(tools) && tools.some((tool: object) => "input_schema" in tool),
};

const structured: StructuredCalls<AnthropicNative> = /* @__PURE__ */ defineStructuredCalls<AnthropicNative>(
  structuredAnthropic,
  calls,
);

/**
 * A reply from Anthropic to a call with `responseModel`, while it arrives: iterate the model so far.
 *
 * @example
 * ```ts
 * import { call } from "millrace/anthropic/structured";
 * import * as z from "zod";
 *
 * const Book = z.object({ title: z.string(), author: z.string() });
 * const extractBook = call("claude-sonnet-5-5", { stream: true, responseModel: Book }, (text: string) => `Extract: ${text}`);
 * const extraction = extractBook("The Name of the Wind by Patrick Rothfuss");
 * for await (const partial of extraction) console.log(partial.title ?? "");
 * console.log(extraction.constructedResponseModel.author);
 * ```
 */
export interface AnthropicStructuredStream<out Model = unknown, out Arriving = unknown>
  extends StructuredStream<AnthropicNative, Model, Arriving>, AnthropicAccessors {
  response(): Promise<AnthropicCallResponse<never>>;
  constructCallResponse(): AnthropicCallResponse<never>;
}

/** The class of these streams, for `instanceof`. */
export const AnthropicStructuredStream = /* @__PURE__ */ (() => structured.StructuredStream)() as unknown as {
  readonly prototype: AnthropicStructuredStream;
  [Symbol.hasInstance](value: unknown): value is AnthropicStructuredStream;
};

/** The options of a call to Anthropic that may have a response model: `CallOptions` and {@link ModelOptions}. */
export type StructuredCallOptions<
  S extends StreamOption = StreamOption,
  D extends AnyTool | ToolParam = AnyTool | ToolParam,
  M extends StandardSchema = StandardSchema,
> = OptionsOf<AnthropicNative, S, D, M>;

/** The options of `.with()`: {@link StructuredCallOptions}, and another `model`. */
export type StructuredCallOverrides<
  S extends StreamOption = StreamOption,
  D extends AnyTool | ToolParam = AnyTool | ToolParam,
  M extends StandardSchema = StandardSchema,
> = OverridesOf<AnthropicNative, S, D, M>;

/** The option `outputParser`: it takes the result that the call has without it. A stream has none, and the type says why. */
export type StructuredParserOption<
  S extends StreamOption,
  T extends PairTypes,
  M extends StandardSchema,
  O,
> = ParserOptionOf<AnthropicNative, S, T, M, O>;

/**
 * The result of a call. With a response model it is the promise of that model, or a stream of it; without one, or with tools
 * as well, it is a response or a stream.
 */
export type StructuredResult<S extends StreamOption, T extends PairTypes, M extends StandardSchema, O> = ResultOf<
  AnthropicNative,
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
> = StructuredCallOf<AnthropicNative, Args, S, T, M, O>;

/**
 * Makes a function out of a prompt, as `call` of `millrace/anthropic` does; it may have a `responseModel`.
 *
 * Its parameters are the model's id, as Anthropic names it; options (`CallOptions` and {@link ModelOptions}), which may
 * be left out; and a function that returns the prompt, or a promise of it.
 *
 * @example
 * ```ts
 * import { call } from "millrace/anthropic/structured";
 * import * as z from "zod";
 *
 * const Book = z.object({ title: z.string(), author: z.string() });
 * const extractBook = call("claude-sonnet-5-5", { responseModel: Book }, (text: string) => `Extract: ${text}`);
 * const book = await extractBook("The Name of the Wind by Patrick Rothfuss");
 * console.log(book.author);
 * ```
 */
export const call: DefineStructuredCall<AnthropicNative> = /* @__PURE__ */ (() => structured.call)();
