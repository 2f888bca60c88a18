import { InvalidOptionError, StreamTruncatedError } from "../errors.ts";
import { field } from "../json/object.ts";
import type { Log } from "../log/log.ts";
import type { Native } from "../provider/native.ts";
import type { Reply } from "../recovery/reply.ts";
import type { CallStream } from "../stream/call-stream.ts";
import { handled, leavable } from "../stream/leavable.ts";
import { type Pair as PairOf, PairSource } from "../stream/pair-source.ts";
import { type ReadableFormat, readableStream, type Reading } from "../stream/readable-stream.ts";
import { Stream } from "../stream/stream.ts";
import type { AnyTool } from "../tool/tool.ts";
import { errorRecord } from "./error-record.ts";
import {
  EVENT_SIZE,
  type Feed,
  feedOf,
  keepArgs,
  type KeepOptions,
  openRun,
  type OpenRun,
  produce,
  type Production,
} from "./keep.ts";
import { becomeKept, isKept, type Kept, type KeptStream } from "./kept.ts";
import { LiveReader, type Rest } from "./live-reader.ts";
import { LiveRecords } from "./live-records.ts";
import { openPairs, readReply } from "./read-reply.ts";
import type { EndRecord, StartRecord } from "./record.ts";
import { plannedRecord, Recorder } from "./recorder.ts";
import { loaderFor, type LoadProvider, ProviderLoader, RunRecords, type RunSource } from "./run-records.ts";

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
  const start = () => ({ kind: "reply", reply: plannedRecord(reply.plan) }) as const;
  const run = openRun(options, start, (reason) => stream.abort(reason));
  const live = isOfPairs(stream) ? null : new LiveRecords();
  live?.listen(run.journal);
  const recorder = new Recorder(reply, run.journal, run.logsRequest);
  const production = productionOf(load, stream, recorder, { log: options.log, run });
  const kept = becomeKept(stream, produce(run, production, options), methodsOf);
  if (live !== null) {
    const pairs = textOf(loaderFor(reply.plan, load), stream, { live, run, feed: production.feed });
    Object.defineProperty(stream, "~pairs", { value: pairs });
  }
  return kept;
}

/** Makes the pairs of a structured stream: it hands out snapshots of its model, and some show its text. */
function textOf(
  load: LoadProvider,
  stream: CallStream<Native>,
  { live, run, feed }: { readonly live: LiveRecords; readonly run: OpenRun; readonly feed: Feed },
): () => Promise<Stream<Native>> {
  const reply = stream["~reply"];
  const start: StartRecord = {
    type: "start",
    version: 1,
    kind: "reply",
    time: Date.now(),
    reply: plannedRecord(reply.plan),
  };
  void feed.live.closed.then(() => {
    end = { type: "end", ...endOf(reply, feed.live.failure), time: Date.now() };
    live.end(end);
  });
  let end: EndRecord | null = null;
  return async () => {
    const providers = new ProviderLoader(load);
    const next = live.reader();
    await providers.loadFor([start]);
    const records = {
      isWhole: () => false,
      async next() {
        const found = await next();
        await providers.loadFor(found ?? []);
        return found;
      },
      providerNamed: providers.named,
      leave() {},
    };
    const as = { tools: null, messages: () => undefined, after: 0, signal: undefined, open: openPairs };
    const found = readReply(records, { start, first: [] }, as);
    const properties = {
      run: { value: run.key.run },
      position: { get: () => found.position },
      "~end": { get: () => end },
    };
    return Object.defineProperties(found.stream, properties);
  };
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
  const feed = isOfPairs(stream)
    ? pairsOf(stream, run, recorder, (after) => restOf(loaderFor(reply.plan, load), stream, source, after))
    : snapshotsOf(stream, run, recorder);
  return {
    feed,
    plan: reply.plan,
    refuse: (error) => reply.fail(error),
    end(failure) {
      const figures = recorder.end();
      if (reply.outcome === "pending") return null;
      const { cost } = figures?.costMetadata ?? { cost: costIfKnown(stream) };
      return { ...endOf(reply, failure), cost };
    },
  };
}

/** What a run has come to: its reply may be whole, and not fit the model that it was to be. */
function endOf({ outcome, error }: Reply<Native>, failure: unknown): Pick<EndRecord, "outcome" | "error"> {
  const isUnfit = outcome === "complete" && failure !== null;
  const ended = isUnfit || outcome === "pending" ? "failed" : outcome;
  return { outcome: ended, error: isUnfit ? errorRecord(failure) : error && errorRecord(error) };
}

function isOfPairs(stream: CallStream<Native>): stream is Stream<Native> {
  return stream instanceof Stream;
}

function pairsOf(
  stream: Stream<Native>,
  { writer, journal }: OpenRun,
  recorder: Recorder<Native>,
  rest: (after: number) => Promise<Rest<Pair>>,
): Feed {
  const reply = stream["~reply"];
  const live = new LiveReader<Pair>({ isLogged: () => writer.isTrusted, written: () => writer.written, rest });
  // Owns the stream, and is not read itself.
  stream[Symbol.asyncIterator]();
  const source = new PairSource<Native, AnyTool>(reply);
  return {
    live,
    listen: (onMore) => (reply.onReady = onMore),
    advance() {
      const pair = takeFrom(source);
      if (pair === null && !source.isOver) return null;
      if (pair !== null) {
        recorder.chunk(pair[0]);
        keepArgs(pair[1]);
        live.push(pair, journal.position, EVENT_SIZE + pair[0].content.length);
      } else if (reply.error !== null) throw reply.error;
      return pair !== null;
    },
  };
}

/** Null: there is none yet, or there will be none. */
function takeFrom(source: PairSource<Native, AnyTool>): Pair | null {
  const { reply } = source;
  try {
    const step = reply.fast?.next();
    if (step) return [step.chunk, null];
    const pair = source.take();
    // The reader may run a complete tool.
    if (pair !== null && field(pair[1], "state") === "complete") reply.mayRestart = false;
    return pair;
  } catch (error) {
    reply.fail(error);
    return null;
  }
}

/** Of snapshots only the last one counts: a reader is never behind. */
function snapshotsOf(stream: CallStream<Native>, { journal }: OpenRun, recorder: Recorder<Native>): Feed {
  recorder.isImmediate = true;
  const live = new LiveReader<unknown>(null);
  // What is not a stream of pairs is one of snapshots.
  const snapshots = (stream as unknown as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  return feedOf(live, snapshots, (value) => live.push(value, journal.position, 0));
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
  const as = { tools, messages: () => prepared?.items, after, signal: undefined };
  const run = readReply(records, begun, { ...as, open: openPairs });
  return { iterator: run.stream[Symbol.asyncIterator](), run };
}

/** What a kept stream does in its own way. */
function methodsOf(own: CallStream<Native>): PropertyDescriptorMap & ThisType<CallStream<Native> & KeptStream> {
  return {
    started: {
      value() {
        const { gate } = this["~keeping"];
        return gate === null ? own.started.call(this) : handled(gate.then(() => own.started.call(this)));
      },
    },
    response: {
      value() {
        return handled(this["~keeping"].live.ended.then(() => this.constructCallResponse()));
      },
    },
    ...(isOfPairs(own) ? TEXT_METHODS : MODEL_METHODS),
  };
}

const TEXT_METHODS: PropertyDescriptorMap & ThisType<Stream<Native> & KeptStream> = {
  textStream: {
    value(): AsyncGenerator<string, void, undefined> {
      const { live } = this["~keeping"];
      return leavable(unrestarted(pairsFor(live)), () => void live.return());
    },
  },
  toReadableStream: {
    value(format: ReadableFormat = "events") {
      const { live } = this["~keeping"];
      const reading: Reading<Native, AnyTool> = {
        textStream: () => this.textStream(),
        [Symbol.asyncIterator]: () => pairsFor(live),
        abort: () => void live.return(),
      };
      return readableStream(this, format, reading);
    },
  },
};

const MODEL_METHODS: PropertyDescriptorMap = {
  elements: {
    value() {
      const advice = "read(log, id, { of: … }) with its call gives a stream that has them";
      throw new InvalidOptionError("stream", `a kept stream hands out its model, and not its elements: ${advice}.`);
    },
  },
};

function pairsFor(live: LiveReader<unknown>): LiveReader<Pair> {
  // That of a stream of pairs hands out pairs.
  return live.iterate() as LiveReader<Pair>;
}

/**
 * The text of pairs. What was given cannot be taken back: a restart ends it.
 *
 * @param ahead - How many restarts are known to come: nothing is given of what they replaced.
 */
export async function* unrestarted(pairs: AsyncIterable<Pair>, ahead = 0): AsyncGenerator<string, void> {
  for await (const [{ content, recovery }] of pairs) {
    const isRestart = recovery?.type === "restart";
    if (isRestart && ahead === 0) throw new StreamTruncatedError({ cause: recovery.cause });
    if (isRestart) ahead -= 1;
    else if (content !== "" && ahead === 0) yield content;
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
