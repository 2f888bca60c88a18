/**
 * How an attempt and a call end: their states, the events that move them, and nothing else. Every change of state goes
 * through one of the two tables, and an event that is not listed for a state changes nothing.
 */

/** The state of a stream: `pending`, then exactly one of the others. */
export type Outcome = "pending" | FinalState;

/** A state that is never left. */
export type FinalState = "complete" | "truncated" | "failed" | "aborted";

/** The states of an attempt: one request and its reply. */
export type AttemptState =
  /** Nothing has happened yet. */
  | "idle"
  /** The prompt function runs, or its prompt is being encoded. */
  | "preparing"
  /** It waits at the limiter. */
  | "queued"
  /** The request is on its way; no headers have come. */
  | "connecting"
  /** The headers have come, and no content. */
  | "waiting"
  /** Content has come. */
  | "streaming"
  /** The provider has ended the message. */
  | "whole"
  | FinalState;

/** Everything that can happen to an attempt. */
export type AttemptEvent =
  | "start"
  | "prepared"
  | "admitted"
  | "headers"
  | "content"
  /** The sign that the message is complete. */
  | "wholeMessage"
  /** The provider's last event, or 2 s without one after the message was complete. */
  | "lastEvent"
  /** The body ended, or its connection was lost. */
  | "bodyEnd"
  /** A time limit, a size limit, or a frame that cannot be read. */
  | "fault"
  /** The provider said that the reply has failed, or its events contradict each other. */
  | "refutation"
  | "abort";

type Table<State extends string, Event extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Event, State>>>>
>;

// A prompt function may hand on the error of another reply that was cut.
const beforeHeaders = { bodyEnd: "failed", fault: "failed", refutation: "failed", abort: "aborted" } as const;
const afterHeaders = { ...beforeHeaders, content: "streaming", wholeMessage: "whole", bodyEnd: "truncated" } as const;

/** A final state is never left. */
const final = { complete: {}, truncated: {}, failed: {}, aborted: {} } as const;

/** The transitions of an attempt. */
export const attemptTransitions: Table<AttemptState, AttemptEvent> = {
  idle: { start: "preparing", ...beforeHeaders },
  preparing: { prepared: "queued", ...beforeHeaders },
  queued: { admitted: "connecting", ...beforeHeaders },
  connecting: { headers: "waiting", ...beforeHeaders },
  waiting: afterHeaders,
  streaming: afterHeaders,
  // Whatever happens to the connection now, the message is complete; only the provider itself can take that back.
  whole: {
    lastEvent: "complete",
    bodyEnd: "complete",
    fault: "complete",
    abort: "complete",
    refutation: "failed",
  },
  ...final,
};

/** The states of a call, which makes one attempt after another. */
export type CallState =
  | "idle"
  /** An attempt is under way, and its pairs are held until it has content. */
  | "holding"
  /** Pairs are handed out as they come. */
  | "showing"
  /** An attempt has failed, and the next one is due. */
  | "pausing"
  | FinalState;

/** Everything that can happen to a call. The last four are the outcomes of its last attempt. */
export type CallEvent = "start" | "show" | "recover" | "retry" | FinalState;

const ends = { complete: "complete", truncated: "truncated", failed: "failed", aborted: "aborted" } as const;

/** The transitions of a call. */
export const callTransitions: Table<CallState, CallEvent> = {
  idle: { start: "holding", ...ends },
  holding: { show: "showing", recover: "pausing", ...ends },
  showing: { recover: "pausing", ...ends },
  pausing: { retry: "holding", ...ends },
  ...final,
};

/** The state after an event: the same one, if the event means nothing in it. */
export function after<State extends string, Event extends string>(
  table: Table<State, Event>,
  state: State,
  event: Event,
): State {
  return table[state][event] ?? state;
}

/** The outcome that a state stands for. */
export function outcomeOf(state: AttemptState | CallState): Outcome {
  return isFinal(state) ? state : "pending";
}

function isFinal(state: AttemptState | CallState): state is FinalState {
  return state in final;
}
