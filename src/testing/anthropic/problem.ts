/** An error that a fake server answers instead of a reply. */
export interface Problem {
  readonly status: number;
  readonly type: string;
  readonly message: string;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/** Status 400: the API does not accept the request. */
export function invalidRequest(message: string): Problem {
  return { status: 400, type: "invalid_request_error", message };
}

/** Status 404. */
export function notFound(message: string): Problem {
  return { status: 404, type: "not_found_error", message };
}

/** The body of the error response, as the API writes it. */
export function problemBody({ type, message, details }: Problem, requestId: string): string {
  const error = { ...(details === undefined ? {} : { details }), type, message };
  return JSON.stringify({ type: "error", error, request_id: requestId });
}

/** What the API says in `x-should-retry`: whether sending the same request again may succeed. */
export function shouldRetry(status: number): boolean {
  return status === 408 || status === 409 || status === 429 || status >= 500;
}
