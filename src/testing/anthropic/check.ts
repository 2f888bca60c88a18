import type { JsonObject } from "./json.ts";
import type { ModelRules } from "./model-rules.ts";

/** A request that is to be checked. */
export interface CheckedRequest {
  readonly body: JsonObject;
  readonly model: ModelRules;
  /** The `anthropic-version` header. */
  readonly version: string;
  readonly betas: ReadonlySet<string>;
  /** The thinking that the server itself has sent, by its signature. */
  readonly sentThinking: ReadonlyMap<string, string>;
}

/** Finds what the API would say of a request (status 400), or nothing. */
export type Check = (request: CheckedRequest) => string | null | undefined | false;

/** What the first check that finds something says. */
export function firstProblem(checks: readonly Check[], request: CheckedRequest): string | null {
  for (const check of checks) {
    const problem = check(request);
    if (typeof problem === "string") return problem;
  }
  return null;
}
