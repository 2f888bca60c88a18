import type { AgentRun, AgentScript } from "../agent/run.ts";
import { InvalidOptionError } from "../errors.ts";
import { aLog, checkedLog } from "../log/checked-log.ts";
import type { Log } from "../log/log.ts";
import type { CommonMessage } from "../prompt/common-message.ts";
import type { Native } from "../provider/native.ts";
import type { CallPlan } from "../recovery/plan.ts";
import {
  aFunction,
  aList,
  anObject,
  anything,
  aSignal,
  checkForm,
  checkOptions,
  type Form,
  type Forms,
  needed,
  wholeFrom,
} from "../schema/option-form.ts";
import type { CallStream } from "../stream/call-stream.ts";
import { leavable } from "../stream/leavable.ts";
import { Stream } from "../stream/stream.ts";
import type { StructuredStream } from "../structured/structured-stream.ts";
import type { PairTypes } from "../tool/pair.ts";
import type { BeforeEnd } from "./closing.ts";
import type { Keepable } from "./keep.ts";
import { aName } from "./names.ts";
import { type AnyRun, readAgent } from "./read-agent.ts";
import { unrestarted } from "./kept-stream.ts";
import { openPairs, readReply } from "./read-reply.ts";
import type { LogRecord, StartRecord } from "./record.ts";
import type { ReadFormat } from "./replay.ts";
import { isKeepable, kindOf, type StreamKind, takeOver } from "./take-over.ts";
import { loaderFor, type LoadProvider, RunRecords } from "./run-records.ts";

/** What a reply has that is read from a log. */
export interface Logged {
  /** The name of the run. */
  readonly run: string;
  /** The position of the last event that was delivered, counted from 1 at the beginning of the run. */
  readonly position: number;
}

/**
 * Any stream of the same kind as `S`, whatever its provider and tools: of pairs, structured, or the run of an agent. For a
 * {@link Logged} one, any kind: a log is also read without its call.
 */
export type Alike<S extends Keepable> = S extends Logged
  ? Keepable
  : S extends AgentRun<Native, PairTypes>
    ? AgentRun<Native, PairTypes>
    : S extends StructuredStream<Native>
      ? StructuredStream<Native>
      : S extends Stream<Native, PairTypes>
        ? Stream<Native, PairTypes>
        : CallStream<Native>;

/** How a run is read. `S` is the kind of stream that may continue it. */
export interface ReadOptions<out S extends Keepable = Keepable> {
  /** The name of the run. Default: the one that began last in the place. */
  readonly run?: string | undefined;
  /** A position: what comes after it is delivered. Default 0, the beginning. */
  readonly after?: number | undefined;
  /**
   * The messages that the prompt function gave, for `history()` and `commonHistory()`, if the run was kept without its
   * request. {@link CommonMessage}s are fine; `history()` keeps them as they are, and a call accepts both.
   */
  readonly messages?: readonly unknown[] | undefined;
  /** Ends the reading, not the run. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Called to continue a run whose producer died, instead of ending it as truncated. Return the same call or agent run,
   * unread. Of several readers, one takes over; the others keep reading.
   *
   * `onInterrupt` of the call decides how an interrupted reply continues. The run of an agent continues from there: tool
   * results are kept, and a tool that may have been running is not called again; the model gets an error result that says
   * that its outcome is unknown.
   *
   * `messages` is the conversation that the run was to answer, as `commonHistory()` has it: only for a run that was kept with
   * `request: true`.
   */
  readonly continue?: ((messages: readonly CommonMessage[]) => S) | undefined;
  /** Keeps the process alive while it goes on with a run: that of a serverless platform. */
  readonly waitUntil?: ((work: Promise<void>) => void) | undefined;
}

/** The call or agent whose run is read: its streams are made again, with the functions of its tools. @internal */
export type ReadAs = CallToReadAs | AgentToReadAs;

interface AgentToReadAs {
  readonly "~agent": {
    plan(...args: never): CallPlan<Native>;
    start(plan: CallPlan<never>, script: AgentScript<never, PairTypes>): unknown;
    fromJson?: unknown;
  };
}

interface CallToReadAs {
  readonly "~call": {
    plan(...args: never): CallPlan<Native>;
    stream(plan: CallPlan<never>): unknown;
    fromJson?: unknown;
  };
}

const FORMS: Forms = {
  run: aName,
  after: wholeFrom(0),
  messages: aList,
  signal: aSignal,
  continue: anything,
  waitUntil: aFunction,
  of: anything,
};

const OF: Form = {
  words: "a streamed call, or an agent",
  holds: (value) => typeof value === "function" && ("~call" in value || "~agent" in value),
};

/** Refuses what no run can be read as, or gone on with. @throws InvalidOptionError */
export function checkReadAs({ of, continue: open }: { readonly of?: unknown; readonly continue?: unknown }): void {
  if (isKeepable(of)) {
    const made = `${kindOf(of)} that it has made`;
    throw new InvalidOptionError("of", `it must be the call or the agent itself, not ${made}: pass it uncalled.`);
  }
  if (isKeepable(open)) {
    throw new InvalidOptionError(
      "continue",
      `it must be a function that makes ${kindOf(open)}, not the stream itself.`,
    );
  }
  checkForm("of", of, OF);
  checkForm("continue", open, aFunction);
}

/**
 * Reads a run: see {@link ReadOptions}. Null if the log has nothing of it.
 *
 * @param beforeEnd - What the reader does that goes on with the run, before that ends.
 */
export async function readRun(
  load: LoadProvider,
  log: Log,
  place: string,
  options: ReadOptions & { readonly of?: ReadAs | undefined },
  beforeEnd?: BeforeEnd,
): Promise<((CallStream<Native> | AnyRun) & Logged) | null> {
  checkForm("log", log, needed(aLog));
  checkForm("id", place, needed(aName));
  checkForm("options", options, anObject);
  checkOptions(options, FORMS);
  checkReadAs(options);
  const { of, messages, after = 0, signal, continue: open, waitUntil } = options;
  const run = options.run ?? (await checkedLog(log).latest(place));
  if (run === null) return null;
  const call = of !== undefined && "~call" in of ? of["~call"] : null;
  const agent = of !== undefined && "~agent" in of ? of["~agent"] : null;
  const plan = (call ?? agent)?.plan(...NO_ARGUMENTS);
  const key = { place, run };
  const like = agent === null ? call && kindMadeBy(call, plan) : "a run of an agent";
  const records = new RunRecords(loaderFor(plan, load), {
    log,
    key,
    takeOver: open && ((state) => takeOver(load, { log, key, state, kind, like }, { open, waitUntil, beforeEnd })),
  });
  let kind: StartRecord["kind"] | null = null;
  const begun = await records.start();
  if (begun === null) return null;
  ({ kind } = begun.start);
  const isOfAgent = kind === "agent";
  if (isOfAgent ? call !== null : agent !== null) {
    records.leave();
    throw otherKind(isOfAgent);
  }
  // The plan is of a provider that the log knows by its name alone.
  const fromJson = (call ?? agent)?.fromJson as ReadFormat | undefined;
  const prompt = (): readonly unknown[] | undefined => messages ?? records.prompt ?? undefined;
  const common = { tools: plan?.tools ?? null, fromJson, messages: prompt, after, signal };
  const found = isOfAgent
    ? readAgent(records, begun, {
        ...common,
        start: agent && ((from, script) => agent.start(from as never, script as never) as AnyRun),
      })
    : readReply(records, begun, {
        ...common,
        open: call ? () => (from) => call.stream(from as never) as CallStream<Native> : openPairs,
      });
  const { stream } = found;
  // A late reader need not see what was taken back.
  const restarts = after > 0 ? 0 : begun.first.filter(isRestart).length;
  const texts = stream instanceof Stream && {
    textStream: {
      value: () => leavable(unrestarted(stream[Symbol.asyncIterator](), restarts), (reason) => stream.abort(reason)),
    },
  };
  const properties = {
    run: { value: run },
    position: { get: () => found.position },
    "~takeovers": { value: records.takeovers },
    "~end": { get: () => records.end },
    "~restartsAhead": { value: restarts },
    ...texts,
  };
  // It has the properties of what is read from a log now.
  return Object.defineProperties(stream, properties) as (CallStream<Native> | AnyRun) & Logged;
}

/** What a call makes: nobody reads this stream, so nothing is sent. */
function kindMadeBy(call: CallToReadAs["~call"], plan: CallPlan<Native> | undefined): StreamKind {
  return kindOf(call.stream(plan as never) as CallStream<Native>);
}

function otherKind(isOfAgent: boolean): InvalidOptionError {
  const problem = isOfAgent
    ? "the run is one of an agent: pass the agent."
    : "the run is one of a call, not of an agent.";
  return new InvalidOptionError("of", problem);
}

function isRestart(record: LogRecord): boolean {
  return record.type === "recovery" && record.recovery === "restart";
}

/** No argument is looked at before the prompt function runs, which it never does here. */
const NO_ARGUMENTS: never = [] as never;
