import type { SqliteFile } from "./sqlite-call.ts";

type Value = string | number | null;

/** What is used of `node:sqlite`: its types are not in those of the oldest Node that the package is for. */
export interface Database {
  exec(sql: string): void;
  prepare<Row>(sql: string): Statement<Row>;
  close(): void;
}

export interface Statement<Row> {
  get(...values: Value[]): Row | undefined;
  all(...values: Value[]): Row[];
  iterate(...values: Value[]): Iterable<Row>;
  run(...values: Value[]): void;
}

/** The version of the tables. */
const VERSION = 1;

/** Entries lie in the order in which they came, not run by run: many runs at once then write few pages. */
const TABLES = `
  CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    place TEXT NOT NULL,
    name TEXT NOT NULL,
    token TEXT NOT NULL,
    lease_ms REAL NOT NULL,
    lease_end REAL NOT NULL,
    keep_ms REAL NOT NULL,
    drop_at REAL NOT NULL,
    beat INTEGER NOT NULL,
    last INTEGER NOT NULL,
    is_ended INTEGER NOT NULL,
    stop TEXT,
    UNIQUE (place, name)
  ) STRICT;
  CREATE INDEX run_drop_at ON run (drop_at);
  CREATE TABLE entry (
    run INTEGER NOT NULL,
    number INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (run, number)
  ) STRICT;
  PRAGMA user_version = ${VERSION};
`;

/**
 * Twice what SQLite takes by itself. Each append adds to the index of entries at the end of its run, and so writes a page
 * there: runs that go on together share more of these pages the larger they are. A file that exists keeps its own size.
 */
const PAGE_BYTES = 8192;
/** As many bytes as SQLite takes by itself: 1,000 pages of half the size. */
const CHECKPOINT_PAGES = 500;

const BUSY = 5;
const RETRY_MS = 10;

/** Opens the file of a log, and makes its tables if it is new. Throws SQLite's error, or one that says what is wrong. */
export function openDatabase({ path, maxBytes, lockTimeoutMs }: SqliteFile): Database {
  // At run time, not by an import: the build for other runtimes has this file, too.
  const { DatabaseSync } = process.getBuiltinModule("node:sqlite") as { DatabaseSync: new (path: string) => Database };
  const database = new DatabaseSync(path);
  try {
    database.exec(`PRAGMA busy_timeout = ${lockTimeoutMs}`);
    database.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
    checkOwner(database);
    switchToWal(database, performance.now() + lockTimeoutMs);
    // Survives a crash of the process. When the machine crashes, the last entries may be missing, and the file is whole.
    database.exec("PRAGMA synchronous = NORMAL");
    database.exec(`PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    const { page_size } = database.prepare<{ page_size: number }>("PRAGMA page_size").get() ?? { page_size: 4096 };
    database.exec(`PRAGMA max_page_count = ${Math.min(Math.ceil(maxBytes / page_size), 2 ** 32 - 2)}`);
    makeTables(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** With a write-ahead log readers do not wait for writers. SQLite does not wait itself when two processes switch at once. */
function switchToWal(database: Database, deadline: number): void {
  for (;;) {
    try {
      database.exec("PRAGMA journal_mode = WAL");
      return;
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}

/** @throws Error if the file is not one of a log, or of one with other tables. */
function checkOwner(database: Database): void {
  // Before the version: another process may make the tables now, and they come with their version.
  const { count } = database.prepare<{ count: number }>("SELECT count(*) AS count FROM sqlite_schema").get() ?? {
    count: 0,
  };
  const version = versionOf(database);
  if (version === 0 && count > 0) throw new Error("it has tables of something else. A log takes a file of its own");
  if (version === 0 || version === VERSION) return;
  throw new Error(`it is a log of version ${version}, and this release of millrace knows version ${VERSION}`);
}

function makeTables(database: Database): void {
  if (versionOf(database) !== 0) return;
  inTransaction(database, "IMMEDIATE", () => {
    // Another process may have been faster.
    if (versionOf(database) === 0) database.exec(TABLES);
  });
}

function versionOf(database: Database): number {
  return database.prepare<{ user_version: number }>("PRAGMA user_version").get()?.user_version ?? 0;
}

/** Does a step entirely or, if it throws, not at all. */
export function inTransaction<R>(database: Database, kind: "DEFERRED" | "IMMEDIATE", step: () => R): R {
  database.exec(`BEGIN ${kind}`);
  try {
    const result = step();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    try {
      database.exec("ROLLBACK");
    } catch {
      // SQLite has done it already.
    }
    throw error;
  }
}

/** SQLite's extended result code. */
export function errcodeOf(error: unknown): number | undefined {
  const code = (error as { readonly errcode?: unknown } | null)?.errcode;
  return typeof code === "number" ? code : undefined;
}

/** Whether another process held the lock for too long. */
export function isBusy(error: unknown): boolean {
  return ((errcodeOf(error) ?? 0) & 0xff) === BUSY;
}
