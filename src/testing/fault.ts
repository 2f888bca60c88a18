import type { FrameFaultOptions } from "./frame-fault.ts";
import { encodedEvent, type FrameStyle } from "./frame.ts";
import type { ResponseWriter } from "./response-writer.ts";

/**
 * How a stream may be spoiled. A count or index below 0 counts from the end: `endAfter: -1` leaves out the last event.
 * Of several faults that end a stream, the first one does.
 */
export interface FaultOptions extends FrameFaultOptions {
  /** The connection is destroyed before there is any response: no status, no headers. Streamed replies or not. */
  readonly noResponse?: boolean | undefined;
  /** After so many events the connection is destroyed, as by a server that crashed. */
  readonly disconnectAfter?: number | undefined;
  /** After so many bytes of the body, before it is compressed, the connection is destroyed. */
  readonly disconnectAtByte?: number | undefined;
  /** What is destroyed is reset (a TCP RST), not closed (a FIN). Over TLS it is closed all the same. */
  readonly reset?: boolean | undefined;
  /**
   * What is disconnected is closed in one direction: no more comes, not even the end of the body, and the server waits
   * for the client to close.
   */
  readonly halfClose?: boolean | undefined;
  /** After so many events the body ends, as if it were whole. */
  readonly endAfter?: number | undefined;
  /** After so many bytes of the body, before it is compressed, it ends as if it were whole. */
  readonly endAtByte?: number | undefined;
  /** After so many events nothing more comes, until the client closes the connection. */
  readonly stallAfter?: number | undefined;
  /** After so many bytes of the body, before it is compressed, nothing more comes. */
  readonly stallAtByte?: number | undefined;
  /** Milliseconds between the `ping` events that still come after `stallAfter`. Default: none come. */
  readonly stallPings?: number | undefined;
  /** After so many events comes an `error` event, and the body ends. */
  readonly errorAfter?: number | undefined;
  /** The type of the error of `errorAfter`. Default `"overloaded_error"`. */
  readonly errorType?: string | undefined;
  /** The `content-type` of a reply, streamed or not, although its body is what it always is. */
  readonly contentType?: string | undefined;
}

/** What ends a stream early, and where. */
export interface Fault {
  readonly unit: "event" | "byte";
  /** After how many of them. */
  readonly at: number;
  /** Does it; nothing else is written afterwards. */
  readonly strike: Strike;
}

type Strike = (writer: ResponseWriter, options: FaultOptions & FrameStyle) => Promise<void>;

const disconnect: Strike = (writer, { reset, halfClose }) =>
  halfClose === true && reset !== true ? writer.halfClose() : writer.destroy(reset);
const end: Strike = (writer) => writer.cutOff();
const stall: Strike = (writer) => writer.closed;

// The one place that knows what ends a stream: a new kind is an option above and a line here. See frame-fault.ts for
// what does not end it.
const STRIKES = {
  disconnectAfter: ["event", disconnect],
  disconnectAtByte: ["byte", disconnect],
  endAfter: ["event", end],
  endAtByte: ["byte", end],
  stallAfter: ["event", stallWithPings],
  stallAtByte: ["byte", stall],
  errorAfter: ["event", endWithError],
} as const satisfies Partial<Record<keyof FaultOptions, readonly [unit: Fault["unit"], strike: Strike]>>;

/** How long a stream is, as far as faults that count from its end need to know. */
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

/** Where in a stream the next frame begins, and how long it is. */
export interface FramePlace {
  readonly events: number;
  readonly bytes: number;
  readonly length: number;
}

/** The fault that strikes before a frame is whole, and how many bytes of the frame still leave; or null. */
export function faultWithin(faults: readonly Fault[], place: FramePlace): { bytes: number; strike: Strike } | null {
  const hits = faults
    .filter(({ unit, at }) => unit === "byte" || at === place.events)
    .map(({ unit, at, strike }) => ({ bytes: unit === "byte" ? at - place.bytes : 0, strike }));
  return hits.filter(({ bytes }) => bytes < place.length).sort((a, b) => a.bytes - b.bytes)[0] ?? null;
}

async function stallWithPings(writer: ResponseWriter, { stallPings, ...style }: FaultOptions & FrameStyle) {
  if (stallPings === undefined) return writer.closed;
  const ping = encodedEvent("ping", '{"type": "ping"}', style);
  while (!writer.isClosed) {
    await writer.wait(stallPings);
    await writer.write(ping);
  }
}

async function endWithError(writer: ResponseWriter, options: FaultOptions & FrameStyle): Promise<void> {
  const { errorType: type = "overloaded_error" } = options;
  const message = type === "overloaded_error" ? "Overloaded" : `A scripted ${type}`;
  await writer.write(encodedEvent("error", JSON.stringify({ type: "error", error: { type, message } }), options));
  writer.progress.eventsWritten++;
  await writer.cutOff();
}
