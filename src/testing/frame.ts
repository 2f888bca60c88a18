import type { SseStyle } from "../frame/encode-sse.ts";

/** One event, ready to be sent. */
export interface Frame {
  readonly bytes: Uint8Array;
  /** Milliseconds of silence before it. */
  readonly pause: number;
  /** How many events in it were added by a fault. They are left out when positions in the stream are counted. */
  readonly added?: number | undefined;
  /** Whether it is always a single write, whatever `chunkBytes` says. */
  readonly isBulk?: boolean | undefined;
}

/** How the frames of a stream are formatted. */
export interface FrameStyle {
  /** The line ending. Default `"\n"`. */
  readonly lineEnd?: SseStyle["lineEnd"];
  /** Omits the `event:` lines. */
  readonly noEventLine?: boolean | undefined;
}
