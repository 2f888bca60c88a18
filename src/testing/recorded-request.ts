import type { IncomingMessage } from "node:http";

/** How a reply ended. `aborted`: the client closed before it was whole. `cut`: a fault did. */
export type ReplyOutcome = "pending" | "complete" | "aborted" | "cut";

/** How far a reply got: it changes while the reply is sent. */
export interface ReplyProgress {
  /** The HTTP status, or null before the response began. */
  readonly status: number | null;
  /** The events that were written; a body that is no stream counts as one. */
  readonly eventsWritten: number;
  /** The bytes of the body that the socket took: they stop growing soon after the client stops reading. */
  readonly bytesWritten: number;
  readonly outcome: ReplyOutcome;
  /** Settles with the outcome. */
  readonly closed: Promise<ReplyOutcome>;
}

/** A request that a fake server got. Credentials are replaced by `[redacted]`. */
export interface RecordedRequest {
  /** Which request it was. Counts from 0. */
  readonly index: number;
  readonly method: string;
  /** The path, and the query if there is one. */
  readonly path: string;
  /** By lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON body, or `{}` where there is none. */
  readonly body: Readonly<Record<string, unknown>>;
  /** What became of its reply. */
  readonly reply: ReplyProgress;
}

const REDACTED = "[redacted]";
const SECRET_HEADERS = new Set(["x-api-key", "api-key", "authorization", "proxy-authorization", "cookie"]);
const SECRET_FIELDS = new Set(["authorization_token", "fallback_credit_token"]);

/** The headers of a request, without its secrets: `authorization` keeps its scheme. */
export function redactedHeaders({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      const text = Array.isArray(value) ? value.join(", ") : (value ?? "");
      if (!SECRET_HEADERS.has(name)) return [name, text];
      const [, scheme = ""] = /^(\w+ )\S/.exec(text) ?? [];
      return [name, scheme + REDACTED];
    }),
  );
}

/** A value of a request's body, without the tokens in it. */
export function redactedBody(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redactedBody);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      SECRET_FIELDS.has(key) && item !== null ? REDACTED : redactedBody(item),
    ]),
  );
}
