import type {
  CallMachine,
  CallResult,
  NativePromptResult,
  ParserOptionOf,
  ResponseOf,
  ShownTools,
  StreamOf,
  ToolsOf,
} from "../call/call.ts";
import type { CallOptions, StreamOption } from "../call/options.ts";
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
  /** How often the model is told what is wrong with its reply and asked again. Only for calls that are not streamed. */
  readonly validationRetries?: number | undefined;
  /** Asks for JSON in words, even if the provider has a better way; with `responseModel`, or alone. */
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

/** The option `outputParser`. A stream, or a call with a response model, does not take it; the type says why. */
export type StructuredParserOption<
  N extends Native,
  S extends StreamOption,
  T extends PairTypes,
  M,
  O,
> = ParserOptionOf<N, S, T, O> &
  ([M] extends [never] ? unknown : { readonly outputParser?: "the reply is parsed by responseModel already" });

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
  : [T] extends [never]
    ? S extends false
      ? Promise<SchemaOutput<M>>
      : StructuredStreamOf<N, M>
    : S extends false
      ? Promise<ResponseOf<N, T> & Parsing<SchemaOutput<M>>>
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
  /** Asks. */
  (...args: Args): StructuredResult<N, S, T, M, O>;
  /** The same call with other options; `callParams` and `timeout` are merged, the others replace. */
  with<
    const S2 extends StreamOption = S,
    D extends AnyTool | N["toolParam"] = never,
    M2 extends StandardSchema = M,
    O2 = O,
  >(
    overrides: StructuredCallOverrides<N, S2, D, M2> &
      StructuredParserOption<N, NoInfer<S2>, NoInfer<Extract<D, AnyTool>>, NoInfer<M2>, O2>,
  ): StructuredCall<N, Args, S2, [D] extends [never] ? T : Extract<D, AnyTool>, M2, O2>;
}

/** The type of a provider's `call` with response models. */
export interface DefineStructuredCall<N extends Native> {
  <const Args extends readonly unknown[], const R extends NativePromptResult<N>>(
    model: N["model"],
    fn: PromptFunction<Args, R, N["callParams"]>,
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
      StructuredParserOption<N, NoInfer<S>, NoInfer<Extract<D, AnyTool> | ToolsOf<R>>, NoInfer<M>, O>,
    fn: PromptFunction<Args, R, N["callParams"]>,
  ): StructuredCall<N, Args, S, Extract<D, AnyTool> | ToolsOf<R>, M, O>;
}
