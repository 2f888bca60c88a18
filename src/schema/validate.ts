import type { StandardIssue, StandardResult, StandardSchema } from "./standard-schema.ts";

/** One thing that is wrong with a value, and where. */
export interface SchemaIssue {
  /** The library's words, cut after 200 characters: some libraries quote the value. */
  readonly message: string;
  /** From the value to the part that is wrong; empty if that is the value itself. */
  readonly path: readonly PropertyKey[];
}

/** A valid value, as the schema puts it out, or what is wrong with it. */
export type Validation<Output = unknown> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[]; readonly cause?: unknown };

/**
 * Validates a value: at once, unless the schema itself is asynchronous.
 *
 * It never throws or rejects: a validator that does has found an issue, and the error is its `cause`.
 */
export function validate<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
): Validation<Output> | Promise<Validation<Output>> {
  try {
    const result = schema["~standard"].validate(value);
    return "then" in result ? Promise.resolve(result).then(toValidation).catch(thrown) : toValidation(result);
  } catch (error) {
    return thrown(error);
  }
}

function toValidation<Output>(result: StandardResult<Output>): Validation<Output> {
  return result.issues === undefined ? { value: result.value } : { issues: Array.from(result.issues, toIssue) };
}

// Plain arrays: those of arktype are of its own classes.
function toIssue({ message, path = [] }: StandardIssue): SchemaIssue {
  return {
    message: shortened(message),
    path: Array.from(path, (step) => (typeof step === "object" ? step.key : step)),
  };
}

function thrown(cause: unknown): Validation<never> {
  const message = `The validator failed: ${cause instanceof Error ? cause.message : String(cause)}`;
  return { issues: [{ message: shortened(message), path: [] }], cause };
}

// By code points: half of one could not be sent.
function shortened(message: string): string {
  const start = /^[^]{0,200}/u.exec(message)?.[0] ?? "";
  return start.length < message.length ? `${start}…` : message;
}
