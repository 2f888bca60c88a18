/** The rules of `src/log/log.ts` as a small state machine, for one place with at most two runs. */

export type RunName = "one" | "two";

/** A run, as the rules see it. */
export interface ModelRun {
  readonly token: string;
  readonly entries: readonly string[];
  readonly beat: number;
  readonly hasLapsed: boolean;
  readonly stop: string | null;
  readonly isEnded: boolean;
}

/** The runs of the place. */
export type ModelLog = Readonly<Record<RunName, ModelRun | null>>;

/** A call of a log, or the time that a lease lasts passes. */
export type Call =
  | { readonly method: "begin"; readonly run: RunName; readonly token: string; readonly replace: boolean }
  | {
      readonly method: "append";
      readonly run: RunName;
      readonly token: string;
      readonly first: number;
      readonly entries: readonly string[];
    }
  | {
      readonly method: "end";
      readonly run: RunName;
      readonly by: string | { readonly beat: number };
      readonly number: number;
      readonly entry: string;
    }
  | { readonly method: "take"; readonly run: RunName; readonly beat: number; readonly token: string }
  | { readonly method: "stop"; readonly run: RunName; readonly reason: string }
  | { readonly method: "read"; readonly run: RunName }
  | { readonly method: "lapse" };

/** What the call answers: of a read, the whole run. */
export type Answer =
  | null
  | boolean
  | RunName
  /** It rejects: the place has such a run already, which is another's. */
  | "exists"
  | { readonly isHeld: boolean; readonly stop: string | null }
  | Omit<ModelRun, "token">;

type CallOf<M extends Call["method"]> = Extract<Call, { readonly method: M }>;

export const EMPTY: ModelLog = { one: null, two: null };

/** What a call does and answers. */
export function perform(log: ModelLog, call: Call): readonly [log: ModelLog, answer: Answer] {
  switch (call.method) {
    case "begin":
      return begin(log, call);
    case "append":
      return append(log, call);
    case "end":
      return end(log, call);
    case "take":
      return take(log, call);
    case "stop":
      return stop(log, call);
    case "read":
      return [log, stateOf(log[call.run])];
    case "lapse":
      return [{ one: lapsed(log.one), two: lapsed(log.two) }, null];
  }
}

/** Whether somebody may still write the run. */
export function goesOn(run: ModelRun | null): run is ModelRun {
  return run !== null && !run.isEnded;
}

function begin(log: ModelLog, { run, token, replace }: CallOf<"begin">): readonly [ModelLog, Answer] {
  const same = log[run];
  if (same !== null) return [log, same.token === token ? null : "exists"];
  const name = run === "one" ? "two" : "one";
  const other = log[name];
  const isInTheWay = goesOn(other) && !other.hasLapsed;
  if (isInTheWay && !replace) return [log, name];
  const fresh = { token, entries: [], beat: 0, hasLapsed: false, stop: null, isEnded: false };
  const begun = { ...log, [run]: fresh };
  return [goesOn(other) ? { ...begun, [name]: stopped(other, "replaced") } : begun, null];
}

function append(log: ModelLog, { run: name, token, first, entries }: CallOf<"append">): readonly [ModelLog, Answer] {
  const run = log[name];
  const isHeld = goesOn(run) && run.token === token && first <= run.entries.length + 1;
  if (!isHeld) return [log, { isHeld: false, stop: run?.stop ?? null }];
  const fresh = entries.slice(run.entries.length + 1 - first);
  const next = { ...run, entries: [...run.entries, ...fresh], beat: run.beat + 1, hasLapsed: false };
  return [
    { ...log, [name]: next },
    { isHeld: true, stop: run.stop },
  ];
}

function end(log: ModelLog, { run: name, by, number, entry }: CallOf<"end">): readonly [ModelLog, Answer] {
  const run = log[name];
  if (run === null) return [log, false];
  const { entries, isEnded, hasLapsed, beat, token } = run;
  if (isEnded) return [log, number === entries.length && entries.at(-1) === entry];
  const mayEnd = typeof by === "string" ? by === token : hasLapsed && by.beat === beat;
  if (!mayEnd || number !== entries.length + 1) return [log, false];
  return [{ ...log, [name]: { ...run, entries: [...entries, entry], isEnded: true } }, true];
}

function take(log: ModelLog, { run: name, beat, token }: CallOf<"take">): readonly [ModelLog, Answer] {
  const run = log[name];
  if (!goesOn(run)) return [log, false];
  if (run.token === token) return [log, true];
  if (!run.hasLapsed || run.beat !== beat) return [log, false];
  return [{ ...log, [name]: { ...run, token, beat: beat + 1, hasLapsed: false } }, true];
}

function stop(log: ModelLog, { run: name, reason }: CallOf<"stop">): readonly [ModelLog, Answer] {
  const run = log[name];
  return goesOn(run) ? [{ ...log, [name]: stopped(run, reason) }, true] : [log, false];
}

function stopped(run: ModelRun, reason: string): ModelRun {
  return { ...run, stop: run.stop ?? reason };
}

function lapsed(run: ModelRun | null): ModelRun | null {
  return run && { ...run, hasLapsed: true };
}

function stateOf(run: ModelRun | null): Answer {
  if (run === null) return null;
  const { token: _, ...state } = run;
  return state;
}
