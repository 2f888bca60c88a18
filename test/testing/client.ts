import { request as httpRequest } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Socket } from "node:net";

/** A request for a stream that no rule forbids. */
export const params = {
  model: "claude-sonnet-5-5",
  max_tokens: 1000,
  stream: true,
  messages: [{ role: "user", content: "Hello" }],
};

export const headers = { "x-api-key": "secret", "anthropic-version": "2023-06-01", "content-type": "application/json" };

/** What came over the socket, read by read. */
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

/** Posts a body, and takes down what comes. `onRead` may stop it. */
export function post(
  url: string,
  body: unknown = params,
  { onRead, ca }: { onRead?: (socket: Socket, reads: number) => void; ca?: string } = {},
): Promise<Received> {
  const request = url.startsWith("https:") ? httpsRequest : httpRequest;
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const outgoing = request(`${url}/v1/messages`, { method: "POST", headers, agent: false, ca }, (response) => {
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
    outgoing.once("error", reject);
    outgoing.end(typeof body === "string" ? body : JSON.stringify(body));
  });
}
