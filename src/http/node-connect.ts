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
  const wasQueued = placeInQueue(sender, agent) !== -1;
  let stop = ignore;
  let before = -1;
  const start = (): void => {
    stop = startTimer(ms, () => {
      const place = placeInQueue(sender, agent);
      // An agent that connects asynchronously may leave a request in its queue while it connects for it. A request is
      // therefore also late if at two checks in a row no connection could become free and the queue has not moved.
      if (place === -1 || place === before) return onLate();
      before = place;
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

/**
 * How many requests are before this one in its agent's queue: -1 if it is not in one, and NaN, which is never the same
 * twice, if a connection may become free.
 */
function placeInQueue(sender: ClientRequest, agent: Agent | undefined): number {
  for (const [name, queue] of Object.entries(agent?.requests ?? {})) {
    const place = queue?.indexOf(sender) ?? -1;
    if (place < 0) continue;
    const { maxTotalSockets = Infinity, sockets = {} } = agent ?? {};
    const inUse = maxTotalSockets < Infinity ? Object.values(sockets).flat() : (sockets[name] ?? []);
    return inUse.some((socket) => socket?.pending !== true) ? NaN : place;
  }
  return -1;
}
