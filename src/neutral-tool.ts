/** Tools, with the options of all providers. */

import type { AnthropicToolOptions } from "./providers/anthropic/tool-schema.ts";
import { isResultPart } from "./providers/anthropic/result-part.ts";
import { checkKeys } from "./schema/known-keys.ts";
import type { StandardSchema } from "./schema/standard-schema.ts";
import {
  type ArrivingToolArgs,
  type AwaitedResult,
  type NoInput,
  type NoInputSchema,
  tool as toolOf,
  type Tool,
  type ToolArgs,
  type ToolDefinition as AnyToolDefinition,
  type ToolDescription as AnyToolDescription,
  type ToolOptions as AnyToolOptions,
} from "./tool/tool.ts";

/** Options of a tool, all but `runEarly` for the provider. A provider is sent only the options that it has. */
export interface ToolOptions extends AnyToolOptions, AnthropicToolOptions {}

/** The part of a definition that describes the tool to the model. */
export interface ToolDescription<Name extends string> extends AnyToolDescription<Name>, AnthropicToolOptions {}

/** The argument of {@link tool}: the tool's name, the schema of its input (`S`, `J`), and its function, which returns `R`. */
export type ToolDefinition<Name extends string, S extends StandardSchema, J extends object, R> = AnyToolDefinition<
  Name,
  S,
  J,
  R
> &
  AnthropicToolOptions;

const KEYS =
  "name,description,input,inputSchema,call,needsApproval,strict,runEarly,cacheControl,eagerInputStreaming,deferLoading".split(
    ",",
  );
/** What other libraries call the parts of a definition. */
const ADVICE = {
  execute: "call",
  func: "call",
  handler: "call",
  parameters: "input, or inputSchema for JSON Schema",
  run: "call",
  schema: "input, or inputSchema for JSON Schema",
};

/**
 * Defines a tool: a function that the model may call.
 *
 * Describe the input by `input`, a schema of any library that implements Standard Schema. If that cannot generate JSON
 * Schema (valibot, zod/mini), give `inputSchema` as well. If you only have JSON Schema (typebox, or written by hand),
 * give `inputSchema` alone; the input is then not validated.
 *
 * @param definition - The tool's name, description, input, function and options.
 * @throws SchemaError if JSON cannot represent the input that the schema takes. The error names the part.
 * @throws InvalidOptionError if the name is not valid.
 * @example
 * ```ts
 * import { tool } from "millrace";
 * import * as z from "zod";
 * const getBookAuthor = tool({
 *   name: "get_book_author",
 *   description: "Returns the author of the book with the given title.",
 *   input: z.object({ title: z.string().describe("The title of the book.") }),
 *   call: ({ title }) => (title === "The Name of the Wind" ? "Patrick Rothfuss" : "Unknown"),
 * });
 * ```
 */
export function tool<
  const Name extends string,
  R,
  S extends StandardSchema = NoInput,
  J extends object = NoInputSchema,
>(definition: ToolDefinition<Name, S, J, R>): Tool<Name, ToolArgs<S, J>, AwaitedResult<R>, ArrivingToolArgs<S, J>> {
  checkKeys(definition, KEYS, "", ADVICE);
  return toolOf(definition, isResultPart);
}
