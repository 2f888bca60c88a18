import { ConnectionError, MillraceError, RedirectError, StreamTimeoutError } from "../errors.ts";
import { PulledBody } from "./pulled-body.ts";
import { type HttpResponse, isRedirect, type Transport } from "./request.ts";
import { startTimer } from "./timeout.ts";

/** The part of `fetch` that is used; anything that behaves like it may be injected. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Sends over `fetch`: where there is no `node:http`, or where one was injected. */
export function fetchTransport(fetch: Fetch): Transport {
  return ({ url, headers, body, connectTimeoutMs }) => {
    const controller = new AbortController();
    const { signal } = controller;
    const cancelTimer = startTimer(connectTimeoutMs, () =>
      controller.abort(new StreamTimeoutError("connect", connectTimeoutMs, "no response headers came")),
    );
    const send = async (): Promise<HttpResponse> => {
      try {
        return toResponse(await fetch(url, { method: "POST", headers, body, redirect: "manual", signal }));
      } catch (error) {
        const known: unknown = [error, signal.reason].find((reason) => reason instanceof MillraceError);
        if (known !== undefined) throw known;
        throw new ConnectionError(`Could not reach ${new URL(url).origin}: ${messageOf(error)}`, { cause: error });
      } finally {
        cancelTimer();
      }
    };
    return { response: send(), close: () => controller.abort() };
  };
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // undici says "fetch failed" and puts what happened into the cause.
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function toResponse({ type, status, headers, body }: Response): HttpResponse {
  if (type === "opaqueredirect" || isRedirect(status)) {
    void body?.cancel();
    throw new RedirectError(status, headers.get("location"));
  }
  const reader = body?.getReader();
  const pull = async (): Promise<{ done: boolean; value?: Uint8Array | undefined }> =>
    reader === undefined ? { done: true } : await reader.read();
  // A stream that failed cannot be cancelled, and need not be.
  const cancel = (): void => void reader?.cancel().catch(() => {});
  return { status, header: (name) => headers.get(name), body: new PulledBody(pull, cancel) };
}
