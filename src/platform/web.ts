import { fetchTransport } from "../http/fetch.ts";

export const defaultTransport = fetchTransport((url, init) => globalThis.fetch(url, init));

/** There is no asynchronous context to capture here. */
export function captureContext(): <R>(fn: () => R) => R {
  return (fn) => fn();
}
