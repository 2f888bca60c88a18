import * as http from "node:http";
import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { ConnectionError, type MillraceError, RedirectError, StreamTimeoutError } from "../errors.ts";
import type { Body, Exchange, HttpRequest, HttpResponse } from "./request.ts";
import { NodeBody } from "./node-body.ts";
import { startTimer } from "./timeout.ts";

interface Protocol {
  readonly request: typeof http.request;
  readonly agent: Agent;
}

/**
 * Where all connections read into. Node would give each read 64 KB of its own; but its parser copies what it gives on,
 * and is done before the next read.
 */
const buffer = Buffer.allocUnsafeSlow(65_536);

const plain: Protocol = { request: http.request, agent: keepAliveAgent(http.Agent) };
/** Loaded when it is first needed: TLS takes longer than everything else together. */
let secure: Promise<Protocol> | null = null;

function keepAliveAgent(Agent: typeof http.Agent): Agent {
  const agent = new Agent({ keepAlive: true });
  const { createConnection } = agent;
  agent.createConnection = (options, created) => {
    const read = (length: number): boolean => {
      const bytes = buffer.subarray(0, length);
      // Whoever else listens may keep what he gets.
      const isCopied = isParsed(socket) && socket.listenerCount("data") === 1;
      // Nobody listens while a connection is idle: what comes then is no answer to anything.
      if (socket?.emit("data", isCopied ? bytes : Buffer.from(bytes)) === false) socket.destroy();
      return true;
    };
    const socket = createConnection.call(agent, { ...options, onread: { buffer, callback: read } }, created);
    return socket;
  };
  return agent;
}

/** Whether Node's parser reads the connection. It says so nowhere in public: if it says nothing, bytes are copied. */
function isParsed(socket: Duplex | null | undefined): socket is Duplex {
  return !!(socket as { readonly parser?: unknown } | null | undefined)?.parser;
}

/** Sends over `node:http` or `node:https`, with connections that are kept alive. */
export function sendByNode(request: HttpRequest): Exchange {
  let sender: ClientRequest | null = null;
  let isClosed = false;
  const send = async (isFirst: boolean): Promise<HttpResponse> => {
    const { request: open, agent } = await protocolOf(request.url);
    if (isClosed) throw new ConnectionError("Closed before the request was sent.");
    sender = open(optionsOf(request, agent));
    sender.end(request.body);
    const { response, isStale } = respond(sender, request);
    return response.catch((error: unknown) => {
      if (isFirst && !isClosed && isStale()) return send(false);
      throw error;
    });
  };
  return {
    response: send(true),
    close() {
      isClosed = true;
      sender?.destroy();
    },
  };
}

/** That of the last request: most go where the one before them went. */
let address = { url: "", host: "", parts: {} as http.RequestOptions };

function optionsOf({ url, headers, body, agent }: HttpRequest, ownAgent: Agent): http.RequestOptions {
  if (address.url !== url) {
    const { protocol, host, hostname, port, pathname, search } = new URL(url);
    const parts = {
      protocol,
      hostname: hostname.replace(/^\[|\]$/g, ""),
      port,
      path: pathname + search,
      method: "POST",
    };
    address = { url, host, parts };
  }
  // An agent of somebody else's may want to change headers, as those of proxies do: it needs them one by one.
  if (agent !== undefined) return { headers, agent: agent as Agent, ...address.parts };
  const { host = address.host, ...others } = headers;
  const list = ["host", host, "content-length", String(Buffer.byteLength(body))];
  for (const name of Object.keys(others)) if (name !== "content-length") list.push(name, others[name] ?? "");
  return { headers: list, agent: ownAgent, ...address.parts };
}

function protocolOf(url: string): Protocol | Promise<Protocol> {
  if (!url.startsWith("https:")) return plain;
  secure ??= import("node:https").then(({ request, Agent }) => ({ request, agent: keepAliveAgent(Agent) }));
  return secure;
}

function respond(
  sender: ClientRequest,
  request: HttpRequest,
): { readonly response: Promise<HttpResponse>; readonly isStale: () => boolean } {
  let cancelTimer = (): void => {};
  let received = 0;
  let stale = false;
  let isSettled = false;
  const connected = (): void => cancelTimer();
  const fail = (error: NodeJS.ErrnoException): MillraceError => {
    connected();
    // The server closed an idle connection while the request was on its way: nothing was processed.
    stale =
      sender.reusedSocket && /^(ECONNRESET|EPIPE)$/.test(error.code ?? "") && sender.socket?.bytesRead === received;
    if (error instanceof StreamTimeoutError) return error;
    const why = error.message || error.code || error.name;
    return new ConnectionError(`Could not reach ${originOf(request)}: ${why}`, { cause: error });
  };
  const response = new Promise<HttpResponse>((resolve, reject) => {
    sender.on("socket", (socket: Socket & { readonly secureConnecting?: boolean }) => {
      received = socket.bytesRead;
      if (!socket.connecting && !socket.secureConnecting) return;
      const ms = request.connectTimeoutMs;
      const waited = `no connection to ${originOf(request)}`;
      cancelTimer = startTimer(ms, () => sender.destroy(new StreamTimeoutError("connect", ms, waited)));
      socket.once(request.url.startsWith("https:") ? "secureConnect" : "connect", connected);
    });
    sender.on("close", () => {
      connected();
      // So it ends where the server switches to another protocol.
      if (!isSettled) reject(new ConnectionError(`${originOf(request)} gave no response to a POST.`));
    });
    // Stays on: an error after the response must not be an uncaught one.
    sender.on("error", (error) => {
      isSettled = true;
      reject(fail(error));
    });
    sender.on("response", (message) => {
      isSettled = true;
      try {
        resolve(responseOf(message));
      } catch (error) {
        reject(error);
      }
    });
  });
  return { response, isStale: () => stale };
}

function originOf(request: HttpRequest): string {
  return new URL(request.url).origin;
}

function responseOf(message: IncomingMessage): HttpResponse | Promise<HttpResponse> {
  const status = message.statusCode ?? 0;
  const header = (name: string): string | null => {
    const value = message.headers[name];
    return (Array.isArray(value) ? value[0] : value) ?? null;
  };
  if (status >= 300 && status < 400) {
    message.destroy();
    throw new RedirectError(status, header("location"));
  }
  const respondWith = (body: Body): HttpResponse => ({ status, header, body });
  const encoding = header("content-encoding") ?? "identity";
  return encoding === "identity" ? respondWith(new NodeBody(message)) : decompressed(message).then(respondWith);
}

async function decompressed(message: IncomingMessage): Promise<Body> {
  const { constants, createUnzip } = await import("node:zlib");
  // Sync flush: what the server has flushed is given on at once.
  const unzip = createUnzip({ flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH });
  // What has come is given on, although the rest will not come.
  message.on("error", () => unzip.end()).on("close", () => message.complete || unzip.end());
  return new NodeBody(message, message.pipe(unzip));
}
