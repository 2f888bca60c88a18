import type { FrameFaultOptions } from "./frame-fault.ts";
import type { FrameStyle } from "./frame.ts";
import type { ResponseWriter } from "./response-writer.ts";
import { encodedEvent, type Wire } from "./wire.ts";

/**
 * The faults that a stream may have. A negative count or index counts from the end: `endAfter: -1` omits the last event.
 * If several faults would end the stream, the earliest one does.
 */
export interface FaultOptions extends FrameFaultOptions {
  /** Closes the connection before any response, whether or not the reply is streamed: no status, no headers. */
  readonly noResponse?: boolean | undefined;
  /** Closes the connection after this many events, like a server that crashed. */
  readonly disconnectAfter?: number | undefined;
  /** Closes the connection after this many bytes of the uncompressed body. */
  readonly disconnectAtByte?: number | undefined;
  /** Resets the connection (TCP RST) where other options would close it (FIN). Has no effect over TLS. */
  readonly reset?: boolean | undefined;
  /**
   * Disconnects in one direction only: nothing more is sent, not even the end of the body, and the server waits for the
   * client to close.
   */
  readonly halfClose?: boolean | undefined;
  /** Ends the body after this many events, as if it were complete. */
  readonly endAfter?: number | undefined;
  /** Ends the body after this many uncompressed bytes, as if it were complete. */
  readonly endAtByte?: number | undefined;
  /** Sends nothing more after this many events, until the client closes the connection. */
  readonly stallAfter?: number | undefined;
  /** Sends nothing more after this many bytes of the uncompressed body, until the client closes the connection. */
  readonly stallAtByte?: number | undefined;
  /** Milliseconds between events without content (`ping`, `keepalive`, or comments) that are still sent after `stallAfter`. Default: none are sent. */
  readonly stallPings?: number | undefined;
  /** Sends an error after this many events, and ends the body. */
  readonly errorAfter?: number | undefined;
  /** The error's type for `errorAfter`. Default: that of an overloaded server. */
  readonly errorType?: string | undefined;
  /** The `content-type` header of a reply, streamed or not. Its body stays the same. */
  readonly contentType?: string | undefined;
}

/** What ends a stream early, and where. */
export interface Fault {
  readonly unit: "event" | "byte";
  /** After how many of them. */
  readonly at: number;
  /** Makes it happen. Nothing is written afterwards. */
  readonly strike: Strike;
}

type Strike = (writer: ResponseWriter, options: FaultOptions & FrameStyle, wire: Wire) => Promise<void>;

const disconnect: Strike = (writer, { reset, halfClose }) =>
  halfClose === true && reset !== true ? writer.halfClose() : writer.destroy(reset);
const end: Strike = (writer) => writer.cutOff();
const stall: Strike = (writer) => writer.closed;

// All faults that end a stream. A new one takes an option above and a line here; see frame-fault.ts for other faults.
const STRIKES = {
  disconnectAfter: ["event", disconnect],
  disconnectAtByte: ["byte", disconnect],
  endAfter: ["event", end],
  endAtByte: ["byte", end],
  stallAfter: ["event", stallWithPings],
  stallAtByte: ["byte", stall],
  errorAfter: ["event", endWithError],
} as const satisfies Partial<Record<keyof FaultOptions, readonly [unit: Fault["unit"], strike: Strike]>>;

/** The length of a stream, for faults that count from its end. */
export interface StreamLength {
  readonly events: number;
  bytes(): number;
}

/** The faults that may end a stream. */
export function plannedFaults(options: FaultOptions, length: StreamLength): Fault[] {
  return (Object.keys(STRIKES) as (keyof typeof STRIKES)[]).flatMap((option) => {
    const count = options[option];
    if (count === undefined) return [];
    const [unit, strike] = STRIKES[option];
    if (count >= 0) return [{ unit, at: count, strike }];
    return [{ unit, at: Math.max(0, count + (unit === "byte" ? length.bytes() : length.events)), strike }];
  });
}

/** The position of the next frame in a stream, and its length. */
export interface FramePlace {
  readonly events: number;
  readonly bytes: number;
  readonly length: number;
}

/** The fault that strikes before the end of a frame, and how many bytes of the frame are sent before it; or null. */
export function faultWithin(faults: readonly Fault[], place: FramePlace): { bytes: number; strike: Strike } | null {
  const hits = faults
    .filter(({ unit, at }) => unit === "byte" || at === place.events)
    .map(({ unit, at, strike }) => ({ bytes: unit === "byte" ? at - place.bytes : 0, strike }));
  return hits.filter(({ bytes }) => bytes < place.length).sort((a, b) => a.bytes - b.bytes)[0] ?? null;
}

async function stallWithPings(
  writer: ResponseWriter,
  { stallPings, ...style }: FaultOptions & FrameStyle,
  wire: Wire,
): Promise<void> {
  if (stallPings === undefined) return writer.closed;
  while (!writer.isClosed) {
    await writer.wait(stallPings);
    await writer.write(encodedEvent(wire.ping(), wire, style));
  }
}

async function endWithError(writer: ResponseWriter, options: FaultOptions & FrameStyle, wire: Wire): Promise<void> {
  for (const event of wire.error(options.errorType)) {
    await writer.write(encodedEvent(event, wire, options));
    writer.progress.eventsWritten++;
  }
  await writer.cutOff();
}
