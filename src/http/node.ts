import * as http from "node:http";
import type { Agent, IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { ConnectionError, RedirectError, StreamTimeoutError } from "../errors.ts";
import { codeOf, connectionError } from "./connection-error.ts";
import { NodeBody } from "./node-body.ts";
import { watchConnect } from "./node-connect.ts";
import { type Body, type Exchange, type HttpRequest, type HttpResponse, ignore } from "./request.ts";

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
export function sendByNode(request: HttpRequest): Exchange {
  let sending: Sending | null = null;
  let isClosed = false;
  const send = async (isFirst: boolean): Promise<HttpResponse> => {
    try {
      const protocol = await protocolOf(request.url);
      if (isClosed) throw new ConnectionError("Closed before the request was sent.");
      sending = start(request, protocol);
      return await sending.response;
    } catch (error) {
      // The server closed an idle connection while the request was on its way, and so has processed nothing.
      const isReset = /^(ECONNRESET|EPIPE)$/.test(String(codeOf(error)));
      if (isFirst && !isClosed && isReset && sending?.wasIdle() === true) return send(false);
      throw connectionError(request.url, error);
    }
  };
  const response = send(true);
  // It may fail while nobody waits for it.
  response.catch(ignore);
  return {
    response,
    close() {
      isClosed = true;
      sending?.stop(new ConnectionError("Closed before the response came."));
      response.then(({ body }) => body.close(), ignore);
    },
  };
}

/** Where the last request went: most go to the same place as the one before. */
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
  // A user's agent, such as a proxy's, may want to change headers, and so they must not be a finished list.
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

/** A request on its way. */
interface Sending {
  readonly response: Promise<HttpResponse>;
  /** Whether it failed on a connection that had been kept, before anything arrived on it. */
  wasIdle(): boolean;
  /** Cuts the connection, and rejects the response unless it has come. */
  stop(error: unknown): void;
}

function start(request: HttpRequest, { request: open, agent }: Protocol): Sending {
  const sender = open(optionsOf(request, agent));
  let wasIdle = false;
  let stop: Sending["stop"] = ignore;
  const response = new Promise<HttpResponse>((resolve, reject) => {
    let isSettled = false;
    let received = 0;
    const settle = (): void => {
      isSettled = true;
      stopWatch();
    };
    stop = (error) => {
      settle();
      reject(error);
      try {
        sender.destroy();
      } catch {
        // The connection is one of the user's agent, and as closed as it can be.
      }
    };
    const ms = request.connectTimeoutMs;
    const stopWatch = watchConnect(sender, request.agent as Agent | undefined, ms, () =>
      stop(new StreamTimeoutError("connect", ms, `no connection to ${originOf(request)}`)),
    );
    sender.on("socket", (socket: Socket) => (received = socket.bytesRead));
    // Stays on: an error after the response must not be an uncaught one.
    sender.on("error", (error) => {
      wasIdle = sender.reusedSocket && sender.socket?.bytesRead === received;
      settle();
      reject(error);
    });
    // Comes without an error where the server switches to another protocol.
    sender.on("close", () => {
      if (!isSettled) stop(new ConnectionError(`${originOf(request)} gave no response to a POST.`));
    });
    sender.on("response", (message) => {
      settle();
      resolve(responseOf(message));
    });
    sender.end(request.body);
  });
  return { response, wasIdle: () => wasIdle, stop: (error) => stop(error) };
}

function originOf(request: HttpRequest): string {
  return new URL(request.url).origin;
}

/** The body is made at once unless it is compressed: what arrives must not be missed. */
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
  const codings = (header("content-encoding") ?? "").toLowerCase().split(/[\s,]+/);
  const layers = codings.filter((coding) => coding !== "" && coding !== "identity").length;
  return { status, header, body: layers === 0 ? new NodeBody(message) : await decompressed(message, layers) };
}

/** More than one server or proxy applies. */
const MOST_LAYERS = 4;

async function decompressed(message: IncomingMessage, layers: number): Promise<Body> {
  if (layers > MOST_LAYERS) {
    message.destroy();
    throw new ConnectionError(`The response is compressed ${layers} times over.`);
  }
  const { constants, createUnzip } = await import("node:zlib");
  // Sync flush: what the server has flushed is given on at once.
  const options = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };
  const outermost = createUnzip(options);
  // What has arrived is given on, although the rest will not arrive.
  const end = (): void => {
    if (!message.complete) outermost.end();
  };
  message.on("error", end).on("close", end);
  if (message.destroyed) end();
  let decoded = message.pipe(outermost);
  for (let layer = 1; layer < layers; layer++) {
    const next = createUnzip(options);
    decoded = decoded.on("error", (error) => next.destroy(error)).pipe(next);
  }
  return new NodeBody(message, decoded);
}
