import { MillraceError } from "../errors.ts";

/**
 * Why a text is refused.
 *
 * - `unexpected`: no JSON continues like this.
 * - `incomplete`: the text ended too early.
 * - `depth`: it is nested deeper than `maxDepth`.
 */
export type JsonErrorReason = "unexpected" | "incomplete" | "depth";

/**
 * A text is not JSON, or nested too deeply. The message says where, and quotes one character of the text at most.
 *
 * @example
 * ```ts
 * import { incrementalJson, JsonSyntaxError } from "millrace/json";
 *
 * try {
 *   incrementalJson().push('{"title": x');
 * } catch (error) {
 *   if (!(error instanceof JsonSyntaxError)) throw error;
 *   console.error(error.message); // Invalid JSON at position 12: unexpected "x".
 * }
 * ```
 */
export class JsonSyntaxError extends MillraceError {
  readonly code = "json_syntax";
  /** Why the text is refused. */
  declare readonly reason: JsonErrorReason;
  /** How many UTF-16 units of the text come before the fault. */
  declare readonly position: number;
  /** What had been read by then. Not enumerable: the model's words do not belong in logs. */
  declare readonly value: unknown;

  constructor(reason: JsonErrorReason, position: number, problem: string, value: unknown) {
    super(`Invalid JSON at position ${position}: ${problem}.`, { reason, position });
    Object.defineProperty(this, "value", { value });
  }
}
