import { InvalidOptionError, LogError } from "../errors.ts";
import { checkOptions, positive } from "../schema/option-form.ts";
import type { LocalLog, LocalProducer } from "./checked-log.ts";
import type { BeginOptions, Holding, Log, LogEntry, LogRead, RunKey, Seen } from "./log.ts";

/** The bounds of a log in memory. */
export interface MemoryLogOptions {
  /**
   * The most bytes of all entries together, counted as two for each character. Default 64 MiB. Up to 128 K characters of each
   * run may wait to be written beside them.
   */
  readonly maxBytes?: number | undefined;
  /** The most runs. Default 1,000. */
  readonly maxRuns?: number | undefined;
}

interface Run {
  readonly name: string;
  readonly ttlMs: number;
  readonly entries: LogEntry[];
  readonly waiting: Set<() => void>;
  /** Null before it has begun to write, and once it has ended. */
  producer: LocalProducer | null;
  /** Whether its producer has something to write as soon as somebody reads. */
  isDeferred: boolean;
  token: string;
  leaseMs: number;
  beat: number;
  /** When the lease lapses, and when the run is dropped. */
  leaseEnd: number;
  dropAt: number;
  stop: string | null;
  isEnded: boolean;
  isDropped: boolean;
  bytes: number;
}

const MOST_BYTES = 64 * 1024 * 1024;
const MOST_RUNS = 1_000;
const SWEEP_MS = 10_000;

/**
 * A log in the memory of this process: runs survive a lost connection and a reload of the page, not the process.
 *
 * It is bounded: runs that have ended are dropped before their time if there are too many, or they are too large. If that
 * is not enough, the log refuses entries, and the run that they belong to is not kept any further.
 *
 * @param options - See {@link MemoryLogOptions}.
 * @example
 * ```ts
 * import { call } from "millrace/anthropic";
 * import { keep, memoryLog, read } from "millrace/resume";
 *
 * const log = memoryLog();
 * const answer = call("claude-sonnet-5-5", { stream: true }, (question: string) => question);
 * keep(answer("Why is the sky blue?"), { log, id: "chat-1" });
 * const reply = await read(log, "chat-1");
 * if (reply) for await (const [chunk] of reply) process.stdout.write(chunk.content);
 * ```
 */
export function memoryLog(options: MemoryLogOptions = {}): Log {
  checkOptions(options, { maxBytes: positive, maxRuns: positive });
  return new MemoryLog(options.maxBytes ?? MOST_BYTES, options.maxRuns ?? MOST_RUNS);
}

class MemoryLog implements LocalLog {
  readonly #maxBytes: number;
  readonly #maxRuns: number;
  /** By place, and in each by name, in the order in which they began. */
  readonly #places = new Map<string, Map<string, Run>>();
  #bytes = 0;
  #runs = 0;
  #sweep: ReturnType<typeof setTimeout> | null = null;

  constructor(maxBytes: number, maxRuns: number) {
    this.#maxBytes = maxBytes;
    this.#maxRuns = maxRuns;
  }

  async begin({ place, run: name }: RunKey, { token, leaseMs, ttlMs, replace }: BeginOptions): Promise<string | null> {
    const runs = this.#places.get(place) ?? new Map<string, Run>();
    const open = [...runs.values()].filter((run) => !run.isEnded);
    const other = open.find((run) => !hasLapsed(run));
    const same = runs.get(name);
    // Its answer may have been lost.
    if (same?.token === token) return null;
    if (same !== undefined) throw new InvalidOptionError("run", `the place has a run "${name}" already.`);
    if (other !== undefined && !replace) return other.name;
    // Those whose lease has lapsed as well: their producers may be frozen, and wake up.
    for (const run of open) stopRun(run, "replaced");
    this.#makeRoom(0, 1);
    this.#places.set(place, runs);
    const now = performance.now();
    const leaseEnd = now + leaseMs;
    const fresh = {
      entries: [],
      waiting: new Set<() => void>(),
      producer: null,
      isDeferred: false,
      beat: 0,
      stop: null,
      bytes: 0,
      isEnded: false,
      isDropped: false,
    };
    runs.set(name, { name, leaseMs, ttlMs, token, leaseEnd, dropAt: leaseEnd + ttlMs, ...fresh });
    this.#runs += 1;
    this.#sweepLater();
    return null;
  }

  async append(key: RunKey, token: string, first: number, entries: readonly string[]): Promise<Holding> {
    return this["~append"](key, token, first, entries);
  }

  /** Answers at once. @internal */
  "~append"(key: RunKey, token: string, first: number, entries: readonly string[]): Holding {
    const run = this.#run(key);
    if (run === undefined) return { isHeld: false, stop: null };
    const known = run.entries.length + 1 - first;
    if (run.isEnded || run.token !== token || known < 0) return { isHeld: false, stop: run.stop };
    this.#add(run, known === 0 ? entries : entries.slice(known));
    this.#renew(run);
    return { isHeld: true, stop: run.stop };
  }

  /** See {@link LocalLog}. @internal */
  "~isLocal"(log: object): boolean {
    return #places in log && Object.getPrototypeOf(log) === MemoryLog.prototype;
  }

  /** See {@link LocalLog}. @internal */
  "~attach"(key: RunKey, producer: LocalProducer): boolean {
    const run = this.#run(key);
    if (run === undefined) return false;
    run.producer = producer;
    return true;
  }

  /** See {@link LocalLog}. @internal */
  "~defer"(key: RunKey): boolean {
    const run = this.#run(key);
    if (run === undefined || run.waiting.size > 0) return false;
    run.isDeferred = true;
    return true;
  }

  async end(key: RunKey, by: string | { readonly beat: number }, number: number, entry: string): Promise<boolean> {
    const run = this.#run(key);
    if (run === undefined) return false;
    const { entries } = run;
    // Its answer may have been lost.
    if (run.isEnded) return number === entries.length && entries.at(-1)?.data === entry;
    const mayEnd = typeof by === "string" ? run.token === by : run.beat === by.beat && hasLapsed(run);
    if (!mayEnd || number !== entries.length + 1) return false;
    this.#add(run, [entry]);
    run.isEnded = true;
    run.producer = null;
    run.dropAt = performance.now() + run.ttlMs;
    wake(run);
    return true;
  }

  async take(
    key: RunKey,
    beat: number,
    { token, leaseMs }: { readonly token: string; readonly leaseMs: number },
  ): Promise<boolean> {
    const run = this.#run(key);
    if (run === undefined || run.isEnded) return false;
    // Its answer may have been lost.
    if (run.token === token) return true;
    if (run.beat !== beat || !hasLapsed(run)) return false;
    run.token = token;
    run.producer = null;
    this.#renew(run, leaseMs);
    return true;
  }

  async read(key: RunKey, after: number): Promise<LogRead | null> {
    const run = this.#run(key);
    if (run === undefined) return null;
    ifDeferred(run)?.write();
    const { beat, leaseMs, stop, isEnded, entries } = run;
    const state = { beat, leaseMs, stop, isEnded, last: entries.length, hasLapsed: hasLapsed(run) };
    return { ...state, entries: entries.slice(after) };
  }

  wait(key: RunKey, { after, stop }: Seen, signal: AbortSignal): Promise<void> {
    const run = this.#run(key);
    if (run === undefined) return Promise.resolve();
    const isOver = (): boolean =>
      run.isEnded || run.isDropped || run.entries.length > after || (run.stop !== null && !stop);
    if (signal.aborted || isOver()) return Promise.resolve();
    ifDeferred(run)?.writeSoon();
    return new Promise((resolve) => {
      const settle = (): void => {
        run.waiting.delete(look);
        signal.removeEventListener("abort", settle);
        resolve();
      };
      const look = (): void => {
        if (isOver()) settle();
      };
      run.waiting.add(look);
      signal.addEventListener("abort", settle);
    });
  }

  async stop(key: RunKey, reason: string): Promise<boolean> {
    const run = this.#run(key);
    if (run === undefined || run.isEnded) return false;
    stopRun(run, reason);
    return true;
  }

  async latest(place: string): Promise<string | null> {
    return this.#runsOf(place).at(-1) ?? null;
  }

  async remove(place: string): Promise<void> {
    for (const run of this.#places.get(place)?.values() ?? []) this.#drop(place, run);
  }

  #run({ place, run: name }: RunKey): Run | undefined {
    const run = this.#places.get(place)?.get(name);
    if (run === undefined || performance.now() < run.dropAt) return run;
    this.#drop(place, run);
    return undefined;
  }

  /** The names of the runs in a place that are still kept. */
  #runsOf(place: string): string[] {
    const names = [...(this.#places.get(place)?.keys() ?? [])];
    return names.filter((run) => this.#run({ place, run }) !== undefined);
  }

  #add(run: Run, entries: readonly string[]): void {
    if (entries.length === 0) return;
    const bytes = entries.reduce((sum, { length }) => sum + 2 * length, 0);
    this.#makeRoom(bytes, 0, run);
    for (const data of entries) run.entries.push({ number: run.entries.length + 1, data });
    run.bytes += bytes;
    this.#bytes += bytes;
    wake(run);
  }

  #renew(run: Run, leaseMs = run.leaseMs): void {
    run.beat += 1;
    run.leaseMs = leaseMs;
    run.leaseEnd = performance.now() + leaseMs;
    run.dropAt = run.leaseEnd + run.ttlMs;
  }

  /** Drops runs that nobody writes any more, the oldest first, but for one. @throws LogError if that is not enough. */
  #makeRoom(bytes: number, runs: number, kept: Run | null = null): void {
    if (!this.#isFull(bytes, runs)) return;
    const idle = [...this.#places]
      .flatMap(([place, named]) => [...named.values()].map((run) => ({ place, run })))
      .filter(({ run }) => run !== kept && (run.isEnded || hasLapsed(run)))
      .toSorted((one, other) => one.run.dropAt - other.run.dropAt);
    for (const { place, run } of idle) {
      if (!this.#isFull(bytes, runs)) return;
      this.#drop(place, run);
    }
    if (this.#isFull(bytes, runs)) {
      const held = `${this.#runs} runs (maxRuns: ${this.#maxRuns}) and ${this.#bytes} bytes (maxBytes: ${this.#maxBytes})`;
      throw new LogError(
        `The log in memory is full: it has ${held}, and no room for ${runs === 0 ? `${bytes} bytes` : "a run"} more.`,
      );
    }
  }

  #isFull(bytes: number, runs: number): boolean {
    return this.#bytes + bytes > this.#maxBytes || this.#runs + runs > this.#maxRuns;
  }

  #drop(place: string, run: Run): void {
    const runs = this.#places.get(place);
    runs?.delete(run.name);
    if (runs?.size === 0) this.#places.delete(place);
    this.#bytes -= run.bytes;
    this.#runs -= 1;
    run.isDropped = true;
    wake(run);
    run.producer?.write();
  }

  /** Frees what nobody asks for any more. */
  #sweepLater(): void {
    if (this.#sweep !== null || this.#runs === 0) return;
    this.#sweep = setTimeout(() => {
      this.#sweep = null;
      for (const place of this.#places.keys()) for (const run of this.#runsOf(place)) this.#run({ place, run });
      this.#sweepLater();
    }, SWEEP_MS);
    // A log alone does not keep a program alive. Browsers' timers are numbers.
    if (typeof this.#sweep === "object") this.#sweep.unref();
  }
}

function hasLapsed({ leaseEnd }: Run): boolean {
  return performance.now() >= leaseEnd;
}

/** The producer, if it has something to write. */
function ifDeferred(run: Run): LocalProducer | null {
  const { isDeferred, producer } = run;
  run.isDeferred = false;
  return isDeferred ? producer : null;
}

function stopRun(run: Run, reason: string): void {
  run.stop ??= reason;
  run.producer?.write();
  wake(run);
}

function wake({ waiting }: Run): void {
  // Each takes itself out of the set.
  for (const settle of waiting) settle();
}
