import type { BeginOptions, Holding, LogEntry, LogRead, RunKey, Seen } from "./log.ts";
import { type Database, inTransaction, type Statement } from "./sqlite-database.ts";

/** A row of the table of runs. */
interface Run {
  readonly id: number;
  readonly place: string;
  readonly name: string;
  readonly token: string;
  readonly lease_ms: number;
  readonly lease_end: number;
  readonly keep_ms: number;
  readonly drop_at: number;
  readonly beat: number;
  readonly last: number;
  readonly is_ended: 0 | 1;
  readonly stop: string | null;
}

/** What became of the beginning of a run. */
export type Begun =
  | { readonly inTheWay: string | null }
  /** The place has a run of this name already. */
  | "exists";

/** What nearly all appends answer. One object for all: in a message it is copied once. */
const HELD: Holding = { isHeld: true, stop: null };
/** The most entries and characters of a read; a longer entry comes alone. */
const MOST_READ = 1_000;
const MOST_CHARACTERS = 1_048_576;
/** How much longer a run may be kept than it was asked to be, as a share of its lease. */
const SHARE_KEPT_LONGER = 0.1;
/** The most runs whose rows are kept in memory. */
const MOST_KNOWN = 10_000;
/** How many runs are dropped at once: more than begin, and few enough that nobody waits for it. */
const MOST_DROPPED = 10;

/**
 * What a log does, in the tables of `sqlite-database.ts`. Each method that writes is to run in a transaction of `all`.
 *
 * Leases are measured by the monotonic clock, since the wall clock jumps. All processes of a machine have the same one. It
 * begins anew when the machine starts: an end that is further away than the lease is long is one of an earlier start.
 * When runs are dropped is measured by the wall clock, which goes on; a jump of it costs no run that somebody holds.
 */
export class SqliteRuns {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement<unknown>>();
  /** Rows as an append has left them, by their places, so that the next one need not look them up. */
  readonly #known = new Map<string, Run>();
  /** The version of the file of which they are. */
  #knownVersion = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Does a step in one transaction. */
  all<R>(kind: "DEFERRED" | "IMMEDIATE", step: () => R): R {
    try {
      return inTransaction(this.#database, kind, () => {
        // From here on nobody else writes, until the transaction ends.
        if (kind === "IMMEDIATE") this.#forgetOutdated();
        return step();
      });
    } catch (error) {
      // What it wrote is undone.
      this.#known.clear();
      throw error;
    }
  }

  begin({ place, run: name }: RunKey, { token, leaseMs, ttlMs, replace }: BeginOptions): Begun {
    this.#dropExpired();
    const same = this.#run({ place, run: name });
    // Its answer may have been lost.
    if (same?.token === token) return { inTheWay: null };
    if (same !== null) return "exists";
    const open = this.#runsOf(place).filter((run) => run.is_ended === 0);
    const other = open.find((run) => !hasLapsed(run));
    if (other !== undefined && !replace) return { inTheWay: other.name };
    // Those whose lease has lapsed as well: their producers may be frozen, and wake up.
    for (const run of open) this.#stopRun(run, "replaced");
    const leaseEnd = monotonicNow() + leaseMs;
    const dropAt = Date.now() + leaseMs + ttlMs;
    this.#sql(
      `INSERT INTO run (place, name, token, lease_ms, lease_end, keep_ms, drop_at, beat, last, is_ended)
       VALUES (?, ?, ?, ?, ?, ?, ?, 0, 0, 0)`,
    ).run(place, name, token, leaseMs, leaseEnd, ttlMs, dropAt);
    return { inTheWay: null };
  }

  append(place: string, name: string, token: string, first: number, entries: readonly string[]): Holding {
    const key = { place, run: name };
    const run = this.#knownRun(key) ?? this.#run(key);
    const isHeld = run !== null && run.is_ended === 0 && run.token === token && first <= run.last + 1;
    if (!isHeld) return { isHeld: false, stop: run?.stop ?? null };
    const last = this.#add(run, first === run.last + 1 ? entries : entries.slice(run.last + 1 - first));
    this.#know(this.#renew(run, run.token, run.lease_ms, last));
    return run.stop === null ? HELD : { isHeld: true, stop: run.stop };
  }

  end(key: RunKey, by: string | { readonly beat: number }, number: number, entry: string): boolean {
    const run = this.#run(key);
    if (run === null) return false;
    // Its answer may have been lost.
    if (run.is_ended === 1) return number === run.last && this.#entry(run, number) === entry;
    const mayEnd = typeof by === "string" ? run.token === by : run.beat === by.beat && hasLapsed(run);
    if (!mayEnd || number !== run.last + 1) return false;
    this.#add(run, [entry]);
    const dropAt = Date.now() + run.keep_ms;
    this.#change(run, "UPDATE run SET last = ?, is_ended = 1, drop_at = ? WHERE id = ?", number, dropAt);
    return true;
  }

  take(key: RunKey, beat: number, lease: { readonly token: string; readonly leaseMs: number }): boolean {
    const run = this.#run(key);
    if (run === null || run.is_ended === 1) return false;
    // Its answer may have been lost.
    if (run.token === lease.token) return true;
    if (run.beat !== beat || !hasLapsed(run)) return false;
    this.#renew(run, lease.token, lease.leaseMs, run.last);
    return true;
  }

  read(key: RunKey, after: number): LogRead | null {
    const run = this.#run(key);
    if (run === null) return null;
    return {
      beat: run.beat,
      hasLapsed: hasLapsed(run),
      leaseMs: run.lease_ms,
      stop: run.stop,
      last: run.last,
      isEnded: run.is_ended === 1,
      entries: this.#entries(run, after),
    };
  }

  stop(key: RunKey, reason: string): boolean {
    const run = this.#run(key);
    if (run === null || run.is_ended === 1) return false;
    this.#stopRun(run, reason);
    return true;
  }

  latest(place: string): string | null {
    return this.#runsOf(place).at(-1)?.name ?? null;
  }

  remove(place: string): void {
    for (const run of this.#sql<Run>("SELECT * FROM run WHERE place = ?").all(place)) this.#drop(run);
  }

  /** Whether there is something in a run that somebody has not seen, or nothing more to come. */
  hasNews(key: RunKey, { after, stop }: Seen): boolean {
    const run = this.#run(key);
    return run === null || run.is_ended === 1 || run.last > after || (run.stop !== null && !stop);
  }

  /** Changes when another connection has written. */
  version(): number {
    return this.#sql<{ data_version: number }>("PRAGMA data_version").get()?.data_version ?? 0;
  }

  #run({ place, run: name }: RunKey): Run | null {
    const run = this.#sql<Run>("SELECT * FROM run WHERE place = ? AND name = ?").get(place, name);
    return run === undefined || isExpired(run) ? null : run;
  }

  /** The runs of a place that are still kept, in the order in which they began. */
  #runsOf(place: string): Run[] {
    return this.#sql<Run>("SELECT * FROM run WHERE place = ? ORDER BY id")
      .all(place)
      .filter((run) => !isExpired(run));
  }

  #entry({ id }: Run, number: number): string | undefined {
    return this.#sql<LogEntry>("SELECT data FROM entry WHERE run = ? AND number = ?").get(id, number)?.data;
  }

  #entries({ id }: Run, after: number): LogEntry[] {
    const found: LogEntry[] = [];
    let characters = 0;
    const rows = this.#sql<LogEntry>(
      `SELECT number, data FROM entry WHERE run = ? AND number > ? ORDER BY number LIMIT ${MOST_READ}`,
    ).iterate(id, after);
    for (const { number, data } of rows) {
      found.push({ number, data });
      characters += data.length;
      if (characters >= MOST_CHARACTERS) break;
    }
    return found;
  }

  /** @returns The number of the last entry. */
  #add({ id, last }: Run, entries: readonly string[]): number {
    const insert = this.#sql("INSERT INTO entry (run, number, data) VALUES (?, ?, ?)");
    for (const [index, data] of entries.entries()) insert.run(id, last + 1 + index, data);
    return last + entries.length;
  }

  /** @returns The run as it is then. */
  #renew(run: Run, token: string, leaseMs: number, last: number): Run {
    const leaseEnd = monotonicNow() + leaseMs;
    const beat = run.beat + 1;
    this.#change(
      run,
      "UPDATE run SET token = ?, lease_ms = ?, lease_end = ?, beat = ?, last = ? WHERE id = ?",
      token,
      leaseMs,
      leaseEnd,
      beat,
      last,
    );
    // It has an index: written with each batch, that would cost more than the batch.
    const soonest = Date.now() + leaseMs + run.keep_ms;
    const latest = soonest + leaseMs * SHARE_KEPT_LONGER;
    const isKept = soonest <= run.drop_at && run.drop_at <= latest;
    if (!isKept) this.#change(run, "UPDATE run SET drop_at = ? WHERE id = ?", latest);
    const { id, place, name, keep_ms, is_ended, stop } = run;
    const drop_at = isKept ? run.drop_at : latest;
    return {
      id,
      place,
      name,
      token,
      lease_ms: leaseMs,
      lease_end: leaseEnd,
      keep_ms,
      drop_at,
      beat,
      last,
      is_ended,
      stop,
    };
  }

  #stopRun(run: Run, reason: string): void {
    this.#change(run, "UPDATE run SET stop = coalesce(stop, ?) WHERE id = ?", reason);
  }

  #dropExpired(): void {
    const due = this.#sql<Run>(`SELECT * FROM run WHERE drop_at <= ? ORDER BY drop_at LIMIT ${MOST_DROPPED}`);
    for (const run of due.all(Date.now())) if (isExpired(run)) this.#drop(run);
  }

  #drop(run: Run): void {
    this.#sql("DELETE FROM entry WHERE run = ?").run(run.id);
    this.#change(run, "DELETE FROM run WHERE id = ?");
  }

  /** Changes a row of a run, by a statement whose last parameter is its id. All that change one come through here. */
  #change(run: Run, sql: string, ...values: (string | number)[]): void {
    if (this.#known.get(run.place)?.id === run.id) this.#known.delete(run.place);
    this.#sql(sql).run(...values, run.id);
  }

  #knownRun({ place, run: name }: RunKey): Run | null {
    const run = this.#known.get(place);
    return run === undefined || run.name !== name || isExpired(run) ? null : run;
  }

  #know(run: Run): void {
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(run.place, run);
  }

  /** What this connection writes does not change the version, and is known. */
  #forgetOutdated(): void {
    const version = this.version();
    if (version !== this.#knownVersion) this.#known.clear();
    this.#knownVersion = version;
  }

  /** Statements are compiled once. */
  #sql<Row>(sql: string): Statement<Row> {
    const known = this.#statements.get(sql) ?? this.#database.prepare<unknown>(sql);
    this.#statements.set(sql, known);
    return known as Statement<Row>;
  }
}

function monotonicNow(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1e6;
}

function hasLapsed({ lease_end, lease_ms }: Run): boolean {
  const left = lease_end - monotonicNow();
  return left <= 0 || left > lease_ms;
}

function isExpired(run: Run): boolean {
  return Date.now() >= run.drop_at && (run.is_ended === 1 || hasLapsed(run));
}
