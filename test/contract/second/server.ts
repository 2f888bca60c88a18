import { once } from "node:events";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { JsonObject } from "../../../src/json/object.ts";
import { encodeFrame } from "./frames.ts";
import { MEDIA_TYPE, sign } from "./provider.ts";

/** A request whose signature is right, and the reply to it. */
export interface FolioExchange {
  readonly request: http.IncomingMessage;
  readonly response: http.ServerResponse;
  readonly body: JsonObject;
  /** The events since the checkpoint that the reply is to go on from; null for a new reply. */
  readonly missed: readonly JsonObject[] | null;
  /** The frame of an event, which is kept for the case that the reply is to go on. */
  frame(event: JsonObject): Uint8Array;
}

/** A server that lets `play` write the replies. */
export async function serveFolio(secretOf: (key: unknown) => string, play: (exchange: FolioExchange) => unknown) {
  const nonces = new Set<unknown>();
  const cancelled: unknown[] = [];
  const checkpoints = new Map<unknown, { readonly events: JsonObject[]; readonly at: number }>();
  const server = http.createServer(async (request, response) => {
    const { url = "", headers } = request;
    const refuse = (status: number, code: string) =>
      response.writeHead(status).end(JSON.stringify({ failed: { code } }));
    const content = await text(request);
    const nonce = String(headers["x-folio-nonce"]);
    const signature = await sign(secretOf(headers["x-folio-key"]), nonce, url, content);
    if (headers["x-folio-signature"] !== signature || nonces.has(nonce)) return refuse(401, "signature");
    nonces.add(nonce);
    const body = JSON.parse(content) as JsonObject;
    if (url === "/cancel") return response.end(String(cancelled.push(body["id"])));
    const token = new URL(url, "http://folio.invalid").searchParams.get("token");
    const known = checkpoints.get(token);
    if (token !== null && known === undefined) return refuse(404, "token");
    response.setHeader("content-type", MEDIA_TYPE);
    const { events, at } = known ?? { events: [], at: 0 };
    const frame = (event: JsonObject): Uint8Array => {
      if (!("failed" in event || events.includes(event))) events.push(event);
      if ("checkpoint" in event) checkpoints.set(event["checkpoint"], { events, at: events.indexOf(event) + 1 });
      return encodeFrame(event);
    };
    play({ request, response, body, missed: known === undefined ? null : events.slice(at), frame });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cancelled,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
}
