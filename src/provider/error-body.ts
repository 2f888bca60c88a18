/** Reads errors out of responses of the provider, of a gateway or of a proxy. */

import { shortened } from "../errors.ts";
import { field } from "../json/object.ts";
import type { HeaderOf } from "./provider.ts";

/** The names that servers have for the words of an error. */
export const WORDS: readonly string[] = ["message", "msg", "detail"];

/** The longest wait that a timer can hold, about 25 days. */
export const LONGEST_WAIT_MS = 2 ** 31 - 1;

const PAGE_READ = 64 * 1024;
/** So much of a page is told. */
const LONGEST_TEXT = 200;
/** Runs of white space and markup. An element or comment that is never closed extends to the end of the page. */
const MARKUP = /(?:<(style|script)\b[^]*?(?:<\/\1[^<>]*>|$)|<!--[^]*?(?:-->|$)|<[^<>]*>|\s)+/gi;

/** Looks up a header of a response, or of an error, of an SDK client. */
export function headerOfClient(response: unknown): HeaderOf {
  const headers = field(response, "headers");
  return (name) => (headers instanceof Headers ? headers.get(name) : null);
}

/**
 * How long the server asks clients to wait: `retry-after-ms`, or `retry-after` in seconds or as a date.
 *
 * @returns Milliseconds, at most 2^31 - 1; undefined if the headers name no usable time.
 */
export function retryAfterMs(header: HeaderOf): number | undefined {
  const after = header("retry-after") || "?";
  const afterMs = Number(after) * 1000;
  const untilMs = Number.isNaN(afterMs) ? Math.max(0, Date.parse(after) - Date.now()) : afterMs;
  const waits = [Number.parseFloat(header("retry-after-ms") ?? ""), untilMs].filter((ms) => ms >= 0);
  // Azure has sent 0 milliseconds beside 1 second.
  const waitMs = waits.find((ms) => ms > 0) ?? waits[0];
  return waitMs && Math.min(waitMs, LONGEST_WAIT_MS);
}

/** The first of these fields that is text or a number. */
export function wordIn(parts: readonly unknown[], names: readonly string[]): string {
  const values = parts.flatMap((part) => names.map((name) => field(part, name)));
  return `${values.find((value) => typeof value === "string" || typeof value === "number") ?? ""}`;
}

/** The beginning of a page, without its markup. */
export function plainText(page: string): string {
  return shortened(page.slice(0, PAGE_READ).replace(MARKUP, " ").trim(), LONGEST_TEXT);
}
