import { InvalidOptionError } from "../errors.ts";
import { inTime } from "../log/in-time.ts";
import type { BeginOptions, Holding, Log, RunKey } from "../log/log.ts";
import { EventRun } from "./event-run.ts";
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

/** How long records wait for others, at most: the delay of a reader elsewhere. */
const BATCH_MS = 50;
/** A batch is written at once if it has as many records. */
const BATCH_RECORDS = 2_000;
/** Roughly so many characters may wait for the log before the producer waits, too. */
const BACKLOG = 256 * 1024;
/** If so many wait, or for so many leases, the log is given up. */
const LARGEST_BACKLOG = 16 * 1024 * 1024;
const LEASES_UNTIL_GIVEN_UP = 3;
const [FIRST_RETRY_MS, LONGEST_RETRY_MS] = [50, 1_000];

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
  readonly #waiting: (LogRecord | EventRun)[] = [];
  /** How many records wait. */
  #count = 0;
  readonly #stopped = new AbortController();
  #settle = (): void => {};
  #tellObstacle = (_run: string | null): void => {};
  #drained: (() => void)[] = [];
  /** The number of the next entry. */
  #next: number;
  /** The position of the last event that was put. */
  #position = 0;
  #backlog = 0;
  #isEnding = false;
  #isWriting = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #lastWrite = 0;
  #lastSuccess = performance.now();

  /** @param next - The number of the first entry to write. */
  constructor(options: WriterOptions, next = 1) {
    this.#options = options;
    this.#next = next;
    this.settled = new Promise((resolve) => (this.#settle = resolve));
    this.obstacle = new Promise((resolve) => (this.#tellObstacle = resolve));
    this.#isWriting = true;
    void this.#begin();
  }

  /** Whether the log has, or will have, all that was put. */
  get isTrusted(): boolean {
    return this.state === "open" || this.state === "ended";
  }

  /** Whether so much waits for the log that the producer should wait, too. */
  get isBehind(): boolean {
    return this.state === "open" && this.#backlog >= BACKLOG;
  }

  /**
   * @param size - About how many characters it has.
   * @param position - That of the event that it belongs to.
   */
  put(record: LogRecord, size: number, position = this.#position): void {
    if (this.state !== "open") return;
    this.#position = position;
    this.#add(record);
    this.#backlog += size;
    this.#count += 1;
    if (this.#backlog > LARGEST_BACKLOG) {
      this.#finish("failed", this.error ?? new Error("The log is slower than the reply: too much of it waits."));
    } else if (this.#count >= BATCH_RECORDS) this.#schedule(0);
    else if (this.#count === 1) this.#schedule(this.#lastWrite + BATCH_MS - performance.now());
  }

  #add(record: LogRecord): void {
    const last = this.#waiting.at(-1);
    if (record.type !== "event") this.#waiting.push(record);
    else if (!(last instanceof EventRun) || !last.add(record)) this.#waiting.push(new EventRun(record));
  }

  /** The last record. Settles with {@link settled}. */
  end(record: LogRecord): Promise<void> {
    this.#isEnding = true;
    this.put(record, 0);
    this.#schedule(0);
    return this.settled;
  }

  /** Waits until little enough waits for the log. */
  async drained(): Promise<void> {
    if (this.isBehind) await new Promise<void>((resolve) => this.#drained.push(resolve));
  }

  async #begin(): Promise<void> {
    const { log, key, token, leaseMs, begin } = this.#options;
    await this.#untilTaken(async () => {
      const obstacle = begin && (await inTime(log.begin(key, { ...begin, token, leaseMs }), leaseMs));
      this.#tellObstacle(obstacle);
      if (obstacle !== null) this.#finish("refused");
    });
    if (this.state === "open") void this.#watch();
    await this.#write();
  }

  #schedule(ms: number): void {
    if (this.state !== "open" || this.#isWriting) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#write(), Math.max(0, ms));
  }

  async #write(): Promise<void> {
    this.#timer = null;
    this.#isWriting = true;
    const isLast = this.#isEnding;
    const batch = this.#waiting.splice(0);
    this.#count = 0;
    const size = this.#backlog;
    const position = this.#position;
    const entry = batch.length === 0 ? null : this.#entryOf(batch);
    this.#lastWrite = performance.now();
    await this.#untilTaken(() => this.#send(entry, isLast));
    if (this.isTrusted) this.written = position;
    this.#backlog -= size;
    this.#isWriting = false;
    for (const resolve of this.#drained.splice(0)) resolve();
    if (isLast || this.state !== "open") return;
    const { leaseMs } = this.#options;
    const isIdle = this.#waiting.length === 0 && !this.#isEnding;
    this.#schedule(this.#lastWrite + (isIdle ? leaseMs / 3 : BATCH_MS) - performance.now());
  }

  /** The records as text; null if they have no JSON form. */
  #entryOf(batch: readonly (LogRecord | EventRun)[]): string | null {
    try {
      return JSON.stringify(batch);
    } catch (error) {
      this.#finish("failed", error);
      return null;
    }
  }

  async #send(entry: string | null, isLast: boolean): Promise<void> {
    const { log, key, token, leaseMs } = this.#options;
    if (isLast && entry !== null) {
      const isEnd = await inTime(log.end(key, token, this.#next, entry), leaseMs);
      return this.#finish(isEnd ? "ended" : "lost");
    }
    const holding = await inTime(log.append(key, token, this.#next, entry === null ? [] : [entry]), leaseMs);
    if (entry !== null && holding.isHeld) this.#next += 1;
    this.#learn(holding);
  }

  /** Asks the log again and again, until it has answered or is given up. */
  async #untilTaken(ask: () => Promise<void>): Promise<void> {
    for (let retryMs = FIRST_RETRY_MS; this.state === "open"; retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS)) {
      try {
        await ask();
        this.#lastSuccess = performance.now();
        return;
      } catch (error) {
        this.error = error;
        // It will say so each time.
        const isFinal = error instanceof InvalidOptionError;
        this.#tellObstacle(isFinal ? this.#options.key.run : null);
        if (isFinal) return this.#finish("refused", error);
        // Asked again at least once: this process may have been frozen while the answer came.
        const isAgain = retryMs > FIRST_RETRY_MS;
        const silentMs = performance.now() - this.#lastSuccess;
        if (isAgain && silentMs > LEASES_UNTIL_GIVEN_UP * this.#options.leaseMs) this.#finish("failed", error);
        else await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }

  #learn({ isHeld, stop }: Holding): void {
    if (!isHeld) this.#finish("lost");
    if (stop === null || this.#stopped.signal.aborted) return;
    this.#stopped.abort();
    this.#options.onStop(stop);
  }

  /** Learns of a stop at once, rather than with the next batch. */
  async #watch(): Promise<void> {
    const { log, key, token } = this.#options;
    const { signal } = this.#stopped;
    while (!signal.aborted && this.state === "open") {
      try {
        await log.wait(key, { after: Infinity, stop: false }, signal);
        if (signal.aborted) return;
        const { stop } = await log.append(key, token, this.#next, []);
        // Whether the run is held is for the next batch to find out: this one may have ended it.
        this.#learn({ isHeld: true, stop });
      } catch (error) {
        this.error = error;
      }
      // It may settle for nothing, as long as the run is not there yet.
      if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, BATCH_MS));
    }
  }

  #finish(state: LogState, error: unknown = this.error): void {
    if (this.state !== "open") return;
    this.state = state;
    this.error = error;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#waiting.length = this.#count = this.#backlog = 0;
    this.#stopped.abort();
    this.#tellObstacle(null);
    this.#settle();
    for (const resolve of this.#drained.splice(0)) resolve();
  }
}
