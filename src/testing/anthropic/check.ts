import { isJsonObject, type JsonObject } from "../json.ts";
import type { ModelRules } from "./model-rules.ts";
import type { Sent } from "./sent.ts";

/** A request to check. */
export interface CheckedRequest {
  readonly body: JsonObject;
  readonly model: ModelRules;
  /** The `anthropic-version` header. */
  readonly version: string;
  readonly betas: ReadonlySet<string>;
  /** Fields and values of `type` to accept besides the known ones. */
  readonly fields: ReadonlySet<string>;
  /** What this server has sent. */
  readonly sent: Sent;
}

/** Finds one kind of problem. Gives the message with which the API refuses the request (status 400), if it does. */
export type Check = (request: CheckedRequest) => string | null | undefined | false;

/** The message of the first check that finds a problem. */
export function firstProblem(checks: readonly Check[], request: CheckedRequest): string | null {
  for (const check of checks) {
    const problem = check(request);
    if (typeof problem === "string") return problem;
  }
  return null;
}

/**
 * Whether a request goes on with a thread, whose earlier messages, system prompt and tools the API keeps. This server does
 * not, so what depends on them is not checked.
 */
export function continuesThread({ thread }: JsonObject): boolean {
  return isJsonObject(thread) && thread["type"] === "continue";
}
