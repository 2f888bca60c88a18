import type { IncomingMessage, ServerResponse } from "node:http";
import { serve, type TestServer } from "../server.ts";

/** An event of a run, as it is on the wire. */
export type WireEvent = Readonly<Record<string, unknown>> & { readonly type: string };

const RUN = "run-1";

/** How one connection is served. */
export interface Leg {
  /** After how many bytes it is cut; by default it ends with the run. */
  readonly cutAt?: number | undefined;
  /** After the cut the connection hangs, instead of being reset. */
  readonly hangs?: boolean | undefined;
  /** The connection ends where it is cut, as if nothing were missing. */
  readonly ends?: boolean | undefined;
  /** A status without events, in place of the run. */
  readonly status?: number | undefined;
}

/** A kept run, written by hand: what comes after the events of `start` has ids, but for the last. */
export interface RunServer extends TestServer {
  /** The requests so far, as `METHOD url`. */
  readonly asked: readonly string[];
}

/** Serves a run of these events. `legOf`: how the nth connection goes, from 0, which was asked for with this body. */
export async function serveRun(
  events: readonly WireEvent[],
  legOf: (nth: number, body: Leg) => Leg = () => ({}),
  onDelete: (response: ServerResponse) => void = (response) => response.writeHead(204).end(),
): Promise<RunServer> {
  const asked: string[] = [];
  let connections = 0;
  const server = await serve((response, request) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.method === "DELETE") onDelete(response);
    else answer(response, request, events, legOf(connections++, server.requests.at(-1)?.body ?? {}));
  });
  return Object.assign(server, { asked });
}

function answer(response: ServerResponse, request: IncomingMessage, events: readonly WireEvent[], leg: Leg): void {
  if (leg.status !== undefined) {
    response.writeHead(leg.status, { "content-type": "application/json" });
    response.end(leg.status === 204 ? undefined : JSON.stringify({ code: "limiter_wait", message: "Too busy." }));
    return;
  }
  const after = new URL(request.url ?? "", "http://localhost").searchParams.get("after");
  const body = Buffer.from(wire(events, after));
  const { cutAt = body.length } = leg;
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "x-millrace-run": RUN });
  response.write(body.subarray(0, cutAt), () => {
    if (cutAt >= body.length || leg.ends === true) response.end();
    else if (leg.hangs !== true) response.destroy();
  });
}

/** The bytes of a run, or of its rest: what was at or before `after` is left out. */
export function wire(events: readonly WireEvent[], after: string | null = null, run: string | null = RUN): string {
  const frames = events.map((event, nth) => {
    // Two pairs to an event of the log.
    const id = run === null || event.type !== "chunk" ? null : `${run}:${Math.floor(nth / 2) + 1}.${nth % 2}`;
    return { id, text: `${id === null ? "" : `id: ${id}\n`}data: ${JSON.stringify(event)}\n\n` };
  });
  const at = after === null ? 0 : frames.findIndex(({ id }) => id === after) + 1;
  const start = `: open\n\ndata: ${JSON.stringify({ type: "start", run })}\n\n`;
  return [start, ...frames.slice(at).map(({ text }) => text)].join("");
}

export const chunk = (content: string): WireEvent => ({ type: "chunk", content });

/** The end of a complete reply. */
export const COMPLETE: WireEvent = {
  type: "end",
  outcome: "complete",
  error: null,
  finishReasons: ["end_turn"],
  usage: { source: "reported", inputTokens: 3, outputTokens: 5 },
  cost: 0.001,
};
