import type { ErrorCode } from "../errors.ts";

/**
 * What kind of error ended a reply: the code of an error on the server, or one of the page's own.
 *
 * - `connection`: the server could not be reached, and nothing is known of the reply.
 * - `http`: the server answered with an error status, and gave no code.
 * - `content_type`: it answered with something other than events.
 * - `protocol`: an event could not be read, or does not say what it has to.
 * - `stream_truncated`: the rest of the reply cannot be had any more.
 * - `stream_aborted`: the reply was stopped, or this page has left it.
 * - `invalid_option`: nothing was sent, because the `body` has no JSON form, or the `headers` are not valid or their function threw; `cause` says why.
 * - `internal`: the server has an error of its own.
 * - `nothing_to_resume`: the server has no reply to resume.
 * - `stream_consumed`: the connection was read already, or is being read: it can be read only once.
 */
export type ReplyErrorCode = ErrorCode | "http" | "internal" | "nothing_to_resume";

/** What is known of an error, beside its code and message. */
export interface ReplyErrorDetails {
  /** What led to the error. */
  readonly cause?: unknown;
  /** The HTTP status, where there was one. */
  readonly status?: number | undefined;
  /** How long the server asked to wait before the next request, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/**
 * A reply that did not come whole. The message is fit to be shown.
 *
 * @example
 * ```ts
 * import { connect, ReplyError } from "millrace/browser";
 *
 * const connection = connect("/api/chat", { body: { question: "Why is the sky blue?" } });
 * try {
 *   for await (const [chunk] of connection) console.log(chunk.content);
 * } catch (error) {
 *   if (!(error instanceof ReplyError)) throw error;
 *   console.log(error.code, error.message, error.status);
 * }
 * ```
 */
export class ReplyError extends Error {
  override readonly name = "ReplyError";
  /** A literal that names the kind of error. */
  readonly code: ReplyErrorCode;
  /** The HTTP status, where there was one. */
  readonly status: number | undefined;
  /** How long the server asked to wait before the next request, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ReplyErrorCode, message: string, { cause, status, retryAfterMs }: ReplyErrorDetails = {}) {
    super(message, { cause });
    this.code = code;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** An option that nothing can be sent with. */
export function invalid(option: string, problem: string, cause: unknown): ReplyError {
  return new ReplyError("invalid_option", `Invalid ${option}: ${problem}`, { cause });
}

/** Something between the server and the page has meddled with an event. */
export function unreadable(cause?: unknown): ReplyError {
  return new ReplyError("protocol", "The reply could not be read.", { cause });
}

/** Longer words are hardly meant for a page. */
const LONGEST_TEXT = 300;

/** The error that a response stands for: one with an error status, or without events. */
export async function refusal(response: Response): Promise<ReplyError> {
  const { status, headers, ok } = response;
  const details = { status, retryAfterMs: Number(headers.get("retry-after")) * 1000 || undefined };
  const type = headers.get("content-type") ?? "";
  const text = await response.text().catch(() => "");
  const { code = "http", message } = type.startsWith("application/json") ? told(text) : {};
  // What a page in HTML says is not for this one.
  const plain = type.startsWith("text/plain") && text.length <= LONGEST_TEXT ? text : "";
  const words = message ?? (plain || `The server answered with status ${status}, and without events.`);
  return new ReplyError(ok ? "content_type" : code, words, details);
}

/** What `millrace/http` says of an error. */
function told(json: string): { readonly code?: ReplyErrorCode; readonly message?: string } {
  try {
    const { code, message } = JSON.parse(json);
    return typeof code === "string" && typeof message === "string" ? { code: code as ReplyErrorCode, message } : {};
  } catch {
    return {};
  }
}
