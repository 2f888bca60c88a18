import * as http from "node:http";
import type { Agent, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { type Duplex, PassThrough, type Readable } from "node:stream";
import { RedirectError, StreamTimeoutError } from "../errors.ts";
import { abortableExchange } from "./abortable-exchange.ts";
import { codeOf, connectionErrors } from "./connection-error.ts";
import { NodeBody } from "./node-body.ts";
import { watchConnect } from "./node-connect.ts";
import type { HttpRequest, HttpResponse, Transport } from "./request.ts";

interface Protocol {
  readonly request: typeof http.request;
  readonly agent: Agent;
}

/**
 * What all connections read into. Node would allocate 64 KB for each read, although its parser copies what it hands on,
 * and is done with it before the next read.
 */
const buffer = Buffer.allocUnsafeSlow(65_536);

const plain: Protocol = { request: http.request, agent: keepAliveAgent(http.Agent) };
/** Loaded when first needed: loading TLS takes longer than loading everything else. */
let secure: Promise<Protocol> | null = null;

function keepAliveAgent(Agent: typeof http.Agent): Agent {
  const agent = new Agent({ keepAlive: true });
  const { createConnection } = agent;
  agent.createConnection = (options, created) => {
    const read = (length: number): boolean => {
      const bytes = buffer.subarray(0, length);
      // Other listeners may keep what they are given.
      const isCopied = isParsed(socket) && socket.listenerCount("data") === 1;
      // Without a listener the connection is idle, and what arrives does not answer any request.
      if (socket?.emit("data", isCopied ? bytes : Buffer.from(bytes)) === false) socket.destroy();
      return true;
    };
    const socket = createConnection.call(agent, { ...options, onread: { buffer, callback: read } }, created);
    return socket;
  };
  return agent;
}

/** Whether Node's parser reads the connection. Node does not document how to tell; in doubt, bytes are copied. */
function isParsed(socket: Duplex | null | undefined): socket is Duplex {
  return !!(socket as { readonly parser?: unknown } | null | undefined)?.parser;
}

/** Sends with `node:http` or `node:https`, over connections that are kept alive. */
export const sendByNode: Transport = (request) =>
  // Connecting is timed to the end of TLS, rather than to the headers.
  abortableExchange(connectionErrors(request), Infinity, (signal) => send(request, signal, true));

async function send(request: HttpRequest, signal: AbortSignal, isFirst: boolean): Promise<HttpResponse> {
  const { request: open, agent } = await protocolOf(request.url);
  signal.throwIfAborted();
  const sender = open(optionsOf(request, agent));
  return new Promise<HttpResponse>((resolve, reject) => {
    let isSettled = false;
    let received = 0;
    const settle = (): void => {
      isSettled = true;
      stopWatch();
    };
    const stop = (error: unknown): void => {
      settle();
      reject(error);
      try {
        sender.destroy();
      } catch {
        // A connection of the user's own making may throw here, and there is no other way to close it.
      }
    };
    signal.onabort = stop;
    const ms = request.connectTimeoutMs;
    const stopWatch = watchConnect(sender, request.agent as Agent | undefined, ms, () =>
      stop(new StreamTimeoutError("connect", ms, `no connection to ${new URL(request.url).origin}`)),
    );
    sender.on("socket", (socket: Socket) => (received = socket.bytesRead));
    // Stays on: an error after the response must not be an uncaught one.
    sender.on("error", (error) => {
      const wasIdle = !isSettled && sender.reusedSocket && sender.socket?.bytesRead === received;
      settle();
      // The server closed an idle connection while the request was on its way, and so has processed nothing.
      if (isFirst && wasIdle && /^(ECONNRESET|EPIPE)$/.test(String(codeOf(error)))) {
        resolve(send(request, signal, false));
      } else {
        reject(error);
      }
    });
    // Comes without an error where the server switches to another protocol.
    sender.on("close", () => {
      if (!isSettled) stop(new Error("the server gave none to a POST."));
    });
    sender.on("response", (message) => {
      settle();
      resolve(responseOf(message));
    });
    sender.end(request.body);
  });
}

/** Where the last request went: most go to the same place as the one before. */
let address = { url: "", host: "", parts: {} as http.RequestOptions };

function optionsOf(request: HttpRequest, ownAgent: Agent): http.RequestOptions {
  const { method = "POST", url, headers, body, agent } = request;
  if (address.url !== url) {
    const { protocol, host, hostname, port, pathname, search } = new URL(url);
    const parts = {
      protocol,
      hostname: hostname.replace(/^\[|\]$/g, ""),
      port,
      path: pathname + search,
    };
    address = { url, host, parts };
  }
  // A user's agent, such as a proxy's, may want to change headers, and so they must not be a finished list.
  if (agent !== undefined) return { method, headers, agent: agent as Agent, ...address.parts };
  const { host = address.host, ...others } = headers;
  const list = ["host", host];
  if (method === "POST") list.push("content-length", String(Buffer.byteLength(body)));
  for (const name of Object.keys(others)) if (name !== "content-length") list.push(name, others[name] ?? "");
  return { method, headers: list, agent: ownAgent, ...address.parts };
}

function protocolOf(url: string): Protocol | Promise<Protocol> {
  if (!url.startsWith("https:")) return plain;
  secure ??= import("node:https").then(({ request, Agent }) => ({ request, agent: keepAliveAgent(Agent) }));
  return secure;
}

/** The body is made at once: what arrives must not be missed. */
async function responseOf(message: IncomingMessage): Promise<HttpResponse> {
  const status = message.statusCode ?? 0;
  const header = (name: string): string | null => {
    const value = message.headers[name];
    return (Array.isArray(value) ? value[0] : value) ?? null;
  };
  if (status >= 300 && status < 400) {
    message.destroy();
    throw new RedirectError(status, header("location"));
  }
  // In the order in which they are undone. Other words, such as "identity", do not name a compression.
  const codings = header("content-encoding")
    ?.toLowerCase()
    .match(/\b(gzip|deflate|br|zstd)\b/g)
    ?.reverse();
  return { status, header, body: new NodeBody(message, codings && decompressed(message, codings)) };
}

/** Z_PARTIAL_FLUSH, BROTLI_OPERATION_FLUSH, ZSTD_e_flush: what has come is given on, even if the rest does not come. */
const FLUSH = { flush: 1, finishFlush: 1 };
/** The first byte of gzip's format. */
const GZIP = 0x1f;
/** No chain of servers compresses a response more often, and each layer takes memory. */
const MOST_LAYERS = 4;

/** What a compressed message says. How to read it shows in its first byte, which may come long after the headers. */
function decompressed(message: IncomingMessage, codings: readonly string[]): Readable {
  const decoded = new PassThrough();
  decode(message, codings, decoded).catch((error) => decoded.destroy(error));
  return decoded;
}

async function decode(message: IncomingMessage, codings: readonly string[], decoded: PassThrough): Promise<void> {
  const zlib: typeof import("node:zlib") & { createZstdDecompress?(options: object): Duplex } =
    await import("node:zlib");
  const first = await firstByte(message);
  // A proxy may have decompressed it, and left the header.
  const layers = codings[0] === "gzip" && first !== GZIP ? [] : codings.slice(0, MOST_LAYERS);
  const decoders = layers.map((coding, layer) => {
    if (coding === "br") return zlib.createBrotliDecompress(FLUSH);
    // A version of Node that cannot decode it fails as with bytes that are not compressed as they claim.
    if (coding === "zstd" && zlib.createZstdDecompress) return zlib.createZstdDecompress(FLUSH);
    // For some servers "deflate" is the bare format, without the header that zlib gives it.
    const isBare = layer === 0 && first !== GZIP && (first & 15) !== 8;
    return isBare ? zlib.createInflateRaw(FLUSH) : zlib.createUnzip(FLUSH);
  });
  [...decoders, decoded].reduce((source: Readable, decoder) => {
    // What has arrived is given on, although the rest will not arrive.
    const end = (): unknown => message.complete || decoder.end();
    if (source === message) message.on("error", end).on("close", end);
    else source.on("error", (error) => decoder.destroy(error));
    if (source.destroyed) end();
    return source.pipe(decoder);
  }, message);
}

/** The first byte of a body, which stays in it. */
async function firstByte(message: IncomingMessage): Promise<number> {
  if (!message.destroyed) await new Promise((resolve) => message.once("readable", resolve).once("close", resolve));
  const bytes: Buffer | null = message.read();
  if (bytes !== null) message.unshift(bytes);
  return bytes?.[0] ?? GZIP;
}
