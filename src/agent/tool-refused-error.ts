import { MillraceError } from "../errors.ts";

/** How a model is told that a tool was not allowed to run; the reason follows, if there is one. */
export const REFUSED = "The user did not allow this tool to run";
/** How it is told that nobody has said whether it may. */
export const UNANSWERED = "The tool did not run: nobody has approved the call.";

/**
 * Whether a result of a tool says that it was refused. A conversation has nothing else that tells: providers know errors at
 * best, and some give them back as text.
 */
export function saysRefused(content: unknown): boolean {
  if (typeof content !== "string") return false;
  const text = content.replace(/^Error: /, "");
  return text === UNANSWERED || text === `${REFUSED}.` || text.startsWith(`${REFUSED}: `);
}

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

  /** @param answer - What `approve` has answered: the reason, if it is a text. Or the message itself. */
  constructor(toolName: string, answer: unknown) {
    const reason = typeof answer === "string" && answer !== "" ? answer : null;
    super(reason === null ? `${REFUSED}.` : saysRefused(reason) ? reason : `${REFUSED}: ${reason}`);
    this.toolName = toolName;
  }
}
