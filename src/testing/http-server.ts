import { once } from "node:events";
import * as http from "node:http";
import * as https from "node:https";
import type { Socket } from "node:net";
import { type RecordedRequest, redactBody, redactedHeaders, redactedPath } from "./recorded-request.ts";
import { ResponseWriter } from "./response-writer.ts";

/** Where a fake server listens. */
export interface HttpServerOptions {
  /** The port on 127.0.0.1. Default 0, which picks a free one. */
  readonly port?: number | undefined;
  /** The key and certificate, both PEM, for serving `https:`. */
  readonly tls?: { readonly key: string | Uint8Array; readonly cert: string | Uint8Array } | undefined;
}

/** A request as received, and the means to answer it. */
export interface Exchange {
  readonly recorded: RecordedRequest;
  readonly url: URL;
  readonly headers: http.IncomingHttpHeaders;
  /** The body, or null if it exceeded the server's limit. */
  readonly bodyText: string | null;
  readonly writer: ResponseWriter;
}

/** Answers one request. */
export type Handler = (exchange: Exchange) => Promise<void>;

/** A real HTTP server on this machine that records the requests it gets. */
export class HttpServer implements AsyncDisposable {
  readonly requests: RecordedRequest[] = [];
  readonly #server: http.Server | https.Server;
  readonly #sockets = new Set<Socket>();
  readonly #handle: Handler;
  readonly #bodyLimit: number;
  readonly #waiting: (() => void)[] = [];

  constructor(handle: Handler, { tls }: HttpServerOptions, bodyLimit: number) {
    this.#handle = handle;
    this.#bodyLimit = bodyLimit;
    const listener: http.RequestListener = (request, response) => void this.#serve(request, response);
    this.#server =
      tls === undefined
        ? http.createServer(listener)
        : https.createServer({ key: asPem(tls.key), cert: asPem(tls.cert) }, listener);
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  /** Starts listening. */
  async listen(port = 0): Promise<void> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  get url(): string {
    return `${this.#server instanceof https.Server ? "https" : "http"}://127.0.0.1:${this.port}`;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  async request(index = 0): Promise<RecordedRequest> {
    for (;;) {
      const request = this.requests[index];
      if (request !== undefined) return request;
      if (!this.#server.listening) throw new Error(`The fake server was closed before request ${index} came.`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Closes all connections and the server. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    this.#wakeWaiting();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    try {
      const writer = new ResponseWriter(response);
      const bodyText = await readBody(request, this.#bodyLimit);
      if (bodyText === undefined) return;
      const recorded = this.#record(request, bodyText, writer);
      await this.#handle({ recorded, url: urlOf(request), headers: request.headers, bodyText, writer });
    } catch (error) {
      // A script could not be played: its file is missing, or its function threw. Only the client can tell its author.
      if (response.headersSent) return void response.destroy();
      const message = `The fake server: ${error instanceof Error ? error.message : String(error)}`;
      response.writeHead(500, { "content-type": "application/json", "x-should-retry": "false" });
      response.end(JSON.stringify({ type: "error", error: { type: "api_error", message } }));
    }
  }

  #record(request: http.IncomingMessage, bodyText: string | null, writer: ResponseWriter): RecordedRequest {
    const { progress } = writer;
    const closed = writer.closed.then(() => progress.outcome);
    const body = parsedObject(bodyText);
    redactBody(body);
    const recorded: RecordedRequest = {
      index: this.requests.length,
      method: request.method ?? "GET",
      path: redactedPath(request.url ?? "/"),
      headers: redactedHeaders(request.headers),
      body,
      reply: Object.assign(progress, { closed }),
    };
    this.requests.push(recorded);
    this.#wakeWaiting();
    return recorded;
  }

  #wakeWaiting(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** The body as text; null if it exceeds `limit` bytes; undefined if the client left before sending all of it. */
async function readBody(request: http.IncomingMessage, limit: number): Promise<string | null | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request) {
      if (!Buffer.isBuffer(chunk)) continue;
      length += chunk.length;
      // Read even beyond the limit: a client sees no answer while it is still sending.
      if (length <= limit) chunks.push(chunk);
    }
  } catch {
    return undefined;
  }
  return length > limit ? null : Buffer.concat(chunks).toString("utf8");
}

/** A target that is not a path, such as `*` or another server's URL, leads nowhere here. */
function urlOf({ url = "" }: http.IncomingMessage): URL {
  return new URL(`http://127.0.0.1${url.startsWith("/") ? url : "/"}`);
}

function parsedObject(bodyText: string | null): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(bodyText ?? "");
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : {};
  } catch {
    return {};
  }
}

function asPem(pem: string | Uint8Array): string | Buffer {
  return typeof pem === "string" ? pem : Buffer.from(pem);
}
