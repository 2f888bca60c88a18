import { InvalidOptionError, messageOf } from "../errors.ts";
import { shownAs } from "../json/inspectable.ts";
import type { DeepPartial } from "../schema/deep-partial.ts";
import { checkJsonSchema, type JsonSchema, selfDescribing, toJsonSchema } from "../schema/json-schema.ts";
import type {
  SchemaInput,
  SchemaOutput,
  StandardConverter,
  StandardJsonSchema,
  StandardProps,
  StandardSchema,
} from "../schema/standard-schema.ts";
import { validate } from "../schema/validate.ts";
import type { Check } from "./shape.ts";
import { ToolBox } from "./tool-box.ts";
import type { PairTypes } from "./pair.ts";
import {
  type ApprovalCheck,
  type OpenBlock,
  openCall,
  type OpenCall,
  type StreamingToolCall,
  type ToolApproval,
  type ToolBehavior,
  type ToolCall,
  type ToolContext,
} from "./tool-call.ts";
import { toolResult } from "./tool-result.ts";

/** Options of a tool. Providers have more: entries add them to the types, and they are passed on as they are. */
export interface ToolOptions {
  /** Makes the model follow the schema. */
  readonly strict?: boolean | undefined;
  /**
   * Lets an agent run the tool as soon as its input is complete, while the reply is still streaming. Do not set it on a
   * tool that must not run if the reply then fails or is refused. The provider is not sent this.
   */
  readonly runEarly?: boolean | undefined;
}

/** Any tool. Members whose names begin with `~` are internal to the library. */
export interface AnyTool extends ToolOptions, ToolBehavior, PairTypes {
  readonly "~pair"?: ToolCall;
  readonly "~partial"?: StreamingToolCall;
  readonly "~approval"?: ToolApproval;
  /** What the model is told that the tool does. */
  readonly description?: string | undefined;
  /** JSON Schema of the input, as the model sees it. */
  readonly inputSchema: JsonSchema;
  /** Begins a call. @internal */
  "~open"(block: OpenBlock): OpenCall;
  /** A method of the tool, so that programs without tools do not bundle the code. @internal */
  "~box"(tools: readonly AnyTool[], isPartial: boolean): ToolBox;
}

/** A tool whose function takes `Args` and returns `Result`. While its input is streaming, the input is an `Arriving`. */
export interface Tool<
  out Name extends string = string,
  out Args = unknown,
  out Result = unknown,
  out Arriving = unknown,
> extends AnyTool {
  /** The tool's name. */
  readonly name: Name;
  readonly "~pair"?: ToolCall<Name, Args, Result>;
  readonly "~partial"?: StreamingToolCall<Name, Arriving>;
  readonly "~approval"?: ToolApproval<Name, Args>;
}

/**
 * The argument of {@link tool}: the tool's name, the schema of its input (`S`, `J`), and its function, which returns `R`.
 *
 * It is an intersection of parts because TypeScript infers nothing from an object with a misspelt member, but still
 * infers each part by itself.
 */
export type ToolDefinition<Name extends string, S extends StandardSchema, J extends object, R> = ToolDescription<Name> &
  ToolInputSchema<S, J> &
  ToolFunction<ToolArgs<S, J>, R> &
  (S extends StandardJsonSchema ? unknown : ExplicitInputSchema);

/** The part of a definition that describes the tool to the model. */
export interface ToolDescription<Name extends string> extends ToolOptions {
  /** 1 to 64 letters, digits, `_` or `-`. */
  readonly name: Name;
  /** Tells the model what the tool does and when to use it. */
  readonly description?: string | undefined;
}

/** The part of a definition that describes the input. With neither of the two, the tool takes no input. */
export interface ToolInputSchema<S extends StandardSchema, J extends object> {
  /** A schema of any library that implements Standard Schema. */
  readonly input?: S | undefined;
  /** JSON Schema for the model to see, instead of the one that `input` generates. Alone, it validates nothing. */
  readonly inputSchema?: J | undefined;
}

/** The part of a definition that holds the tool's function. */
export interface ToolFunction<Args, R> {
  /** Runs the tool, synchronously or asynchronously. */
  readonly call: (args: Args, context: ToolContext) => R;
  /**
   * Whether a person has to agree before an agent runs the tool: always, or for the arguments for which this gives true.
   * The run ends then, and the next one has the answer: see {@link approve}. What it throws ends the run. The provider is not sent this.
   */
  readonly needsApproval?: boolean | ApprovalCheck<Args> | undefined;
}

/** Required when the schema in `input` cannot generate JSON Schema, as those of zod and arktype can. */
export interface ExplicitInputSchema {
  /** JSON Schema for the model to see. */
  readonly inputSchema: object;
}

/** The type of `input` for a tool without one. */
export interface NoInput extends NoInputSchema {
  readonly "~standard": StandardProps<Record<string, never>, Record<string, never>> & {
    readonly jsonSchema: StandardConverter;
  };
}

/** The type of `inputSchema` for a tool without one. */
export interface NoInputSchema {
  readonly "~none": never;
}

/** The arguments of a tool's function: the schema's output, the input as it came, or nothing. */
export type ToolArgs<S extends StandardSchema, J extends object> = J extends NoInputSchema
  ? SchemaOutput<S>
  : S extends NoInputSchema
    ? Record<string, unknown>
    : SchemaOutput<S>;

/** The input of a tool while it is arriving. */
export type ArrivingToolArgs<S extends StandardSchema, J extends object> = J extends NoInputSchema
  ? DeepPartial<SchemaInput<S>>
  : S extends NoInputSchema
    ? Record<string, unknown>
    : DeepPartial<SchemaInput<S>>;

/** What a tool call resolves to. `Awaited` alone would give the same, at twice the work for the compiler. */
export type AwaitedResult<R> = R extends Promise<infer Result> ? Result : Awaited<R>;

/**
 * Makes a tool of its definition.
 *
 * @param isPart - Whether plain data in the tool's output is a content part, to be sent as one. Default: a neutral one.
 * @throws SchemaError if JSON cannot represent the input that the schema takes. The error names the part.
 * @throws InvalidOptionError if the name is not valid.
 */
export function tool<
  const Name extends string,
  R,
  S extends StandardSchema = NoInput,
  J extends object = NoInputSchema,
>(
  definition: ToolDefinition<Name, S, J, R>,
  isPart?: Check,
): Tool<Name, ToolArgs<S, J>, AwaitedResult<R>, ArrivingToolArgs<S, J>>;
export function tool({ input, inputSchema, call, ...rest }: LooseDefinition, isPart?: Check): AnyTool {
  checkName(rest.name);
  if (!["undefined", "boolean", "function"].includes(typeof rest.needsApproval)) {
    throw new InvalidOptionError("needsApproval", "it must be true, false, or a function of the arguments.");
  }
  if (typeof call !== "function") throw new InvalidOptionError("call", "it must be the function that the tool runs.");
  const isJsonAlone = input == null && inputSchema != null;
  return finished({
    ...rest,
    inputSchema: describeInput(input, inputSchema),
    "~validate": (value) => (input == null ? { value: isJsonAlone ? value : {} } : validate(input, value)),
    "~run": call,
    "~result": (id, output) => toolResult(id, output, isPart),
    "~open"(block) {
      return openCall(this, block);
    },
    "~box": (tools, isPartial) => new ToolBox(tools, isPartial),
  });
}

/** A tool as it is handed out. @internal */
export function finished(made: AnyTool): AnyTool {
  const isShown = ([key]: readonly [string, unknown]): boolean => !key.startsWith("~");
  return Object.freeze(shownAs(made, "Tool", (tool) => Object.fromEntries(Object.entries(tool).filter(isShown))));
}

// A definition without the types that infer its parts.
interface LooseDefinition extends ToolOptions {
  readonly name: string;
  readonly description?: string | undefined;
  readonly input?: StandardSchema | null | undefined;
  readonly inputSchema?: object | null | undefined;
  readonly needsApproval?: boolean | ApprovalCheck<never> | undefined;
  call(args: unknown, context: ToolContext): unknown;
}

/** @throws InvalidOptionError */
export function checkName(name: string): void {
  if (typeof name === "string" && /^[a-zA-Z0-9_-]{1,64}$/.test(name)) return;
  throw new InvalidOptionError(
    "name",
    `a tool's name has 1 to 64 letters, digits, "_" and "-", unlike "${messageOf(name, 100)}".`,
  );
}

function describeInput(input: StandardSchema | null | undefined, inputSchema: object | null | undefined): JsonSchema {
  if (inputSchema != null) return checkJsonSchema(inputSchema, "inputSchema");
  if (input == null) return { type: "object", properties: {}, additionalProperties: false };
  return toJsonSchema(selfDescribing(input, "input", "inputSchema"), "input");
}
