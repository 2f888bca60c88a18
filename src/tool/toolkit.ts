import { type AnyTool, checkName, finished, type Tool } from "./tool.ts";

/** The tools `T` with their names in a namespace: `find` in `library` becomes `library_find`. */
export type NamespacedTools<Namespace extends string, T extends readonly AnyTool[]> = {
  readonly [Index in keyof T]: T[Index] extends Tool<infer Name, infer Args, infer Result, infer Arriving>
    ? Tool<`${Namespace}_${Name}`, Args, Result, Arriving>
    : never;
};

/**
 * Defines tools that belong together. The namespace is put before their names, and their descriptions and functions may
 * depend on state that is known only when the toolkit is used.
 *
 * @param tools - Makes the tools. The toolkit takes the same arguments, and passes them on.
 * @param namespace - Put before each tool's name, with `_` between them.
 * @throws InvalidOptionError when the toolkit is used, if a name with the namespace is not a valid tool name.
 * @example
 * ```ts
 * import { tool, toolkit } from "millrace";
 * import * as z from "zod";
 * const library = toolkit("library", (reader: { level: string }) => [
 *   tool({
 *     name: "find_book",
 *     description: `Finds a book for a reader of the level ${reader.level}.`,
 *     input: z.object({ genre: z.string() }),
 *     call: ({ genre }) => `${genre} for ${reader.level} readers`,
 *   }),
 * ]);
 * const tools = library({ level: "beginner" }); // library_find_book
 * ```
 */
export function toolkit<
  const Namespace extends string,
  State extends readonly unknown[],
  const T extends readonly AnyTool[],
>(namespace: Namespace, tools: (...state: State) => T): (...state: State) => NamespacedTools<Namespace, T>;
export function toolkit(
  namespace: string,
  tools: (...state: unknown[]) => readonly AnyTool[],
): (...state: unknown[]) => readonly AnyTool[] {
  return (...state) => tools(...state).map((tool) => inNamespace(namespace, tool));
}

function inNamespace(namespace: string, tool: AnyTool): AnyTool {
  const name = `${namespace}_${tool.name}`;
  checkName(name);
  // The methods use `this`, so calls and their errors have the new name.
  return finished({ ...tool, name });
}
