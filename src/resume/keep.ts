import { commonPrompt } from "../agent/open-calls.ts";
import type { AgentRun } from "../agent/run.ts";
import { messageOf } from "../errors.ts";
import { LONGEST_TIMER_MS } from "../http/timeout.ts";
import { inspectable } from "../json/inspectable.ts";
import { field } from "../json/object.ts";
import { aLog } from "../log/checked-log.ts";
import type { Log, RunKey } from "../log/log.ts";
import type { Native } from "../provider/native.ts";
import type { CallPlan } from "../recovery/plan.ts";
import {
  aFlag,
  aFunction,
  anObject,
  checkForm,
  checkOptions,
  type Forms,
  needed,
  positive,
} from "../schema/option-form.ts";
import type { CallStream } from "../stream/call-stream.ts";
import { handled } from "../stream/leavable.ts";
import type { PairTypes } from "../tool/pair.ts";
import { type BeforeEnd, Closing } from "./closing.ts";
import type { Keeping, KeptLog } from "./kept.ts";
import type { LiveReader } from "./live-reader.ts";
import { type LogState, LogWriter } from "./log-writer.ts";
import { aName } from "./names.ts";
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
  /** The name of the run, unique in its place: if another has it, this one fails with PlaceOccupiedError, and nothing is sent. Default: a random one. */
  readonly run?: string | undefined;
  /** Keeps the process alive until the run has ended and is logged: that of a serverless platform. */
  readonly waitUntil?: ((work: Promise<void>) => void) | undefined;
  /** How long the run can be read after its end, in milliseconds. Default: 10 minutes. */
  readonly ttl?: number | undefined;
  /** How long readers wait for a producer that shows no sign of life, in milliseconds: at most 2,147,483,647. Default: 10,000. */
  readonly lease?: number | undefined;
  /** Whether the request is logged as well, with its prompt. Without it, `history()` elsewhere has to be given the messages. */
  readonly request?: boolean | undefined;
}

/** A stream that can be kept: of pairs, of an agent, or structured. */
export type Keepable = CallStream<Native> | AgentRun<Native, PairTypes>;

const FORMS: Forms = {
  log: needed(aLog),
  id: needed(aName),
  replace: aFlag,
  run: aName,
  waitUntil: aFunction,
  ttl: positive,
  lease: {
    words: `a number greater than 0, and of at most ${LONGEST_TIMER_MS} (no timer waits longer)`,
    holds: (value) => positive.holds(value) && (value as number) <= LONGEST_TIMER_MS,
  },
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

/** What a run is read from, and handed on to its reader in this process. */
export interface Feed {
  readonly live: LiveReader<unknown>;
  /** Logs the next value and hands it on. @returns True if there was one, null if none has come yet, false if none will come. */
  readonly advance: () => boolean | null;
  /** @param onMore - Called when a value may have come. */
  readonly listen: (onMore: () => void) => void;
}

/** How a run is read. */
export interface Production {
  readonly feed: Feed;
  /** The call, whose prompt is logged with its requests. */
  readonly plan: Pick<CallPlan<Native>, "read" | "targets">;
  /** Ends it before it has begun. */
  readonly refuse: (error: unknown) => void;
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
  start: () => Pick<StartRecord, "kind" | "reply">,
  onStop: (reason: string) => void,
): OpenRun {
  checkForm("options", options, needed(anObject));
  checkOptions(options, FORMS);
  const { log, id: place, run = crypto.randomUUID(), replace = false, ttl = TTL_MS, lease = LEASE_MS } = options;
  const key = { place, run };
  const begin = { ttlMs: ttl, replace };
  const writer = new LogWriter({ log, key, token: crypto.randomUUID(), leaseMs: lease, begin, onStop });
  const journal = journalOf(writer);
  const time = Date.now();
  const logsRequest = options.request ?? false;
  journal.put(() => ({ type: "start", version: 1, time, ...(logsRequest && { logsRequest }), ...start() }));
  return { key, writer, journal, logsRequest };
}

/** The journal of a run, from a position on. */
export function journalOf(writer: LogWriter, position = 0): Journal {
  const journal: Journal = {
    position,
    put: (record, length = 0) => writer.put(record, EVENT_SIZE + length, journal.position),
  };
  return journal;
}

/**
 * Reads a stream to its end, at the pace of the log and of its reader here. Gives what a kept stream knows of that.
 *
 * @throws What `waitUntil` throws: then the run has ended.
 */
export function produce(
  run: OpenRun,
  production: Production,
  {
    replace,
    run: name,
    waitUntil,
    beforeEnd,
  }: Pick<KeepOptions, "replace" | "run" | "waitUntil"> & { readonly beforeEnd?: BeforeEnd | undefined },
): Keeping {
  const { key, writer } = run;
  // Only another run of the same name is in the way of one that replaces others.
  const gate = replace === true && name === undefined ? null : handled(passGate(key, writer, production));
  const closing = new Closing(beforeEnd);
  const done = pump({ run, production, gate, closing });
  try {
    waitUntil?.(done);
  } catch (error) {
    // Nobody has the stream.
    production.refuse(error);
    throw error;
  }
  return { run: key.run, log: new WrittenLog(writer, done), live: production.feed.live, closing, gate };
}

class WrittenLog implements KeptLog {
  readonly settled: Promise<void>;
  readonly #writer: LogWriter;

  constructor(writer: LogWriter, settled: Promise<void>) {
    this.#writer = writer;
    this.settled = settled;
  }

  get state(): LogState {
    return this.#writer.state;
  }

  get error(): unknown {
    return this.#writer.error;
  }

  toJSON(): object {
    const { state, error } = this;
    return { state, error: error === null ? null : messageOf(error) };
  }
}

inspectable(WrittenLog.prototype, "KeptLog");

/** Waits until the run may begin. @throws PlaceOccupiedError */
async function passGate({ place, run }: RunKey, writer: LogWriter, { refuse }: Production): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), LONGEST_GATE_MS)));
  const obstacle = await Promise.race([writer.obstacle, late]);
  clearTimeout(timer);
  if (obstacle === null) return;
  const error = new PlaceOccupiedError(place, obstacle, obstacle === run);
  refuse(error);
  throw error;
}

/** Never rejects: the reader gets the error of the stream. */
async function pump({
  run,
  production: { feed, end, plan },
  gate,
  closing,
}: {
  readonly run: OpenRun;
  readonly production: Production;
  readonly gate: Promise<void> | null;
  readonly closing: Closing;
}): Promise<void> {
  const { writer } = run;
  let failure: unknown = null;
  try {
    // Without one, the request goes out before anything else is done.
    if (gate !== null) await gate;
    if (run.logsRequest) void logPrompt(run, plan);
    await handOn(writer, feed);
  } catch (error) {
    failure = error;
  }
  feed.live.end(failure);
  if (closing.close()) await closing.run(writer);
  const record = end(failure);
  feed.live.close(failure);
  if (record !== null) await writer.end({ type: "end", ...record, time: Date.now() });
}

/** Logs the prompt once it is known: a reader that continues the run may need it. */
async function logPrompt({ journal }: OpenRun, plan: Production["plan"]): Promise<void> {
  try {
    const { messages } = await plan.read();
    journal.put({ type: "prompt", messages: commonPrompt({ author: plan.targets[0].provider, messages }) });
  } catch {
    // What is wrong with it, the call finds out.
  }
}

/** Hands on all that comes. Without a promise for each value: most come alone, and it would cost more than they do. */
function handOn(writer: LogWriter, feed: Feed): Promise<void> {
  return new Promise((resolve, reject) => {
    let isBusy = false;
    const run = (): void => {
      // Taking a value may make more of them come.
      if (isBusy) return;
      isBusy = true;
      try {
        const pause = takeAll(writer, feed);
        if (pause === null) return resolve();
        isBusy = pause !== "empty";
        if (pause !== "empty") {
          void pause.then(() => {
            isBusy = false;
            run();
          });
        }
      } catch (error) {
        reject(error);
      }
    };
    feed.listen(run);
    run();
  });
}

/** Takes what there is. @returns Null if that was all; else that there is no more yet, or what has to settle before. */
function takeAll(writer: LogWriter, { live, advance }: Feed): Promise<void> | "empty" | null {
  for (;;) {
    if (writer.isBehind && !live.isWaiting) return Promise.race([writer.drained(), live.wanted()]);
    if (live.isFull) return live.wanted();
    const hasAdvanced = advance();
    if (hasAdvanced !== true) return hasAdvanced === null ? "empty" : null;
  }
}

/** Keeps what a call has of its input by now: it is told when it is asked, and the reader may ask when more has come. */
export function keepArgs(call: unknown): void {
  if (field(call, "state") === "streaming") field(call, "args");
}

/** What an iterator gives, as it comes. */
export function feedOf<V>(live: LiveReader<V>, iterator: AsyncIterator<V, unknown>, take: (value: V) => void): Feed {
  let isAsked = false;
  let result: IteratorResult<V, unknown> | null = null;
  let failure: { readonly error: unknown } | null = null;
  let tell = (): void => {};
  const feed: Feed = {
    live,
    listen: (onMore) => (tell = onMore),
    advance() {
      if (failure !== null) throw failure.error;
      if (result?.done === true) return false;
      if (result !== null) {
        take(result.value);
        result = null;
        return true;
      }
      if (!isAsked) ask();
      return null;
    },
  };
  const ask = (): void => {
    isAsked = true;
    iterator
      .next()
      .then(
        (next) => (result = next),
        (error: unknown) => (failure = { error }),
      )
      .finally(() => {
        isAsked = false;
        tell();
      });
  };
  return feed;
}
