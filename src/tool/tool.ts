import { InvalidOptionError } from "../errors.ts";
import type { DeepPartial } from "../schema/deep-partial.ts";
import { checkJsonSchema, isSelfDescribing, type JsonSchema, toJsonSchema } from "../schema/json-schema.ts";
import { SchemaError } from "../schema/schema-error.ts";
import type {
  SchemaInput,
  SchemaOutput,
  StandardConverter,
  StandardJsonSchema,
  StandardProps,
  StandardSchema,
} from "../schema/standard-schema.ts";
import { validate } from "../schema/validate.ts";
import { ToolBox } from "./tool-box.ts";
import type { PairTypes } from "./pair.ts";
import {
  type OpenBlock,
  openCall,
  type OpenCall,
  type StreamingToolCall,
  type ToolBehavior,
  type ToolCall,
  type ToolContext,
} from "./tool-call.ts";

/** What the provider may be told about a tool. What a provider does not know, it is not sent. */
export interface ToolOptions {
  /** Caches the tools up to and including this one. */
  readonly cacheControl?: { readonly type: "ephemeral"; readonly ttl?: "5m" | "1h" | undefined } | undefined;
  /** Holds the model to the schema. Anthropic then needs `additionalProperties: false`, and refuses some keywords. */
  readonly strict?: boolean | undefined;
  /** Streams the input as the model writes it, rather than value by value; it may then turn out not to be JSON. */
  readonly eagerInputStreaming?: boolean | undefined;
  /** Hides the tool from the model until a tool search finds it. */
  readonly deferLoading?: boolean | undefined;
  /**
   * Lets an agent start the tool as soon as its input is complete, while the reply still streams. Not for what must not
   * happen if the reply fails or is refused afterwards. The provider is not told.
   */
  readonly runEarly?: boolean | undefined;
}

/** Any tool. Members whose names begin with `~` are the library's own. */
export interface AnyTool extends ToolOptions, ToolBehavior, PairTypes {
  readonly description?: string | undefined;
  /** What the model is shown: JSON Schema of the input. */
  readonly inputSchema: JsonSchema;
  /** Begins a call. */
  "~open"(block: OpenBlock): OpenCall;
  /** Made by one of the tools, so that a program without tools does not carry it. */
  "~box"(tools: readonly AnyTool[], isPartial: boolean): ToolBox;
}

/** A tool whose function takes `Args` and gives `Result`. While its input streams, that is `Arriving`. */
export interface Tool<
  out Name extends string = string,
  out Args = unknown,
  out Result = unknown,
  out Arriving = unknown,
> extends AnyTool {
  readonly name: Name;
  readonly "~pair"?: ToolCall<Name, Args, Result>;
  readonly "~partial"?: StreamingToolCall<Name, Arriving>;
}

/**
 * What {@link tool} takes: the tool's name, its input's schema (`S`, `J`), and its function, which gives `R`. In parts,
 * since TypeScript infers nothing from an object in which a member is misspelt, but does so for each part by itself.
 */
export type ToolDefinition<Name extends string, S extends StandardSchema, J extends object, R> = ToolDescription<Name> &
  ToolInput<S, J> &
  ToolFunction<ToolArgs<S, J>, R> &
  (S extends StandardJsonSchema ? unknown : ExplicitInputSchema);

/** How the model knows a tool. */
export interface ToolDescription<Name extends string> extends ToolOptions {
  /** 1 to 64 letters, digits, `_` and `-`. */
  readonly name: Name;
  /** Tells the model what the tool does and when to use it. */
  readonly description?: string | undefined;
}

/** What a tool takes. Nothing, if neither is given. */
export interface ToolInput<S extends StandardSchema, J extends object> {
  /** A schema of any library that speaks Standard Schema. */
  readonly input?: S | undefined;
  /** JSON Schema that the model is shown, rather than what `input` says of itself. Alone, it validates nothing. */
  readonly inputSchema?: J | undefined;
}

/** What a tool does. */
export interface ToolFunction<Args, R> {
  /** Runs the tool, at once or asynchronously. */
  readonly call: (args: Args, context: ToolContext) => R;
}

/** The schema in `input` cannot put itself as JSON Schema, as those of zod and arktype can: say what it takes. */
export interface ExplicitInputSchema {
  readonly inputSchema: object;
}

/** Stands for the `input` of a tool that has none. */
export interface NoInput extends NoInputSchema {
  readonly "~standard": StandardProps<Record<string, never>, Record<string, never>> & {
    readonly jsonSchema: StandardConverter;
  };
}

/** Stands for the `inputSchema` of a tool that has none. */
export interface NoInputSchema {
  readonly "~none": never;
}

/** What a tool's function gets: what the schema gives, or the input as it came, or nothing. */
export type ToolArgs<S extends StandardSchema, J extends object> = J extends NoInputSchema
  ? SchemaOutput<S>
  : S extends NoInputSchema
    ? Record<string, unknown>
    : SchemaOutput<S>;

/** What a tool's input is while it arrives. */
export type ArrivingToolArgs<S extends StandardSchema, J extends object> = J extends NoInputSchema
  ? DeepPartial<SchemaInput<S>>
  : S extends NoInputSchema
    ? Record<string, unknown>
    : DeepPartial<SchemaInput<S>>;

/** What a call of a tool resolves to. `Awaited` alone would do, and make the compiler work twice as hard. */
export type ToolResult<R> = R extends Promise<infer Result> ? Result : Awaited<R>;

/**
 * Defines a tool: a function that the model may ask for.
 *
 * Its input is described by `input`, a schema of any library that speaks Standard Schema. Where that cannot put itself
 * as JSON Schema (valibot, zod/mini), give `inputSchema` as well; where there is only JSON Schema (typebox, one written
 * by hand), give `inputSchema` alone: then the input is not validated.
 *
 * @throws {SchemaError} If JSON cannot hold what the schema takes: the error names the part.
 * @throws {InvalidOptionError} If the name is none.
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
>(definition: ToolDefinition<Name, S, J, R>): Tool<Name, ToolArgs<S, J>, ToolResult<R>, ArrivingToolArgs<S, J>>;
export function tool({ input, inputSchema, call, ...rest }: LooseDefinition): AnyTool {
  checkName(rest.name);
  const isJsonAlone = input == null && inputSchema != null;
  return Object.freeze<AnyTool>({
    ...rest,
    inputSchema: describeInput(input, inputSchema),
    "~validate": (value) => (input == null ? { value: isJsonAlone ? value : {} } : validate(input, value)),
    "~run": call,
    "~open"(block) {
      return openCall(this, block);
    },
    "~box": (tools, isPartial) => new ToolBox(tools, isPartial),
  });
}

// The definition once its types have done their work.
interface LooseDefinition extends ToolOptions {
  readonly name: string;
  readonly description?: string | undefined;
  readonly input?: StandardSchema | null | undefined;
  readonly inputSchema?: object | null | undefined;
  call(args: unknown, context: ToolContext): unknown;
}

/** @throws {InvalidOptionError} */
export function checkName(name: string): void {
  if (/^[a-zA-Z0-9_-]{1,64}$/.test(name)) return;
  throw new InvalidOptionError("name", `a tool's name has 1 to 64 letters, digits, "_" and "-", unlike "${name}".`);
}

function describeInput(input: StandardSchema | null | undefined, inputSchema: object | null | undefined): JsonSchema {
  if (inputSchema != null) return checkJsonSchema(inputSchema, "inputSchema");
  if (input == null) return { type: "object", properties: {}, additionalProperties: false };
  if (isSelfDescribing(input)) return toJsonSchema(input, "input");
  const { vendor } = input["~standard"];
  throw new SchemaError("input", `schemas of ${vendor} give no JSON Schema of their own: give inputSchema as well.`);
}
