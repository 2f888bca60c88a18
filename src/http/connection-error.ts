import { ConnectionError, isMillraceError, messageOf, type MillraceError } from "../errors.ts";
import type { HttpRequest } from "./request.ts";

/**
 * Makes the errors of a request that gets no response because of what was thrown. The library's own errors stay as they
 * are.
 */
export function connectionErrors({ url }: HttpRequest): (thrown: unknown) => MillraceError {
  return (thrown) =>
    isMillraceError(thrown)
      ? thrown
      : new ConnectionError(`No response from ${new URL(url).origin}: ${reasonOf(thrown)}`, { cause: thrown });
}

/** The code of what was thrown, or null. It may be anything, and reading it may throw again. */
export function codeOf(thrown: unknown): unknown {
  try {
    return Reflect.get(Object(thrown), "code") ?? null;
  } catch {
    return null;
  }
}

function reasonOf(thrown: unknown): string {
  try {
    // undici says "fetch failed", and puts what happened into the cause.
    const error: unknown = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
    // Where Node tried several addresses, its error has a code and no message.
    return String(messageOf(error) || (codeOf(error) ?? error));
  } catch {
    return "the reason cannot be read";
  }
}
