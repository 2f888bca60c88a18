import { answeredBlock } from "../agent/result-chunk.ts";
import { type AnsweredCall, inputsOf } from "../agent/turn.ts";
import { outcomeOfFailure } from "../agent/run.ts";
import type { Triple } from "../agent/turn-pairs.ts";
import { ToolRefusedError } from "../agent/tool-refused-error.ts";
import { InvalidOptionError, messageOf, StreamTruncatedError } from "../errors.ts";
import type { Log } from "../log/log.ts";
import type { Native } from "../provider/native.ts";
import { handled } from "../stream/leavable.ts";
import type { Stream } from "../stream/stream.ts";
import type { PairTypes } from "../tool/pair.ts";
import { isError, jsonData } from "../tool/plain-data.ts";
import { errorRecord } from "./error-record.ts";
import {
  EVENT_SIZE,
  feedOf,
  keepArgs,
  type KeepOptions,
  openRun,
  type OpenRun,
  produce,
  type Production,
} from "./keep.ts";
import { becomeKept, isKept, type Kept, type KeptStream } from "./kept.ts";
import { costIfKnown } from "./kept-stream.ts";
import { LiveReader, type Rest } from "./live-reader.ts";
import { type AnyRun, readAgent } from "./read-agent.ts";
import type { EndRecord, ToolResultRecord } from "./record.ts";
import { plannedRecord, Recorder } from "./recorder.ts";
import type { Remains } from "./remains.ts";
import { loaderFor, type LoadProvider, RunRecords, type RunSource } from "./run-records.ts";

type AnyStream = Stream<Native, PairTypes>;
type AnyTriple = Triple<Native, PairTypes>;

/** Keeps the run of an agent. Gives the same run, which is read by the log now. */
export function keepAgent<S extends AnyRun>(load: LoadProvider, agentRun: S, options: KeepOptions): S & Kept {
  if (agentRun["~isRead"] || isKept(agentRun))
    throw new InvalidOptionError("stream", "it is being read already: keep it first.");
  const plan = agentRun["~plan"];
  const start = () => ({ kind: "agent", reply: plannedRecord(plan) }) as const;
  const run = openRun(options, start, (reason) => agentRun.abort(reason));
  const production = agentProduction(load, agentRun, { log: options.log, run, replies: [] });
  return becomeKept(agentRun, produce(run, production, options), methodsOf);
}

function methodsOf(own: AnyRun): PropertyDescriptorMap & ThisType<AnyRun & KeptStream> {
  return {
    finish: {
      value() {
        const { live } = this["~keeping"];
        const finish = () => (live.failure === null ? own.finish.call(this) : Promise.reject(live.failure));
        return handled(live.ended.then(finish));
      },
    },
  };
}

/**
 * How the run of an agent is read for a log.
 *
 * @param replies - What the log has already of the replies of its first turns.
 */
export function agentProduction(
  load: LoadProvider,
  agentRun: AnyRun,
  { log, run, replies }: { readonly log: Log; readonly run: OpenRun; readonly replies: readonly Remains[] },
): Production {
  const { writer, journal, logsRequest } = run;
  const plan = agentRun["~plan"];
  const recorders = new Map<object, Recorder<Native>>();
  /** The blocks of the calls whose results are logged. */
  const answered = new Set<unknown>();
  // The first turn has the whole prompt; what follows can be made of it.
  agentRun["~onTurn"] = ({ stream, index }) => {
    // Not every turn has results, after which it would have ended.
    endTurns();
    const { "~reply": reply } = stream;
    const logged = replies[index];
    if (logged?.hasEnded === true) return;
    const known = logged === undefined ? null : { shown: reply.shown, earlier: logged.earlier };
    recorders.set(stream, new Recorder(reply, journal, logsRequest && index === 0, known));
  };
  // A successor must know of each call that may have run, and one that there is already may call the same tools.
  agentRun["~beforeTools"] = async () => {
    endTurns();
    await writer.flushed();
    if (writer.state === "lost") agentRun.abort(new Error("The run was ended, or goes on, in another process."));
  };
  const source = { log, key: run.key };
  const live = new LiveReader<AnyTriple>({
    isLogged: () => writer.isTrusted,
    written: () => writer.written,
    rest: (after) => restOf(loaderFor(plan, load), agentRun, source, after),
  });
  const triples = agentRun[Symbol.asyncIterator]();
  const endTurns = (): void => {
    for (const { stream } of agentRun.turns) if (stream.outcome !== "pending") recorders.get(stream)?.end();
  };
  const feed = feedOf(live, triples, (triple) => {
    const [chunk, call, { stream }] = triple;
    keepArgs(call);
    if (chunk.toolResult === null) recorders.get(stream)?.chunk(chunk);
    else {
      // While a reply is read, its end may be there before the last pairs were handed out.
      if (recorders.get(stream)?.isBehind === false) endTurns();
      journal.position += 1;
      answered.add(answeredBlock(chunk));
      journal.put(resultRecord(chunk, stream));
    }
    live.push(triple, journal.position, EVENT_SIZE + chunk.content.length);
  });
  return {
    feed,
    plan,
    refuse: (error) => agentRun["~refuse"](error),
    end(failure) {
      endTurns();
      return endOf(agentRun, failure, answered);
    },
  };
}

function resultRecord(chunk: Native["chunk"], stream: AnyStream): ToolResultRecord {
  const { id = "", name = "", output = null } = chunk.toolResult ?? {};
  // By its block: several calls may have the same id.
  return recordOf({ id, name, toolCall: answeredBlock(chunk) }, output, stream);
}

function recordOf(
  { id, name, toolCall }: Pick<AnsweredCall, "id" | "name" | "toolCall">,
  output: unknown,
  stream: AnyStream,
): ToolResultRecord {
  const place = placeOf(toolCall, stream);
  const isRefused = output instanceof ToolRefusedError && { isRefused: true as const };
  const error = isError(output) ? { error: messageOf(output), ...isRefused } : {};
  return { type: "toolResult", place, id, name, output: isError(output) ? null : jsonData(output), ...error };
}

function endOf(agentRun: AnyRun, failure: unknown, answered: ReadonlySet<unknown>): Omit<EndRecord, "type" | "time"> {
  const { stopReason } = agentRun;
  const cost = costIfKnown(agentRun);
  if (stopReason !== null) return { outcome: "complete", error: null, stopReason, cost };
  const unfinished = unfinishedCalls(agentRun, answered);
  return { outcome: outcomeOfFailure(failure), error: errorRecord(failure), cost, unfinished };
}

/** What became of the calls of the last turn that no pair has told of. */
function unfinishedCalls(agentRun: AnyRun, answered: ReadonlySet<unknown>): ToolResultRecord[] {
  const last = agentRun.turns.at(-1);
  if (last === undefined) return [];
  const { stream, index, outputs } = last;
  const before = agentRun["~past"]?.turns[index]?.outputs.map(({ place }) => place) ?? [];
  return outputs.flatMap(([{ id, toolCall }, output]) => {
    const place = placeOf(toolCall, stream);
    if (answered.has(toolCall) || before.includes(place)) return [];
    return [recordOf({ id, name: inputsOf(stream)[place]?.name ?? "", toolCall }, output, stream)];
  });
}

function placeOf(toolCall: unknown, stream: AnyStream): number {
  return inputsOf(stream).findIndex(({ block }) => block === toolCall);
}

/** The same pairs from the log, after a position. */
async function restOf(
  load: LoadProvider,
  agentRun: AnyRun,
  source: RunSource,
  after: number,
): Promise<Rest<AnyTriple>> {
  const { tools = [] } = agentRun["~plan"];
  const records = new RunRecords(load, source);
  const begun = await records.start();
  if (begun === null) throw new StreamTruncatedError();
  const run = readAgent(records, begun, { tools, messages: () => undefined, after, signal: undefined, start: null });
  const triples = run.stream[Symbol.asyncIterator]();
  const iterator = {
    next: () => triples.next() as Promise<IteratorResult<AnyTriple, undefined>>,
    return: () => triples.return() as never,
  };
  return { iterator, run };
}
