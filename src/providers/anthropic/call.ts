import type { CallMachine } from "../../agent.ts";
import {
  type CallOptions,
  isStreamed,
  mergeOptions,
  type ParserOption,
  planCall,
  type StreamOption,
} from "../../call.ts";
import { InvalidOptionError } from "../../errors.ts";
import type { PromptFunction, PromptResult } from "../../prompt/dynamic-config.ts";
import type { DeepPartial } from "../../schema/deep-partial.ts";
import { responseFormat } from "../../schema/response-format.ts";
import type { SchemaInput, SchemaOutput, StandardSchema } from "../../schema/standard-schema.ts";
import type { CallPlan } from "../../stream/attempt.ts";
import { extract } from "../../stream/extract.ts";
import { handled } from "../../stream/pair-source.ts";
import { parseText, type ResponseModel } from "../../stream/response-model.ts";
import type { PairTypes, PartialTools } from "../../tool/pair.ts";
import { isDeclared } from "../../tool/declared.ts";
import type { AnyTool } from "../../tool/tool.ts";
import type { Client } from "./client.ts";
import type { AnthropicModel } from "./models.ts";
import type { AnthropicNative } from "./native.ts";
import type { AnthropicCallParams, MessageParam } from "./params.ts";
import type { SdkClient } from "./sdk-client.ts";
import type { ToolParam } from "./tool-param.ts";
import { anthropic } from "./provider.ts";
import { type AnthropicCallResponse, AnthropicStream, AnthropicStructuredStream } from "./stream.ts";

/** The options of a call to Anthropic. */
export type AnthropicCallOptions<
  S extends StreamOption = StreamOption,
  D extends AnyTool | ToolParam = AnyTool | ToolParam,
  M extends StandardSchema = StandardSchema,
> = CallOptions<AnthropicNative, S, D, M>;

/** What `.with()` takes: options, and another model. */
export type AnthropicCallOverrides<
  S extends StreamOption = StreamOption,
  D extends AnyTool | ToolParam = AnyTool | ToolParam,
  M extends StandardSchema = StandardSchema,
> = AnthropicCallOptions<S, D, M> & { readonly model?: AnthropicModel | undefined };

/** The option `outputParser`. A stream takes none, nor does a call with a response model; the type says why. */
export type AnthropicParserOption<S extends StreamOption, T extends PairTypes, M, O> = ParserOption<
  AnthropicCallResponse<T>,
  O
> &
  NoParser<S, M>;

/** Why a parser cannot be given. */
export type NoParser<S extends StreamOption, M> = S extends false
  ? [M] extends [never]
    ? unknown
    : { readonly outputParser?: "the reply is parsed by responseModel already" }
  : {
      readonly outputParser?: "a stream is parsed by whoever reads it: outputParser needs a call that is not streamed";
    };

/** What a stream or a response has besides, where a call has a response model and tools. */
export interface Parsing<out Model> {
  /**
   * The validated model of the text.
   *
   * @throws ResponseModelError where the text is something else: if the model asked for tools, say.
   */
  parse(): Promise<Model>;
}

/** What a call gives: a stream, which sends nothing before it is read, or a promise, which starts at once. */
export type AnthropicResult<
  S extends StreamOption,
  T extends PairTypes,
  M extends StandardSchema = never,
  O = never,
> = [M] extends [never]
  ? S extends false
    ? Promise<[O] extends [never] ? AnthropicCallResponse<T> : Awaited<O>>
    : AnthropicStreamOf<S, T>
  : [T] extends [never]
    ? S extends false
      ? Promise<SchemaOutput<M>>
      : AnthropicStructuredStream<SchemaOutput<M>, DeepPartial<SchemaInput<M>>>
    : S extends false
      ? Promise<AnthropicCallResponse<T> & Parsing<SchemaOutput<M>>>
      : AnthropicStreamOf<S, T> & Parsing<SchemaOutput<M>>;

type AnthropicStreamOf<S extends StreamOption, T extends PairTypes> = AnthropicStream<ShownTools<S, T>>;

/** The tools that pairs hold. */
export type ShownTools<S extends StreamOption, T extends PairTypes> = S extends { readonly partialTools: true }
  ? PartialTools<T>
  : T;

/** A typed function that asks a model. */
export interface AnthropicCall<
  Args extends readonly unknown[],
  S extends StreamOption,
  T extends PairTypes = never,
  M extends StandardSchema = never,
  O = never,
> {
  /** How {@link agent} repeats it. @internal */
  readonly "~call": CallMachine<AnthropicNative, Args, ShownTools<S, T>>;
  /** Asks. */
  (...args: Args): AnthropicResult<S, T, M, O>;
  /** The same call with other options; `callParams` and `timeout` are merged, the rest replaces. */
  with<const S2 extends StreamOption = S, D extends AnyTool | ToolParam = never, M2 extends StandardSchema = M, O2 = O>(
    overrides: AnthropicCallOverrides<S2, D, M2> &
      AnthropicParserOption<NoInfer<S2>, NoInfer<Extract<D, AnyTool>>, NoInfer<M2>, O2>,
  ): AnthropicCall<Args, S2, [D] extends [never] ? T : Extract<D, AnyTool>, M2, O2>;
}

/** What a prompt function may give. */
export type AnthropicPromptResult = PromptResult<
  MessageParam,
  AnthropicCallParams,
  Client | SdkClient,
  AnyTool | ToolParam
>;

/** The tools of a dynamic config that a prompt function gives. */
export type ToolsOf<R> = R extends { readonly tools?: readonly (infer D)[] | undefined } ? Extract<D, AnyTool> : never;

/**
 * Makes a function out of a prompt.
 *
 * @param model - The model's id, as Anthropic names it.
 * @param options - How to call it. See {@link CallOptions}.
 * @param fn - Gives the prompt: a string (one user message), messages, or a config object; it may be asynchronous.
 *
 * @example
 * ```ts
 * import { call } from "millrace/anthropic";
 *
 * const recommend = call("claude-sonnet-5-5", (genre: string) => `Recommend a ${genre} book`);
 * const answer = await recommend("fantasy");
 * console.log(answer.content, answer.finishReasons, answer.cost);
 * ```
 */
export function call<const Args extends readonly unknown[], const R extends AnthropicPromptResult>(
  model: AnthropicModel,
  fn: PromptFunction<Args, R, AnthropicCallParams>,
): AnthropicCall<Args, false, ToolsOf<R>>;
export function call<
  const Args extends readonly unknown[],
  const R extends AnthropicPromptResult,
  const S extends StreamOption = false,
  D extends AnyTool | ToolParam = never,
  M extends StandardSchema = never,
  O = never,
>(
  model: AnthropicModel,
  options: AnthropicCallOptions<S, D, M> &
    AnthropicParserOption<NoInfer<S>, NoInfer<Extract<D, AnyTool> | ToolsOf<R>>, NoInfer<M>, O>,
  fn: PromptFunction<Args, R, AnthropicCallParams>,
): AnthropicCall<Args, S, Extract<D, AnyTool> | ToolsOf<R>, M, O>;
export function call(model: string, ...rest: [fn: unknown] | [options: object, fn: unknown]): unknown {
  return rest.length === 1 ? defineCall(model, {}, rest[0]) : defineCall(model, rest[0], rest[1]);
}

/** A call of which only the arguments are known. */
type AnyAnthropicCall<Args extends readonly unknown[]> = AnthropicCall<
  Args,
  StreamOption,
  PairTypes,
  StandardSchema,
  unknown
>;

/** Options of which nothing more is known. */
type AnyAnthropicOptions = AnthropicCallOptions & ParserOption<AnthropicCallResponse<never>, unknown>;

/** What both signatures come to. @internal */
export function defineCall<Args extends readonly unknown[]>(
  model: string,
  options: AnyAnthropicOptions,
  prompt: unknown,
): AnyAnthropicCall<Args> {
  if (typeof prompt !== "function") {
    throw new InvalidOptionError("prompt function", `it is ${prompt === null ? "null" : typeof prompt}.`);
  }
  const fn = prompt as (...args: Args) => unknown;
  const { responseModel, responseSchema, validationRetries = 0, tools = [] } = options;
  const wanted = responseModel && { model: responseModel, format: responseFormat(responseModel, responseSchema) };
  const isStream = isStreamed(options.stream);
  const planOf = (...args: Args): CallPlan<AnthropicNative> =>
    planCall({ provider: anthropic, model, options, fn }, args, wanted?.format);
  const ask = (...args: Args): unknown => {
    const plan = planOf(...args);
    if (wanted !== undefined && !tools.some(isDeclared)) {
      const open = (from: CallPlan<AnthropicNative>): AnthropicStructuredStream =>
        new AnthropicStructuredStream(from, wanted);
      return isStream ? open(plan) : extract(plan, open, validationRetries);
    }
    const stream = new AnthropicStream(plan);
    if (isStream) return wanted === undefined ? stream : withParse(stream, wanted, () => stream.response());
    // A new promise: that of the stream may be ignored, while an ignored failure of this one should be noticed.
    return stream.response().then((response) => {
      if (wanted !== undefined) return withParse(response, wanted, () => response);
      return options.outputParser ? options.outputParser(response as AnthropicCallResponse<never>) : response;
    });
  };
  return Object.assign(ask, {
    "~call": { plan: planOf, open: (plan: CallPlan<AnthropicNative>) => new AnthropicStream(plan) },
    with: ({ model: other = model, ...overrides }: AnyAnthropicOptions & { readonly model?: string }) =>
      defineCall(other, mergeOptions(options, overrides), fn),
  }) as unknown as AnyAnthropicCall<Args>;
}

/** Adds {@link Parsing}. */
function withParse<V extends object>(
  view: V,
  model: ResponseModel,
  respond: () => AnthropicCallResponse | Promise<AnthropicCallResponse>,
): V {
  return Object.defineProperty(view, "parse", { value: () => handled(parseText(model, respond())) });
}
