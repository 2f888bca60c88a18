/** The API's errors by status, each with a typical message; see platform.claude.com/docs/en/api/errors. */
const ERRORS: Readonly<Record<number, readonly [type: string, message: string]>> = {
  400: ["invalid_request_error", "messages: Field required"],
  401: ["authentication_error", "invalid x-api-key"],
  402: ["billing_error", "Your credit balance is too low to access the Anthropic API."],
  403: ["permission_error", "Your API key does not have permission to use the specified resource."],
  404: ["not_found_error", "model: claude-unknown"],
  409: ["conflict_error", "The request conflicts with the current state of the resource."],
  413: ["request_too_large", "Request exceeds the maximum size"],
  429: ["rate_limit_error", "This request would exceed your account's rate limit. Please try again later."],
  500: ["api_error", "Internal server error"],
  504: ["timeout_error", "The request timed out."],
  529: ["overloaded_error", "Overloaded"],
};

/** The type and message that the API sends with a status. */
export function usualError(status: number): readonly [type: string, message: string] {
  return ERRORS[status] ?? ["api_error", `Error ${status}`];
}

/** The status that goes with a type of error: that of the response which an `error` event stands for. */
export function statusOf(type: string): number {
  return Number(Object.entries(ERRORS).find(([, [usualType]]) => usualType === type)?.[0] ?? 500);
}
