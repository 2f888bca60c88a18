/** Where a stream was when it ended: before the headers, before the first content, or after it. */
export type Phase = "connect" | "first-content" | "streaming";

/** Which of the time limits ended a stream. */
export type TimeLimit = "connect" | "firstContent" | "idle" | "total";

/** Usage as a provider reported it so far: beside `source`, the provider's own fields. */
export interface ReportedUsage {
  /** How far to trust it: see `UsageSource`. */
  readonly source: "reported" | "partial" | "estimated";
}

/** What had been received when a stream ended early. It holds the model's words: keep it out of logs. */
export interface PartialResponse {
  /** The text. */
  readonly content: string;
  /** The thinking. */
  readonly thinking: string;
  /** The native message; null before its first event. */
  readonly message: unknown;
  /** The message's id, or null before it is known. */
  readonly id: string | null;
  /** The model that answered or, until that is known, the one that was asked. */
  readonly model: string | null;
}

/** What a stream knows when it ends in an error. @internal */
export interface StreamErrorContext {
  /** Where the stream was. */
  readonly phase?: Phase | undefined;
  /** The provider's id of the request. */
  readonly requestId?: string | null | undefined;
  /** What the provider had reported. */
  readonly usage?: ReportedUsage | undefined;
  /** What had been received. */
  readonly partial?: PartialResponse | undefined;
  /** Made where the stream began to be read: the stack leads on to there. */
  readonly origin?: Error | null | undefined;
}

/** The codes of all errors, one for each class. */
export type ErrorCode =
  | "api_error"
  | "budget_exceeded"
  | "connection"
  | "content_type"
  | "empty_prompt"
  | "invalid_option"
  | "json_syntax"
  | "limit"
  | "limiter_queue_full"
  | "limiter_wait"
  | "log"
  | "malformed_frame"
  | "mcp_list"
  | "mcp_tool"
  | "missing_api_key"
  | "place_occupied"
  | "prompt_function"
  | "protocol"
  | "redirect"
  | "response_model"
  | "schema"
  | "stream_aborted"
  | "stream_consumed"
  | "stream_not_consumed"
  | "stream_not_started"
  | "stream_truncated"
  | "template"
  | "timeout"
  | "tool_input"
  | "tool_refused"
  | "unsupported_content";

/** The fields that every error may have, as far as they are known. */
export interface ErrorDetails {
  /** What led to the error. */
  readonly cause?: unknown;
  /** The HTTP status. */
  readonly status?: number | undefined;
  /** The provider's id of the request. */
  readonly requestId?: string | null | undefined;
  /** Whether the same request may succeed if it is sent again. Default: false. */
  readonly retryable?: boolean | undefined;
  /** How long the provider asked to wait, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  /** Where the stream was. */
  readonly phase?: Phase | undefined;
}

/**
 * The base of every error that millrace throws.
 *
 * @example
 * ```ts
 * import { MillraceError } from "millrace";
 * import { call } from "millrace/anthropic";
 *
 * const recommend = call("claude-sonnet-5-5", { stream: true }, (genre: string) => `Recommend a ${genre} book`);
 * try {
 *   for await (const [chunk] of recommend("fantasy")) process.stdout.write(chunk.content);
 * } catch (error) {
 *   if (!(error instanceof MillraceError)) throw error;
 *   console.error(error.code, error.message, error.requestId, error.partial?.content.length);
 * }
 * ```
 */
export abstract class MillraceError extends Error {
  /** A literal that names the kind of error. */
  abstract readonly code: ErrorCode;
  /** The HTTP status, where a response had come. */
  declare readonly status: number | undefined;
  /** Whether the same request may succeed if it is sent again. */
  declare readonly retryable: boolean;
  /** How long the provider asked to wait before the next request, in milliseconds. */
  declare readonly retryAfterMs: number | undefined;
  /** The provider's id of the request, for its support. */
  declare requestId: string | null;
  /** Where the stream was when it ended. */
  declare phase: Phase | undefined;
  /** What the provider had reported by then. */
  declare usage: ReportedUsage | undefined;
  /** What had been received. Not enumerable: the model's words do not belong in logs. */
  declare readonly partial: PartialResponse | undefined;

  /** @param details - What is known, and the fields of the class that extends this one. `cause` is not enumerable. */
  constructor(message: string, details: ErrorDetails | (ErrorDetails & Readonly<Record<string, unknown>>) = {}) {
    super(message, details);
    this.name = new.target.name;
    Object.assign(this, { retryable: false, requestId: null }, details);
  }

  /** Adds what the stream knew when it ended. @internal */
  addContext({ phase, requestId, usage, partial, origin }: StreamErrorContext): void {
    // Programs may throw errors of their own that are frozen.
    if (!Object.isExtensible(this)) return;
    const [, ...lines] = origin?.stack?.split("\n") ?? [];
    this.stack += ["", ...lines].join("\n");
    this.phase ??= phase;
    this.requestId ??= requestId ?? null;
    this.usage ??= usage;
    if (this.partial === undefined) hide(this, "partial", partial);
  }
}

/** Sets a field that is not enumerable: it stays out of logs. */
function hide(error: MillraceError, name: string, value: unknown): void {
  Object.defineProperty(error, name, { value, configurable: true });
}

/**
 * No API key was given, and the environment has none. Nothing was sent.
 *
 * @example
 * ```ts
 * import { MissingApiKeyError } from "millrace";
 *
 * function report(error: unknown): void {
 *   if (error instanceof MissingApiKeyError) console.error(`Set ${error.variable}.`);
 * }
 * ```
 */
export class MissingApiKeyError extends MillraceError {
  readonly code = "missing_api_key";
  /** The environment variable that would have been read. */
  declare readonly variable: string;
  constructor(variable: string) {
    super(`No API key: set ${variable} or pass client({ apiKey }).`, { variable });
  }
}

/**
 * An option has a value that cannot work. Nothing was sent.
 *
 * @example
 * ```ts
 * import { InvalidOptionError } from "millrace";
 *
 * function report(error: unknown): void {
 *   if (error instanceof InvalidOptionError) console.error(error.option, error.message);
 * }
 * ```
 */
export class InvalidOptionError extends MillraceError {
  readonly code = "invalid_option";
  /** The option's name, as the caller wrote it. */
  declare readonly option: string;
  constructor(option: string, problem: string, details?: ErrorDetails) {
    super(`Invalid ${option}: ${problem}`, { ...details, option });
  }
}

/**
 * The prompt function returned a prompt, or a message in it, without content. Nothing was sent.
 *
 * @example
 * ```ts
 * import { EmptyPromptError } from "millrace";
 *
 * function report(error: unknown): void {
 *   if (error instanceof EmptyPromptError) console.error("The prompt has no content.");
 * }
 * ```
 */
export class EmptyPromptError extends MillraceError {
  readonly code = "empty_prompt";
  /** @param index - The place of a message without content; null if there are no messages. */
  constructor(index: number | null) {
    super(index === null ? "The prompt is empty." : `The prompt is empty: messages.${index} has no content.`);
  }
}

/**
 * The prompt function threw, or its promise rejected; `cause` is what it threw. Nothing was sent.
 *
 * @example
 * ```ts
 * import { PromptFunctionError } from "millrace";
 *
 * function report(error: unknown): void {
 *   if (error instanceof PromptFunctionError) console.error(error.cause);
 * }
 * ```
 */
export class PromptFunctionError extends MillraceError {
  readonly code = "prompt_function";
  constructor(cause: unknown) {
    super(`The prompt function failed: ${messageOf(cause)}`, { cause });
  }
}

/**
 * The message of anything that was thrown, cut after `limit` characters; where there is none, its name. Never throws.
 *
 * @internal
 */
export function messageOf(thrown: unknown, limit = 1000): string {
  try {
    const { message, name } = (thrown ?? {}) as { readonly message?: unknown; readonly name?: unknown };
    const found = [message, name].find((text) => typeof text === "string" && /\S/.test(text));
    return shortened(String(found ?? thrown), limit);
  } catch {
    // A getter or a proxy that throws, or an object that does not convert to a string.
    return "an error without a readable message";
  }
}

/** Whether what was thrown is an error of the library. Never throws: anything may be thrown, a revoked proxy too. @internal */
export function isMillraceError(thrown: unknown): thrown is MillraceError {
  try {
    // Reading the code shows whether fields can be read.
    return thrown instanceof MillraceError && typeof thrown.code === "string";
  } catch {
    return false;
  }
}

/** The first `limit` characters, with "…" where there were more. A surrogate pair is one character. @internal */
export function shortened(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const start = Array.from(text.slice(0, 2 * limit))
    .slice(0, limit)
    .join("");
  return start.length < text.length ? `${start}…` : text;
}

/**
 * A prompt template is malformed, or a value does not fit its placeholder. Nothing was sent.
 *
 * @example
 * ```ts
 * import { TemplateError } from "millrace";
 *
 * function report(error: unknown): void {
 *   if (error instanceof TemplateError) console.error(error.placeholder, error.message);
 * }
 * ```
 */
export class TemplateError extends MillraceError {
  readonly code = "template";
  /** The placeholder as written, braces included, or null where the fault is in no placeholder. */
  declare readonly placeholder: string | null;
  constructor(problem: string, placeholder: string | null = null) {
    super(placeholder === null ? problem : `${placeholder}: ${problem}`, { placeholder });
  }
}

/**
 * A message holds content that this provider does not take. Nothing was sent.
 *
 * @example
 * ```ts
 * import { UnsupportedContentError } from "millrace";
 *
 * function report(error: unknown): void {
 *   if (error instanceof UnsupportedContentError) console.error(error.part);
 * }
 * ```
 */
export class UnsupportedContentError extends MillraceError {
  readonly code = "unsupported_content";
  /** The content part's type. */
  declare readonly part: string;
  constructor(part: string, problem: string) {
    super(`Content part "${part}": ${problem}`, { part });
  }
}

/**
 * The provider answered with an error: an HTTP status of 400 or above, or a 200 with an `error` event or an error as JSON.
 *
 * `type` is the provider's own name of the error (`rate_limit_error`, `overloaded_error`, …).
 *
 * @example
 * ```ts
 * import { ApiError } from "millrace";
 *
 * function report(error: unknown): void {
 *   if (error instanceof ApiError) console.error(error.status, error.type, error.providerMessage, error.requestId);
 * }
 * ```
 */
export class ApiError extends MillraceError {
  readonly code = "api_error";
  /** The provider's name of the error, or null where it gave none. */
  declare readonly type: string | null;
  /** The provider's own words. */
  declare readonly providerMessage: string;
  /** The body as received: parsed where it is JSON, else its text (cut at the limit). */
  declare readonly body: unknown;
  constructor(
    message: string,
    details: ErrorDetails & { type: string | null; providerMessage: string; body: unknown },
  ) {
    super(message, details);
  }
}

/**
 * The connection could not be made, or was lost before the response's headers.
 *
 * @example
 * ```ts
 * import { ConnectionError } from "millrace";
 *
 * function report(error: unknown): void {
 *   if (error instanceof ConnectionError) console.error(error.message, error.cause);
 * }
 * ```
 */
export class ConnectionError extends MillraceError {
  readonly code = "connection";
  constructor(message: string, details?: ErrorDetails) {
    super(message, { retryable: true, phase: "connect", ...details });
  }
}

/**
 * One of the time limits passed.
 *
 * @example
 * ```ts
 * import { StreamTimeoutError } from "millrace";
 *
 * function report(error: unknown): void {
 *   if (error instanceof StreamTimeoutError) console.error(error.limit, error.limitMs, error.partial?.content);
 * }
 * ```
 */
export class StreamTimeoutError extends MillraceError {
  readonly code = "timeout";
  /** Which limit it was. */
  declare readonly limit: TimeLimit;
  /** The limit, in milliseconds. */
  declare readonly limitMs: number;
  constructor(limit: TimeLimit, limitMs: number, what: string) {
    super(`Timed out: ${what} (timeout.${limit} is ${limitMs} ms).`, { limit, limitMs, retryable: limit !== "total" });
  }
}

/**
 * The server answered with a redirect. It was not followed, since that would send the key elsewhere.
 *
 * @example
 * ```ts
 * import { RedirectError } from "millrace";
 *
 * function report(error: unknown): void {
 *   if (error instanceof RedirectError) console.error(error.status, error.message);
 * }
 * ```
 */
export class RedirectError extends MillraceError {
  readonly code = "redirect";
  constructor(status: number, target: string | null) {
    super(`Refused a redirect to ${target}; check baseURL.`, { status });
  }
}

/**
 * The server answered with something that is neither a reply nor an error: a web page, say.
 *
 * @example
 * ```ts
 * import { ContentTypeError } from "millrace";
 *
 * function report(error: unknown): void {
 *   if (error instanceof ContentTypeError) console.error(error.contentType, error.body);
 * }
 * ```
 */
export class ContentTypeError extends MillraceError {
  readonly code = "content_type";
  /** The header `content-type`, or `""` if there was none. */
  declare readonly contentType: string;
  /** The start of the body, as text. */
  declare readonly body: string;
  constructor(contentType: string, body: string, details?: ErrorDetails) {
    const start = JSON.stringify(shortened(body, 100));
    super(`The response (${contentType || "no type"}) is not a reply. It begins with ${start}. Check baseURL.`, {
      ...details,
      contentType,
      body,
    });
  }
}

/**
 * A frame of the stream cannot be read: it is damaged, or not what the provider sends.
 *
 * @example
 * ```ts
 * import { MalformedFrameError } from "millrace";
 *
 * function report(error: unknown): void {
 *   if (error instanceof MalformedFrameError) console.error(error.data.length, error.partial?.content);
 * }
 * ```
 */
export class MalformedFrameError extends MillraceError {
  readonly code = "malformed_frame";
  /** The frame's data as received. Not enumerable: it may hold the model's words. */
  declare readonly data: string;
  constructor(data: string, problem = "it is not a JSON object") {
    super(`A frame cannot be read: ${problem}.`, { retryable: true });
    hide(this, "data", data);
  }
}

/**
 * The events came in an order that cannot be a message.
 *
 * @example
 * ```ts
 * import { ProtocolError } from "millrace";
 *
 * function report(error: unknown): void {
 *   if (error instanceof ProtocolError) console.error(error.message, error.partial?.content);
 * }
 * ```
 */
export class ProtocolError extends MillraceError {
  readonly code = "protocol";
  constructor(problem: string, details?: ErrorDetails) {
    super(`The stream broke the protocol: ${problem}`, { retryable: true, ...details });
  }
}

/**
 * The response exceeded one of the limits: of the size of a frame or the whole body, or of how deep a frame is nested.
 *
 * @example
 * ```ts
 * import { LimitExceededError } from "millrace";
 *
 * function report(error: unknown): void {
 *   if (error instanceof LimitExceededError) console.error(error.limit, error.limitBytes);
 * }
 * ```
 */
export class LimitExceededError extends MillraceError {
  readonly code = "limit";
  /** Which limit it was. */
  declare readonly limit: "frame" | "response" | "depth";
  /** The limit in bytes; undefined for `depth`. */
  declare readonly limitBytes: number | undefined;
  constructor(...[limit, limitBytes]: ["frame" | "response", number] | ["depth"]) {
    const problem =
      limit === "depth"
        ? "A frame is nested too deeply."
        : `The ${limit} is larger than ${limitBytes} bytes (limit.${limit}).`;
    super(problem, { limit, limitBytes });
  }
}

/**
 * The stream ended without a stop reason: the message is incomplete.
 *
 * @example
 * ```ts
 * import { StreamTruncatedError } from "millrace";
 *
 * function report(error: unknown): void {
 *   if (error instanceof StreamTruncatedError) console.error(`Cut after: ${error.partial?.content}`);
 * }
 * ```
 */
export class StreamTruncatedError extends MillraceError {
  readonly code = "stream_truncated";
  constructor(details?: ErrorDetails) {
    super("The stream ended without a stop reason.", { retryable: true, ...details });
  }
}

/**
 * The stream was aborted: by `abort()`, an `AbortSignal`, or by leaving the iteration. `cause` is the reason.
 *
 * @example
 * ```ts
 * import { StreamAbortedError } from "millrace";
 *
 * function report(error: unknown): void {
 *   if (error instanceof StreamAbortedError) console.error(error.cause);
 * }
 * ```
 */
export class StreamAbortedError extends MillraceError {
  readonly code = "stream_aborted";
  constructor(cause?: unknown) {
    super("The stream was aborted.", { cause });
  }
}

/**
 * A log of replies could not do what it was asked to, and may or may not have done it; `cause` says more. See
 * `millrace/resume`.
 *
 * @example
 * ```ts
 * import { LogError } from "millrace";
 *
 * function report(error: unknown): void {
 *   if (error instanceof LogError) console.error(error.message, error.cause);
 * }
 * ```
 */
export class LogError extends MillraceError {
  readonly code = "log";
  constructor(problem: string, details?: ErrorDetails) {
    super(problem, details);
  }
}

/**
 * The stream already has an owner: it can be iterated once.
 *
 * @example
 * ```ts
 * import { StreamConsumedError } from "millrace";
 *
 * function report(error: unknown): void {
 *   if (error instanceof StreamConsumedError) console.error(error.message);
 * }
 * ```
 */
export class StreamConsumedError extends MillraceError {
  readonly code = "stream_consumed";
  constructor() {
    super("A stream can be read once: call the function again.");
  }
}

/**
 * The response was asked for before the stream was read to its end.
 *
 * @example
 * ```ts
 * import { StreamNotConsumedError } from "millrace";
 *
 * function report(error: unknown): void {
 *   if (error instanceof StreamNotConsumedError) console.error(error.message);
 * }
 * ```
 */
export class StreamNotConsumedError extends MillraceError {
  readonly code = "stream_not_consumed";
  constructor() {
    super("No response yet: read the stream to its end, or await response().");
  }
}

/**
 * An accessor of the request was read too early: there is no request before the stream is first read. Nor is there one if
 * the stream has ended before its prompt function had run. Also thrown by `content` and `approvals` of an agent's run that
 * nobody has read.
 *
 * @example
 * ```ts
 * import { StreamNotStartedError } from "millrace";
 *
 * function report(error: unknown): void {
 *   if (error instanceof StreamNotStartedError) console.error(error.message);
 * }
 * ```
 */
export class StreamNotStartedError extends MillraceError {
  readonly code = "stream_not_started";
  /** @param event - What has to come first. */
  constructor(accessor: string, event = "the request") {
    super(`${accessor} is not known before ${event}.`);
  }
}
