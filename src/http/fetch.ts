import { ConnectionError, messageOf, MillraceError, RedirectError, StreamTimeoutError } from "../errors.ts";
import { pulledBody } from "./pulled-body.ts";
import type { HttpResponse, Transport } from "./request.ts";
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
        return responseOf(await fetch(url, { method: "POST", headers, body, redirect: "manual", signal }));
      } catch (error) {
        const known: unknown = [error, signal.reason].find((reason) => reason instanceof MillraceError);
        if (known !== undefined) throw known;
        throw new ConnectionError(`Could not reach ${new URL(url).origin}: ${reasonOf(error)}`, { cause: error });
      } finally {
        cancelTimer();
      }
    };
    return { response: send(), close: () => controller.abort() };
  };
}

/** undici says "fetch failed" and puts what happened into the cause. */
function reasonOf(error: unknown): string {
  return messageOf(error instanceof Error && error.cause instanceof Error ? error.cause : error);
}

function responseOf({ type, status, headers, body }: Response): HttpResponse {
  if (type === "opaqueredirect" || (status >= 300 && status < 400)) {
    void body?.cancel();
    throw new RedirectError(status, headers.get("location"));
  }
  const reader = body?.getReader();
  const next = async (): Promise<{ value?: Uint8Array | undefined }> => (await reader?.read()) ?? {};
  return { status, header: (name) => headers.get(name), body: pulledBody({ next, return: () => reader?.cancel() }) };
}
