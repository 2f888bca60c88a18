import { ApiError, ConnectionError, type ErrorDetails, messageOf, type MillraceError } from "../../errors.ts";
import { field, isObject, type JsonObject, stringField, tryParse } from "../../json/object.ts";
import { headerOfClient, plainText, retryAfterMs, wordIn, WORDS } from "../../provider/error-body.ts";
import type { HeaderOf } from "../../provider/provider.ts";

const RETRYABLE_STATUS = /^(408|409|429|5..)$/;
const STATUS = /^[45]..$/;
/** Codes and types of errors that may pass. Of an error without either, the message is tested. */
const RETRYABLE =
  /rate.?limit|server.?error|api_error|overload|throttl|too.many|time.?d? ?out|unavailable|internal|busy|insufficient_system_resource/i;
/** The account has no money left, which waiting does not change, although the status is that of rate limits. */
const QUOTA = "insufficient_quota";
/** Parts of a reply have one of these; errors have none. */
const REPLY_FIELDS = ["choices", "usage", "id"];

/**
 * Reads the error out of a response that is not an event stream. The function that this makes returns null for a status
 * below 400, unless the body describes an error.
 *
 * @param label - The provider's name in messages.
 */
export function errorFromResponse(
  label: string,
): (status: number, header: HeaderOf, body: string) => MillraceError | null {
  return (status, header, text) => {
    const body = tryParse(text) ?? text;
    return status >= 400 || isErrorBody(body) ? apiError(label, status, header, body) : null;
  };
}

/** Whether something received is an error, in any of the shapes that servers give it. It may stand in a response with status 200. */
export function isErrorBody(body: unknown): boolean {
  if (!isObject(body)) return false;
  const { error, object, type, message, detail } = body;
  if (error || object === "error" || type === "error") return true;
  return !!(message || detail) && !REPLY_FIELDS.some((name) => name in body);
}

/** The error in a line that is no event; null if it is anything else. Ollama ends a reply so that fails. */
export function errorInLine(line: string): JsonObject | null {
  const body = line === "" ? null : tryParse(line);
  return isObject(body) && isErrorBody(body) ? body : null;
}

/**
 * Reads the error out of something that arrived inside a response with status 200.
 *
 * @param label - The provider's name in messages.
 * @param value - An event, a response that failed, an error object, or its words.
 */
export function errorFromEvent(label: string, value: unknown): MillraceError {
  return apiError(label, undefined, () => null, value);
}

/** Turns what an SDK client threw into an error of ours. Goes by its shape, so the SDK need not be imported. */
export function errorFromClient(label: string, thrown: unknown): ApiError | ConnectionError {
  try {
    const code = field(thrown, "status");
    const body = field(thrown, "error");
    const status = Number.isInteger(code) ? (code as number) : undefined;
    if (status !== undefined || body) {
      return apiError(label, status, headerOfClient(thrown), body ?? "", { cause: thrown });
    }
  } catch {
    // It has a getter that throws, or cannot be converted to a string.
  }
  return new ConnectionError(`The connection was lost: ${messageOf(thrown)}`, { cause: thrown });
}

/** The request id in a response's headers, under OpenAI's name for it, Azure's, AWS's or OpenRouter's. */
export function requestIdOf(header: HeaderOf): string | null {
  const names = ["x-request-id", "apim-request-id", "x-amzn-requestid", "x-generation-id"];
  return names.map(header).find((id) => id !== null) ?? null;
}

/**
 * The API sends `{error: {message, type, param, code}}`. Elsewhere the error is flat, a string, in a `response`, or the one
 * element of a list; codes may be HTTP statuses, FastAPI sends `{detail: [{msg}]}`, and proxies send HTML.
 *
 * @param status - The response's status; undefined for an error that arrived inside the stream.
 */
function apiError(
  label: string,
  status: number | undefined,
  header: HeaderOf,
  body: unknown,
  details?: ErrorDetails,
): ApiError {
  const root: unknown = Array.isArray(body) ? body[0] : body;
  const error = field(root, "error") || field(field(root, "response"), "error") || root;
  const detail = [field(error, "detail")].flat()[0];
  const message = wordIn([error, root, detail], WORDS) || (typeof error === "string" ? plainText(error) : "");
  const codes = ["code", "status_code", "status"].map((name) => wordIn([error], [name]));
  const type = stringField(error, "type");
  const names = [codes[0], stringField(field(error, "metadata"), "error_type"), type === "error" ? null : type].filter(
    (name) => name && !STATUS.test(name),
  );
  const name = names[0] ?? null;
  // Inside a reply the error itself has to tell: by a code that is a status, by its names, or by its words.
  const kind = (status ?? 0) < 400 ? codes.find((code) => STATUS.test(code)) : `${status}`;
  const isTransient = kind ? RETRYABLE_STATUS.test(kind) : RETRYABLE.test(name ? names.join() : message);
  const advice = header("x-should-retry");
  const reason = [name ?? kind, message || "(no message)"].filter(Boolean).join(": ");
  return new ApiError(`${label} ${status === undefined ? "ended the stream" : `answered ${status}`}: ${reason}`, {
    ...details,
    status,
    requestId: requestIdOf(header),
    retryable: !names.includes(QUOTA) && (advice === "true" || (advice !== "false" && isTransient)),
    retryAfterMs: retryAfterMs(header),
    type: name,
    providerMessage: message,
    body,
  });
}
