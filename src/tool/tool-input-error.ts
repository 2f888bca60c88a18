import { MillraceError } from "../errors.ts";
import { wellFormed } from "../json/well-formed.ts";
import { pathText, type SchemaIssue } from "../schema/validate.ts";

/** Which call failed, and why. */
export interface ToolInputFailure {
  readonly toolName: string;
  readonly toolCallId: string;
  /** `invalid`: not a JSON object, or rejected by the schema. `truncated`: the reply ended before the input did. */
  readonly state: "invalid" | "truncated";
  readonly issues: readonly SchemaIssue[];
  /** The input as received. */
  readonly text: string;
  readonly cause?: unknown;
}

/**
 * The model called a tool with input that cannot be used, so the tool did not run.
 *
 * This error is not thrown, and the stream goes on: it is the `error` of the failed call in `stream.tools`.
 *
 * @example
 * ```ts
 * import { ToolInputError } from "millrace";
 * function report(error: Error) {
 *   if (error instanceof ToolInputError) console.error(error.toolName, error.state, error.issues);
 * }
 * ```
 */
export class ToolInputError extends MillraceError {
  readonly code = "tool_input";
  /** The tool's name. */
  readonly toolName: string;
  /** The provider's id of the call. */
  readonly toolCallId: string;
  /** `invalid`: not a JSON object, or rejected by the schema. `truncated`: the reply ended before the input did. */
  readonly state: "invalid" | "truncated";
  /** What is wrong with the input, in the schema library's words; empty for truncated input. */
  readonly issues: readonly SchemaIssue[];
  /** The input as received, without secrets. Not enumerable: the model's words do not belong in logs. */
  declare readonly text: string;

  constructor(failure: ToolInputFailure) {
    super(toMessage(failure), "cause" in failure ? { cause: failure.cause } : {});
    this.toolName = failure.toolName;
    this.toolCallId = failure.toolCallId;
    this.state = failure.state;
    this.issues = failure.issues;
    Object.defineProperty(this, "text", { value: failure.text, configurable: true });
  }
}

// The input itself stays out of the message, which may be logged. The model is sent the message as the tool's result.
function toMessage({ toolName, state, issues, text }: ToolInputFailure): string {
  if (state === "truncated") {
    return `Tool "${toolName}": the reply ended before the tool's input did (${text.length} characters were received).`;
  }
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  const place = first?.path.length ? `${pathText(first)}: ` : "";
  const problem = first === undefined ? "the schema rejected it." : place + first.message;
  return wellFormed(`Tool "${toolName}": invalid input: ${problem}${more}`);
}
