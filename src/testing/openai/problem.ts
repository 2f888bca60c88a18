import type { JsonObject } from "../json.ts";

/** An error that a fake server answers instead of a reply. */
export interface Problem {
  readonly status: number;
  readonly message: string;
  readonly type: string | null;
  readonly code: string | number | null;
  readonly param: string | null;
  /** Further fields of the error. */
  readonly more?: JsonObject | undefined;
}

/** Status 400: the API does not accept the request. */
export function invalid(message: string, param: string | null = null, code: string | null = null): Problem {
  return { status: 400, message, type: "invalid_request_error", code, param };
}

/** Status 404. */
export function notFound(message: string, code: string | null = null): Problem {
  return { ...invalid(message, null, code), status: 404 };
}

/** A parameter that does not exist. */
export function unknownParameter(name: string): Problem {
  return invalid(`Unknown parameter: '${name}'.`, name, "unknown_parameter");
}

/** A parameter that must be there. */
export function missingParameter(name: string): Problem {
  return invalid(`Missing required parameter: '${name}'.`, name, "missing_required_parameter");
}

/** The error as the API writes it. */
export function errorObject({ message, type, code, param, more }: Problem): JsonObject {
  return { message, type, param, code, ...more };
}

/** What the API says in `x-should-retry`: whether sending the same request again may succeed. */
export function shouldRetry({ status, code }: Problem): boolean {
  return code !== "insufficient_quota" && (status === 408 || status === 409 || status === 429 || status >= 500);
}

/** The API's errors by status, each with a typical message. */
const USUAL: Readonly<Record<number, readonly [type: string, code: string | null, message: string]>> = {
  400: ["invalid_request_error", null, "We could not parse the JSON body of your request."],
  401: ["invalid_request_error", "invalid_api_key", "Incorrect API key provided."],
  402: ["insufficient_credits", null, "Insufficient credits. Add more using https://openrouter.ai/credits"],
  403: ["invalid_request_error", "unsupported_country_region_territory", "Country, region, or territory not supported"],
  404: [
    "invalid_request_error",
    "model_not_found",
    "The model `gpt-unknown` does not exist or you do not have access to it.",
  ],
  409: ["invalid_request_error", "conversation_locked", "Another process is currently operating on this conversation."],
  413: ["invalid_request_error", null, "Request body too large."],
  429: ["requests", "rate_limit_exceeded", "Rate limit reached. Please try again in 1s."],
  500: ["server_error", null, "The server had an error processing your request. Sorry about that!"],
  503: ["server_error", "overloaded", "The server is overloaded. Please slow down and try again later."],
};

/** The errors whose code tells more than the status. */
const BY_CODE: Readonly<Record<string, readonly [type: string, message: string]>> = {
  insufficient_quota: [
    "insufficient_quota",
    "You exceeded your current quota, please check your plan and billing details.",
  ],
  context_length_exceeded: ["invalid_request_error", "This model's maximum context length is 128000 tokens."],
  rate_limit_exceeded: ["tokens", "Rate limit reached. Please try again in 1s."],
  server_error: ["server_error", "The server had an error processing your request. Sorry about that!"],
};

/** The problem that a scripted error stands for. */
export function usualProblem(status: number, code?: string, message?: string, more?: JsonObject): Problem {
  const [usualType, usualCode, usualMessage] = USUAL[status] ?? ["server_error", null, `Error ${status}`];
  const [type, told] = (code !== undefined && BY_CODE[code]) || [usualType, usualMessage];
  return { status, message: message ?? told, type, code: code ?? usualCode, param: null, more };
}
