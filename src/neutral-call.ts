import type { StreamOption } from "./call/options.ts";
import { InvalidOptionError, messageOf } from "./errors.ts";
import { isObject } from "./json/object.ts";
import type { PromptFunction } from "./prompt/dynamic-config.ts";
import type { ToolsOf } from "./call/call.ts";
import type { AnthropicPromptResult } from "./providers/anthropic/call.ts";
import {
  call as anthropicCall,
  type StructuredCall,
  type StructuredCallOptions,
  type StructuredParserOption,
  type ToolsBeside,
} from "./providers/anthropic/structured.ts";
import type { AnthropicCallParams } from "./providers/anthropic/params.ts";
import type { AnthropicNative } from "./providers/anthropic/native.ts";
import type { ToolParam } from "./providers/anthropic/tool-param.ts";
import type { StandardSchema } from "./schema/standard-schema.ts";
import type { AnyTool } from "./tool/tool.ts";

/** A model by its provider. */
export type ModelId = `anthropic/${string}`;

/**
 * Makes a function out of a prompt, as `call` of a provider's entry does, for a model named `provider/model`.
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
export function call<const Args extends readonly unknown[], const R extends AnthropicPromptResult>(
  model: ModelId,
  fn: PromptFunction<Args, R, AnthropicCallParams, AnthropicNative["role"]>,
): StructuredCall<Args, false, ToolsOf<R>>;
/**
 * The same with options.
 *
 * @param model - The model's id, its provider in front: `anthropic/claude-sonnet-5-5`.
 * @param options - Whether it streams, tools, a response model, limits and all else: see `CallOptions`.
 * @param fn - Returns the prompt, or a promise of it: a string, which is one user message; messages; or a config object.
 */
export function call<
  const Args extends readonly unknown[],
  const R extends AnthropicPromptResult,
  const S extends StreamOption = false,
  D extends AnyTool | ToolParam = never,
  M extends StandardSchema = never,
  O = never,
>(
  model: ModelId,
  options: StructuredCallOptions<S, D, M> &
    StructuredParserOption<NoInfer<S>, NoInfer<ToolsBeside<D, R, M>>, NoInfer<M>, O>,
  fn: PromptFunction<Args, R, AnthropicCallParams, AnthropicNative["role"]>,
): StructuredCall<Args, S, ToolsBeside<D, R, M>, M, O>;
export function call(model: string, ...rest: [fn: unknown] | [options: object, fn: unknown]): unknown {
  const name = withoutProvider(model);
  if (name === model) throw new InvalidOptionError("model", `"${messageOf(model, 100)}" is not "anthropic/…".`);
  const [options, fn] = rest.length === 1 ? [{}, rest[0]] : rest;
  // Both signatures come to this, as those of the provider's call do.
  return takingIds((anthropicCall as unknown as Define)(name, withoutProviders(options), fn));
}

type Define = (model: unknown, options: unknown, fn: unknown) => Overridable;

interface Overridable {
  with(overrides: unknown): Overridable;
}

/** Makes the overrides of a call take ids with a provider, too. */
function takingIds<C extends Overridable>(made: C): C {
  const override = made.with;
  return Object.assign(made, { with: (overrides: unknown) => takingIds(override(withoutProviders(overrides))) });
}

function withoutProviders(options: unknown): unknown {
  if (!isObject(options)) return options;
  const { model, fallback, ...rest } = options;
  const named = (target: unknown): unknown =>
    isObject(target) ? { ...target, model: withoutProvider(target["model"]) } : withoutProvider(target);
  return {
    ...rest,
    ...(model !== undefined && { model: withoutProvider(model) }),
    ...(fallback !== undefined && { fallback: Array.isArray(fallback) ? fallback.map(named) : named(fallback) }),
  };
}

function withoutProvider(model: unknown): unknown {
  return typeof model === "string" ? model.replace(/^anthropic\/(?=.)/, "") : model;
}
