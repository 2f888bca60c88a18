/** Calls with response models: the `call` of `millrace/anthropic`, and what it takes to give an object instead of text. */

import type { CallMachine } from "../../agent.ts";
import { isStreamed, type ModelOptions, type StreamOption } from "../../call.ts";
import { InvalidOptionError } from "../../errors.ts";
import type { PromptFunction } from "../../prompt/dynamic-config.ts";
import type { DeepPartial } from "../../schema/deep-partial.ts";
import { responseFormat } from "../../schema/response-format.ts";
import type { SchemaInput, SchemaOutput, StandardSchema } from "../../schema/standard-schema.ts";
import type { CallPlan } from "../../stream/plan.ts";
import { extract } from "../../stream/extract.ts";
import { handled } from "../../stream/pair-source.ts";
import { parseText, type ResponseModel } from "../../stream/response-model.ts";
import { isDeclared } from "../../tool/declared.ts";
import type { PairTypes } from "../../tool/pair.ts";
import type { AnyTool } from "../../tool/tool.ts";
import {
  type AnthropicCallOptions,
  type AnthropicParserOption,
  type AnthropicPromptResult,
  type AnthropicResult,
  type AnyAnthropicOptions,
  callOf,
  type ShownTools,
  type ToolsOf,
} from "./call.ts";
import type { AnthropicModel } from "./models.ts";
import type { AnthropicBody, AnthropicNative } from "./native.ts";
import { shapeBody } from "./output-format.ts";
import type { AnthropicCallParams } from "./params.ts";
import { type AnthropicCallResponse, AnthropicStream } from "./stream.ts";
import { AnthropicStructuredStream } from "./structured-stream.ts";
import type { ToolParam } from "./tool-param.ts";

export { AnthropicStructuredStream };

/** The options of a call to Anthropic that may have a response model. */
export type StructuredCallOptions<
  S extends StreamOption = StreamOption,
  D extends AnyTool | ToolParam = AnyTool | ToolParam,
  M extends StandardSchema = StandardSchema,
> = AnthropicCallOptions<S, D> & ModelOptions<M>;

/** What `.with()` takes: options, and another model. */
export type StructuredCallOverrides<
  S extends StreamOption = StreamOption,
  D extends AnyTool | ToolParam = AnyTool | ToolParam,
  M extends StandardSchema = StandardSchema,
> = StructuredCallOptions<S, D, M> & { readonly model?: AnthropicModel | undefined };

/** The option `outputParser`. A stream takes none, nor does a call with a response model; the type says why. */
export type StructuredParserOption<S extends StreamOption, T extends PairTypes, M, O> = AnthropicParserOption<S, T, O> &
  ([M] extends [never] ? unknown : { readonly outputParser?: "the reply is parsed by responseModel already" });

/** What a stream or a response has besides, where a call has a response model and tools. */
export interface Parsing<out Model> {
  /**
   * The validated model of the text.
   *
   * @throws ResponseModelError where the text is something else: if the model asked for tools, say.
   */
  parse(): Promise<Model>;
}

/** What a call gives: with a response model that, or a stream of it; with tools beside it, what a call gives otherwise. */
export type StructuredResult<S extends StreamOption, T extends PairTypes, M extends StandardSchema, O> = [M] extends [
  never,
]
  ? AnthropicResult<S, T, O>
  : [T] extends [never]
    ? S extends false
      ? Promise<SchemaOutput<M>>
      : AnthropicStructuredStream<SchemaOutput<M>, DeepPartial<SchemaInput<M>>>
    : S extends false
      ? Promise<AnthropicCallResponse<T> & Parsing<SchemaOutput<M>>>
      : AnthropicStream<ShownTools<S, T>> & Parsing<SchemaOutput<M>>;

/** A typed function that asks a model. */
export interface StructuredCall<
  Args extends readonly unknown[],
  S extends StreamOption,
  T extends PairTypes = never,
  M extends StandardSchema = never,
  O = never,
> {
  /** How {@link agent} repeats it. @internal */
  readonly "~call": CallMachine<AnthropicNative, Args, ShownTools<S, T>>;
  /** Asks. */
  (...args: Args): StructuredResult<S, T, M, O>;
  /** The same call with other options; `callParams` and `timeout` are merged, the rest replaces. */
  with<const S2 extends StreamOption = S, D extends AnyTool | ToolParam = never, M2 extends StandardSchema = M, O2 = O>(
    overrides: StructuredCallOverrides<S2, D, M2> &
      StructuredParserOption<NoInfer<S2>, NoInfer<Extract<D, AnyTool>>, NoInfer<M2>, O2>,
  ): StructuredCall<Args, S2, [D] extends [never] ? T : Extract<D, AnyTool>, M2, O2>;
}

/**
 * Makes a function out of a prompt, as `call` of `millrace/anthropic` does; it may have a `responseModel`.
 *
 * @param model - The model's id, as Anthropic names it.
 * @param options - How to call it.
 * @param fn - Gives the prompt.
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
export function call<const Args extends readonly unknown[], const R extends AnthropicPromptResult>(
  model: AnthropicModel,
  fn: PromptFunction<Args, R, AnthropicCallParams>,
): StructuredCall<Args, false, ToolsOf<R>>;
export function call<
  const Args extends readonly unknown[],
  const R extends AnthropicPromptResult,
  const S extends StreamOption = false,
  D extends AnyTool | ToolParam = never,
  M extends StandardSchema = never,
  O = never,
>(
  model: AnthropicModel,
  options: StructuredCallOptions<S, D, M> &
    StructuredParserOption<NoInfer<S>, NoInfer<Extract<D, AnyTool> | ToolsOf<R>>, NoInfer<M>, O>,
  fn: PromptFunction<Args, R, AnthropicCallParams>,
): StructuredCall<Args, S, Extract<D, AnyTool> | ToolsOf<R>, M, O>;
export function call(model: string, ...rest: [fn: unknown] | [options: object, fn: unknown]): unknown {
  return rest.length === 1 ? defineStructuredCall(model, {}, rest[0]) : defineStructuredCall(model, rest[0], rest[1]);
}

type AnyStructuredOptions = AnyAnthropicOptions & ModelOptions;

/** What both signatures come to. @internal */
export function defineStructuredCall(model: string, options: AnyStructuredOptions, prompt: unknown): unknown {
  return callOf(model, options, prompt, shapeOf, ask);
}

/** Checks the model where the call is defined, rather than where it is first used. */
function shapeOf(options: AnyStructuredOptions): ReturnType<typeof shapeBody> | undefined {
  const { jsonMode = false } = options;
  const format = wantedBy(options)?.format;
  if (format === undefined && !jsonMode) return undefined;
  const shape = shapeBody(format, jsonMode);
  const isNamed = options.tools?.some(isDeclared) ?? false;
  return (body) => {
    const { tools = [] } = body as AnthropicBody & { readonly tools?: readonly object[] };
    // What the call gives was decided before its function ran.
    if (format !== undefined && !isNamed && tools.some((tool) => "input_schema" in tool)) {
      const rule = "beside responseModel they are named in the options, not by the function alone.";
      throw new InvalidOptionError("tools", rule);
    }
    return shape(body);
  };
}

/** What the options ask for. @throws SchemaError if there is no JSON Schema of it. */
function wantedBy({ responseModel, responseSchema }: ModelOptions): ResponseModel | undefined {
  return responseModel && { model: responseModel, format: responseFormat(responseModel, responseSchema) };
}

function ask(plan: CallPlan<AnthropicNative>, options: AnyStructuredOptions): unknown {
  const { stream: option, tools = [], validationRetries = 0, outputParser } = options;
  const wanted = wantedBy(options);
  const isStream = isStreamed(option);
  if (wanted !== undefined && !tools.some(isDeclared)) {
    const open = (from: typeof plan): AnthropicStructuredStream => new AnthropicStructuredStream(from, wanted);
    return isStream ? open(plan) : extract(plan, open, validationRetries);
  }
  const stream = new AnthropicStream(plan);
  if (isStream) return wanted === undefined ? stream : withParse(stream, wanted, () => stream.response());
  return stream.response().then((response) => {
    if (wanted !== undefined) return withParse(response, wanted, () => response);
    return outputParser ? outputParser(response as AnthropicCallResponse<never>) : response;
  });
}

/** Adds {@link Parsing}. */
function withParse<V extends object>(
  view: V,
  model: ResponseModel,
  respond: () => AnthropicCallResponse | Promise<AnthropicCallResponse>,
): V {
  return Object.defineProperty(view, "parse", { value: () => handled(parseText(model, respond())) });
}
