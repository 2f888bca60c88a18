import type { AgentRun } from "../agent/run.ts";
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
import { handled } from "../stream/leavable.ts";
import type { PairTypes } from "../tool/pair.ts";
import type { LiveReader } from "./live-reader.ts";
import { type LogState, LogWriter } from "./log-writer.ts";
import { PlaceOccupiedError } from "./place-occupied-error.ts";
import type { EndRecord, StartRecord } from "./record.ts";
import type { Journal } from "./recorder.ts";

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

/** A stream that can be kept: of pairs, of an agent, or structured. */
export type Keepable = CallStream<Native> | AgentRun<Native, PairTypes>;

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

const TTL_MS = 10 * 60_000;
const LEASE_MS = 10_000;
/** How long a run waits to learn whether another is in its way: a log that fails does not hold it up. */
const LONGEST_GATE_MS = 1_000;
/** About what an event has beside its text, in characters. */
export const EVENT_SIZE = 150;

/** A run that has begun to be kept. */
export interface OpenRun {
  readonly key: RunKey;
  readonly writer: LogWriter;
  readonly journal: Journal;
  /** Whether requests are logged. */
  readonly logsRequest: boolean;
}

/** How the reader of a run in this process is fed. */
export interface Production {
  readonly live: LiveReader<unknown>;
  /** Reads a value, logs it, and hands it on. False: there are no more. */
  readonly advance: () => Promise<boolean>;
  /** Ends it before it has begun. */
  readonly refuse: (error: PlaceOccupiedError) => void;
  /**
   * Tells how it has ended; null if it has not, since it cannot be read at all.
   *
   * @param failure - The error that its reader was thrown, or null.
   */
  readonly end: (failure: unknown) => Omit<EndRecord, "type" | "time"> | null;
}

/** Opens a run in a log. @throws InvalidOptionError */
export function openRun(
  options: KeepOptions,
  start: Pick<StartRecord, "kind" | "reply">,
  onStop: (reason: string) => void,
): OpenRun {
  checkOptions(options, FORMS);
  const { log, id: place, run = crypto.randomUUID(), replace = false, ttl = TTL_MS, lease = LEASE_MS } = options;
  const key = { place, run };
  const begin = { ttlMs: ttl, replace };
  const writer = new LogWriter({ log, key, token: crypto.randomUUID(), leaseMs: lease, begin, onStop });
  const journal = journalOf(writer);
  journal.put({ type: "start", version: 1, time: Date.now(), ...start });
  return { key, writer, journal, logsRequest: options.request ?? false };
}

/** The journal of a run, from a position on. */
export function journalOf(writer: LogWriter, position = 0): Journal {
  return { position, put: (record, length = 0) => writer.put(record, EVENT_SIZE + length) };
}

/** Reads a stream to its end, at the pace of the log and of its reader here. Gives what a kept stream has. */
export function produce(
  { key, writer }: OpenRun,
  production: Production,
  { replace, waitUntil }: Pick<KeepOptions, "replace" | "waitUntil">,
): { readonly gate: Promise<void>; readonly properties: PropertyDescriptorMap } {
  const gate = replace === true ? Promise.resolve() : handled(passGate(key.place, writer, production));
  const done = pump(writer, production, gate);
  waitUntil?.(done);
  const log: KeptLog = {
    get state() {
      return writer.state;
    },
    get error() {
      return writer.error;
    },
    settled: done,
  };
  const { live } = production;
  const properties = { run: { value: key.run }, position: { get: () => live.position }, log: { value: log } };
  return { gate, properties };
}

/** Waits until the run may begin. @throws PlaceOccupiedError */
async function passGate(place: string, writer: LogWriter, { refuse }: Production): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), LONGEST_GATE_MS)));
  const obstacle = await Promise.race([writer.obstacle, late]);
  clearTimeout(timer);
  if (obstacle === null) return;
  const error = new PlaceOccupiedError(place, obstacle);
  refuse(error);
  throw error;
}

/** Never rejects: the reader gets the error of the stream. */
async function pump(writer: LogWriter, { live, advance, end }: Production, gate: Promise<void>): Promise<void> {
  let failure: unknown = null;
  try {
    await gate;
    while (await advance()) {
      if (writer.isBehind && !live.isWaiting) await Promise.race([writer.drained(), live.wanted()]);
      while (live.isFull) await live.wanted();
    }
  } catch (error) {
    failure = error;
  }
  const record = end(failure);
  live.close(failure);
  if (record !== null) await writer.end({ type: "end", ...record, time: Date.now() });
}
