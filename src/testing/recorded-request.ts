import type { IncomingHttpHeaders } from "node:http";

/** How a reply ended. `aborted`: the client closed the connection early. `cut`: a fault ended it. */
export type ReplyOutcome = "pending" | "complete" | "aborted" | "cut";

/** How far a reply has got. Changes while the reply is being sent. */
export interface ReplyProgress {
  /** The HTTP status, or null before the response has begun. */
  readonly status: number | null;
  /** How many events have been written. A body that is not a stream counts as one. */
  readonly eventsWritten: number;
  /** How many bytes of the body the socket has taken. Stops growing soon after the client stops reading. */
  readonly bytesWritten: number;
  /** How the reply ended; `pending` while it is being sent. */
  readonly outcome: ReplyOutcome;
  /** Resolves to the outcome. */
  readonly closed: Promise<ReplyOutcome>;
}

/**
 * A request that a fake server received, as it was sent, prompts included. `[redacted]` replaces the values of headers and
 * query parameters that are not known to be harmless, strings and numbers in body fields that are named like a credential,
 * and credentials in a body field `url`. A secret anywhere else, such as in a prompt, is recorded.
 */
export interface RecordedRequest {
  /** The request's position among all requests, counted from 0. */
  readonly index: number;
  /** Such as `POST`. */
  readonly method: string;
  /** The path, with the query if there is one. */
  readonly path: string;
  /** By lowercase name. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON body, or `{}` if there is none. */
  readonly body: Readonly<Record<string, unknown>>;
  /** How its reply is going, or how it went. */
  readonly reply: ReplyProgress;
}

const REDACTED = "[redacted]";

const HARMLESS_HEADERS = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "anthropic-beta",
  "anthropic-dangerous-direct-browser-access",
  "anthropic-version",
  "cache-control",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "expect",
  "host",
  "keep-alive",
  "pragma",
  "sec-fetch-mode",
  "te",
  "transfer-encoding",
  "user-agent",
]);

/** Query parameters of the APIs. */
const HARMLESS_PARAMETERS = new Set(
  "after after_id api-version before_id beta include include[] include_obfuscation limit order starting_after stream".split(
    " ",
  ),
);

/** Fields that are named like a credential and are none. */
const HARMLESS_FIELDS = new Set(["prompt_cache_key"]);

/** Names of fields and parameters that hold credentials. */
const SECRET_NAME = /authorization|token|secret|passw|passphrase|credential|cookie|keys?(?![a-z])/i;
/** Parameters that sign a URL, and so grant access to it. */
const SIGNATURE_NAME = /^sig$|signature$/i;
/** Names of counts, such as `max_tokens`. */
const COUNT_NAME = /tokens$/i;
/** Fields of a JSON Schema whose own field names are made up by its author, and hold schemas rather than secrets. */
const DEFINITIONS = new Set(["properties", "patternProperties", "$defs", "definitions"]);

/** Copies headers without their secrets. `authorization` keeps its scheme. */
export function redactedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      const text = Array.isArray(value) ? value.join(", ") : (value ?? "");
      if (HARMLESS_HEADERS.has(name) || name.startsWith("x-stainless-")) return [name, text];
      const [scheme = ""] = /^(?:Bearer|Basic|AWS4-HMAC-SHA256) /i.exec(text) ?? [];
      return [name, scheme + REDACTED];
    }),
  );
}

/** A request's path and query, without the values of parameters that are not known to be harmless. */
export function redactedPath(path: string): string {
  return redactedQuery(path, (name) => !HARMLESS_PARAMETERS.has(name));
}

function redactedQuery(url: string, isSecret: (name: string) => boolean): string {
  const start = url.indexOf("?");
  if (start === -1) return url;
  const parameters = url.slice(start + 1).split("&");
  const redacted = parameters.map((parameter) => {
    const [name = "", ...value] = parameter.split("=");
    if (value.length === 0) return isSecret(name) && name !== "" ? REDACTED : name;
    return isSecret(name) ? `${name}=${REDACTED}` : parameter;
  });
  return `${url.slice(0, start)}?${redacted.join("&")}`;
}

/**
 * Redacts a parsed body in place. Text and numbers in a field that is named like a credential are replaced, however
 * deep; so are credentials in a field `url`.
 */
export function redactBody(body: Record<string, unknown>): void {
  // A stack of our own instead of recursion, since a body may be nested to any depth.
  const pending = [{ part: body as Record<string, unknown> | unknown[], isSecret: false, holdsSchemas: false }];
  const redact = (name: string, value: unknown, isSecret: boolean): unknown => {
    if (typeof value === "object" && value !== null) {
      pending.push({ part: value as Record<string, unknown>, isSecret, holdsSchemas: DEFINITIONS.has(name) });
      return value;
    }
    if (isSecret && (typeof value === "string" || typeof value === "number")) return REDACTED;
    return name === "url" && typeof value === "string" ? redactedUrl(value) : value;
  };
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { part, isSecret, holdsSchemas } = next;
    if (Array.isArray(part)) {
      for (let place = 0; place < part.length; place++) part[place] = redact("", part[place], isSecret);
    } else {
      for (const name of Object.keys(part)) {
        part[name] = redact(name, part[name], isSecret || isSecretField(name, part[name], holdsSchemas));
      }
    }
  }
}

function isSecretField(name: string, value: unknown, holdsSchemas: boolean): boolean {
  if (!SECRET_NAME.test(name) || HARMLESS_FIELDS.has(name)) return false;
  if (typeof value === "number") return !COUNT_NAME.test(name);
  return !(holdsSchemas && typeof value === "object");
}

/** A URL without a password in it, or in its query. */
function redactedUrl(url: string): string {
  const withoutPassword = url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, `$1${REDACTED}@`);
  return redactedQuery(withoutPassword, (name) => SECRET_NAME.test(name) || SIGNATURE_NAME.test(name));
}
