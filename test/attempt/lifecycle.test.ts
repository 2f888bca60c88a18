import { describe, expect, it } from "vitest";
import {
  after,
  type AttemptEvent,
  type AttemptState,
  attemptTransitions,
  type CallEvent,
  type CallState,
  callTransitions,
  outcomeOf,
} from "../../src/attempt/lifecycle.ts";

const FINAL = ["complete", "truncated", "failed", "aborted"] as const;
const ATTEMPT_STATES = Object.keys(attemptTransitions) as AttemptState[];
const ATTEMPT_EVENTS: readonly AttemptEvent[] = [
  "start",
  "prepared",
  "admitted",
  "headers",
  "content",
  "wholeMessage",
  "lastEvent",
  "bodyEnd",
  "fault",
  "refutation",
  "abort",
];
const CALL_STATES = Object.keys(callTransitions) as CallState[];
const CALL_EVENTS: readonly CallEvent[] = ["start", "show", "recover", "retry", ...FINAL];

/** The table of an attempt once more, written as S6 puts it: a row a state, a column an event; `.` changes nothing. */
const ATTEMPT = `
            start     prepared admitted   headers content   wholeMessage lastEvent bodyEnd   fault    refutation abort
idle        preparing .        .          .       .         .            .         failed    failed   failed     aborted
preparing   .         queued   .          .       .         .            .         failed    failed   failed     aborted
queued      .         .        connecting .       .         .            .         failed    failed   failed     aborted
connecting  .         .        .          waiting .         .            .         failed    failed   failed     aborted
waiting     .         .        .          .       streaming whole        .         truncated failed   failed     aborted
streaming   .         .        .          .       .         whole        .         truncated failed   failed     aborted
whole       .         .        .          .       .         .            complete  complete  complete failed     complete
complete    .         .        .          .       .         .            .         .         .        .          .
truncated   .         .        .          .       .         .            .         .         .        .          .
failed      .         .        .          .       .         .            .         .         .        .          .
aborted     .         .        .          .       .         .            .         .         .        .          .
`;

const CALL = `
            start     show      recover  retry    complete  truncated  failed    aborted
idle        holding   .         .        .        complete  truncated  failed    aborted
holding     .         showing   pausing  .        complete  truncated  failed    aborted
showing     .         .         pausing  .        complete  truncated  failed    aborted
pausing     .         .         .        holding  complete  truncated  failed    aborted
complete    .         .         .        .        .         .          .         .
truncated   .         .         .        .        .         .          .         .
failed      .         .         .        .        .         .          .         .
aborted     .         .         .        .        .         .          .         .
`;

function rowsOf(table: string): Record<string, Record<string, string>> {
  const [head = "", ...rows] = table.trim().split("\n");
  const events = head.trim().split(/ +/);
  return Object.fromEntries(
    rows.map((row) => {
      const [state = "", ...cells] = row.trim().split(/ +/);
      return [
        state,
        Object.fromEntries(events.map((event, place) => [event, cells[place] === "." ? state : (cells[place] ?? "")])),
      ];
    }),
  );
}

describe("the transitions of an attempt", () => {
  it("are those of S6, for every state and every event", () => {
    const found = Object.fromEntries(
      ATTEMPT_STATES.map((state) => [
        state,
        Object.fromEntries(ATTEMPT_EVENTS.map((event) => [event, after(attemptTransitions, state, event)])),
      ]),
    );
    expect(found).toEqual(rowsOf(ATTEMPT));
  });

  it("never leave a final state", () => {
    for (const state of FINAL) {
      for (const event of ATTEMPT_EVENTS) expect(after(attemptTransitions, state, event)).toBe(state);
    }
  });

  it("reach `complete` only from a message that is whole", () => {
    const sources = ATTEMPT_STATES.filter((state) =>
      ATTEMPT_EVENTS.some((event) => state !== "complete" && after(attemptTransitions, state, event) === "complete"),
    );
    expect(sources).toEqual(["whole"]);
  });

  it("end every attempt, whatever happens: by an abort, a fault or a refutation", () => {
    for (const state of ATTEMPT_STATES) {
      for (const event of ["abort", "fault", "refutation"] as const) {
        expect(outcomeOf(after(attemptTransitions, state, event))).not.toBe("pending");
      }
    }
  });

  it("come to one outcome for every order of events", () => {
    // Breadth first over all sequences: each state that can be reached at all.
    const reached = new Set<AttemptState>(["idle"]);
    for (const state of reached)
      for (const event of ATTEMPT_EVENTS) reached.add(after(attemptTransitions, state, event));
    expect([...reached].toSorted()).toEqual(ATTEMPT_STATES.toSorted());
  });
});

describe("the transitions of a call", () => {
  it("are these, for every state and every event", () => {
    const found = Object.fromEntries(
      CALL_STATES.map((state) => [
        state,
        Object.fromEntries(CALL_EVENTS.map((event) => [event, after(callTransitions, state, event)])),
      ]),
    );
    expect(found).toEqual(rowsOf(CALL));
  });

  it("never leave a final state, and never show what was not held first", () => {
    for (const state of FINAL) {
      for (const event of CALL_EVENTS) expect(after(callTransitions, state, event)).toBe(state);
    }
    const sources = CALL_STATES.filter(
      (state) => state !== "showing" && after(callTransitions, state, "show") === "showing",
    );
    expect(sources).toEqual(["holding"]);
  });
});
