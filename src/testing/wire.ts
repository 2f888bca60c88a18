import { encodeSse } from "../frame/encode-sse.ts";
import type { FrameStyle } from "./frame.ts";
import type { JsonObject } from "./json.ts";

/** One event of a stream, before it is written. */
export interface WireEvent {
  /** The event, or the data of a frame, verbatim. */
  readonly data: JsonObject | string;
  /** Milliseconds of silence before it. */
  readonly pause?: number | undefined;
  /** The frame as recorded, byte for byte. Undefined if it was not recorded. */
  readonly frame?: Uint8Array | undefined;
}

/** How an API writes its events, and the events that faults and other options add to a stream. */
export interface Wire {
  /** The name in an event's `event` line; `""` if the API writes no such lines. */
  nameOf(event: WireEvent): string;
  /**
   * An event as JSON.
   *
   * @param isAdded - Whether a fault has added it. It is not padded then.
   */
  json(event: JsonObject, isAdded?: boolean): string;
  /** An event that keeps the connection alive; null for a comment. */
  ping(): JsonObject | null;
  /** An event that adds text. */
  delta(text: string): JsonObject;
  /** An event of a type that does not exist yet. */
  unknown(index: number): JsonObject;
  /**
   * The events that end a stream in an error.
   *
   * @param type - The error's type; undefined for that of an overload.
   */
  error(type: string | undefined): readonly JsonObject[];
}

/** Encodes an event that is added to a stream, in its style. */
export function encodedEvent(data: JsonObject | null, wire: Wire, { lineEnd = "\n", noEventLine }: FrameStyle): Buffer {
  if (data === null) return Buffer.from(`: keep-alive${lineEnd}${lineEnd}`);
  const style = { lineEnd, eventLine: noEventLine !== true };
  return Buffer.from(encodeSse({ event: wire.nameOf({ data }), data: wire.json(data, true) }, style));
}
