/** Three processes that share a log: each makes the calls that `src/resume` makes, in any order, as long as it lives. */

import type { Answer, Call, RunName } from "./model.ts";

/** `p` produces run "one"; `q` is a second producer, of run "two", or takes "one" over; `r` reads, stops, and ends for the dead. */
export type Process = "p" | "q" | "r";

/** Each is explored on its own: what a run goes through does not depend on both. */
export type Second = "producer" | "taker";

/** A process dies by doing nothing more. */
interface Knowledge {
  /** The run that it writes; null before, and once it has learned that it is over. */
  readonly writes: { readonly run: RunName; readonly next: number } | null;
  readonly isDone: boolean;
  /** What it has read of a run. */
  readonly seen: { readonly run: RunName; readonly beat: number; readonly last: number } | null;
  /** The call whose answer it did not get, which it makes again. */
  readonly unanswered: Call | null;
}

export type Processes = Readonly<Record<Process, Knowledge>>;

/** Something that may happen next: a process makes a call, or time passes. */
export interface Action {
  readonly by: Process | "time";
  readonly call: Call;
  readonly isAnswerLost: boolean;
}

/** The most entries that a run has below its end: two show whether a taker goes on in the middle. */
const MOST_ENTRIES: Readonly<Record<Second, number>> = { producer: 1, taker: 2 };

const idle: Knowledge = { writes: null, isDone: false, seen: null, unanswered: null };
export const START: Processes = { p: idle, q: idle, r: idle };

/** All that may happen next. */
export function actionsIn({ p, q, r }: Processes, second: Second): Action[] {
  const calls = [
    ...producerCalls("p", p, second).map((call) => ({ by: "p", call }) as const),
    ...(second === "taker" ? takerCalls(q) : producerCalls("q", q, second)).map((call) => ({ by: "q", call }) as const),
    ...readerCalls(r, second).map((call) => ({ by: "r", call }) as const),
  ];
  const got = [...calls, { by: "time", call: { method: "lapse" } } as const].map((action) => ({
    ...action,
    isAnswerLost: false,
  }));
  return [...got, ...calls.filter(({ call }) => changes(call)).map((action) => ({ ...action, isAnswerLost: true }))];
}

/** What the processes know after a call. @param got - The answer; null if it was lost. */
export function tell(processes: Processes, { by, call }: Action, got: { readonly answer: Answer } | null): Processes {
  if (by === "time") return processes;
  const known = processes[by];
  return { ...processes, [by]: got === null ? { ...known, unanswered: call } : learned(by, known, call, got.answer) };
}

function producerCalls(by: "p" | "q", { writes, isDone, unanswered }: Knowledge, second: Second): readonly Call[] {
  if (unanswered !== null) return [unanswered];
  if (isDone) return [];
  if (writes !== null) return writerCalls(by, writes, second);
  if (by === "p") return [{ method: "begin", run: "one", token: by, replace: false }];
  return [false, true].map((replace) => ({ method: "begin", run: "two", token: by, replace }));
}

function takerCalls({ writes, isDone, seen, unanswered }: Knowledge): readonly Call[] {
  if (unanswered !== null) return [unanswered];
  if (isDone) return [];
  if (writes !== null) return writerCalls("q", writes, "taker");
  const take: Call[] = seen === null ? [] : [{ method: "take", run: "one", beat: seen.beat, token: "q" }];
  return [{ method: "read", run: "one" }, ...take];
}

function writerCalls(by: Process, { run, next }: NonNullable<Knowledge["writes"]>, second: Second): readonly Call[] {
  const append = (entries: readonly string[]): Call => ({ method: "append", run, token: by, first: next, entries });
  const end: Call = { method: "end", run, by, number: next, entry: `end ${next} ${by}` };
  return [append([]), ...(next <= MOST_ENTRIES[second] ? [append([`entry ${next} ${by}`])] : []), end];
}

function readerCalls({ seen, unanswered }: Knowledge, second: Second): readonly Call[] {
  if (unanswered !== null) return [unanswered];
  const others: Call[] = [
    { method: "read", run: "one" },
    { method: "stop", run: "one", reason: "enough" },
    ...(second === "producer" ? [{ method: "stop", run: "two", reason: "enough" } as const] : []),
  ];
  if (seen === null) return others;
  const number = seen.last + 1;
  return [...others, { method: "end", run: seen.run, by: { beat: seen.beat }, number, entry: `end ${number} r` }];
}

/** Whether it matters that the answer of a call is lost. */
function changes(call: Call): boolean {
  return call.method === "append" ? call.entries.length > 0 : ["begin", "end", "take"].includes(call.method);
}

function learned(by: Process, known: Knowledge, call: Call, answer: Answer): Knowledge {
  const now = { ...known, unanswered: null };
  switch (call.method) {
    case "begin":
      return answer === null ? { ...now, seen: null, writes: { run: call.run, next: 1 } } : now;
    case "append": {
      const isHeld = answer !== null && typeof answer === "object" && "isHeld" in answer && answer.isHeld;
      if (!isHeld) return { ...now, writes: null, isDone: true };
      return { ...now, writes: { run: call.run, next: call.first + call.entries.length } };
    }
    case "end":
      return by === "r" ? { ...now, seen: null } : { ...now, writes: null, isDone: true };
    case "take":
      return answer === true && known.seen !== null
        ? { ...now, seen: null, writes: { run: call.run, next: known.seen.last + 1 } }
        : { ...now, seen: null };
    case "read": {
      const isThere = answer !== null && typeof answer === "object" && "beat" in answer;
      return { ...now, seen: isThere ? { run: call.run, beat: answer.beat, last: answer.entries.length } : null };
    }
    default:
      return now;
  }
}
