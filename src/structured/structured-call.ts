import type {
  CallMachine,
  CallResult,
  NativePromptResult,
  NoParserOfStreams,
  Parsed,
  ResponseOf,
  ShownTools,
  StreamOf,
  ToolsOf,
  WithResponse,
} from "../call/call.ts";
import type { CallOptions, ParserOption, StreamOption } from "../call/options.ts";
import type { PromptFunction } from "../prompt/dynamic-config.ts";
import type { Native } from "../provider/native.ts";
import type { DeepPartial } from "../schema/deep-partial.ts";
import type { SchemaInput, SchemaOutput, StandardSchema } from "../schema/standard-schema.ts";
import type { PairTypes } from "../tool/pair.ts";
import type { AnyTool } from "../tool/tool.ts";

/** The options of a call that returns data instead of a response. `M` is the schema of that data. */
export interface ModelOptions<M extends StandardSchema = StandardSchema> {
  /**
   * The result of the call instead of a response: a schema of any library that implements Standard Schema. The reply is
   * validated. With `tools` the call returns the ordinary stream or response, which then has `parse()`.
   */
  readonly responseModel?: M | undefined;
  /** JSON Schema of the model, if `responseModel` cannot convert itself. */
  readonly responseSchema?: object | undefined;
  /** How often to send the validation errors back and ask again. Only for calls that are not streamed. */
  readonly validationRetries?: number | undefined;
  /** Asks for JSON by an instruction, even if the provider has a better way; with `responseModel`, or without. */
  readonly jsonMode?: boolean | undefined;
}

/** The options of a call that may have a response model. */
export type StructuredCallOptions<
  N extends Native,
  S extends StreamOption = StreamOption,
  D extends AnyTool | N["toolParam"] = AnyTool | N["toolParam"],
  M extends StandardSchema = StandardSchema,
> = CallOptions<N, S, D> & ModelOptions<M>;

/** The options of `.with()`: those of a call, and another model. */
export type StructuredCallOverrides<
  N extends Native,
  S extends StreamOption = StreamOption,
  D extends AnyTool | N["toolParam"] = AnyTool | N["toolParam"],
  M extends StandardSchema = StandardSchema,
> = StructuredCallOptions<N, S, D, M> & { readonly model?: N["model"] | undefined };

/** The option `outputParser`: it takes the result that the call has without it. A stream has none, and the type says why. */
export type StructuredParserOption<
  N extends Native,
  S extends StreamOption,
  T extends PairTypes,
  M extends StandardSchema,
  O,
> = ParserOption<StructuredAnswer<N, T, M>, O> & NoParserOfStreams<S>;

/** The extra method of a stream or a response whose call has a response model and tools. */
export interface Parsing<out Model> {
  /**
   * The validated model of the text.
   *
   * @throws ResponseModelError if the text does not fit it: because the model asked for tools, say.
   */
  parse(): Promise<Model>;
}

/** The type of a provider's stream of a response model. */
export type StructuredStreamOf<N extends Native, M extends StandardSchema> = (N["kinds"] & {
  readonly model: SchemaOutput<M>;
  readonly arriving: DeepPartial<SchemaInput<M>>;
})["structuredStream"];

/** The result of a call that is not streamed and has no output parser. */
export type StructuredAnswer<N extends Native, T extends PairTypes, M extends StandardSchema> = [M] extends [never]
  ? ResponseOf<N, T>
  : [T] extends [never]
    ? SchemaOutput<M>
    : ResponseOf<N, T> & Parsing<SchemaOutput<M>>;

/**
 * The tools of a call with the options' tools `D` whose function returns `R`. With a response model, those of the
 * function have to be among those of the options.
 */
export type ToolsBeside<D, R, M> = [M] extends [never]
  ? Extract<D, AnyTool> | ToolsOf<R>
  : [Extract<D, AnyTool>] extends [never]
    ? never
    : Extract<D, AnyTool> | ToolsOf<R>;

/**
 * The result of a call: with a response model that, or a stream of it; with tools as well, the result it has without a
 * model.
 */
export type StructuredResult<
  N extends Native,
  S extends StreamOption,
  T extends PairTypes,
  M extends StandardSchema,
  O,
> = [M] extends [never]
  ? CallResult<N, S, T, O>
  : S extends false
    ? Promise<Parsed<StructuredAnswer<N, T, M>, O>>
    : [T] extends [never]
      ? StructuredStreamOf<N, M>
      : StreamOf<N, ShownTools<S, T>> & Parsing<SchemaOutput<M>>;

/** A typed function that asks a model. */
export interface StructuredCall<
  N extends Native,
  Args extends readonly unknown[],
  S extends StreamOption,
  T extends PairTypes = never,
  M extends StandardSchema = never,
  O = never,
> {
  /** Lets an agent repeat it. @internal */
  readonly "~call": CallMachine<N, Args, ShownTools<S, T>, SchemaOutput<M>>;
  /**
   * Asks the model.
   *
   * @param args - The arguments of the prompt function.
   */
  (...args: Args): StructuredResult<N, S, T, M, O>;
  /**
   * Asks, reads the reply to its end, and gives the model, or what `outputParser` made of it, together with the response:
   * its usage, cost and id. After validation retries it is the response that fitted.
   *
   * @param args - The arguments of the prompt function.
   * @throws What the call itself throws, and what `outputParser` throws.
   * @example
   * ```ts
   * const { model, response } = await extractBook.withResponse("The Name of the Wind by Patrick Rothfuss");
   * console.log(model.author, response.id, response.cost);
   * ```
   */
  withResponse(...args: Args): Promise<WithResponse<Parsed<StructuredAnswer<N, T, M>, O>, ResponseOf<N, T>>>;
  /**
   * The same call with other options.
   *
   * @param overrides - Options, and `model`. `callParams` and `timeout` are merged key by key, the others replace.
   * @throws InvalidOptionError if an option cannot work, or has no effect.
   */
  with<
    const S2 extends StreamOption = S,
    D extends AnyTool | N["toolParam"] = never,
    M2 extends StandardSchema = M,
    O2 = O,
  >(
    overrides: StructuredCallOverrides<N, S2, D, M2> &
      StructuredParserOption<N, NoInfer<S2>, NoInfer<[D] extends [never] ? T : Extract<D, AnyTool>>, NoInfer<M2>, O2>,
  ): StructuredCall<N, Args, S2, [D] extends [never] ? T : Extract<D, AnyTool>, M2, O2>;
}

/** The type of a provider's `call` with response models. */
export interface DefineStructuredCall<N extends Native> {
  <const Args extends readonly unknown[], const R extends NativePromptResult<N>>(
    model: N["model"],
    fn: PromptFunction<Args, R, N["callParams"], N["role"]>,
  ): StructuredCall<N, Args, false, ToolsOf<R>>;
  <
    const Args extends readonly unknown[],
    const R extends NativePromptResult<N>,
    const S extends StreamOption = false,
    D extends AnyTool | N["toolParam"] = never,
    M extends StandardSchema = never,
    O = never,
  >(
    model: N["model"],
    options: StructuredCallOptions<N, S, D, M> &
      StructuredParserOption<N, NoInfer<S>, NoInfer<ToolsBeside<D, R, M>>, NoInfer<M>, O>,
    fn: PromptFunction<Args, R, N["callParams"], N["role"]>,
  ): StructuredCall<N, Args, S, ToolsBeside<D, R, M>, M, O>;
}
