import { InvalidOptionError } from "./errors.ts";
import type { PromptFunction } from "./prompt/dynamic-config.ts";
import {
  type AnthropicCall,
  type AnthropicCallOptions,
  type AnthropicPromptResult,
  defineCall,
} from "./providers/anthropic/call.ts";
import type { AnthropicCallParams } from "./providers/anthropic/params.ts";

/** A model by its provider. */
export type ModelId = `anthropic/${string}`;

/**
 * Makes a function out of a prompt, as `call` of a provider's entry does, for a model named `provider/model`.
 *
 * @throws InvalidOptionError where the provider is not one of those above.
 *
 * @example
 * ```ts
 * import { call } from "millrace";
 *
 * const recommend = call("anthropic/claude-sonnet-5-5", { stream: true }, (genre: string) => `Recommend a ${genre} book`);
 * for await (const [chunk] of recommend("fantasy")) process.stdout.write(chunk.content);
 * ```
 */
export function call<const Args extends readonly unknown[], R extends AnthropicPromptResult>(
  model: ModelId,
  fn: PromptFunction<Args, R, AnthropicCallParams>,
): AnthropicCall<Args, false>;
export function call<const Args extends readonly unknown[], R extends AnthropicPromptResult, S extends boolean = false>(
  model: ModelId,
  options: AnthropicCallOptions<S>,
  fn: PromptFunction<Args, R, AnthropicCallParams>,
): AnthropicCall<Args, S>;
export function call<Args extends readonly unknown[]>(
  model: string,
  ...rest: [fn: unknown] | [options: AnthropicCallOptions, fn: unknown]
): AnthropicCall<Args, boolean> {
  const [, provider, name] = /^([^/]*)\/(.+)$/.exec(model) ?? [];
  if (provider !== "anthropic" || name === undefined) {
    throw new InvalidOptionError("model", `"${model}" is not "anthropic/…".`);
  }
  return rest.length === 1 ? defineCall(name, {}, rest[0]) : defineCall(name, rest[0], rest[1]);
}
