import { ApiError, ConnectionError, type ErrorDetails, messageOf } from "../../errors.ts";
import { field, isObject, type JsonObject, stringField, tryParse } from "../../json/object.ts";
import { headerOfClient, plainText, retryAfterMs, wordIn, WORDS } from "../../provider/error-body.ts";
import type { HeaderOf } from "../../provider/provider.ts";

// From platform.claude.com/docs/en/api/errors; the official SDKs retry 408 and 409 as well.
const RETRYABLE_STATUS = /^(408|409|429|5..)$/;
const STATUS = /^[45]..$/;
/** The API's types of errors that may pass, and the words that other servers have for them. */
const RETRYABLE =
  /^(api|conflict)_error|overload|rate.?limit|throttl|too many|time.?d? ?out|unavailable|internal|server.error|busy|connect|again/i;
/** A spend limit set by the account's owner, which waiting does not lift. */
const SPEND_LIMIT = "enforced_spend_limit_reached";

/**
 * Reads the error out of a response that is not an event stream.
 *
 * @param text - The body: JSON, HTML, or empty.
 * @returns Null for a status below 400, unless the body describes an error.
 */
export function errorFromResponse(status: number, header: HeaderOf, text: string): ApiError | null {
  const body = tryParse(text) ?? text;
  const isFailure = status >= 400 || (isObject(body) && isError(stringField(body, "type") ?? "", body));
  return isFailure ? apiError(status, header, body) : null;
}

/** Whether an event is an error, in any of the shapes that servers give it. */
export function isError(type: string, event: JsonObject): boolean {
  return /(error|exception|failed)$/i.test(type) || !!event["error"] || (type === "" && wordIn([event], WORDS) !== "");
}

/** Reads the error out of an `error` event, which arrives inside a response with status 200. */
export function errorFromEvent(event: unknown): ApiError {
  return apiError(undefined, () => null, event);
}

/** Turns what an SDK client threw into an error of ours. Goes by its shape, so the SDKs need not be imported. */
export function errorFromClient(thrown: unknown): ApiError | ConnectionError {
  try {
    const code = field(thrown, "status");
    const body = field(thrown, "error");
    const status = Number.isInteger(code) ? (code as number) : undefined;
    if (status !== undefined || body) return apiError(status, headerOfClient(thrown), body ?? "", { cause: thrown });
  } catch {
    // It has a getter that throws, or cannot be converted to a string.
  }
  return new ConnectionError(`The connection was lost: ${messageOf(thrown)}`, { cause: thrown });
}

/**
 * The API and most compatible servers send `{error: {type, message}}`, AWS sends `{message}`, gateways add a code, and
 * proxies send HTML.
 *
 * @param status - The response's status; undefined for an error that arrived inside the stream.
 */
function apiError(status: number | undefined, header: HeaderOf, body: unknown, details?: ErrorDetails): ApiError {
  const error = field(body, "error") ?? body;
  const type = stringField(error, "type");
  const text = typeof error === "string" ? plainText(error) : "";
  const words = wordIn([error, body], WORDS);
  const message = words || text;
  const code = wordIn([error, body], ["code"]) || (words && text);
  const reason = [type ?? code, message || "(no message)"].filter(Boolean).join(": ");
  const advice = header("x-should-retry");
  // Inside a reply the error itself has to tell: by its code, by a type like those of the API, or by its words.
  const kind = (status ?? 0) < 400 ? code : `${status}`;
  const said = type?.endsWith("_error") ? type : `${type} ${code} ${message}`;
  const isTransient = STATUS.test(kind) ? RETRYABLE_STATUS.test(kind) : RETRYABLE.test(said);
  const isSpendLimit = field(field(error, "details"), "error_code") === SPEND_LIMIT;
  return new ApiError(`Anthropic ${status === undefined ? "ended the stream" : `answered ${status}`}: ${reason}`, {
    ...details,
    status,
    requestId: requestIdOf(header) ?? stringField(body, "request_id"),
    retryable: advice === "true" || (advice !== "false" && isTransient && !isSpendLimit),
    retryAfterMs: retryAfterMs(header),
    type,
    providerMessage: message,
    body,
  });
}

/** The request id in a response's headers, under Anthropic's name for it or AWS's. */
export function requestIdOf(header: HeaderOf): string | null {
  return header("request-id") ?? header("x-amzn-requestid");
}
