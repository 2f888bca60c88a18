import { once } from "node:events";
import * as http from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A bare server on loopback, for what a well-behaved fake would never do. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  /** The connections that are open now. */
  readonly sockets: ReadonlySet<Socket>;
  /** How many of them have a request under way. */
  inUse(): number;
  readonly requests: { readonly headers: http.IncomingHttpHeaders; readonly body: Record<string, unknown> }[];
}

export type Handler = (response: http.ServerResponse, request: http.IncomingMessage, count: number) => void;

/** Serves each request with `handler`, once its body has come. */
export async function serve(handler: Handler): Promise<TestServer> {
  const requests: TestServer["requests"] = [];
  const sockets = new Set<Socket>();
  let inUse = 0;
  const server = http.createServer((request, response) => {
    let body = "";
    inUse++;
    response.once("close", () => inUse--);
    request.setEncoding("utf8").on("data", (text: string) => (body += text));
    request.on("end", () => {
      requests.push({ headers: request.headers, body: JSON.parse(body || "{}") as Record<string, unknown> });
      handler(response, request, requests.length);
    });
  });
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets,
    inUse: () => inUse,
    requests,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

type Event = Readonly<Record<string, unknown>> & { readonly type: string };

/** Events as frames. */
export function frames(events: readonly Event[]): string {
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
}

export const started: readonly Event[] = [
  {
    type: "message_start",
    message: {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "claude-sonnet-5-5",
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 10, output_tokens: 1 },
    },
  },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
];

export const delta = (text: string): Event => ({
  type: "content_block_delta",
  index: 0,
  delta: { type: "text_delta", text },
});

export const stopReason: Event = {
  type: "message_delta",
  delta: { stop_reason: "end_turn", stop_sequence: null },
  usage: { output_tokens: 25 },
};

export const ended: readonly Event[] = [{ type: "content_block_stop", index: 0 }, stopReason, { type: "message_stop" }];

/** A whole reply. */
export const reply = (...texts: readonly string[]): string => frames([...started, ...texts.map(delta), ...ended]);

/** Begins an event stream. */
export function startStream(response: http.ServerResponse, body = ""): http.ServerResponse {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "request-id": "req_1" });
  response.write(body);
  return response;
}
