import { UNKNOWN } from "./public-error.ts";

/** A request of `node:http`, or of a framework that extends it. */
export interface NodeRequest extends AsyncIterable<unknown> {
  /** Such as `POST`. */
  readonly method?: string | undefined;
  /** The path, with the query. */
  readonly url?: string | undefined;
  /** The whole path, where a router has cut {@link url}. */
  readonly originalUrl?: string | undefined;
  /** By lowercase name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The connection, which may be encrypted. */
  readonly socket?: object | null | undefined;
  /** The body, where something has read it already. */
  readonly body?: unknown;
  /** Such as `1.1`. */
  readonly httpVersion?: string | undefined;
  /** Whether the body was read. */
  readonly readableEnded?: boolean | undefined;
}

/** A response of `node:http`, or of a framework that extends it: with its methods. */
export interface NodeResponse {
  /** Whether it has begun. */
  readonly headersSent: boolean;
  /** Whether all of it was handed to the system. */
  readonly writableFinished: boolean;
  /** Whether its connection is gone. */
  readonly destroyed: boolean;
  /** The connection. */
  readonly socket?:
    | {
        readonly destroySoon?: (() => void) | undefined;
        readonly resetAndDestroy?: (() => unknown) | undefined;
      }
    | null
    | undefined;
  /** That of HTTP/2: one of many of its connection. */
  readonly stream?: { readonly close: (code: number) => void } | undefined;
  /** Sends the head without waiting for the body. */
  readonly flushHeaders?: (() => void) | undefined;
  /** Sends the status and the headers. */
  readonly writeHead: (status: number, headers: Record<string, string | string[]>) => unknown;
  /** Sends bytes. False: wait for `drain`. */
  readonly write: (chunk: Uint8Array) => boolean;
  /** Ends it. */
  readonly end: (text?: string) => unknown;
  /** Breaks its connection. */
  readonly destroy: (error?: Error) => unknown;
  /** Adds a listener. */
  readonly on: (event: "close" | "drain", listener: () => void) => unknown;
  /** Removes one. */
  readonly off: (event: "close" | "drain", listener: () => void) => unknown;
}

/** Takes a request as the web standard has it, and gives the response. */
export type WebHandler = (request: Request) => Response | Promise<Response>;

/** A listener of `node:http`, and a handler of Express. */
export type NodeListener = (
  request: NodeRequest,
  response: NodeResponse,
  next?: ((error?: unknown) => void) | undefined,
) => void;

/**
 * Makes a listener of `node:http` of a handler that takes a `Request` and gives a `Response`. It works in Express, too,
 * before or after `express.json()`. A client that leaves aborts `request.signal`, and cancels the body of the response.
 *
 * @param handler - What it throws becomes a 500, or goes to `next`, which Express gives.
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { call } from "millrace/anthropic";
 * import { eventsResponse, nodeHandler } from "millrace/http";
 *
 * const answer = call("claude-sonnet-5-5", { stream: true }, (question: string) => question);
 * const server = createServer(nodeHandler(async (request) => eventsResponse(answer(await request.text()))));
 * ```
 */
export function nodeHandler(handler: WebHandler): NodeListener {
  return (incoming, outgoing, next) => {
    const left = new AbortController();
    outgoing.on("close", () => {
      if (!outgoing.writableFinished) left.abort();
    });
    void respond(handler, incoming, outgoing, { signal: left.signal, next });
  };
}

interface Circumstances {
  /** Aborted if the client leaves. */
  readonly signal: AbortSignal;
  readonly next: Parameters<NodeListener>[2];
}

async function respond(
  handler: WebHandler,
  incoming: NodeRequest,
  outgoing: NodeResponse,
  { signal, next }: Circumstances,
): Promise<void> {
  try {
    await answer(handler, incoming, outgoing, signal);
  } catch (error) {
    if (outgoing.headersSent) outgoing.destroy();
    else if (typeof next === "function") next(error);
    else {
      console.error(error);
      outgoing.writeHead(500, { "content-type": "text/plain; charset=utf-8" });
      outgoing.end(UNKNOWN);
    }
  }
}

async function answer(
  handler: WebHandler,
  incoming: NodeRequest,
  outgoing: NodeResponse,
  signal: AbortSignal,
): Promise<void> {
  const request = requestOf(incoming, signal);
  if (request === null) {
    outgoing.writeHead(400, {});
    outgoing.end();
    return;
  }
  const response = await handler(request);
  outgoing.writeHead(response.status, headersOf(response.headers));
  const { body } = response;
  if (body === null || incoming.method === "HEAD") {
    await body?.cancel();
    outgoing.end();
  } else {
    // The first byte of the body may be long in coming.
    outgoing.flushHeaders?.();
    await send(body.getReader(), outgoing, incoming.httpVersion);
  }
}

/** Null if there is no such request: its address or method cannot be. */
function requestOf(incoming: NodeRequest, signal: AbortSignal): Request | null {
  const { method = "GET", originalUrl, url = originalUrl ?? "/", socket } = incoming;
  const headers = new Headers();
  const isSecure = socket != null && "encrypted" in socket && socket.encrypted === true;
  try {
    for (const [name, values] of Object.entries(incoming.headers)) {
      // HTTP/2 has fields of its own, which begin with a colon.
      if (!name.startsWith(":")) for (const value of [values ?? []].flat()) headers.append(name, value);
    }
    const host = headers.get("host") ?? incoming.headers[":authority"] ?? "localhost";
    const address = new URL(`${isSecure ? "https" : "http"}://${String(host)}`);
    const target = new URL(`${address.origin}${pathOf(originalUrl ?? url)}`);
    const hasBody = method !== "GET" && method !== "HEAD";
    return new Request(target, { method, headers, signal, ...(hasBody && bodyOf(incoming)) });
  } catch {
    return null;
  }
}

/** A request may name its target as a whole address. */
function pathOf(url: string): string {
  if (url.startsWith("/")) return url;
  const { pathname, search } = new URL(url);
  return `${pathname}${search}`;
}

function bodyOf(incoming: NodeRequest): RequestInit {
  const { body } = incoming;
  if (body !== undefined && incoming.readableEnded === true) {
    const isRaw = typeof body === "string" || body instanceof Uint8Array;
    return { body: isRaw ? (body as BodyInit) : JSON.stringify(body) };
  }
  const chunks = incoming[Symbol.asyncIterator]();
  const stream = new ReadableStream<unknown>(
    {
      async pull(controller) {
        const { value, done } = await chunks.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await chunks.return?.();
      },
    },
    { highWaterMark: 0 },
  );
  // Node wants to be told that the response may come before all of the request was sent.
  return { body: stream as BodyInit, duplex: "half" } as RequestInit;
}

function headersOf(headers: Headers): Record<string, string | string[]> {
  const cookies = headers.getSetCookie();
  return { ...Object.fromEntries(headers), ...(cookies.length > 0 && { "set-cookie": cookies }) };
}

/** Sends a body at the pace of its reader. Breaks the connection where the body breaks. */
async function send(
  body: ReadableStreamDefaultReader<Uint8Array>,
  outgoing: NodeResponse,
  httpVersion: string | undefined,
): Promise<void> {
  const leave = (): void => void body.cancel().catch(() => {});
  outgoing.on("close", leave);
  if (outgoing.destroyed) leave();
  try {
    for (let read = await body.read(); !read.done; read = await body.read()) {
      if (!outgoing.write(read.value)) await roomIn(outgoing);
    }
    outgoing.end();
  } catch {
    // What has broken it, its handler knows.
    breakOff(outgoing, httpVersion);
  } finally {
    outgoing.off("close", leave);
  }
}

/** INTERNAL_ERROR of HTTP/2. */
const RESET_CODE = 2;
/** How long the last bytes get to arrive before a reset. */
const FLUSH_MS = 50;

/** Ends a response so that its reader notices that it is not whole, after all that was sent. */
function breakOff(outgoing: NodeResponse, httpVersion: string | undefined): void {
  const { socket, stream } = outgoing;
  // The connection has other streams.
  if (stream !== undefined) stream.close(RESET_CODE);
  // Without chunks, the end of the connection is the end of a whole body.
  else if (httpVersion === "1.0" && socket?.resetAndDestroy !== undefined) {
    // A reset may overtake what was sent.
    setTimeout(() => socket.resetAndDestroy?.(), FLUSH_MS);
  } else if (socket?.destroySoon === undefined) outgoing.destroy();
  else socket.destroySoon();
}

/** Waits until more can be written, or nothing more will be. */
function roomIn(outgoing: NodeResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      outgoing.off("drain", settle);
      outgoing.off("close", settle);
      resolve();
    };
    outgoing.on("drain", settle);
    outgoing.on("close", settle);
    if (outgoing.destroyed) settle();
  });
}
