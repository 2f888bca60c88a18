/** Calls by `provider/model` ids. */

import type {
  CallMachine,
  NativePromptResult,
  NoParserOfStreams,
  Parsed,
  ResponseOf,
  ShownTools,
  ToolsOf,
  WithResponse,
} from "./call/call.ts";
import { callOf, type CallKind, streamClasses } from "./call/define-calls.ts";
import { mergeOptions, type OptionsOfOneModel, type ParserOption, type StreamOption } from "./call/options.ts";
import { InvalidOptionError } from "./errors.ts";
import { type DeferredProvider, type Natives, type NeutralNative, PREFIXES, providerOf } from "./neutral-provider.ts";
import type { PromptFunction } from "./prompt/dynamic-config.ts";
import type { Native } from "./provider/native.ts";
import type { Provider } from "./provider/provider.ts";
import type { Target } from "./recovery/plan.ts";
import { shown } from "./schema/option-form.ts";
import type { SchemaOutput, StandardSchema } from "./schema/standard-schema.ts";
import { defineStructuredCalls, type StructuredOptions } from "./structured/define-structured-calls.ts";
import type { ModelOptions, StructuredAnswer, StructuredResult, ToolsBeside } from "./structured/structured-call.ts";
import type { PairTypes } from "./tool/pair.ts";
import type { AnyTool } from "./tool/tool.ts";

/** A model by its provider, such as `anthropic/claude-sonnet-5-5`; or any other text, which is looked at when it runs. */
export type ModelId = `${keyof Natives}/${string}` | (string & {});

/** Any id, but for a literal that does not name its provider: the type says so. */
type Provided<Id extends string> = string extends Id
  ? unknown
  : Id extends `${keyof Natives}/${string}`
    ? unknown
    : // An object, since two texts come to `never`, which says nothing.
      { readonly problem: Unprovided<Id> };

/** What to write instead of an id without a provider, or with one that is not known. */
type Unprovided<Id extends string> = Id extends `${infer Prefix}/${string}`
  ? `there is no provider "${Prefix}" here`
  : Id extends `gpt-${string}`
    ? `write "openai/${Id}"`
    : Id extends `claude-${string}`
      ? `write "anthropic/${Id}"`
      : `write the provider in front: "openai/${Id}", for example`;

/** The native types of the models with these ids: of all that may answer; {@link NeutralNative} if an id may be any text. */
export type NativeOf<Id extends string> = Id extends `${infer Prefix extends keyof Natives}/${string}`
  ? Natives[Prefix]
  : NeutralNative;

/** A model to ask if the one before it fails, of any provider. Options that are one provider's own go to its models alone. */
export type NeutralTarget<Id extends ModelId = ModelId> = Omit<Target<NativeOf<Id>>, "model"> & { readonly model: Id };

/** The options of a call by `provider/model` ids. `Fallback` are the ids of its fallbacks. */
export type NeutralCallOptions<
  N extends Native = NeutralNative,
  S extends StreamOption = StreamOption,
  D extends AnyTool | N["toolParam"] = AnyTool | N["toolParam"],
  M extends StandardSchema = StandardSchema,
  Fallback extends ModelId = ModelId,
> = OptionsOfOneModel<N, S, D> &
  ModelOptions<M> & {
    /** Models to ask, in this order, once the requests to the one before have failed, or if it does not exist. */
    readonly fallback?: Fallback | readonly (Fallback | NeutralTarget<Fallback>)[] | undefined;
  };

/** The option `outputParser`: it takes the result that the call has without it. A stream has none, and the type says why. */
export type NeutralParserOption<
  N extends Native,
  S extends StreamOption,
  T extends PairTypes,
  M extends StandardSchema,
  O,
> = ParserOption<StructuredAnswer<N, T, M>, O> & NoParserOfStreams<S>;

/** The native types after an option was replaced: those of `Id`, or what they were. */
type Replaced<Id extends ModelId, N extends Native> = [Id] extends [never] ? N : NativeOf<Id>;

/** A typed function that asks a model: of the provider of `N`, or one of those of `Fallback`. */
export interface NeutralCall<
  N extends Native,
  Fallback extends Native,
  Args extends readonly unknown[],
  S extends StreamOption,
  T extends PairTypes = never,
  M extends StandardSchema = never,
  O = never,
> {
  /** Lets an agent repeat it. @internal */
  readonly "~call": CallMachine<N | Fallback, Args, ShownTools<S, T>, SchemaOutput<M>>;
  /**
   * Asks the model.
   *
   * @param args - The arguments of the prompt function.
   */
  (...args: Args): StructuredResult<N | Fallback, S, T, M, O>;
  /**
   * Asks, reads the reply to its end, and gives the model, or what `outputParser` made of it, together with the response.
   *
   * @param args - The arguments of the prompt function.
   * @throws What the call itself throws, and what `outputParser` throws.
   */
  withResponse(
    ...args: Args
  ): Promise<WithResponse<Parsed<StructuredAnswer<N | Fallback, T, M>, O>, ResponseOf<N | Fallback, T>>>;
  /**
   * The same call with other options, or for another model: of another provider, too.
   *
   * @param overrides - Options, and `model`. `params`, `callParams` and `timeout` are merged key by key, the others
   *   replace.
   * @throws InvalidOptionError if an option cannot work, or has no effect.
   */
  with<
    const Id extends ModelId = never,
    const S2 extends StreamOption = S,
    D extends AnyTool | Replaced<Id, N>["toolParam"] = never,
    M2 extends StandardSchema = M,
    O2 = O,
    const F extends ModelId = never,
  >(
    overrides: NeutralCallOptions<Replaced<Id, N>, S2, D, M2, F> &
      NeutralParserOption<
        Replaced<Id, N> | Replaced<F, Fallback>,
        NoInfer<S2>,
        NoInfer<[D] extends [never] ? T : Extract<D, AnyTool>>,
        NoInfer<M2>,
        O2
      > & { readonly model?: Id | undefined },
  ): NeutralCall<
    Replaced<Id, N>,
    Replaced<F, Fallback>,
    Args,
    S2,
    [D] extends [never] ? T : Extract<D, AnyTool>,
    M2,
    O2
  >;
}

/**
 * Makes a function out of a prompt, as `call` of a provider's entry does, for a model named `provider/model`. The
 * provider's code is loaded when the first reply is read.
 *
 * @param model - The model's id, its provider in front: `anthropic/claude-sonnet-5-5`.
 * @param fn - Returns the prompt, or a promise of it: a string, which is one user message; messages; or a config object.
 * @throws InvalidOptionError if the id does not begin with a provider.
 *
 * @example
 * ```ts
 * import { call } from "millrace";
 *
 * const recommend = call("anthropic/claude-sonnet-5-5", { stream: true }, (genre: string) => `Recommend a ${genre} book`);
 * for await (const [chunk] of recommend("fantasy")) process.stdout.write(chunk.content);
 * ```
 */
export function call<
  const Id extends ModelId,
  const Args extends readonly unknown[],
  const R extends NativePromptResult<NativeOf<Id>>,
>(
  model: Id & Provided<Id>,
  fn: PromptFunction<Args, R, NativeOf<Id>["callParams"], NativeOf<Id>["role"]>,
): NeutralCall<NativeOf<Id>, never, Args, false, ToolsOf<R>>;
/**
 * The same with options.
 *
 * @param model - The model's id, its provider in front: `anthropic/claude-sonnet-5-5`.
 * @param options - Whether it streams, tools, a response model, limits and all else: see {@link NeutralCallOptions}.
 * @param fn - Returns the prompt, or a promise of it: a string, which is one user message; messages; or a config object.
 */
export function call<
  const Id extends ModelId,
  const Args extends readonly unknown[],
  const R extends NativePromptResult<NativeOf<Id>>,
  const S extends StreamOption = false,
  D extends AnyTool | NativeOf<Id>["toolParam"] = never,
  M extends StandardSchema = never,
  O = never,
  const F extends ModelId = never,
>(
  model: Id & Provided<Id>,
  options: NeutralCallOptions<NativeOf<Id>, S, D, M, F> &
    NeutralParserOption<NativeOf<Id> | Replaced<F, never>, NoInfer<S>, NoInfer<ToolsBeside<D, R, M>>, NoInfer<M>, O>,
  fn: PromptFunction<Args, R, NativeOf<Id>["callParams"], NativeOf<Id>["role"]>,
): NeutralCall<NativeOf<Id>, Replaced<F, never>, Args, S, ToolsBeside<D, R, M>, M, O>;
export function call(model: string, ...rest: [fn: unknown] | [options: object, fn: unknown]): unknown {
  const [options, fn] = rest.length === 1 ? [{}, rest[0]] : rest;
  return define(model, options, fn);
}

type Options = StructuredOptions<NeutralNative>;
type Overrides = Options & { readonly model?: string };

/** What every call is, whatever its types. */
interface AnyCall {
  (...args: readonly unknown[]): unknown;
  withResponse(...args: readonly unknown[]): Promise<unknown>;
  readonly "~call": object;
}

/** @param given - The options that were written now, if others were merged into them. */
function define(model: string, options: Options, fn: unknown, given: Options = options): unknown {
  const own = made(model, options, fn, given);
  const override = ({ model: other = model, ...overrides }: Overrides): [string, Options, unknown, Options] => {
    // Options do not have `model`: what is left is all of them.
    const over = overrides as Options;
    return [other, mergeOptions<NeutralNative, Options>(options, over), fn, over];
  };
  // Looked at for each call: the context is that of the caller.
  const here = (): AnyCall => {
    const overrides = context.current?.();
    return overrides === undefined ? own : made(...override(overrides));
  };
  const ask = (...args: readonly unknown[]): unknown => here()(...args);
  return Object.defineProperty(
    Object.assign(ask, {
      withResponse: (...args: readonly unknown[]) => here().withResponse(...args),
      with: (overrides: Overrides) => define(...override(overrides)),
    }),
    "~call",
    { get: () => here()["~call"] },
  );
}

function made(model: string, options: Options, fn: unknown, given: Options): AnyCall {
  const { provider, model: name } = resolve(model);
  const prices = options.prices && Object.fromEntries(pricesOf(options.prices));
  // All of what `callOf` makes, but `with`.
  return callOf(kindOf(provider), name, { ...options, ...(prices && { prices }) }, fn, given) as AnyCall;
}

/** Prices under the models' own names, without their providers'. */
function pricesOf(prices: object): (readonly [model: string, price: unknown])[] {
  return Object.entries(prices).map(([id, price]) => [
    prefixOf(id) === null ? id : id.slice(id.indexOf("/") + 1),
    price,
  ]);
}

/** Overrides for the calls of the current asynchronous context: set by `millrace/context`. @internal */
export const context: { current: (() => object | undefined) | null } = { current: null };

const kinds = new Map<DeferredProvider, CallKind<NeutralNative, Options>>();

function kindOf(provider: DeferredProvider): CallKind<NeutralNative, Options> {
  const known = kinds.get(provider);
  if (known !== undefined) return known;
  const { kind } = defineStructuredCalls<NeutralNative>(
    {
      provider,
      formatBody: (format, jsonMode) => (body, by) => structuredBy(by).formatBody(format, jsonMode)(body),
      hasTools: (body, by) => structuredBy(by).hasTools(body),
    },
    streamClasses(provider),
    resolve,
  );
  kinds.set(provider, kind);
  return kind;
}

/** @param provider - One that is encoding a body, and thus loaded. */
function structuredBy(provider: Provider<NeutralNative> | undefined): NonNullable<DeferredProvider["structured"]> {
  return (provider as DeferredProvider & { readonly structured: NonNullable<DeferredProvider["structured"]> })
    .structured;
}

/** The prefix of an id; null if it has none that is known. */
function prefixOf(id: string): keyof Natives | null {
  return PREFIXES.find((prefix) => id.startsWith(`${prefix}/`) && id.length > prefix.length + 1) ?? null;
}

function resolve(id: string): { readonly provider: DeferredProvider; readonly model: string } {
  const prefix = typeof id === "string" ? prefixOf(id) : null;
  if (prefix === null) {
    const list = PREFIXES.map((known) => `"${known}/…"`).join(", ");
    throw new InvalidOptionError("model", `${shown(id)} does not begin with a provider. Ids begin with ${list}.`);
  }
  return { provider: providerOf(prefix), model: id.slice(prefix.length + 1) };
}
