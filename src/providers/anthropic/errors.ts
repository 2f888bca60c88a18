import { ApiError, ConnectionError, type ErrorDetails, messageOf } from "../../errors.ts";
import { field, stringField, tryParse } from "../../json/object.ts";

// platform.claude.com/docs/en/api/errors; 408 and 409 as the official SDKs treat them.
const RETRYABLE_TYPE = /^(api|conflict|overloaded|rate_limit|timeout)_error$/;
const RETRYABLE_STATUS = /^(408|409|429|5..)$/;
/** A limit that the account's owner set: it will not pass by waiting. */
const SPEND_LIMIT = "enforced_spend_limit_reached";
const TEXT_SHOWN = 200;

type HeaderOf = (name: string) => string | null;

/** The error of a response with a status of 400 or above: JSON, HTML or nothing as its body. */
export function errorFromResponse(status: number, header: HeaderOf, text: string): ApiError {
  const body = tryParse(text) ?? text;
  return apiError(`answered ${status}`, body, {
    status,
    requestId: requestIdOf(header) ?? stringField(body, "request_id"),
    retryable: isRetryable(status, header, body),
    retryAfterMs: retryAfterMs(header),
  });
}

/** The error of an `error` event inside a 200. */
export function errorFromEvent(event: unknown, details?: ErrorDetails): ApiError {
  return apiError("ended the stream", event, {
    requestId: stringField(event, "request_id"),
    retryable: RETRYABLE_TYPE.test(wordsOf(event).type ?? "") && !isSpendLimit(event),
    ...details,
  });
}

function apiError(what: string, body: unknown, details: ErrorDetails): ApiError {
  const { type, message } = wordsOf(body);
  const because = [type, message || "(no message)"].filter(Boolean).join(": ");
  return new ApiError(`Anthropic ${what}: ${because}`, { ...details, type, providerMessage: message, body });
}

/** The error of what an SDK client threw, read by its shape: the SDKs' classes are not imported. */
export function errorFromClient(thrown: unknown): ApiError | ConnectionError {
  const status = field(thrown, "status");
  const body = field(thrown, "error");
  if (typeof status !== "number") {
    if (body) return errorFromEvent(body, { cause: thrown, requestId: stringField(thrown, "requestID") });
    return new ConnectionError(`The connection was lost: ${messageOf(thrown)}`, { cause: thrown });
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
export function retryAfterMs(header: HeaderOf): number | undefined {
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
  return RETRYABLE_STATUS.test(String(status)) && !isSpendLimit(body);
}

function isSpendLimit(body: unknown): boolean {
  return field(field(field(body, "error"), "details"), "error_code") === SPEND_LIMIT;
}

/** The provider's words: `{error: {type, message}}` here and in most imitations, `{message}` on AWS, HTML from proxies. */
function wordsOf(body: unknown): { readonly type: string | null; readonly message: string } {
  const error = field(body, "error") ?? body;
  if (typeof error !== "string")
    return { type: stringField(error, "type"), message: stringField(error, "message") ?? "" };
  const text = error.replace(/<style[^]*?<\/style>|<[^>]*>|\s+/gi, " ").trim();
  return { type: null, message: text.replace(/ +/g, " ").slice(0, TEXT_SHOWN) };
}
