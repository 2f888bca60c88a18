import { request as httpRequest } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect, type Socket } from "node:net";

/** A valid request for a stream. */
export const params = {
  model: "claude-sonnet-5-5",
  max_tokens: 1000,
  stream: true,
  messages: [{ role: "user", content: "Hello" }],
};

export const headers = { "x-api-key": "secret", "anthropic-version": "2023-06-01", "content-type": "application/json" };

/** What arrived over the socket, read by read. */
export interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly reads: Buffer[];
  readonly body: Buffer;
  /** What ended the response early, or null. */
  readonly error: string | null;
  /** Milliseconds from the request to each read. */
  readonly times: number[];
}

/** Posts a body, and records what arrives. `onRead` may close the socket. */
export function post(
  url: string,
  body: unknown = params,
  { onRead, ca }: { onRead?: (socket: Socket, reads: number) => void; ca?: string } = {},
): Promise<Received> {
  const request = url.startsWith("https:") ? httpsRequest : httpRequest;
  const start = performance.now();
  return new Promise((resolve, reject) => {
    // A reset in the middle of the response is reported by the request as well. The response resolves the promise then.
    let hasBegun = false;
    const outgoing = request(`${url}/v1/messages`, { method: "POST", headers, agent: false, ca }, (response) => {
      hasBegun = true;
      const reads: Buffer[] = [];
      const times: number[] = [];
      const finish = (error: string | null): void =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          reads,
          body: Buffer.concat(reads),
          error,
          times,
        });
      response.on("data", (read: Buffer) => {
        reads.push(read);
        times.push(performance.now() - start);
        onRead?.(response.socket, reads.length);
      });
      response.once("end", () => finish(null));
      response.once("error", (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
    });
    outgoing.on("error", (error) => void (hasBegun || reject(error)));
    outgoing.end(typeof body === "string" ? body : JSON.stringify(body));
  });
}

/** What a bare TCP client sees. It leaves its own side open until `hangUp`. */
export interface RawReceived {
  /** Everything that arrived, including the status line and chunk lengths. */
  readonly text: string;
  /** `FIN`, or the code of the error that ended it. */
  readonly ending: string;
  hangUp(): void;
}

/** Posts a body over TCP, and waits until nothing more can arrive. */
export function postRaw(url: string, body: unknown = params): Promise<RawReceived> {
  const { port, hostname } = new URL(url);
  const json = JSON.stringify(body);
  const lines = Object.entries({ host: hostname, ...headers, "content-length": Buffer.byteLength(json) });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return new Promise((resolve) => {
    const socket = connect({ port: Number(port), host: hostname, allowHalfOpen: true });
    let text = "";
    const finish = (ending: string): void => resolve({ text, ending, hangUp: () => void socket.end() });
    socket.setEncoding("utf8").on("data", (read: string) => (text += read));
    socket.once("end", () => finish("FIN"));
    socket.once("error", (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
    socket.write(`POST /v1/messages HTTP/1.1\r\n${head}\r\n${json}`);
  });
}
