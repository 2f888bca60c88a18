import type { Agent, ClientRequest } from "node:http";
import type { Socket } from "node:net";
import { ignore } from "./request.ts";
import { startTimer } from "./timeout.ts";

/**
 * Calls back once a request has taken `ms` to get its connection: from now to the end of TLS, a proxy's `CONNECT`
 * included. The time in which it waits for another request to free a connection does not count.
 *
 * @param agent - The request's agent, if it may let requests wait.
 * @returns What stops the watch.
 */
export function watchConnect(
  sender: ClientRequest,
  agent: Agent | undefined,
  ms: number,
  onLate: () => void,
): () => void {
  const wasQueued = placeInQueue(sender, agent) !== null;
  let stop = ignore;
  let stuckAt = -1;
  const start = (): void => {
    stop = startTimer(ms, () => {
      const place = placeInQueue(sender, agent);
      // An agent that connects asynchronously may leave a request in its queue while it connects for it. So a request is
      // late as well if for twice in a row there is no connection that it could get, and the queue has not moved.
      if (place === null || (!place.isServed && place.ahead === stuckAt)) return onLate();
      stuckAt = place.isServed ? -1 : place.ahead;
      start();
    });
  };
  start();
  sender.once("socket", (socket: Socket & { readonly secureConnecting?: boolean }) => {
    const isConnecting = socket.connecting || socket.secureConnecting === true;
    if (!isConnecting || wasQueued) stop();
    if (!isConnecting) return;
    if (wasQueued) start();
    socket.once(socket.secureConnecting === true ? "secureConnect" : "connect", () => stop());
  });
  return () => stop();
}

/** A request that waits in its agent's queue. */
interface Place {
  /** How many requests are served before it. */
  readonly ahead: number;
  /** Whether there is a connection that may become free. */
  readonly isServed: boolean;
}

function placeInQueue(sender: ClientRequest, agent: Agent | undefined): Place | null {
  for (const [name, queue] of Object.entries(agent?.requests ?? {})) {
    const ahead = queue?.indexOf(sender) ?? -1;
    if (ahead < 0) continue;
    const { maxTotalSockets = Infinity, sockets = {} } = agent ?? {};
    const inUse = maxTotalSockets < Infinity ? Object.values(sockets).flat() : (sockets[name] ?? []);
    return { ahead, isServed: inUse.some((socket) => socket?.pending !== true) };
  }
  return null;
}
