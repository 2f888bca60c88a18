import { AsyncResource } from "node:async_hooks";

export { sendByNode as defaultTransport } from "../http/node.ts";

/** Captures the asynchronous context (AsyncLocalStorage and its like), to run a function in it later. */
export function captureContext(): <R>(fn: () => R) => R {
  const resource = new AsyncResource("millrace.call");
  return (fn) => resource.runInAsyncScope(fn);
}
