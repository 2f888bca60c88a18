import { encodeSse, type SseStyle } from "../frame/encode-sse.ts";

/** One event, on its way to the wire. */
export interface Frame {
  readonly bytes: Uint8Array;
  /** Milliseconds of silence before it. */
  readonly pause: number;
  /** How many events it holds that are not the stream's own: what a fault adds. Counts of events leave them out. */
  readonly added?: number | undefined;
  /** Whether it is a write of its own, however many bytes others have. */
  readonly isBulk?: boolean | undefined;
}

/** How the frames of a stream are written. */
export interface FrameStyle {
  /** What ends a line. Default `"\n"`. */
  readonly lineEnd?: SseStyle["lineEnd"];
  /** Leaves out the `event:` lines. */
  readonly noEventLine?: boolean | undefined;
}

/** An event of a fault's own, in the style of the stream. */
export function encodedEvent(event: string, data: string, { lineEnd, noEventLine }: FrameStyle): Buffer {
  return Buffer.from(encodeSse({ event, data }, { lineEnd, eventLine: noEventLine !== true }));
}
