import { ConnectionError, RedirectError } from "../errors.ts";
import { abortableExchange } from "./abortable-exchange.ts";
import { connectionError } from "./connection-error.ts";
import { pulledBody } from "./pulled-body.ts";
import type { HttpResponse, Transport } from "./request.ts";

/** The part of `fetch` that is used; anything that behaves like it may be passed. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Sends with `fetch`: where there is no `node:http`, or where a `fetch` was passed. */
export function fetchTransport(fetch: Fetch): Transport {
  return ({ url, headers, body, connectTimeoutMs }) =>
    abortableExchange(connectTimeoutMs, async (signal) => {
      try {
        return responseOf(await fetch(url, { method: "POST", headers, body, redirect: "manual", signal }));
      } catch (error) {
        throw connectionError(url, error);
      }
    });
}

/** Throws where there is no response in what `fetch` gave: it may be anybody's. */
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

/** By their name, since they may come from another realm. */
function bytesOf(value: unknown): Uint8Array {
  if (Object.prototype.toString.call(value) === "[object Uint8Array]") return value as Uint8Array;
  throw new ConnectionError("The body of the response that fetch gave holds something that is not a Uint8Array.");
}
