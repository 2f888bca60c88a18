import { ApiError, ConnectionError, type ErrorDetails, messageOf } from "../../errors.ts";
import { field, isObject, stringField, tryParse } from "../../json/object.ts";

// platform.claude.com/docs/en/api/errors; 408 and 409 as the official SDKs treat them.
const RETRYABLE_TYPE = /^(api|conflict|overloaded|rate_limit|timeout)_error$/;
const RETRYABLE_STATUS = /^(408|409|429|5..)$/;
/** A limit that the account's owner set: it will not pass by waiting. */
const SPEND_LIMIT = "enforced_spend_limit_reached";
const TEXT_SHOWN = 200;

type HeaderOf = (name: string) => string | null;

/** The error of a response with a status of 400 or above: JSON, HTML or nothing as its body. Some give a 200 an error. */
export function errorFromResponse(status: number, header: HeaderOf, text: string): ApiError | null {
  const body = tryParse(text) ?? text;
  return status >= 400 || isObject(field(body, "error")) ? apiError(status, header, body) : null;
}

/** The error of an `error` event inside a 200. */
export function errorFromEvent(event: unknown): ApiError {
  return apiError(undefined, () => null, event);
}

/** The error of what an SDK client threw, read by its shape: the SDKs' classes are not imported. */
export function errorFromClient(thrown: unknown): ApiError | ConnectionError {
  const status = field(thrown, "status");
  const body = field(thrown, "error");
  const headers = field(thrown, "headers");
  const details = { cause: thrown };
  if (typeof status !== "number" && !body) {
    return new ConnectionError(`The connection was lost: ${messageOf(thrown)}`, details);
  }
  const header: HeaderOf = (name) => (headers instanceof Headers ? headers.get(name) : null);
  return apiError(typeof status === "number" ? status : undefined, header, body ?? "", details);
}

/** @param status - That of the response; undefined where the error came inside the stream. */
function apiError(status: number | undefined, header: HeaderOf, body: unknown, details?: ErrorDetails): ApiError {
  const { type, message } = wordsOf(body);
  const because = [type, message || "(no message)"].filter(Boolean).join(": ");
  const told = header("x-should-retry");
  const isUsual = (status ?? 200) < 400 ? RETRYABLE_TYPE.test(type ?? "") : RETRYABLE_STATUS.test(String(status));
  return new ApiError(`Anthropic ${status === undefined ? "ended the stream" : `answered ${status}`}: ${because}`, {
    ...details,
    status,
    requestId: requestIdOf(header) ?? stringField(body, "request_id"),
    retryable: told === "true" || (told !== "false" && isUsual && !isSpendLimit(body)),
    retryAfterMs: retryAfterMs(header),
    type,
    providerMessage: message,
    body,
  });
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
