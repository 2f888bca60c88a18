import { saysUnknown } from "../agent/past-run.ts";
import { ApiError, type ErrorCode, isMillraceError } from "../errors.ts";

const BUSY = "The model is busy at the moment. Try again in a little while.";
const UNREADABLE = "The reply could not be read.";

/** The words for a tool that somebody has refused. */
export const TOOL_REFUSED = "The tool was not allowed to run.";

/** What a visitor is told of an error, by its code: no word of the server, the provider or a tool. */
const WORDS: { readonly [Code in ErrorCode]?: string } = {
  api_error: "The model could not answer.",
  budget_exceeded: "The reply was stopped at its limit.",
  connection: "The model could not be reached.",
  content_type: UNREADABLE,
  empty_prompt: "There is nothing to answer: the message is empty.",
  limit: UNREADABLE,
  limiter_queue_full: BUSY,
  limiter_wait: BUSY,
  malformed_frame: UNREADABLE,
  place_occupied: "There is another reply here already.",
  protocol: UNREADABLE,
  redirect: "The model could not be reached.",
  response_model: "The reply does not have the form that was asked for.",
  stream_aborted: "The reply was stopped.",
  stream_truncated: "The reply was cut off.",
  timeout: "The model took too long to answer.",
  tool_input: "The input of the tool could not be used.",
  tool_refused: TOOL_REFUSED,
  unsupported_content: "The model does not take files of this kind.",
};

/** What visitors are told of an error that is not known. */
export const UNKNOWN = "Something went wrong on the server.";

/** Gives the words for an error that a visitor may read. @param otherwise - Those for an error that is not known. */
export type ErrorText = (error: unknown, otherwise?: string) => string;

/** The words for whatever a tool has thrown. */
export const TOOL_FAILED = "The tool failed.";
/** Those for a tool that may have done its work: its server was lost while it ran. */
const TOOL_UNKNOWN = "The outcome of the tool is not known.";

/** The words for the error of a tool. @param said - What the model is told, or what a page was told before. */
export function toolWords(said: unknown): string {
  // Some providers give errors back as text.
  const text = typeof said === "string" ? said.replace(/^Error: /, "") : "";
  return text === TOOL_UNKNOWN || saysUnknown(text) ? TOOL_UNKNOWN : TOOL_FAILED;
}

/** The public words for an error. @param otherwise - Those for an error that is not known. */
export function publicWords(error: unknown, otherwise = UNKNOWN): string {
  if (!isMillraceError(error)) return otherwise;
  const isBusy = error instanceof ApiError && [429, 503].includes(statusOf(error));
  return isBusy ? BUSY : (WORDS[error.code] ?? otherwise);
}

/** The code that tells a page what has happened. */
export function codeOf(error: unknown): string {
  return isMillraceError(error) ? error.code : "internal";
}

const STATUSES: { readonly [Code in ErrorCode]?: number } = {
  connection: 502,
  content_type: 502,
  limit: 502,
  limiter_queue_full: 503,
  limiter_wait: 503,
  malformed_frame: 502,
  place_occupied: 409,
  protocol: 502,
  redirect: 502,
  stream_truncated: 502,
  timeout: 504,
  // What a program sends by itself does not change: these were the visitor's.
  empty_prompt: 400,
  unsupported_content: 400,
};

/** The HTTP status for an error before the first content. */
export function statusOf(error: unknown): number {
  if (error instanceof LateLogError) return 503;
  // Nobody will see it.
  if (error instanceof RequestLeftError) return 499;
  if (!isMillraceError(error)) return 500;
  if (!(error instanceof ApiError)) return STATUSES[error.code] ?? 500;
  const { status, type } = error;
  if (status === 429 || type === "rate_limit_error") return 429;
  if (status === 503 || status === 529 || type === "overloaded_error") return 503;
  return status === 408 || status === 504 ? 504 : 502;
}

/** The header `retry-after` for an error, in seconds; null if nobody has said how long to wait. */
export function retryAfterOf(error: unknown): string | null {
  const ms = isMillraceError(error) ? error.retryAfterMs : undefined;
  return ms === undefined ? null : String(Math.max(0, Math.ceil(ms / 1000)));
}

/** A log did not answer in time, so nothing is known. */
export class LateLogError extends Error {
  override readonly name = "LateLogError";
}

/** The one who asked has gone. */
export class RequestLeftError extends Error {
  override readonly name = "RequestLeftError";
}
