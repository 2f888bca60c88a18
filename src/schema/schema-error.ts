import { type ErrorDetails, MillraceError } from "../errors.ts";

/** A schema cannot be put as the JSON Schema of an object. Thrown where the schema is given; nothing was sent. */
export class SchemaError extends MillraceError {
  readonly code = "schema";
  /** The option, and the way from there as far as it is known: `input.published.date`. */
  readonly path: string;
  constructor(path: string, problem: string, details?: ErrorDetails) {
    super(`${path}: ${problem}`, details);
    this.path = path;
  }
}
