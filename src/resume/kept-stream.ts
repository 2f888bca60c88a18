import { InvalidOptionError, StreamConsumedError, StreamTruncatedError } from "../errors.ts";
import type { Log } from "../log/log.ts";
import type { Native } from "../provider/native.ts";
import type { CallStream } from "../stream/call-stream.ts";
import { handled, leavable } from "../stream/leavable.ts";
import type { Pair as PairOf } from "../stream/pair-source.ts";
import { type ReadableFormat, readableStream, type Reading } from "../stream/readable-stream.ts";
import { Stream } from "../stream/stream.ts";
import type { AnyTool } from "../tool/tool.ts";
import { errorRecord } from "./error-record.ts";
import { EVENT_SIZE, type Kept, type KeepOptions, openRun, type OpenRun, produce, type Production } from "./keep.ts";
import { LiveReader, type Rest } from "./live-reader.ts";
import { openPairs, readReply } from "./read-reply.ts";
import { plannedRecord, Recorder } from "./recorder.ts";
import { loaderFor, type LoadProvider, RunRecords, type RunSource } from "./run-records.ts";

type Pair = PairOf<Native, AnyTool>;

/** Keeps the stream of a call. Gives the same stream, which belongs to the run now. */
export function keepStream<S extends CallStream<Native>>(
  load: LoadProvider,
  stream: S,
  options: KeepOptions,
): S & Kept {
  const reply = stream["~reply"];
  if (reply.state !== "idle" || isKept(stream))
    throw new InvalidOptionError("stream", "it is being read already: keep it first.");
  const start = { kind: "reply", reply: plannedRecord(reply.plan) } as const;
  const run = openRun(options, start, (reason) => stream.abort(reason));
  const recorder = new Recorder(reply, run.journal, run.logsRequest);
  const production = productionOf(load, stream, recorder, { log: options.log, run });
  const { gate, properties } = produce(run, production, options);
  // Its text is in the log alone, if it hands out snapshots of its model.
  const kept = { value: { log: options.log, key: run.key, obstacle: run.writer.obstacle } };
  Object.defineProperties(stream, { ...properties, "~kept": kept, ...methodsOf(stream, production.live, gate) });
  // It has the properties of a kept stream now.
  return stream as S & Kept;
}

/** How a stream is read for a run. */
export function productionOf(
  load: LoadProvider,
  stream: CallStream<Native>,
  recorder: Recorder<Native>,
  { log, run }: { readonly log: Log; readonly run: OpenRun },
): Production {
  const reply = stream["~reply"];
  const source = { log, key: run.key };
  const reading = isOfPairs(stream)
    ? pairsOf(stream, run, recorder, (after) => restOf(loaderFor(reply.plan, load), stream, source, after))
    : snapshotsOf(stream, run, recorder);
  return {
    ...reading,
    refuse: (error) => reply.fail(error),
    end() {
      recorder.end();
      const { outcome, error } = reply;
      return outcome === "pending" ? null : { outcome, error: error && errorRecord(error), cost: costIfKnown(stream) };
    },
  };
}

/** Whether it is kept already. */
export function isKept(stream: object): boolean {
  return Object.hasOwn(stream, "run") && Object.hasOwn(stream, "log");
}

function isOfPairs(stream: CallStream<Native>): stream is Stream<Native> {
  return stream instanceof Stream;
}

function pairsOf(
  stream: Stream<Native>,
  { writer, journal }: OpenRun,
  recorder: Recorder<Native>,
  rest: (after: number) => Promise<Rest<Pair>>,
): Pick<Production, "live" | "advance"> {
  const live = new LiveReader<Pair>({ isLogged: () => writer.isTrusted, rest });
  const pairs = stream[Symbol.asyncIterator]();
  const advance = async (): Promise<boolean> => {
    const { value: pair, done } = await pairs.next();
    if (done) return false;
    recorder.chunk(pair[0]);
    live.push(pair, journal.position, EVENT_SIZE + pair[0].content.length);
    return true;
  };
  return { live, advance };
}

/** Of snapshots only the last one counts: a reader is never behind. */
function snapshotsOf(
  stream: CallStream<Native>,
  { journal }: OpenRun,
  recorder: Recorder<Native>,
): Pick<Production, "live" | "advance"> {
  recorder.isImmediate = true;
  const live = new LiveReader<unknown>(null);
  // What is not a stream of pairs is one of snapshots.
  const snapshots = (stream as unknown as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  const advance = async (): Promise<boolean> => {
    const { value, done } = await snapshots.next();
    if (!done) live.push(value, journal.position, 0);
    return !done;
  };
  return { live, advance };
}

/** The same pairs from the log, after a position, with the tools of the call. */
async function restOf(
  load: LoadProvider,
  stream: Stream<Native>,
  source: RunSource,
  after: number,
): Promise<Rest<Pair>> {
  const { prepared, plan } = stream["~reply"];
  const tools = prepared?.tools?.types ?? plan.tools ?? [];
  const records = new RunRecords(load, source);
  const begun = await records.start();
  if (begun === null) throw new StreamTruncatedError();
  const as = { tools, messages: prepared?.items, after, signal: undefined };
  const run = readReply(records, begun, { ...as, open: openPairs });
  return { iterator: run.stream[Symbol.asyncIterator](), run };
}

/** What a kept stream does in its own way: those who read it may leave, and it goes on. */
function methodsOf(stream: CallStream<Native>, live: LiveReader<unknown>, gate: Promise<void>): PropertyDescriptorMap {
  const iterate = onceIterated(live);
  const started = stream.started.bind(stream);
  const leave = (): void => void live.return();
  return {
    [Symbol.asyncIterator]: { value: iterate },
    started: { value: () => handled(gate.then(started)) },
    response: { value: () => handled(live.closed.then(() => stream.constructCallResponse())) },
    [Symbol.asyncDispose]: { value: async () => leave() },
    // Of a stream of pairs, it hands out pairs.
    ...(isOfPairs(stream) && textMethods(stream, iterate as () => LiveReader<Pair>, leave)),
  };
}

/** The reader in this process, once: others read the log. */
export function onceIterated<V>(live: LiveReader<V>): () => LiveReader<V> {
  let isIterated = false;
  return () => {
    if (isIterated) throw new StreamConsumedError();
    isIterated = true;
    return live;
  };
}

function textMethods(
  stream: Stream<Native>,
  iterate: () => LiveReader<Pair>,
  leave: () => void,
): PropertyDescriptorMap {
  const textStream = (): AsyncGenerator<string, void, undefined> => leavable(unrestarted(iterate()), leave);
  const reading: Reading<Native, AnyTool> = { textStream, [Symbol.asyncIterator]: iterate, abort: leave };
  return {
    textStream: { value: textStream },
    toReadableStream: { value: (format: ReadableFormat = "events") => readableStream(stream, format, reading) },
  };
}

/** The text of pairs. What was given cannot be taken back: a restart ends it. */
export async function* unrestarted(pairs: AsyncIterable<Pair>): AsyncGenerator<string, void> {
  for await (const [{ content, recovery }] of pairs) {
    if (recovery?.type === "restart") throw new StreamTruncatedError({ cause: recovery.cause });
    if (content !== "") yield content;
  }
}

/** Prices are the user's own, and may throw. @returns Null if it is not known. */
export function costIfKnown(priced: { readonly cost: number | null }): number | null {
  try {
    return priced.cost;
  } catch {
    return null;
  }
}
