import { MillraceError } from "../errors.ts";
import type { SchemaIssue } from "../schema/validate.ts";

/** What became of a tool's input, and what it was. */
export interface ToolInputFailure {
  readonly toolName: string;
  readonly toolCallId: string;
  /** `invalid`: no JSON object, or not what the schema takes. `truncated`: the message ended before the input did. */
  readonly state: "invalid" | "truncated";
  readonly issues: readonly SchemaIssue[];
  readonly text: string;
  readonly cause?: unknown;
}

/**
 * The model called a tool with input that cannot be used, so that the call never ran.
 *
 * It is not thrown: the stream goes on, and the failed call in `stream.tools` has it as its `error`.
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
  readonly toolName: string;
  readonly toolCallId: string;
  readonly state: "invalid" | "truncated";
  /** What is wrong, in the schema library's words; empty for truncated input. */
  readonly issues: readonly SchemaIssue[];
  readonly #text: string;

  constructor(failure: ToolInputFailure) {
    super(toMessage(failure), "cause" in failure ? { cause: failure.cause } : {});
    this.toolName = failure.toolName;
    this.toolCallId = failure.toolCallId;
    this.state = failure.state;
    this.issues = failure.issues;
    this.#text = failure.text;
  }

  /** The input as received. Not enumerable: it holds the model's words. */
  get text(): string {
    return this.#text;
  }
}

// The text itself stays out: the message may be logged.
function toMessage({ toolName, state, issues, text }: ToolInputFailure): string {
  if (state === "truncated") {
    return `Tool "${toolName}": the message ended before the tool's input did (${text.length} characters of it came).`;
  }
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  const at = first === undefined || first.path.length === 0 ? "" : `${first.path.map(String).join(".")}: `;
  return `Tool "${toolName}": invalid input: ${at}${first?.message ?? "it was refused."}${more}`;
}
