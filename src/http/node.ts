import * as http from "node:http";
import type { Readable } from "node:stream";
import { ConnectionError, RedirectError, StreamTimeoutError } from "../errors.ts";
import { type Body, type Exchange, type HttpRequest, type HttpResponse, isRedirect } from "./request.ts";
import { startTimer } from "./timeout.ts";

/** Bytes that may wait for the reader before the socket is paused. */
const READ_AHEAD_BYTES = 65_536;
/** How long a finished body may take to end, before its connection is given up. */
const LINGER_MS = 1_000;

const agentOptions: http.AgentOptions = { keepAlive: true, keepAliveMsecs: 30_000, scheduling: "lifo" };

/** Sends over `node:http` or `node:https`, with connections that are kept alive. */
export function sendByNode(request: HttpRequest): Exchange {
  let current: http.ClientRequest | undefined;
  let closed = false;
  const attempt = async (retries: number): Promise<HttpResponse> => {
    const sender = await open(request);
    if (closed) throw new ConnectionError("The connection was closed before the request was sent.");
    current = sender;
    try {
      return await respond(sender, request);
    } catch (error) {
      // The server closed an idle connection while the request was on its way: nothing was processed.
      if (retries > 0 && !closed && wasStale(sender, error)) return attempt(retries - 1);
      throw error;
    }
  };
  return {
    response: attempt(1),
    close() {
      closed = true;
      current?.destroy();
    },
  };
}

async function open(request: HttpRequest): Promise<http.ClientRequest> {
  const { isSecure, hostname, port, path, host } = addressOf(request.url);
  const { module, agent } = isSecure
    ? (https ?? (await loadHttps()))
    : { module: http, agent: (httpAgent ??= new http.Agent(agentOptions)) };
  const contentLength = String(Buffer.byteLength(request.body));
  return module.request({
    method: "POST",
    hostname,
    port,
    path,
    agent: (request.agent as http.Agent | undefined) ?? agent,
    // As a flat list they are written as they are; as an object Node would go through them three times.
    headers: ["host", host, ...Object.entries(request.headers).flat(), "content-length", contentLength],
  });
}

let httpAgent: http.Agent | undefined;
let https: { readonly module: typeof import("node:https"); readonly agent: http.Agent } | undefined;

// TLS is loaded when it is first needed: it takes as long as everything else together.
async function loadHttps(): Promise<NonNullable<typeof https>> {
  const module = await import("node:https");
  return (https ??= { module, agent: new module.Agent(agentOptions) });
}

interface Address {
  readonly url: string;
  readonly isSecure: boolean;
  readonly hostname: string;
  readonly port: string | undefined;
  readonly path: string;
  readonly host: string;
}

let lastAddress: Address | undefined;

/** The parts of a URL. A program asks one address over and over, and parsing it costs more than the rest. */
function addressOf(url: string): Address {
  if (lastAddress?.url === url) return lastAddress;
  const { protocol, hostname, port, pathname, search, host } = new URL(url);
  lastAddress = {
    url,
    isSecure: protocol === "https:",
    // Node wants an IPv6 address without its brackets.
    hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? undefined : port,
    path: pathname + search,
    host,
  };
  return lastAddress;
}

function respond(sender: http.ClientRequest, request: HttpRequest): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    let cancelTimer = (): void => {};
    sender.once("socket", (socket) => {
      bytesBefore.set(sender, socket.bytesRead);
      const secureConnecting = "secureConnecting" in socket && socket.secureConnecting === true;
      if (!socket.connecting && !secureConnecting) return;
      const ms = request.connectTimeoutMs;
      cancelTimer = startTimer(ms, () =>
        sender.destroy(new StreamTimeoutError("connect", ms, `no connection to ${originOf(request)}`)),
      );
      socket.once(request.url.startsWith("https:") ? "secureConnect" : "connect", () => cancelTimer());
    });
    // Stays on: an error after the response must not be an uncaught one.
    sender.on("error", (error) => {
      cancelTimer();
      reject(error instanceof StreamTimeoutError ? error : connectionError(error, request));
    });
    sender.once("close", cancelTimer);
    sender.once("response", (message) => {
      resolve(toResponse(message));
    });
    sender.end(request.body);
  });
}

const bytesBefore = new WeakMap<http.ClientRequest, number>();

function wasStale(sender: http.ClientRequest, error: unknown): boolean {
  if (!sender.reusedSocket || !(error instanceof ConnectionError)) return false;
  const { code } = error.cause as NodeJS.ErrnoException;
  return (code === "ECONNRESET" || code === "EPIPE") && sender.socket?.bytesRead === bytesBefore.get(sender);
}

function originOf(request: HttpRequest): string {
  return new URL(request.url).origin;
}

function connectionError(cause: Error, request: HttpRequest): ConnectionError {
  const { code } = cause as NodeJS.ErrnoException;
  return new ConnectionError(`Could not reach ${originOf(request)}: ${cause.message || code || cause.name}`, { cause });
}

async function toResponse(message: http.IncomingMessage): Promise<HttpResponse> {
  const status = message.statusCode ?? 0;
  const header = (name: string): string | null => {
    const value = message.headers[name];
    return (Array.isArray(value) ? value[0] : value) ?? null;
  };
  if (isRedirect(status)) {
    message.destroy();
    throw new RedirectError(status, header("location"));
  }
  const encoding = header("content-encoding");
  const plain = encoding === null || encoding === "identity";
  return { status, header, body: new ReadableBody(plain ? message : await decompress(message), message) };
}

async function decompress(message: http.IncomingMessage): Promise<Readable> {
  const zlib = await import("node:zlib");
  const { pipeline } = await import("node:stream");
  // Sync flush: what the server has flushed is given on at once.
  const flush = { flush: zlib.constants.Z_SYNC_FLUSH, finishFlush: zlib.constants.Z_SYNC_FLUSH };
  return pipeline(message, zlib.createUnzip(flush), () => {});
}

class ReadableBody implements Body {
  ended = false;
  failure: unknown = null;
  onReady: () => void = () => {};
  readonly #stream: Readable;
  readonly #message: http.IncomingMessage;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #paused = false;

  constructor(stream: Readable, message: http.IncomingMessage) {
    this.#stream = stream;
    this.#message = message;
    stream.on("data", (bytes: Uint8Array) => {
      this.#queue.push(bytes);
      this.#queuedBytes += bytes.length;
      if (this.#queuedBytes >= READ_AHEAD_BYTES && !this.#paused) {
        this.#paused = true;
        stream.pause();
      }
      this.onReady();
    });
    stream.once("end", () => this.#end(null));
    stream.on("error", (error) => this.#end(error));
    stream.once("close", () => this.#end(message.complete ? null : new Error("The connection was lost.")));
  }

  take(): Uint8Array | null {
    if (this.#queue.length === 0 && this.#paused) {
      // What Node holds already comes at once, as a `data` event; resuming would take it a turn of the event loop.
      this.#queuedBytes = 0;
      this.#stream.read();
      if (this.#queue.length === 0) {
        this.#paused = false;
        this.#stream.resume();
      }
    }
    const bytes = this.#queue.shift();
    if (bytes === undefined) return null;
    this.#queuedBytes -= bytes.length;
    return bytes;
  }

  finish(): void {
    if (this.ended) return;
    this.#queue = [];
    this.#queuedBytes = -Infinity;
    if (this.#paused) this.#stream.resume();
    const cancel = startTimer(LINGER_MS, () => this.close());
    this.onReady = () => {
      this.#queue = [];
      if (this.ended) cancel();
    };
  }

  close(): void {
    this.#message.destroy();
    if (this.#stream !== this.#message) this.#stream.destroy();
  }

  #end(failure: unknown): void {
    if (this.ended) return;
    this.ended = true;
    this.failure = failure;
    this.onReady();
  }
}
