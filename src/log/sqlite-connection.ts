import { LogError, messageOf } from "../errors.ts";
import type { LogRead, RunKey, Seen } from "./log.ts";
import type { Answer, Args, Call, Method, Request, SqliteFailure, SqliteFile } from "./sqlite-call.ts";
import type { SqliteRuns } from "./sqlite-runs.ts";

type Worker = ReturnType<typeof startWorker>;
type Result<M extends Method> = ReturnType<SqliteRuns[M]>;

interface Pending {
  resolve(value: unknown): void;
  reject(error: LogError): void;
}

/** All that wait for the same. */
interface Wait {
  readonly id: number;
  readonly settle: Set<(error?: LogError) => void>;
}

/** This side of the worker that has a file open. It is started by the first call, and by the next one after it has died. */
export class SqliteConnection {
  readonly #file: SqliteFile;
  #worker: Worker | null = null;
  /** Sent to the worker in one message, after the code that runs now. */
  #outbox: Request[] = [];
  #count = 0;
  /** What the worker has not answered yet, by its id. */
  readonly #pending = new Map<number, Pending>();
  readonly #waits = new Map<string, Wait>();
  /** Those in the outbox: the readers of a run are woken together, and then read the same. */
  readonly #reads = new Map<string, Promise<LogRead | null>>();

  constructor(file: SqliteFile) {
    this.#file = file;
  }

  call<M extends Method>(method: M, args: Args[M]): Promise<Result<M>> {
    return this.#ask<Result<M>>((id) => {
      const request: readonly [id: number, method: Method, ...args: unknown[]] = [id, method, ...args];
      return request as Call;
    });
  }

  read(key: RunKey, after: number): Promise<LogRead | null> {
    const name = JSON.stringify([key.place, key.run, after]);
    const reading = this.#reads.get(name) ?? this.call("read", [key, after]);
    this.#reads.set(name, reading);
    return reading;
  }

  /** @param open - Holds a function that ends the wait, until it has settled. */
  wait(key: RunKey, seen: Seen, signal: AbortSignal, open: Set<() => void>): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    const name = JSON.stringify([key.place, key.run, seen.after, seen.stop]);
    const wait = this.#waits.get(name) ?? this.#wait(name, key, seen);
    return new Promise((resolve, reject) => {
      const settle = (error?: LogError): void => {
        wait.settle.delete(settle);
        signal.removeEventListener("abort", leave);
        open.delete(leave);
        if (error === undefined) resolve();
        else reject(error);
      };
      const leave = (): void => {
        settle();
        if (wait.settle.size === 0) this.#leave(name, wait);
      };
      wait.settle.add(settle);
      signal.addEventListener("abort", leave);
      open.add(leave);
    });
  }

  /** Closes the file, after all calls that were made before. */
  async close(): Promise<void> {
    if (this.#pending.size > 0 || this.#worker !== null) {
      // If the worker dies meanwhile, the file is closed as well.
      await this.#ask((id) => [id, "close"]).catch(() => {});
    }
    await this.#worker?.terminate();
  }

  #ask<R>(request: (id: number) => Request): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      const id = (this.#count += 1);
      // What comes from the worker is what the method of this name gives.
      this.#pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#send(request(id));
    });
  }

  #wait(name: string, key: RunKey, seen: Seen): Wait {
    const id = (this.#count += 1);
    const wait: Wait = { id, settle: new Set() };
    const settle = (error?: LogError): void => {
      if (this.#waits.get(name) === wait) this.#waits.delete(name);
      for (const settleOne of wait.settle) settleOne(error);
    };
    this.#waits.set(name, wait);
    this.#pending.set(id, { resolve: () => settle(), reject: settle });
    this.#send([id, "wait", key, seen]);
    return wait;
  }

  #leave(name: string, { id }: Wait): void {
    if (!this.#pending.delete(id)) return;
    this.#waits.delete(name);
    this.#send([id, "leave"]);
  }

  #send(request: Request): void {
    if (this.#outbox.length === 0) queueMicrotask(() => this.#flush());
    this.#outbox.push(request);
  }

  #flush(): void {
    const requests = this.#outbox;
    this.#outbox = [];
    this.#reads.clear();
    try {
      this.#worker ??= this.#start();
      this.#worker.postMessage(requests);
    } catch (error) {
      this.#fail(
        requests.map(([id]) => id),
        error,
      );
    }
    this.#hold();
  }

  #start(): Worker {
    const worker = startWorker(this.#file);
    let cause: unknown;
    worker.on("message", (answers: readonly Answer[]) => {
      for (const answer of answers) this.#settle(answer);
      this.#hold();
    });
    worker.on("messageerror", (error) => {
      cause = error;
      void worker.terminate();
    });
    worker.on("error", (error) => (cause = error));
    worker.on("exit", () => {
      if (this.#worker === worker) this.#lose(cause);
    });
    return worker;
  }

  #settle([id, value, failure]: Answer): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (failure === undefined) pending?.resolve(value);
    else pending?.reject(logError(this.#file, failure));
  }

  /** The worker has died. The next call starts another. */
  #lose(cause: unknown): void {
    this.#worker = null;
    this.#fail([...this.#pending.keys()], cause);
  }

  #fail(ids: readonly number[], cause: unknown): void {
    for (const id of ids) {
      const pending = this.#pending.get(id);
      this.#pending.delete(id);
      pending?.reject(workerError(this.#file, cause));
    }
  }

  /** Keeps the program alive while somebody waits for an answer, and no longer. */
  #hold(): void {
    if (this.#pending.size > 0) this.#worker?.ref();
    else this.#worker?.unref();
  }
}

function startWorker(file: SqliteFile) {
  const { Worker } = process.getBuiltinModule("node:worker_threads");
  return new Worker(workerUrl(), {
    name: "millrace sqliteLog",
    workerData: file,
    // Without the flags of this process, which are for its own modules.
    execArgv: [],
  });
}

/** The worker's file is beside this one. From source it is TypeScript, which Node runs as it is. */
function workerUrl(): URL {
  // Bundlers know this expression, and take the file along.
  const url = new URL("./sqlite-worker.js", import.meta.url);
  return import.meta.url.endsWith(".ts") ? new URL(url.href.replace(/js$/, "ts")) : url;
}

function workerError({ path }: SqliteFile, cause: unknown): LogError {
  const { code } = Object(cause) as { readonly code?: unknown };
  const isLost = /MODULE_NOT_FOUND|ERR_INVALID_URL/.test(String(code));
  const problem = isLost
    ? "its worker was not found. A bundler has left it out: do not bundle millrace, or put its dist/sqlite-worker.js beside the bundle"
    : `its worker has ${cause === undefined ? "ended" : `failed: ${messageOf(cause)}`}`;
  return new LogError(`The log in ${path} cannot be used: ${problem}.`, { cause, retryable: !isLost });
}

/** What went wrong, by SQLite's result code. */
const PROBLEMS: Readonly<Record<number, string>> = {
  5: "another process has had it locked for too long",
  8: "it may only be read",
  10: "reading or writing it failed",
  11: "it is damaged. Move it away, and a new one is made",
  13: "it is full: the disk is, or maxBytes is reached",
  14: "it cannot be opened. Check that its folder exists, and that it is a file that may be written",
  26: "it is not a database of SQLite, or it is damaged",
};

function logError({ path }: SqliteFile, { message, errcode }: SqliteFailure): LogError {
  const cause = Object.assign(new Error(message), errcode === undefined ? {} : { code: "ERR_SQLITE_ERROR", errcode });
  const known = PROBLEMS[(errcode ?? 0) & 0xff];
  const problem = known === undefined ? message : `${known} (SQLite: ${message})`;
  return new LogError(`The log in ${path} failed: ${problem}.`, {
    cause,
    retryable: [5, 10, 13].includes((errcode ?? 0) & 0xff),
  });
}
