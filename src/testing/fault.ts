import type { ResponseWriter } from "./response-writer.ts";

/** How a stream may be spoiled. A count below 0 counts from the end: -1 leaves out the last event. */
export interface FaultOptions {
  /** After so many events the connection is destroyed, as by a server that crashed. */
  readonly disconnectAfter?: number | undefined;
  /** After so many events the body ends, as if it were whole. */
  readonly endAfter?: number | undefined;
  /** After so many events nothing more comes, until the client closes the connection. */
  readonly stallAfter?: number | undefined;
}

/** What will happen to a stream, and after how many of its events. */
export interface Fault {
  readonly after: number;
  /** Does it; nothing is written afterwards. */
  readonly strike: (writer: ResponseWriter) => Promise<void>;
}

// The one place that knows the faults: a new kind is an option above and a line here.
const STRIKES: { readonly [Option in keyof Required<FaultOptions>]: Fault["strike"] } = {
  disconnectAfter: (writer) => writer.destroy(),
  endAfter: (writer) => writer.cutOff(),
  stallAfter: (writer) => writer.closed,
};

/** The fault that strikes first, or null, for a stream of `events` events. */
export function plannedFault(options: FaultOptions, events: number): Fault | null {
  const faults = (["disconnectAfter", "endAfter", "stallAfter"] as const).flatMap((option) => {
    const count = options[option];
    if (count === undefined) return [];
    return [{ after: count < 0 ? Math.max(0, events + count) : count, strike: STRIKES[option] }];
  });
  return faults.sort((a, b) => a.after - b.after)[0] ?? null;
}
