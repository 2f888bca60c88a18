import {
  ApiError,
  ConnectionError,
  ContentTypeError,
  EmptyPromptError,
  type ErrorCode,
  InvalidOptionError,
  isMillraceError,
  LimitExceededError,
  LogError,
  MalformedFrameError,
  messageOf,
  MillraceError,
  MissingApiKeyError,
  PromptFunctionError,
  ProtocolError,
  RedirectError,
  StreamAbortedError,
  StreamTimeoutError,
  StreamTruncatedError,
  TemplateError,
  UnsupportedContentError,
} from "../errors.ts";
import { isObject, type JsonObject } from "../json/object.ts";
import { BudgetExceededError } from "../recovery/budget.ts";
import { LimiterQueueFullError, LimiterWaitError } from "../recovery/limiter.ts";
import { SchemaError } from "../schema/schema-error.ts";
import { ResponseModelError } from "../structured/response-model.ts";
import { jsonData } from "../tool/plain-data.ts";

/** An error as JSON. */
export interface ErrorRecord {
  /** Its code; `internal` if it is not one of ours: the program's own code has thrown it. */
  readonly code: string;
  readonly message: string;
  /** The fields that belong in logs. */
  readonly fields: Readonly<JsonObject>;
  /** What led to it, if that had a message. */
  readonly cause?: string | undefined;
}

/** The classes of the errors that a stream may end with. */
const CLASSES: { readonly [Code in ErrorCode]?: { readonly prototype: MillraceError; readonly name: string } } = {
  api_error: ApiError,
  budget_exceeded: BudgetExceededError,
  connection: ConnectionError,
  content_type: ContentTypeError,
  empty_prompt: EmptyPromptError,
  invalid_option: InvalidOptionError,
  limit: LimitExceededError,
  log: LogError,
  limiter_queue_full: LimiterQueueFullError,
  limiter_wait: LimiterWaitError,
  malformed_frame: MalformedFrameError,
  missing_api_key: MissingApiKeyError,
  prompt_function: PromptFunctionError,
  protocol: ProtocolError,
  redirect: RedirectError,
  response_model: ResponseModelError,
  schema: SchemaError,
  stream_aborted: StreamAbortedError,
  stream_truncated: StreamTruncatedError,
  template: TemplateError,
  timeout: StreamTimeoutError,
  unsupported_content: UnsupportedContentError,
};

const INTERNAL = "internal";

/** An error as it is logged: what `console.log` shows of it, but for its stack. */
export function errorRecord(error: unknown): ErrorRecord {
  const cause = isMillraceError(error) && error.cause != null ? messageOf(error.cause) : undefined;
  if (!isMillraceError(error)) return { code: INTERNAL, message: messageOf(error), fields: {}, cause };
  const { code, message } = error;
  // Those of the class and those that every error has; what the reply used is in its own records.
  const { usage: _usage, name: _name, code: _code, ...fields } = { ...error } as JsonObject;
  const data = jsonData(fields);
  return { code, message, fields: isObject(data) ? data : {}, cause };
}

/** The error of a reply whose rest is missing, for this reason. */
export function truncation(reason: string): ErrorRecord {
  return { code: "stream_truncated", message: reason, fields: { retryable: true } };
}

/** The same error again: of its class, with its code, message and fields. That of a reply is always one of ours. */
export function errorOf({ code, message, fields, cause }: ErrorRecord): MillraceError {
  const kind = CLASSES[code as ErrorCode] ?? ProtocolError;
  const error = new LoggedError(message, { ...fields, ...(cause !== undefined && { cause: new Error(cause) }) });
  Object.setPrototypeOf(error, kind.prototype);
  return Object.assign(error, { ...(code !== INTERNAL && { code }), name: kind.name });
}

/** The error of the program's own code, by which a run has ended; null if it is another. */
export function ownErrorOf({ code, message }: ErrorRecord): Error | null {
  return code === INTERNAL ? new Error(message) : null;
}

class LoggedError extends MillraceError {
  readonly code: ErrorCode = "protocol";
}
