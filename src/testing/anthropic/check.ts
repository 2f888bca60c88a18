import type { JsonObject } from "./json.ts";
import type { ModelRules } from "./model-rules.ts";

/** A request to check. */
export interface CheckedRequest {
  readonly body: JsonObject;
  readonly model: ModelRules;
  /** The `anthropic-version` header. */
  readonly version: string;
  readonly betas: ReadonlySet<string>;
  /** The thinking that this server has sent, by signature. */
  readonly sentThinking: ReadonlyMap<string, string>;
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
