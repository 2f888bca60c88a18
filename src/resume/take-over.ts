import { AgentRun } from "../agent/run.ts";
import { InvalidOptionError, messageOf } from "../errors.ts";
import { checkedLog } from "../log/checked-log.ts";
import { inTime } from "../log/in-time.ts";
import type { Log, LogRead, RunKey } from "../log/log.ts";
import type { CommonMessage } from "../prompt/common-message.ts";
import type { Native } from "../provider/native.ts";
import type { CallPlan } from "../recovery/plan.ts";
import { shown } from "../schema/option-form.ts";
import { CallStream } from "../stream/call-stream.ts";
import { Stream } from "../stream/stream.ts";
import type { BeforeEnd } from "./closing.ts";
import { type Keepable, journalOf, type OpenRun, produce, type Production } from "./keep.ts";
import { EntryReader } from "./entry.ts";
import { truncation } from "./error-record.ts";
import { agentProduction } from "./kept-agent.ts";
import { isKept } from "./kept.ts";
import { productionOf } from "./kept-stream.ts";
import { LogWriter } from "./log-writer.ts";
import type { AnyRun } from "./read-agent.ts";
import type { LogRecord, StartRecord, TakeoverRecord } from "./record.ts";
import { type Journal, plannedRecord, Recorder } from "./recorder.ts";
import { agentRemains, beginWith, replyRemains } from "./remains.ts";
import { loaderFor, type LoadProvider } from "./run-records.ts";

/** A run to take over. */
export interface Orphan {
  readonly log: Log;
  readonly key: RunKey;
  /** As it was when its lease had lapsed. */
  readonly state: LogRead;
  /** Null if nothing was logged of it. */
  readonly kind: StartRecord["kind"] | null;
  /** What it is read as here; null if that was not said. */
  readonly like: StreamKind | null;
}

/** What streams are called in an error. */
export type StreamKind = "a run of an agent" | "a stream of pairs" | "a structured stream";

/** Whether it is a stream, or a run of an agent. */
export function isKeepable(value: unknown): value is Keepable {
  return value instanceof CallStream || value instanceof AgentRun;
}

/** What an error calls a stream. */
export function kindOf(stream: Keepable): StreamKind {
  if (stream instanceof AgentRun) return "a run of an agent";
  return stream instanceof Stream ? "a stream of pairs" : "a structured stream";
}

/** How a run goes on. */
export interface Successor {
  /** Makes the same call or agent run again, which nobody reads yet. Called before the lease is taken. */
  readonly open: (messages: readonly CommonMessage[]) => Keepable;
  readonly waitUntil: ((work: Promise<void>) => void) | undefined;
  readonly beforeEnd: BeforeEnd | undefined;
}

/** The successor of a producer, whose lease it has taken. */
interface Heir {
  readonly load: LoadProvider;
  readonly orphan: Orphan;
  readonly records: readonly LogRecord[];
  readonly writer: LogWriter;
}

/**
 * Takes the lease of a run whose producer is gone, and goes on with it: with a reply, as its call does after an
 * interruption. All readers of the log read on.
 *
 * @returns Whether this one goes on with it: of many that try, one does.
 * @throws InvalidOptionError if `continue` made nothing that can go on with it. Then the lease was not taken.
 */
export async function takeOver(
  load: LoadProvider,
  orphan: Orphan,
  { open, waitUntil, beforeEnd }: Successor,
): Promise<boolean> {
  const { log, key, state } = orphan;
  const { beat, leaseMs, last } = state;
  const token = crypto.randomUUID();
  // The lease has lapsed since: if anything is written after it, nobody can take that.
  const records = await recordsOf(orphan);
  const next = open(promptFor(open, records));
  checkSuccessor(next, orphan);
  if (!(await inTime(checkedLog(log).take(key, beat, { token, leaseMs }), leaseMs))) return false;
  const onStop = (reason: string): void => next.abort(reason);
  const writer = new LogWriter({ log, key, token, leaseMs, begin: null, onStop }, last + 1);
  try {
    const heir = { load, orphan, records, writer };
    if (state.stop !== null) askNothing(next, state.stop, records);
    const { run, production } = next instanceof CallStream ? await ofReply(next, heir) : await ofAgent(next, heir);
    // Nobody reads it here but from the log.
    void production.feed.live.return();
    produce(run, production, { replace: true, waitUntil, beforeEnd });
  } catch (error) {
    // The lease was taken: nobody else will end the run.
    await writer.end({ type: "end", outcome: "truncated", error: truncation(messageOf(error)), time: Date.now() });
  }
  return true;
}

/**
 * Has a run that was told to stop send nothing more: it would be stopped only once the request is on its way.
 *
 * What the log has of it is part of it all the same, and so are results of tools.
 */
function askNothing(next: Keepable, reason: string, records: readonly LogRecord[]): void {
  const turns = records.filter(({ type }) => type === "reply").length;
  if (next instanceof CallStream) {
    if (turns === 0) next.abort(reason);
  } else {
    next["~beforeRequest"] = (index) => {
      if (index >= turns) next.abort(reason);
    };
  }
}

/** What the run was to answer. @throws InvalidOptionError if it is asked for, and was not to be logged. */
function promptFor({ length }: Successor["open"], records: readonly LogRecord[]): readonly CommonMessage[] {
  const prompt = records.find((record) => record.type === "prompt");
  if (prompt !== undefined || length === 0) return prompt?.messages ?? [];
  const [start] = records;
  if (start?.type === "start" && start.logsRequest !== true) {
    throw new InvalidOptionError("continue", "the log does not have the messages: keep(…, { request: true }).");
  }
  throw new Error("the log does not have the messages yet.");
}

function checkSuccessor(next: unknown, { kind, like }: Orphan): void {
  const refuse = (problem: string): never => {
    throw new InvalidOptionError("continue", problem);
  };
  if (!isKeepable(next)) {
    const given = next instanceof Promise ? "a promise" : shown(next);
    return refuse(`it must make a stream, or a run of an agent, not ${given}.`);
  }
  const made = kindOf(next);
  const isReply = next instanceof CallStream;
  if (kind === "agent" && isReply) refuse(`the run is one of an agent: it must make a run of that agent, not ${made}.`);
  if (kind === "reply" && !isReply)
    refuse(`the run is one of a call, not of an agent: it must make a stream, not ${made}.`);
  // A log does not tell a structured stream from one of pairs.
  if (like !== null && made !== like) refuse(`it must make what \`of\` makes, ${like}, not ${made}.`);
  if (isKept(next) || (isReply ? next["~reply"].state !== "idle" : next["~isRead"]))
    refuse("what it makes must not be read by anybody, nor kept.");
}

interface Continued {
  readonly run: OpenRun;
  readonly production: Production;
}

async function ofReply(stream: CallStream<Native>, { load, orphan, records, writer }: Heir): Promise<Continued> {
  const { log, key } = orphan;
  const reply = stream["~reply"];
  const remains = await replyRemains(loaderFor(reply.plan, load), records);
  const journal = journalOf(writer, remains?.position);
  if (records.length === 0) journal.put(startRecord("reply", reply.plan));
  journal.put(takeoverRecord(journal));
  if (remains !== null) beginWith(reply, remains);
  const logsRequest = logsRequestsOf(records);
  const recorder = new Recorder(
    reply,
    journal,
    logsRequest,
    remains && { shown: reply.shown, earlier: remains.earlier },
  );
  const run = { key, writer, journal, logsRequest };
  return { run, production: productionOf(load, stream, recorder, { log, run }) };
}

async function ofAgent(agentRun: AnyRun, { load, orphan, records, writer }: Heir): Promise<Continued> {
  const { log, key } = orphan;
  const plan = agentRun["~plan"];
  const { past, replies, position } = await agentRemains(loaderFor(plan, load), records);
  const journal = journalOf(writer, position);
  if (records.length === 0) journal.put(startRecord("agent", plan));
  journal.put(takeoverRecord(journal));
  agentRun["~past"] = past;
  const logsRequest = logsRequestsOf(records);
  const run = { key, writer, journal, logsRequest };
  return { run, production: agentProduction(load, agentRun, { log, run, replies }) };
}

function startRecord(kind: StartRecord["kind"], plan: CallPlan<Native>): StartRecord {
  return { type: "start", version: 1, kind, time: Date.now(), reply: plannedRecord(plan) };
}

function takeoverRecord({ position }: Journal): TakeoverRecord {
  return { type: "takeover", position, time: Date.now() };
}

function logsRequestsOf([first]: readonly LogRecord[]): boolean {
  return first?.type === "start" && first.logsRequest === true;
}

/** All that was logged. */
async function recordsOf({ log, key, state }: Orphan): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = [];
  const reader = new EntryReader();
  for (let number = 0; number < state.last;) {
    const { entries = [] } = (await inTime(checkedLog(log).read(key, number), state.leaseMs)) ?? {};
    if (entries.length === 0) throw new Error("The log does not have the beginning of the run any more.");
    number = entries.at(-1)?.number ?? number;
    for (const entry of entries) records.push(...reader.read(entry));
  }
  return records;
}
