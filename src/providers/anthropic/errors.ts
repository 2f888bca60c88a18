import { ApiError, ConnectionError, type ErrorDetails } from "../../errors.ts";
import { field, stringField, tryParse } from "../../json/object.ts";

// platform.claude.com/docs/en/api/errors; 408 and 409 as the official SDKs treat them.
const RETRYABLE_TYPES = new Set([
  "api_error",
  "conflict_error",
  "overloaded_error",
  "rate_limit_error",
  "timeout_error",
]);
const RETRYABLE_STATUSES = new Set([408, 409, 429]);
/** A limit that the account's owner set: it will not pass by waiting. */
const SPEND_LIMIT = "enforced_spend_limit_reached";
const TEXT_SHOWN = 200;

type HeaderOf = (name: string) => string | null;

/** The error of a response with a status of 400 or above: JSON, HTML or nothing as its body. */
export function errorFromResponse(status: number, header: HeaderOf, text: string): ApiError {
  const body = tryParse(text) ?? text;
  const words = wordsOf(body) ?? { type: null, message: plainText(text) };
  const { type, message } = words;
  const name = type === null ? "" : ` ${type}`;
  return new ApiError(`Anthropic answered ${status}${name}: ${message || "(no message)"}`, {
    status,
    type,
    providerMessage: message,
    body,
    requestId: requestIdOf(header) ?? stringField(body, "request_id"),
    retryable: isRetryable(status, header, body),
    retryAfterMs: retryAfterMs(header),
  });
}

/** The error of an `error` event inside a 200. */
export function errorFromEvent(event: unknown, details: ErrorDetails = {}): ApiError {
  const { type, message } = wordsOf(event) ?? { type: null, message: "" };
  return new ApiError(`Anthropic ended the stream with ${type ?? "an error"}: ${message || "(no message)"}`, {
    requestId: stringField(event, "request_id"),
    retryable: type !== null && RETRYABLE_TYPES.has(type) && !isSpendLimit(event),
    ...details,
    type,
    providerMessage: message,
    body: event,
  });
}

/** The error of what an SDK client threw, read by its shape: the SDKs' classes are not imported. */
export function errorFromClient(thrown: unknown): ApiError | ConnectionError {
  const status = field(thrown, "status");
  const body = field(thrown, "error");
  if (typeof status !== "number") {
    if (wordsOf(body) !== null)
      return errorFromEvent(body, { cause: thrown, requestId: stringField(thrown, "requestID") });
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new ConnectionError(`The connection was lost: ${message}`, { cause: thrown });
  }
  const headers = field(thrown, "headers");
  const header: HeaderOf = (name) => (headers instanceof Headers ? headers.get(name) : null);
  return errorFromResponse(status, header, typeof body === "string" ? body : JSON.stringify(body ?? ""));
}

/** The request's id, from the response's headers; AWS has a name of its own for it. */
export function requestIdOf(header: HeaderOf): string | null {
  return header("request-id") ?? header("x-amzn-requestid");
}

/** Reads `retry-after-ms`, and `retry-after` in seconds or as a date; undefined where there is neither. */
function retryAfterMs(header: HeaderOf): number | undefined {
  const ms = Number.parseFloat(header("retry-after-ms") ?? "");
  if (ms >= 0) return ms;
  const after = header("retry-after");
  if (after === null) return undefined;
  const seconds = Number(after);
  const waitMs = Number.isNaN(seconds) ? Date.parse(after) - Date.now() : seconds * 1000;
  return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
}

function isRetryable(status: number, header: HeaderOf, body: unknown): boolean {
  const told = header("x-should-retry");
  if (told === "true" || told === "false") return told === "true";
  return (RETRYABLE_STATUSES.has(status) || status >= 500) && !isSpendLimit(body);
}

function isSpendLimit(body: unknown): boolean {
  return field(field(field(body, "error"), "details"), "error_code") === SPEND_LIMIT;
}

/** The provider's words: `{error: {type, message}}` here and in most imitations, `{message}` on AWS. */
function wordsOf(body: unknown): { type: string | null; message: string } | null {
  const error = field(body, "error") ?? body;
  if (typeof error === "string" && typeof body === "object") return { type: null, message: error };
  const message = stringField(error, "message");
  const type = stringField(error, "type");
  return message === null && type === null ? null : { type, message: message ?? "" };
}

function plainText(text: string): string {
  const words = text
    .replace(/<(style|script)[^]*?<\/\1>|<[^>]*>/gi, " ")
    .replace(/\s+/g, " ")
    .trim();
  return words.length > TEXT_SHOWN ? `${words.slice(0, TEXT_SHOWN)}…` : words;
}
