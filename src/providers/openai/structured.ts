/** Calls with response models: the `call` of `millrace/openai` that can also return an object instead of text. */

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
import type { OpenAIAccessors, OpenAINative } from "./native.ts";
import { formatBody } from "./output-format.ts";
import { openai } from "./provider.ts";
import { type OpenAICallResponse, calls } from "./stream.ts";
import type { ToolParam } from "./tool-param.ts";

export type {
  ModelOptions,
  Parsing,
  StructuredAnswer,
  StructuredCall as StructuredCallOf,
  ToolsBeside,
} from "../../structured/structured-call.ts";
export type { Parsed, WithResponse } from "../../call/call.ts";
export { client } from "./client.ts";
export type { OpenAIClientOptions as ClientOptions } from "../openai-platform/client.ts";
export { limiter } from "./limiter.ts";
export type { OpenAINative } from "./native.ts";
export type { OpenAICallResponse } from "./stream.ts";

/** The Responses API, for calls that may have response models. @internal */
export const structuredOpenAI: StructuredProvider<OpenAINative> = {
  provider: openai,
  formatBody,
  hasTools: ({ tools }) => Array.isArray(tools) && tools.some((tool: object) => "name" in tool),
};

const structured: StructuredCalls<OpenAINative> = /* @__PURE__ */ defineStructuredCalls<OpenAINative>(
  structuredOpenAI,
  calls,
);

/**
 * A reply from OpenAI to a call with `responseModel`, while it arrives: iterate the model so far.
 *
 * @example
 * ```ts
 * import { call } from "millrace/openai/structured";
 * import * as z from "zod";
 *
 * const Book = z.object({ title: z.string(), author: z.string() });
 * const extractBook = call("gpt-6-sol", { stream: true, responseModel: Book }, (text: string) => `Extract: ${text}`);
 * const extraction = extractBook("The Name of the Wind by Patrick Rothfuss");
 * for await (const partial of extraction) console.log(partial.title ?? "");
 * console.log(extraction.constructedResponseModel.author);
 * ```
 */
export interface OpenAIStructuredStream<out Model = unknown, out Arriving = unknown>
  extends StructuredStream<OpenAINative, Model, Arriving>, OpenAIAccessors {
  response(): Promise<OpenAICallResponse<never>>;
  constructCallResponse(): OpenAICallResponse<never>;
}

/** The class of these streams, for `instanceof`. */
export const OpenAIStructuredStream = /* @__PURE__ */ (() => structured.StructuredStream)() as unknown as {
  readonly prototype: OpenAIStructuredStream;
};

/** The options of a call to OpenAI that may have a response model: `CallOptions` and {@link ModelOptions}. */
export type StructuredCallOptions<
  S extends StreamOption = StreamOption,
  D extends AnyTool | ToolParam = AnyTool | ToolParam,
  M extends StandardSchema = StandardSchema,
> = OptionsOf<OpenAINative, S, D, M>;

/** The options of `.with()`: {@link StructuredCallOptions}, and another `model`. */
export type StructuredCallOverrides<
  S extends StreamOption = StreamOption,
  D extends AnyTool | ToolParam = AnyTool | ToolParam,
  M extends StandardSchema = StandardSchema,
> = OverridesOf<OpenAINative, S, D, M>;

/** The option `outputParser`: it takes the result that the call has without it. A stream has none, and the type says why. */
export type StructuredParserOption<
  S extends StreamOption,
  T extends PairTypes,
  M extends StandardSchema,
  O,
> = ParserOptionOf<OpenAINative, S, T, M, O>;

/**
 * The result of a call. With a response model it is the promise of that model, or a stream of it; without one, or with tools
 * as well, it is a response or a stream.
 */
export type StructuredResult<S extends StreamOption, T extends PairTypes, M extends StandardSchema, O> = ResultOf<
  OpenAINative,
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
> = StructuredCallOf<OpenAINative, Args, S, T, M, O>;

/**
 * Makes a function out of a prompt, as `call` of `millrace/openai` does; it may have a `responseModel`.
 *
 * Its parameters are the model's id, as OpenAI names it; options (`CallOptions` and {@link ModelOptions}), which may
 * be left out; and a function that returns the prompt, or a promise of it.
 *
 * @example
 * ```ts
 * import { call } from "millrace/openai/structured";
 * import * as z from "zod";
 *
 * const Book = z.object({ title: z.string(), author: z.string() });
 * const extractBook = call("gpt-6-sol", { responseModel: Book }, (text: string) => `Extract: ${text}`);
 * const book = await extractBook("The Name of the Wind by Patrick Rothfuss");
 * console.log(book.author);
 * ```
 */
export const call: DefineStructuredCall<OpenAINative> = /* @__PURE__ */ (() => structured.call)();
