import { type ErrorDetails, MillraceError } from "../errors.ts";

/**
 * A schema cannot be turned into JSON Schema of an object. Thrown where the schema is passed; nothing was sent.
 *
 * @example
 * ```ts
 * import { SchemaError } from "millrace";
 *
 * function report(error: unknown): void {
 *   if (error instanceof SchemaError) console.error(error.path, error.message);
 * }
 * ```
 */
export class SchemaError extends MillraceError {
  readonly code = "schema";
  /** The option and, as far as it is known, the path from there: `input.published.date`. */
  readonly path: string;
  constructor(path: string, problem: string, details?: ErrorDetails) {
    super(`${path}: ${problem}`, details);
    this.path = path;
  }
}
