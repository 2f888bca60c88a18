import { InvalidOptionError, LogError, messageOf, StreamAbortedError } from "../errors.ts";
import { checkedLog } from "../log/checked-log.ts";
import { inTime } from "../log/in-time.ts";
import type { Log, LogRead, RunKey } from "../log/log.ts";
import { EntryReader } from "./entry.ts";
import { errorRecord, truncation } from "./error-record.ts";
import type { EndRecord, LogRecord } from "./record.ts";

/** How a run is read. */
export interface RunReaderOptions {
  readonly log: Log;
  readonly key: RunKey;
  /** Ends the reading, not the run. */
  readonly signal: AbortSignal;
  /** Whether the message is whole so far: what a run comes to whose producer is lost. */
  readonly isWhole: () => boolean;
  /** Tries to go on with the run in its producer's place. Gives whether the lease was taken, with all that was logged. */
  readonly takeOver?: ((state: LogRead) => Promise<boolean>) | undefined;
}

const GONE = "The producer of the reply is gone: it has lost its lease.";
/** A log that does not answer is asked again, until this long after the lease. */
const GRACE_MS = 2_000;
/** So often a reader may be woken for nothing before it takes its time. */
const MOST_IDLE = 3;
const [SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS] = [50, 1_500];

/**
 * Reads the records of a run, in their order, from the first to the end. If the producer has lost its lease, it ends the
 * run in its place.
 */
export class RunReader {
  readonly #options: RunReaderOptions;
  readonly #entries = new EntryReader();
  #last = 0;
  #hasEnded = false;
  /** The beat that was seen last, and since when it has not changed, by the clock of this process. */
  #beat = -1;
  #beatSince = 0;
  /** The beat at which the producer seemed to be gone when it was last looked for. */
  #orphanedAt = -1;
  #isUnwritable = false;
  /** How often there was nothing new, one after another. */
  #idle = 0;
  #leaseMs = 10_000;
  #readAt = performance.now();

  constructor(options: RunReaderOptions) {
    this.#options = { ...options, log: checkedLog(options.log) };
  }

  /** The next records; null after the last of them. A log that is lost is the end of the run here, and no error. */
  async next(): Promise<readonly LogRecord[] | null> {
    const { signal } = this.#options;
    while (!this.#hasEnded && !signal.aborted) {
      const read = await this.#read();
      if (signal.aborted) return null;
      if (read === null) return this.#lost("The log does not have the rest of the reply any more.");
      const records = this.#recordsOf(read);
      this.#idle = records.length > 0 ? 0 : this.#idle + 1;
      if (records.length > 0) return records;
      if (this.#hasEnded) return null;
      if (this.#isUnwritable) return this.#lost(GONE);
      if (!this.#isOrphaned(read)) await this.#pause();
      else if (this.#orphanedAt === read.beat) await this.#endFor(read);
      else {
        // Its producer may be in this process, which was busy or frozen: it gets its turn first.
        this.#orphanedAt = read.beat;
        await passed(SHORTEST_PAUSE_MS, signal);
      }
    }
    return null;
  }

  /** What the log has; null once it does not have the run any more, or has not answered for too long. */
  async #read(): Promise<LogRead | null> {
    const { log, key, signal } = this.#options;
    for (let pauseMs = SHORTEST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        const read = await inTime(log.read(key, this.#last), this.#leaseMs);
        this.#readAt = performance.now();
        return read;
      } catch (error) {
        // Asked again at least once: this process may have been frozen while the answer came.
        const isAgain = pauseMs > SHORTEST_PAUSE_MS;
        const leftMs = this.#readAt + this.#leaseMs + GRACE_MS - performance.now();
        if (signal.aborted) return null;
        if (isAgain && leftMs <= 0) {
          if (this.#last > 0) return null;
          throw new LogError("The log does not answer.", { cause: error });
        }
        await passed(leftMs > 0 ? Math.min(pauseMs, leftMs) : pauseMs, signal);
      }
    }
  }

  #recordsOf({ entries, beat, leaseMs, last, isEnded }: LogRead): readonly LogRecord[] {
    if (beat !== this.#beat) this.#beatSince = performance.now();
    this.#beat = beat;
    this.#leaseMs = leaseMs;
    for (const { number } of entries) {
      if (number !== this.#last + 1) throw new LogError(`The log lacks entry ${this.#last + 1} of the run.`);
      this.#last = number;
    }
    this.#hasEnded = isEnded && this.#last >= last;
    return entries.flatMap((entry) => this.#entries.read(entry));
  }

  /**
   * Whether nobody writes the run any more. The log's clock says so, which may have jumped; so nobody must have renewed
   * the lease either, for longer than a producer waits with that.
   */
  #isOrphaned({ hasLapsed, leaseMs }: LogRead): boolean {
    return hasLapsed && performance.now() - this.#beatSince >= leaseMs / 2;
  }

  /** @throws InvalidOptionError if this reader was told to go on with it in a way that cannot work: another may do better. */
  async #endFor(state: LogRead): Promise<void> {
    const { beat, last } = state;
    const { log, key, isWhole, takeOver } = this.#options;
    let problem = "";
    // One that cannot go on with it, since the call cannot be made, ends it.
    const refuse = (error: unknown): false => {
      if (error instanceof InvalidOptionError && error.option === "continue") throw error;
      problem = ` It could not be continued: ${messageOf(error)}`;
      return false;
    };
    if (takeOver !== undefined && !isWhole() && (await takeOver(state).catch(refuse))) return;
    const end: EndRecord = { type: "end", ...this.#endingOf(state, problem), time: Date.now() };
    const ended = inTime(log.end(key, { beat }, last + 1, JSON.stringify([end])), this.#leaseMs);
    if (await ended.catch(() => false)) return;
    // Another may have been faster: its end is read next. A log that can be read alone cannot be told.
    if (performance.now() - this.#beatSince > 2 * this.#leaseMs + GRACE_MS) this.#isUnwritable = true;
    else await this.#pause();
  }

  /** What the run has come to, though its producer cannot tell. */
  #endingOf({ stop }: LogRead, problem: string): Pick<EndRecord, "outcome" | "error"> {
    if (this.#options.isWhole()) return { outcome: "complete", error: null };
    if (stop !== null) return { outcome: "aborted", error: errorRecord(new StreamAbortedError(stop)) };
    return { outcome: "truncated", error: truncation(`${GONE}${problem}`) };
  }

  /** Until there may be more. */
  async #pause(): Promise<void> {
    const { log, key, signal } = this.#options;
    // A log may wake its readers for nothing, again and again.
    if (this.#idle > MOST_IDLE) await passed(SHORTEST_PAUSE_MS, signal);
    const longest = Math.max(SHORTEST_PAUSE_MS, Math.min(this.#leaseMs / 4, LONGEST_PAUSE_MS));
    const controller = new AbortController();
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", stop);
        resolve();
      };
      const stop = (): void => {
        // With a reason: many readers pause at once, and it takes long to make an exception for each.
        controller.abort(null);
        settle();
      };
      const timer = setTimeout(stop, longest);
      signal.addEventListener("abort", stop);
      // A log that cannot wait is asked again later.
      log.wait(key, { after: this.#last, stop: true }, controller.signal).then(settle, () => {});
      if (signal.aborted) stop();
    });
  }

  /** The end of a run that the log has lost. */
  #lost(reason: string): readonly LogRecord[] {
    this.#hasEnded = true;
    const isWhole = this.#options.isWhole();
    const outcome = isWhole ? "complete" : "truncated";
    const error = isWhole ? null : truncation(reason);
    return [{ type: "end", outcome, error, time: Date.now() }];
  }
}

/** @returns A promise that settles after a while, or when the signal aborts. */
function passed(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", settle);
      resolve();
    };
    const timer = setTimeout(settle, ms);
    signal.addEventListener("abort", settle);
    if (signal.aborted) settle();
  });
}
