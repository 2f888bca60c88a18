import type { Body } from "./request.ts";
import { startTimer } from "./timeout.ts";

/** How long a finished body may take to end, before it is given up. */
const LINGER_MS = 1_000;

/** Where a body is pulled from: an async iterator, or what behaves like one. */
export interface Pieces {
  next(): Promise<{ readonly value?: unknown }>;
  /** Gives the rest up. */
  return?(): Promise<unknown> | undefined;
}

/** A body that is pulled piece by piece. */
export function pulledBody(pieces: Pieces): Body {
  let piece: unknown = null;
  let isPulling = false;
  const read = async (): Promise<void> => {
    isPulling = true;
    try {
      piece = (await pieces.next()).value ?? null;
      body.ended ||= piece === null;
    } catch (error) {
      body.failure = error;
      body.ended = true;
    }
    isPulling = false;
    body.onReady();
  };
  const body: Body = {
    ended: false,
    failure: null,
    onReady() {},
    take() {
      const bytes = piece;
      piece = null;
      if (bytes === null && !body.ended && !isPulling) void read();
      return bytes;
    },
    finish() {
      // The rest is read, so that the connection may be used again.
      const cancelTimer = startTimer(LINGER_MS, body.close);
      body.onReady = () => {
        if (body.ended) cancelTimer();
        else while (body.take() !== null);
      };
      body.onReady();
    },
    close() {
      body.ended = true;
      // What failed cannot be given up, and need not be.
      pieces.return?.()?.catch(() => {});
    },
  };
  return body;
}
