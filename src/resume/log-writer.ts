import { InvalidOptionError } from "../errors.ts";
import { type CheckedLog, checkedLog, type LocalProducer } from "../log/checked-log.ts";
import { inTime } from "../log/in-time.ts";
import type { BeginOptions, Holding, Log, RunKey } from "../log/log.ts";
import { BatchClock } from "./batch-clock.ts";
import { EntryWriter } from "./entry.ts";
import type { Loggable } from "./event-run.ts";
import { PersistentAsker, type Task } from "./persistent-asker.ts";
import { QuietWatch } from "./quiet-watch.ts";
import type { LogRecord } from "./record.ts";

/** What has become of the log of a run. */
export type LogState =
  /** The run is being written. */
  | "open"
  /** It has been written to its end. */
  | "ended"
  /** It was ended or taken over by another: the lease had lapsed. */
  | "lost"
  /** Another run goes on in this place, and was not to be replaced. */
  | "refused"
  /** The log did not take it: see the error. */
  | "failed";

/** How a run is written. */
export interface WriterOptions {
  readonly log: Log;
  readonly key: RunKey;
  readonly token: string;
  readonly leaseMs: number;
  /** How the run begins; null if it has begun, and was taken over. */
  readonly begin: Pick<BeginOptions, "ttlMs" | "replace"> | null;
  /** Told once, if somebody asks the run to stop. */
  readonly onStop: (reason: string) => void;
}

/** What was put, up to some record. */
interface Queued {
  /** How many records. */
  records: number;
  /** The position of the last event. */
  position: number;
  /** About how many characters of them the log has not taken. */
  size: number;
}

interface Batch extends Readonly<Queued> {
  /** Null if only the lease is renewed. */
  readonly entry: string | null;
}

/** A batch is written at once if it has as many records, or roughly as many characters. */
const BATCH_RECORDS = 2_000;
const BATCH_SIZE = 128 * 1024;
/** Roughly so many characters may wait for the log before the producer waits, too. */
const BACKLOG = 256 * 1024;
/** If so many wait, the log is given up. */
const LARGEST_BACKLOG = 16 * 1024 * 1024;
/** How long a flush waits for the log. */
const LONGEST_FLUSH_MS = 1_000;
/**
 * Writes a run behind its live readers: in batches, one at a time, each sent again until the log has taken it. It renews
 * the lease while there is nothing to write.
 */
export class LogWriter {
  state: LogState = "open";
  /** The position of the last event that the log has taken. */
  written = 0;
  /** Why the log did not take the run, or the last error after which it was tried again; null if there was none. */
  error: unknown = null;
  /** Settles once the run is written to its end, or given up. Never rejects. */
  readonly settled: Promise<void>;
  /** The run that is in the way, or null: there is none, or the log does not answer. Never rejects. */
  readonly obstacle: Promise<string | null>;
  readonly #options: WriterOptions;
  readonly #log: CheckedLog;
  #waiting = new EntryWriter();
  #settle = (): void => {};
  #tellObstacle = (_run: string | null): void => {};
  #drained: (() => void)[] = [];
  readonly #queued: Queued = { records: 0, position: 0, size: 0 };
  /** How many records the log has taken. */
  #taken = 0;
  /** Whether a flush has waited in vain, and the log has taken nothing since. */
  #isLate = false;
  /** The number of the next entry. */
  #next: number;
  /** What the log was given last, and what it will have when it has taken that. */
  #sent: Batch = { entry: null, records: 0, position: 0, size: 0 };
  #hasBegun = false;
  #isEnding = false;
  readonly #asker: PersistentAsker;
  readonly #watch: QuietWatch;
  readonly #producer: LocalProducer = {
    write: () => this.#writeBatch(),
    writeSoon: () => BatchClock.of(this.#log).add(this.#producer.write),
  };

  /** @param next - The number of the first entry to write. */
  constructor(options: WriterOptions, next = 1) {
    this.#options = options;
    this.#log = checkedLog(options.log);
    this.#next = next;
    this.settled = new Promise((resolve) => (this.#settle = resolve));
    this.obstacle = new Promise((resolve) => (this.#tellObstacle = resolve));
    const { begin, key, token, leaseMs, onStop } = options;
    this.#asker = new PersistentAsker({
      leaseMs,
      onError: (error) => {
        this.error = error;
        this.#tellObstacle(error instanceof InvalidOptionError ? key.run : null);
      },
      onGivenUp: (error, isRefused) => this.#finish(isRefused ? "refused" : "failed", error),
    });
    this.#watch = new QuietWatch({
      log: this.#log,
      key,
      leaseMs,
      onTick: (isDue) => {
        if (this.#asker.isBusy) this.#asker.check();
        else if (isDue) this.#writeBatch();
      },
      // Whether the run is held is for the next batch to find out: this may have been asked when it had ended.
      ask: async () => (await this.#log.append(key, token, this.#next, [])).stop,
      onStop,
      onError: (error) => (this.error = error),
    });
    if (begin === null) this.#begun(null);
    else this.#begin(begin);
  }

  /** Whether the log has, or will have, all that was put. */
  get isTrusted(): boolean {
    return this.state === "open" || this.state === "ended";
  }

  /** Whether so much waits for the log that the producer should wait, too. */
  get isBehind(): boolean {
    return this.state === "open" && this.#queued.size >= BACKLOG;
  }

  /**
   * @param size - About how many characters it has.
   * @param position - That of the event that it belongs to.
   */
  put(record: Loggable, size: number, position = this.#queued.position): void {
    if (this.state !== "open") return;
    const queued = this.#queued;
    queued.records += 1;
    queued.position = position;
    queued.size += size;
    this.#waiting.put(record);
    if (queued.size > LARGEST_BACKLOG) {
      this.#finish("failed", this.error ?? new Error("The log is slower than the reply: too much of it waits."));
    } else if (this.#isLarge) this.#writeBatch();
    else if (this.#waiting.count === 1 && this.#isReady) this.#writeLater();
  }

  /** Whether so much waits that the next batch is not waited for. */
  get #isLarge(): boolean {
    return this.#waiting.count >= BATCH_RECORDS || this.#queued.size >= BATCH_SIZE;
  }

  /** Whether the log could be asked for something now. */
  get #isReady(): boolean {
    return this.#hasBegun && !this.#asker.isBusy;
  }

  /** The last record. Settles with {@link settled}. */
  end(record: LogRecord): Promise<void> {
    this.#isEnding = true;
    this.put(record, 0);
    this.#writeBatch();
    return this.settled;
  }

  /** Waits until little enough waits for the log. */
  async drained(): Promise<void> {
    if (this.isBehind) await new Promise<void>((resolve) => this.#drained.push(resolve));
  }

  /** Writes at once what was put, and waits until the log has taken it, though not for long: a log that fails holds up nobody. */
  async flushed(): Promise<void> {
    const { leaseMs } = this.#options;
    const put = this.#queued.records;
    const taken = async (): Promise<void> => {
      while (this.state === "open" && this.#taken < put) {
        BatchClock.of(this.#log).delete(this.#producer.write);
        // A log may take it at once.
        const progress = new Promise<void>((resolve) => this.#drained.push(resolve));
        this.#writeBatch();
        await progress;
      }
    };
    for (let isFrozen = true; isFrozen && !this.#isLate;) {
      const start = performance.now();
      await inTime(taken(), LONGEST_FLUSH_MS).catch(() => (this.#isLate = true));
      // Then the log has had no time to answer, and may have been given to another.
      isFrozen = this.#isLate && performance.now() - start > LONGEST_FLUSH_MS + leaseMs;
      if (isFrozen) this.#isLate = false;
    }
  }

  #begin(begin: Pick<BeginOptions, "ttlMs" | "replace">): void {
    const { key, token, leaseMs } = this.#options;
    const ask = (): Promise<string | null> => inTime(this.#log.begin(key, { ...begin, token, leaseMs }), leaseMs);
    this.#asker.ask({ ask, done: (obstacle) => this.#begun(obstacle) });
  }

  #begun(obstacle: string | null): void {
    this.#tellObstacle(obstacle);
    if (obstacle !== null) return this.#finish("refused");
    this.#hasBegun = true;
    this.#watch.start(this.#log["~attach"](this.#options.key, this.#producer));
    if (this.#isEnding) this.#writeBatch();
    else this.#writeLater();
  }

  /** Writes what waits when the next batch is due, or once somebody reads it. */
  #writeLater(): void {
    // The first batch tells of a stop that came before.
    const isDeferred = this.#taken > 0 && this.#log["~defer"](this.#options.key);
    if (!isDeferred) this.#producer.writeSoon();
  }

  /** Writes what waits, unless the log is busy: then it is written afterwards. */
  #writeBatch(): void {
    if (this.state !== "open" || !this.#isReady) return;
    this.#watch.batch();
    const isLast = this.#isEnding;
    const entry = this.#entry();
    if (this.state !== "open") return;
    this.#sent = { entry, ...this.#queued };
    if (isLast && entry !== null) this.#asker.ask(this.#endTask(entry));
    else this.#asker.ask(this.#appendTask);
  }

  /** Adds what was sent; it is the same task each time, since there is one for each batch. */
  readonly #appendTask: Task<Holding> = {
    ask: () => {
      const { key, token } = this.#options;
      const { entry } = this.#sent;
      return this.#log["~append"](key, token, this.#next, entry === null ? [] : [entry]);
    },
    done: (holding) => {
      if (this.#sent.entry !== null) {
        this.#watch.leave();
        if (holding.isHeld) this.#next += 1;
      }
      this.#learn(holding);
      if (this.state !== "open") return;
      this.#written();
      this.#goOn();
    },
  };

  #endTask(entry: string): Task<boolean> {
    const { key, token } = this.#options;
    return {
      ask: () => this.#log.end(key, token, this.#next, entry),
      done: (isEnd) => {
        if (isEnd) this.#written();
        this.#finish(isEnd ? "ended" : "lost");
      },
    };
  }

  /** The log has taken what was sent. */
  #written(): void {
    const { size, position, records } = this.#sent;
    this.written = position;
    this.#taken = records;
    this.#isLate = false;
    this.#queued.size -= size;
  }

  /** After a task. */
  #goOn(): void {
    if (this.#drained.length > 0) for (const resolve of this.#drained.splice(0)) resolve();
    if (this.#isEnding || this.#isLarge) this.#writeBatch();
    else if (this.#waiting.count > 0) this.#writeLater();
  }

  /** What waits, as text; null if that is nothing, or has no JSON form. */
  #entry(): string | null {
    if (this.#waiting.count === 0) return null;
    try {
      return this.#waiting.take();
    } catch (error) {
      this.#finish("failed", error);
      return null;
    }
  }

  #learn({ isHeld, stop }: Holding): void {
    if (!isHeld) this.#finish("lost");
    this.#watch.learn(stop);
  }

  #finish(state: LogState, error: unknown = this.error): void {
    if (this.state !== "open") return;
    this.state = state;
    this.error = error;
    this.#asker.end();
    BatchClock.of(this.#log).delete(this.#producer.write);
    this.#waiting = new EntryWriter();
    this.#queued.size = 0;
    this.#watch.end();
    this.#tellObstacle(null);
    this.#settle();
    for (const resolve of this.#drained.splice(0)) resolve();
  }
}
