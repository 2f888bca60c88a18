import { once } from "node:events";
import * as http from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";
import type { Beat, Script, ServedRequest, Server } from "./subject.ts";

/** The beats that have a form of their own in each provider's wire. */
export type WireBeat = Exclude<
  Beat,
  { readonly raw: unknown } | { readonly wait: unknown } | { readonly end: unknown }
>;

/** How a provider writes its replies. */
export interface Wire {
  readonly contentType: string;
  /** The header that tells the id of a request. */
  readonly idHeader: string;
  /** What is wrong with a request; nothing, if it is empty. */
  problems(request: Pick<ServedRequest, "headers" | "body" | "path">): readonly string[];
  /** The response to a request that fails. `retryAfterMs` is null if the client may ask again at any time. */
  error(message: string, retryAfterMs: number | null): ErrorResponse;
  /** Begins a reply, or goes on with the one that the request is about. */
  reply(script: Script, request: ServedRequest): WireReply;
  /** The id of the reply that a request of this path is to cancel; null if it is about something else. */
  cancelledBy?(path: string): string | null;
}

/** A response whose status is 400 or above. */
export interface ErrorResponse {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A reply while it is written. */
export interface WireReply {
  /** What the beat comes to. */
  write(beat: WireBeat): string | Uint8Array;
  /** What comes before the body ends cleanly. */
  end(): string | Uint8Array;
}

/** Starts a server that plays a script for each request. Closing it throws if it was asked what the provider refuses. */
export async function serveScripts(
  wire: Wire,
  script: (request: ServedRequest) => Script | Promise<Script>,
): Promise<Server> {
  const requests: ServedRequest[] = [];
  const cancelled: string[] = [];
  const sockets = new Set<Socket>();
  const refused: string[] = [];
  let waiting: (() => void)[] = [];

  async function answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    response.on("error", () => {});
    const body = await bodyOf(request);
    const stopped = wire.cancelledBy?.(request.url ?? "") ?? null;
    if (stopped !== null) {
      cancelled.push(stopped);
      response.end("{}");
      return;
    }
    const index = requests.length;
    const served: ServedRequest = {
      index,
      id: `req_${index}`,
      path: request.url ?? "/",
      headers: request.headers as ServedRequest["headers"],
      body,
      closed: once(response, "close").then(() => !player.hasEnded),
    };
    const player = new Player(response, { ...wire, reply: (given) => wire.reply(given, served) });
    requests.push(served);
    for (const wake of waiting.splice(0)) wake();
    response.setHeader(wire.idHeader, served.id);
    const problems = wire.problems(served);
    refused.push(...problems);
    await player.play(problems.length > 0 ? { status: 400, message: problems.join("\n") } : await script(served));
  }

  const server = http.createServer((request, response) => void answer(request, response));
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {}).once("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    cancelled,
    async request(index) {
      for (;;) {
        const request = requests[index];
        if (request !== undefined) return request;
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    async [Symbol.asyncDispose]() {
      waiting = [];
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
      if (refused.length > 0) throw new Error(`The server was asked what the provider refuses: ${refused.join("\n")}`);
    },
  };
}

/** How a player writes its reply. */
export type PlayedWire = Pick<Wire, "contentType" | "error"> & { reply(script: Script): WireReply };

/** Plays one script. */
export class Player {
  hasEnded = false;
  readonly #response: http.ServerResponse;
  readonly #wire: PlayedWire;

  constructor(response: http.ServerResponse, wire: PlayedWire) {
    this.#response = response;
    this.#wire = wire;
  }

  async play(script: Script): Promise<void> {
    const { status = 200, message = "No.", headers = {}, retryAfterMs = null, beats = [], pieceSize } = script;
    if (status === 0) return this.#reset();
    for (const [name, value] of Object.entries(headers)) this.#response.setHeader(name, value);
    if (status >= 400) {
      const error = this.#wire.error(message, retryAfterMs);
      this.#response.writeHead(status, error.headers);
      this.hasEnded = true;
      this.#response.end(error.body);
      return;
    }
    this.#response.writeHead(status, { "content-type": this.#wire.contentType });
    this.#response.flushHeaders();
    const reply = this.#wire.reply(script);
    if (pieceSize !== undefined) await this.#writePieces(reply, beats, pieceSize);
    for (const beat of beats) {
      if (this.#response.destroyed) return;
      if ("wait" in beat) await (typeof beat.wait === "function" ? beat.wait() : beat.wait);
      else if ("end" in beat) break;
      else if (pieceSize === undefined) await this.#write("raw" in beat ? beat.raw : reply.write(beat));
    }
    await this.#end(reply, beats.findLast((beat) => "end" in beat)?.end ?? "clean");
  }

  async #writePieces(reply: WireReply, beats: readonly Beat[], size: number): Promise<void> {
    const bytes = Buffer.concat(
      beats.map((beat) => {
        if ("wait" in beat || "end" in beat) return Buffer.alloc(0);
        return Buffer.from("raw" in beat ? beat.raw : (reply.write(beat) as string));
      }),
    );
    for (let at = 0; at < bytes.length; at += size) await this.#write(bytes.subarray(at, at + size));
  }

  /** Writes no faster than the client reads. */
  async #write(bytes: string | Uint8Array): Promise<void> {
    if (bytes.length === 0 || this.#response.destroyed) return;
    await new Promise<void>((resolve) => {
      this.#response.once("close", resolve);
      this.#response.write(bytes, () => {
        this.#response.off("close", resolve);
        resolve();
      });
    });
    // What comes next is read by itself.
    await turn();
  }

  async #end(reply: WireReply, end: "clean" | "kept" | "open" | "reset"): Promise<void> {
    if (end === "clean" || end === "kept") await this.#write(reply.end());
    if (end === "reset") return this.#reset();
    if (end !== "clean") return;
    this.hasEnded = true;
    this.#response.end();
  }

  async #reset(): Promise<void> {
    // A reset may overtake what the client has not read yet.
    for (let turns = 0; turns < 3; turns++) await turn();
    this.hasEnded = true;
    this.#response.socket?.resetAndDestroy();
  }
}

async function bodyOf(request: http.IncomingMessage): Promise<Record<string, unknown>> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return JSON.parse(Buffer.concat(pieces).toString() || "{}") as Record<string, unknown>;
}
