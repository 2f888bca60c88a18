import { fetchTransport } from "./fetch.ts";

/** The default transport of every runtime but Node. */
export const defaultTransport = fetchTransport((url, init) => globalThis.fetch(url, init));
