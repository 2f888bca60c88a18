/** Options for all neutral calls that run inside a function, however deep: for servers, tests and experiments. */

import { AsyncLocalStorage } from "node:async_hooks";
import { mergeOptions } from "./call/options.ts";
import { context, type ModelId, type NeutralCallOptions } from "./neutral-call.ts";
import type { NeutralNative } from "./neutral-provider.ts";

/** The options that {@link withContext} takes, and another `model`. */
export type ContextOverrides = Omit<NeutralCallOptions, "responseModel" | "responseSchema" | "stream" | "tools"> & {
  readonly model?: ModelId | undefined;
};

const storage = new AsyncLocalStorage<ContextOverrides>();
context.current = () => storage.getStore();

/**
 * Runs a function, inside of which every call of `millrace` that is made by a `provider/model` id has these options over
 * its own. It reaches what the function waits for, too. For runtimes with `node:async_hooks`.
 *
 * @param overrides - Options, and `model`. Those of an outer context stay unless they are replaced.
 * @param fn - Runs at once.
 * @returns What the function returns.
 * @example
 * ```ts
 * import { call } from "millrace";
 * import { withContext } from "millrace/context";
 *
 * const recommend = call("anthropic/claude-sonnet-5-5", (genre: string) => `Recommend a ${genre} book`);
 * const response = await withContext({ model: "anthropic/claude-haiku-5-5" }, () => recommend("fantasy"));
 * console.log(response.model);
 * ```
 */
export function withContext<R>(overrides: ContextOverrides, fn: () => R): R {
  const outer = storage.getStore();
  return storage.run(
    outer === undefined ? overrides : { ...mergeOptions<NeutralNative, object>(outer, overrides) },
    fn,
  );
}
