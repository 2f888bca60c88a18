import { expect } from "vitest";
import type { Body, HttpRequest, HttpResponse } from "../../src/http/request.ts";

/** A request as the library would send it. */
export function requestTo(url: string, over: Partial<HttpRequest> = {}): HttpRequest {
  const request = {
    url,
    headers: { "content-type": "application/json" },
    body: "{}",
    connectTimeoutMs: 10_000,
    agent: undefined,
    secrets: () => [],
    ...over,
  };
  return request;
}

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable("it was to reject"),
    (error: unknown) => error,
  );
}

/** All that arrives, as text. */
export async function textOf({ body }: HttpResponse): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  while (true) {
    const bytes = body.take();
    if (bytes !== null) text += decoder.decode(bytes as Uint8Array, { stream: true });
    else if (body.ended) return text;
    else await ready(body);
  }
}

/** The next time that the body says it has changed. */
export function ready(body: Body): Promise<void> {
  return new Promise((resolve) => (body.onReady = resolve));
}
