import { type Body, drain, ignore } from "./request.ts";

/** Where a body is pulled from: an async iterator, or what behaves like one. */
export interface Pieces {
  next(): Promise<{ readonly value?: unknown }>;
  /** Gives up the rest. */
  return?(): Promise<unknown> | undefined;
}

/** A body that is pulled piece by piece. */
export function pulledBody(pieces: Pieces): Body {
  let piece: unknown = null;
  let isPulling = false;
  /** The reader sees for itself what changes while it takes. */
  let isTaking = false;
  const pull = async (): Promise<void> => {
    isPulling = true;
    let failure: unknown = null;
    let value: unknown;
    try {
      ({ value } = await pieces.next());
    } catch (error) {
      failure = error;
    }
    isPulling = false;
    // Closed in the meantime.
    if (body.ended) return;
    piece = value ?? null;
    body.failure = failure;
    body.ended = piece === null;
    if (!isTaking) body.onReady();
  };
  const body: Body = {
    ended: false,
    failure: null,
    onReady: ignore,
    take() {
      const bytes = piece;
      piece = null;
      if (bytes === null && !body.ended && !isPulling) {
        isTaking = true;
        void pull();
        isTaking = false;
      }
      return bytes;
    },
    finish: () => drain(body),
    close() {
      body.ended = true;
      body.onReady = ignore;
      piece = null;
      void giveUp(pieces);
    },
  };
  return body;
}

/** Ignores failures: the source may have failed before, and nobody reads from it any more. */
async function giveUp(pieces: Pieces): Promise<void> {
  try {
    await pieces.return?.();
  } catch {
    // Nothing is left to be done.
  }
}
