import { fetchTransport } from "../http/fetch.ts";

export const defaultTransport = fetchTransport((url, init) => globalThis.fetch(url, init));
