/**
 * The parts of the schema libraries' common interfaces that are used: Standard Schema 1 and Standard JSON Schema 1
 * (standardschema.dev). Declared here because they are structural, and the package has no dependencies.
 */

/** A schema of any library that implements Standard Schema: zod, valibot, arktype, … */
export interface StandardSchema<out Input = unknown, out Output = unknown> {
  readonly "~standard": StandardProps<Input, Output>;
}

/** The members of a schema that the standard defines. */
export interface StandardProps<out Input = unknown, out Output = unknown> {
  readonly version: 1;
  /** The library's name. */
  readonly vendor: string;
  /** Checks a value. */
  readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
  /** Exists in the types only. */
  readonly types?: { readonly input: Input; readonly output: Output } | undefined;
}

/** A valid value, as the schema outputs it, or what is wrong with it. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One thing that is wrong with a value. */
export interface StandardIssue {
  /** What is wrong, in the library's words. */
  readonly message: string;
  /** Where it is. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A schema that can generate JSON Schema: zod from 4.2, arktype from 2.1.28, valibot's `toStandardJsonSchema`. */
export interface StandardJsonSchema {
  readonly "~standard": { readonly jsonSchema: StandardConverter };
}

/** Generates JSON Schema. */
export interface StandardConverter {
  /** Throws if JSON Schema cannot describe the schema. */
  readonly input: (options: {
    readonly target: "draft-2020-12";
    readonly libraryOptions?: Record<string, unknown> | undefined;
  }) => unknown;
}

/** The type that a schema takes. */
export type SchemaInput<S extends StandardSchema> = NonNullable<S["~standard"]["types"]>["input"];

/** The type that a schema outputs. */
export type SchemaOutput<S extends StandardSchema> = NonNullable<S["~standard"]["types"]>["output"];
