import { ConnectionError, RedirectError } from "../errors.ts";
import { abortableExchange } from "./abortable-exchange.ts";
import { connectionErrors } from "./connection-error.ts";
import { pulledBody } from "./pulled-body.ts";
import type { HttpResponse, Transport } from "./request.ts";

/** The part of `fetch` that is used; anything that behaves like it may be passed. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Sends with `fetch`: where there is no `node:http`, or where a `fetch` was passed. */
export function fetchTransport(fetch: Fetch): Transport {
  return (request) => {
    const { method = "POST", url, headers, body, connectTimeoutMs } = request;
    return abortableExchange(connectionErrors(request), connectTimeoutMs, async (signal) =>
      responseOf(await fetch(url, { method, headers, body: body || null, redirect: "manual", signal })),
    );
  };
}

/** Throws if it is not a response: a `fetch` that was passed may give anything. */
function responseOf(response: Response): HttpResponse {
  if (typeof response?.status !== "number") throw new TypeError("fetch gave something that is not a Response.");
  const { type, status, headers, body } = response;
  const header = (name: string): string | null => headers.get(name) ?? null;
  const location = header("location");
  const reader = body?.getReader();
  const pulled = pulledBody({
    async next() {
      const { done, value } = (await reader?.read()) ?? { done: true };
      return done ? {} : { value: bytesOf(value) };
    },
    return: () => reader?.cancel(),
  });
  if (type === "opaqueredirect" || (status >= 300 && status < 400)) {
    pulled.close();
    throw new RedirectError(status, location);
  }
  return { status, header, body: pulled };
}

/** Recognizes bytes by name, since `instanceof` does not recognize those of another realm. */
function bytesOf(value: unknown): Uint8Array {
  if (Object.prototype.toString.call(value) === "[object Uint8Array]") return value as Uint8Array;
  throw new ConnectionError("fetch gave a body that does not consist of bytes.");
}
