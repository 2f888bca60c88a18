import type { Body } from "./request.ts";
import { startTimer } from "./timeout.ts";

/** How long a finished body may take to end, before it is given up. */
const LINGER_MS = 1_000;

/**
 * A body that is pulled piece by piece: a web stream's reader, or an async iterator.
 *
 * @param pull - The next piece, or null: there is none.
 * @param cancel - Gives the rest up.
 */
export function pulledBody(pull: () => Promise<Uint8Array | null>, cancel: () => void): Body {
  let piece: Uint8Array | null = null;
  let isPulling = false;
  const read = async (): Promise<void> => {
    isPulling = true;
    try {
      piece = await pull();
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
      cancel();
    },
  };
  return body;
}
