import type { IncomingHttpHeaders } from "node:http";
import { type CheckedRequest, firstProblem } from "./check.ts";
import { countFields, messageFields } from "./check-fields.ts";
import { formatChecks } from "./check-format.ts";
import { messageChecks, turnChecks } from "./check-messages.ts";
import { countParams, maxTokensIsThere, messageParams, STRICT_VERSION } from "./check-params.ts";
import type { JsonObject } from "../json.ts";
import { parsedBody } from "../parsed-body.ts";
import { knownBetas, knownModels, type ModelRules, unrestrictedModel } from "./model-rules.ts";
import { invalidRequest, notFound, type Problem } from "./problem.ts";
import type { Sent } from "./sent.ts";

/** The largest request, from platform.claude.com/docs/en/api/errors. */
export const BODY_LIMIT = 32 * 1024 * 1024;

const VERSIONS = ["2023-06-01", STRICT_VERSION];

/** What a fake server needs to know to judge a request. */
export interface Validation {
  /** False to refuse only requests that cannot be answered at all. */
  readonly validate: boolean;
  /** The only key or token to accept; undefined to accept any. */
  readonly apiKey: string | undefined;
  /** Ids of models that exist besides the known ones. */
  readonly models: readonly string[];
  /** Values of `anthropic-beta` to accept besides the known ones. */
  readonly betas: readonly string[];
  /** Fields and values of `type` to accept besides the known ones, at any depth. */
  readonly fields: readonly string[];
  readonly sent: Sent;
}

/** In the order in which the API reports what it finds, as far as that is known. */
const CHECKS = {
  message: [maxTokensIsThere, ...turnChecks, ...messageFields, ...messageParams, ...messageChecks, ...formatChecks],
  count: [...turnChecks, ...countFields, ...countParams, ...messageChecks, ...formatChecks],
};

/** The problem with a request's credentials or headers, or null. */
export function headerProblem(headers: IncomingHttpHeaders, validation: Validation): Problem | null {
  const unauthorized = credentialsProblem(headers, validation);
  if (unauthorized !== null) return { status: 401, type: "authentication_error", message: unauthorized };
  if (!validation.validate) return null;
  const version = headers["anthropic-version"];
  if (version === undefined || version === "") return invalidRequest("anthropic-version: header is required");
  if (!VERSIONS.includes(String(version))) {
    return invalidRequest(`anthropic-version: "${version}" is not a valid version`);
  }
  const unknown = betasOf(headers).filter((beta) => !knownBetas.has(beta) && !validation.betas.includes(beta));
  if (unknown.length === 0) return null;
  const names = unknown.map((beta) => `\`${beta}\``).join(", ");
  return invalidRequest(
    `Unexpected value(s) ${names} for the \`anthropic-beta\` header. ` +
      "Please consult our documentation at docs.claude.com or try again without the header.",
  );
}

function credentialsProblem(headers: IncomingHttpHeaders, { apiKey, validate }: Validation): string | null {
  const key = headers["x-api-key"];
  // If both are sent, the key wins.
  if (typeof key === "string" && key !== "") return apiKey === undefined || key === apiKey ? null : "invalid x-api-key";
  const token = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
  if (token !== undefined) return apiKey === undefined || token === apiKey ? null : "Invalid bearer token";
  return validate || apiKey !== undefined ? "x-api-key header is required" : null;
}

/** A request's body, or the problem with it. */
export type ParsedBody = { readonly body: JsonObject; readonly problem?: undefined } | { readonly problem: Problem };

/** Parses a request's body. */
export function parseBody(bodyText: string | null): ParsedBody {
  const parsed = parsedBody(bodyText);
  if (typeof parsed !== "string") return { body: parsed };
  const isTooLarge = bodyText === null;
  return { problem: isTooLarge ? { status: 413, type: "request_too_large", message: parsed } : invalidRequest(parsed) };
}

/** The problem with a request for a message, or for a count of its tokens, or null. */
export function bodyProblem(
  body: JsonObject,
  headers: IncomingHttpHeaders,
  kind: "message" | "count",
  validation: Validation,
): Problem | null {
  if (!validation.validate) return null;
  const { model: id } = body;
  if (typeof id !== "string") return invalidRequest("model: Field required");
  const model = findModel(id, validation);
  if (model === null) return notFound(`model: ${id}`);
  const request: CheckedRequest = {
    body,
    model,
    version: String(headers["anthropic-version"]),
    betas: new Set(betasOf(headers)),
    fields: new Set(validation.fields),
    sent: validation.sent,
  };
  const problem = firstProblem(CHECKS[kind], request);
  return problem === null ? null : invalidRequest(problem);
}

/** A model by its id or alias, or null. */
export function findModel(id: string, { models }: Pick<Validation, "models">): ModelRules | null {
  const known = knownModels.find((model) => model.id === id || model.aliases.includes(id));
  return known ?? (models.includes(id) ? unrestrictedModel(id) : null);
}

function betasOf(headers: IncomingHttpHeaders): string[] {
  const value = headers["anthropic-beta"] ?? "";
  return String(value)
    .split(",")
    .map((beta) => beta.trim())
    .filter((beta) => beta !== "");
}
