import { InvalidOptionError, StreamConsumedError, StreamTruncatedError } from "../errors.ts";
import type { Log, RunKey } from "../log/log.ts";
import type { Native } from "../provider/native.ts";
import {
  aFlag,
  aFunction,
  anObject,
  aText,
  checkOptions,
  type Forms,
  needed,
  positive,
} from "../schema/option-form.ts";
import type { CallStream } from "../stream/call-stream.ts";
import { handled, leavable } from "../stream/leavable.ts";
import type { Pair as PairOf } from "../stream/pair-source.ts";
import { type ReadableFormat, readableStream, type Reading } from "../stream/readable-stream.ts";
import { Stream, textsOf } from "../stream/stream.ts";
import type { AnyTool } from "../tool/tool.ts";
import { errorRecord } from "./error-record.ts";
import { LiveReader } from "./live-reader.ts";
import { type LogState, LogWriter } from "./log-writer.ts";
import { PlaceOccupiedError } from "./place-occupied-error.ts";
import { loaderFor, type LoadProvider, readReply } from "./read.ts";
import { Recorder, replyRecord } from "./recorder.ts";

/** How a stream is kept. */
export interface KeepOptions {
  /** Where it is kept. */
  readonly log: Log;
  /** The place that the run belongs to, such as a chat. It has one live run at a time. */
  readonly id: string;
  /** Stops the run that goes on in this place. Without it, this one fails with PlaceOccupiedError, and nothing is sent. */
  readonly replace?: boolean | undefined;
  /** The name of the run, unique in its place. Default: a random one. */
  readonly run?: string | undefined;
  /** Keeps the process alive until the run has ended and is logged: that of a serverless platform. */
  readonly waitUntil?: ((work: Promise<void>) => void) | undefined;
  /** How long the run can be read after its end, in milliseconds. Default: 10 minutes. */
  readonly ttl?: number | undefined;
  /** How long readers wait for a producer that shows no sign of life, in milliseconds. Default: 10,000. */
  readonly lease?: number | undefined;
  /** Whether the request is logged as well, with its prompt. Without it, `history()` elsewhere has to be given the messages. */
  readonly request?: boolean | undefined;
}

/** The log of a run, as its producer knows it. */
export interface KeptLog {
  /** See {@link LogState}. */
  readonly state: LogState;
  /** Why the log did not take the run, or the last error after which it was asked again; null if there was none. */
  readonly error: unknown;
  /** Settles once the run is written to its end, or is not written any further. Never rejects. */
  readonly settled: Promise<void>;
}

/** What a stream has that is kept. */
export interface Kept {
  /** The name of the run. */
  readonly run: string;
  /** The position of the last event that was handed out here, counted from 1; 0 before. */
  readonly position: number;
  /** What has become of the log. */
  readonly log: KeptLog;
}

/** A stream that can be kept. */
export type Keepable = CallStream<Native>;

const FORMS: Forms = {
  log: needed(anObject),
  id: needed(aText),
  replace: aFlag,
  run: aText,
  waitUntil: aFunction,
  ttl: positive,
  lease: positive,
  request: aFlag,
};

type Pair = PairOf<Native, AnyTool>;

const TTL_MS = 10 * 60_000;
const LEASE_MS = 10_000;
/** How long a run waits to learn whether another is in its way: a log that fails does not hold it up. */
const LONGEST_GATE_MS = 1_000;
/** About what an event has beside its text, in characters. */
const EVENT_SIZE = 150;

/** Keeps a stream: see {@link KeepOptions}. Gives the same stream, whose owner is the run now. */
export function keepStream<S extends Keepable>(load: LoadProvider, stream: S, options: KeepOptions): S & Kept {
  checkOptions(options, FORMS);
  const { id: place, run = crypto.randomUUID(), waitUntil } = options;
  const reply = stream["~reply"];
  if (reply.state !== "idle") throw new InvalidOptionError("stream", "it is being read already: keep it first.");
  const writer = writerOf(stream, { ...options, run });
  const recorder = new Recorder(reply, (record) => writer.put(record, EVENT_SIZE), options.request ?? false);
  const source = { log: options.log, key: { place, run } };
  const kept = isOfPairs(stream)
    ? keptPairs(stream, writer, recorder, (after) => restOf(loaderFor(reply.plan, load), stream, source, after))
    : keptSnapshots(stream, recorder);
  const gate = handled(passGate(stream, writer, options));
  const done = produce(stream, { ...kept, writer, recorder, gate });
  waitUntil?.(done);
  return Object.defineProperties(
    stream,
    keptProperties(stream, { name: run, writer, gate, done, live: kept.live }),
  ) as S & Kept;
}

/** A stream that is being read by its producer, and the reader of it in this process. */
interface Production {
  readonly live: LiveReader<unknown>;
  /** Reads a value, logs it, and hands it on. False: there are no more. */
  readonly advance: () => Promise<boolean>;
}

function isOfPairs(stream: Keepable): stream is Stream<Native> {
  return stream instanceof Stream;
}

function writerOf(stream: Keepable, options: KeepOptions & { readonly run: string }): LogWriter {
  const { log, id: place, run, replace = false, ttl = TTL_MS, lease = LEASE_MS } = options;
  const writer = new LogWriter({
    log,
    key: { place, run },
    token: crypto.randomUUID(),
    leaseMs: lease,
    begin: { ttlMs: ttl, replace },
    onStop: (reason) => stream.abort(reason),
  });
  writer.put({ type: "start", version: 1, kind: "reply", time: Date.now(), reply: replyRecord(stream["~reply"]) }, 0);
  return writer;
}

function keptPairs(
  stream: Stream<Native>,
  writer: LogWriter,
  recorder: Recorder<Native>,
  rest: (after: number) => Promise<AsyncIterator<Pair, undefined>>,
): Production {
  const live = new LiveReader<Pair>({ isLogged: () => writer.state === "open" || writer.state === "ended", rest });
  const pairs = stream[Symbol.asyncIterator]();
  return {
    live,
    async advance() {
      const { value: pair, done } = await pairs.next();
      if (done) return false;
      recorder.chunk(pair[0]);
      live.push(pair, recorder.position, EVENT_SIZE + pair[0].content.length);
      return true;
    },
  };
}

/** Of snapshots only the last one counts: a reader is never behind. */
function keptSnapshots(stream: Keepable, recorder: Recorder<Native>): Production {
  const live = new LiveReader<unknown>(null);
  recorder.isImmediate = true;
  // What is not a stream of pairs is one of snapshots.
  const iterable = stream as unknown as AsyncIterable<unknown>;
  const snapshots = iterable[Symbol.asyncIterator]();
  return {
    live,
    async advance() {
      const { value, done } = await snapshots.next();
      if (!done) live.push(value, recorder.position, 0);
      return !done;
    },
  };
}

/** The same pairs from the log, after a position, with the tools of the call. */
async function restOf(
  load: LoadProvider,
  stream: Stream<Native>,
  source: { readonly log: Log; readonly key: RunKey },
  after: number,
): Promise<AsyncIterator<Pair, undefined>> {
  const { prepared, plan } = stream["~reply"];
  const tools = prepared?.tools?.types ?? plan.tools ?? [];
  const found = await readReply(load, source, { open: null, tools, messages: prepared?.items, after });
  if (found === null) throw new StreamTruncatedError();
  // Without a call to read it as, it is a stream of pairs.
  return (found.stream as Stream<Native>)[Symbol.asyncIterator]();
}

/** Waits until the run may begin, unless it may in any case. @throws PlaceOccupiedError */
async function passGate(stream: Keepable, writer: LogWriter, { id, replace }: KeepOptions): Promise<void> {
  if (replace === true) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), LONGEST_GATE_MS)));
  const obstacle = await Promise.race([writer.obstacle, late]);
  clearTimeout(timer);
  if (obstacle === null) return;
  const error = new PlaceOccupiedError(id, obstacle);
  stream["~reply"].fail(error);
  throw error;
}

/** Reads a stream to its end, at the pace of the log and of whoever reads here. Never rejects. */
async function produce(
  stream: Keepable,
  parts: Production & {
    readonly writer: LogWriter;
    readonly recorder: Recorder<Native>;
    readonly gate: Promise<void>;
  },
): Promise<void> {
  const { live, advance, writer, recorder, gate } = parts;
  const reply = stream["~reply"];
  try {
    await gate;
    while (await advance()) {
      if (writer.isBehind && !live.isWaiting) await Promise.race([writer.drained(), live.wanted()]);
      while (live.isFull) await live.wanted();
    }
  } catch {
    // The stream's own error, which its reader is given.
  }
  recorder.end();
  const { outcome, error } = reply;
  live.close(error);
  if (outcome === "pending") return;
  const cost = costIfKnown(stream);
  await writer.end({ type: "end", outcome, error: error && errorRecord(error), cost, time: Date.now() });
}

/** The run of a stream, as the stream's own methods see it. */
interface Run {
  readonly name: string;
  readonly writer: LogWriter;
  readonly live: LiveReader<unknown>;
  /** Settles once it may begin. */
  readonly gate: Promise<void>;
  /** Settles once it has ended and is logged. */
  readonly done: Promise<void>;
}

/** What a kept stream does in its own way: those who read it may leave, and it goes on. */
function keptProperties(stream: Keepable, run: Run): PropertyDescriptorMap {
  const { name, writer, live, gate, done } = run;
  let isIterated = false;
  const iterate = (): LiveReader<unknown> => {
    if (isIterated) throw new StreamConsumedError();
    isIterated = true;
    return live;
  };
  const started = stream.started.bind(stream);
  const leave = (): void => void live.return();
  return {
    run: { value: name },
    position: { get: () => live.position },
    log: { value: keptLog(writer, done) },
    [Symbol.asyncIterator]: { value: iterate },
    started: { value: () => handled(gate.then(started)) },
    response: { value: () => handled(live.closed.then(() => stream.constructCallResponse())) },
    [Symbol.asyncDispose]: { value: async () => leave() },
    // Of a stream of pairs, it hands out pairs.
    ...(isOfPairs(stream) && keptTexts(stream, iterate as () => LiveReader<Pair>, leave)),
  };
}

function keptLog(writer: LogWriter, settled: Promise<void>): KeptLog {
  return {
    get state() {
      return writer.state;
    },
    get error() {
      return writer.error;
    },
    settled,
  };
}

function keptTexts(stream: Stream<Native>, iterate: () => LiveReader<Pair>, leave: () => void): PropertyDescriptorMap {
  const textStream = (): AsyncGenerator<string, void, undefined> => leavable(textsOf(iterate()), leave);
  const reading: Reading<Native, AnyTool> = { textStream, [Symbol.asyncIterator]: iterate, abort: leave };
  return {
    textStream: { value: textStream },
    toReadableStream: { value: (format: ReadableFormat = "events") => readableStream(stream, format, reading) },
  };
}

/** Prices are the user's own, and may throw. */
function costIfKnown(stream: Keepable): number | null {
  try {
    return stream.cost;
  } catch {
    return null;
  }
}
