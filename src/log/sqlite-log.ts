import { InvalidOptionError, LogError } from "../errors.ts";
import { aText, checkForm, checkOptions, notNegative, positive } from "../schema/option-form.ts";
import type { BeginOptions, Holding, Log, LogRead, RunKey, Seen } from "./log.ts";
import type { Args, Method } from "./sqlite-call.ts";
import { SqliteConnection } from "./sqlite-connection.ts";

/** How a log in a file is opened. */
export interface SqliteLogOptions {
  /** The largest size of the file, in bytes. Default 4 GiB. The space of runs that were dropped is used again. */
  readonly maxBytes?: number | undefined;
  /** How long to wait, in milliseconds, while another process has the file locked. Default 5,000. */
  readonly lockTimeoutMs?: number | undefined;
}

/** A log in a file. */
export interface SqliteLog extends Log, AsyncDisposable {
  /** Closes the file, after the calls that were made before. Waits end, and later calls reject. */
  close(): Promise<void>;
}

const MOST_BYTES = 4 * 1024 ** 3;
const LOCK_TIMEOUT_MS = 5_000;

/** The connections of this process, by file and options. */
const connections = new Map<string, { readonly connection: SqliteConnection; users: number }>();

/**
 * A log in a file, by the SQLite of Node: runs survive the process, and all processes of a machine share them. It takes
 * Node 22.13 or later, or another runtime that has `node:sqlite`, and a file of its own on a local disk.
 *
 * A worker thread does the work, since Node's SQLite blocks. It commits together what was asked for while it worked.
 * After a crash of the machine, as opposed to the process, the last entries may be missing.
 *
 * @param path - The file. It is made if it does not exist; its folder is not. SQLite puts two more beside it, whose names
 *   end in `-wal` and `-shm`.
 * @param options - See {@link SqliteLogOptions}.
 * @throws LogError if this runtime has no `node:sqlite`. Its methods reject with one when the file fails them: the disk is
 *   full, the file is damaged, locked, or not one of SQLite. `cause` is SQLite's own error.
 * @example
 * ```ts
 * import { call } from "millrace/anthropic";
 * import { keep, read, sqliteLog } from "millrace/resume";
 *
 * const log = sqliteLog("replies.db");
 * const answer = call("claude-sonnet-5-5", { stream: true }, (question: string) => question);
 * keep(answer("Why is the sky blue?"), { log, id: "chat-1" });
 * const reply = await read(log, "chat-1");
 * if (reply) for await (const [chunk] of reply) process.stdout.write(chunk.content);
 * ```
 */
export function sqliteLog(path: string, options: SqliteLogOptions = {}): SqliteLog {
  checkForm("path", path, { ...aText, isNeeded: true });
  if (path === "" || path === ":memory:") throw new InvalidOptionError("path", "it must name a file; see memoryLog().");
  checkOptions(options, { maxBytes: positive, lockTimeoutMs: notNegative });
  const { maxBytes = MOST_BYTES, lockTimeoutMs = LOCK_TIMEOUT_MS } = options;
  return new SharedLog({ path: resolved(path), maxBytes, lockTimeoutMs });
}

/** The absolute path. @throws LogError if this runtime has no SQLite. */
function resolved(path: string): string {
  // Other runtimes, browsers among them, have no `process`, or not this function.
  const { getBuiltinModule, version = "another runtime" } = globalThis.process ?? {};
  // Not loaded here: it would warn that it is experimental.
  if (!getBuiltinModule?.("node:module").isBuiltin("node:sqlite")) {
    throw new LogError(`sqliteLog takes Node 22.13 or later, for its node:sqlite, and this is ${version}.`);
  }
  return getBuiltinModule("node:path").resolve(path);
}

/** A log that shares its connection with the others of the same file. */
class SharedLog implements SqliteLog {
  readonly #name: string;
  #connection: SqliteConnection | null;
  readonly #waits = new Set<() => void>();

  constructor(file: ConstructorParameters<typeof SqliteConnection>[0]) {
    this.#name = JSON.stringify(file);
    const shared = connections.get(this.#name) ?? { connection: new SqliteConnection(file), users: 0 };
    shared.users += 1;
    connections.set(this.#name, shared);
    this.#connection = shared.connection;
  }

  async begin(key: RunKey, options: BeginOptions): Promise<string | null> {
    const begun = await this.#call("begin", [key, options]);
    if (begun === "exists") throw new InvalidOptionError("run", `the place has a run "${key.run}" already.`);
    return begun.inTheWay;
  }

  append(key: RunKey, token: string, first: number, entries: readonly string[]): Promise<Holding> {
    return this.#call("append", [key.place, key.run, token, first, entries]);
  }

  end(key: RunKey, by: string | { readonly beat: number }, number: number, entry: string): Promise<boolean> {
    return this.#call("end", [key, by, number, entry]);
  }

  take(key: RunKey, beat: number, lease: { readonly token: string; readonly leaseMs: number }): Promise<boolean> {
    return this.#call("take", [key, beat, lease]);
  }

  async read(key: RunKey, after: number): Promise<LogRead | null> {
    return this.#used().read(key, after);
  }

  async wait(key: RunKey, seen: Seen, signal: AbortSignal): Promise<void> {
    return this.#used().wait(key, seen, signal, this.#waits);
  }

  stop(key: RunKey, reason: string): Promise<boolean> {
    return this.#call("stop", [key, reason]);
  }

  latest(place: string): Promise<string | null> {
    return this.#call("latest", [place]);
  }

  remove(place: string): Promise<void> {
    return this.#call("remove", [place]);
  }

  async close(): Promise<void> {
    const shared = connections.get(this.#name);
    if (this.#connection === null || shared === undefined) return;
    this.#connection = null;
    for (const leave of this.#waits) leave();
    shared.users -= 1;
    if (shared.users > 0) return;
    connections.delete(this.#name);
    await shared.connection.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #call<M extends Method>(method: M, args: Args[M]) {
    try {
      return this.#used().call(method, args);
    } catch (error) {
      return Promise.reject(error as LogError);
    }
  }

  #used(): SqliteConnection {
    if (this.#connection === null) throw new LogError("The log was closed.");
    return this.#connection;
  }
}
