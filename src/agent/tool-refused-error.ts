import { MillraceError } from "../errors.ts";

/**
 * A tool of an agent was not approved, and did not run. It is the output of its call; the model is told the message.
 *
 * @example
 * ```ts
 * import { ToolRefusedError } from "millrace";
 * function show(output: unknown) {
 *   if (output instanceof ToolRefusedError) console.log(`${output.toolName} was not allowed: ${output.message}`);
 * }
 * ```
 */
export class ToolRefusedError extends MillraceError {
  readonly code = "tool_refused";
  /** The tool's name. */
  readonly toolName: string;

  /** @param answer - What `approve` has answered: the reason, if it is a text. */
  constructor(toolName: string, answer: unknown) {
    super(typeof answer === "string" && answer !== "" ? answer : "The user did not allow this tool to run.");
    this.toolName = toolName;
  }
}
