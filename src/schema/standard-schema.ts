/**
 * The schema libraries' common interfaces, as far as they are used: Standard Schema 1 and Standard JSON Schema 1
 * (standardschema.dev). Our own, since they are structural and the package has no dependencies.
 */

/** A schema of any library that speaks Standard Schema: zod, valibot, arktype, … */
export interface StandardSchema<out Input = unknown, out Output = unknown> {
  readonly "~standard": StandardProps<Input, Output>;
}

/** What a schema says of itself. */
export interface StandardProps<out Input = unknown, out Output = unknown> {
  readonly version: 1;
  /** The library's name. */
  readonly vendor: string;
  readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
  /** Type only: there is no such value. */
  readonly types?: { readonly input: Input; readonly output: Output } | undefined;
}

/** A valid value, as the schema puts it out, or what is wrong with it. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One thing that is wrong with a value. */
export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A schema that can put itself as JSON Schema: zod from 4.2, arktype from 2.1.28, valibot's `toStandardJsonSchema`. */
export interface StandardJsonSchema {
  readonly "~standard": { readonly jsonSchema: StandardConverter };
}

/** Puts a schema as JSON Schema. It throws where that cannot be done. */
export interface StandardConverter {
  readonly input: (options: {
    readonly target: "draft-2020-12";
    readonly libraryOptions?: Record<string, unknown> | undefined;
  }) => unknown;
}

/** What a schema takes. */
export type SchemaInput<S extends StandardSchema> = NonNullable<S["~standard"]["types"]>["input"];

/** What a schema gives for it. */
export type SchemaOutput<S extends StandardSchema> = NonNullable<S["~standard"]["types"]>["output"];
