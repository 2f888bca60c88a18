import type { SqliteRuns } from "./sqlite-runs.ts";

/** The methods that run in the worker, each in a transaction. */
export type Method = "append" | "begin" | "end" | "latest" | "read" | "remove" | "stop" | "take";

/** What each of them takes. */
export type Args = { readonly [M in Method]: Parameters<SqliteRuns[M]> };

/**
 * A call of one of them, as the worker gets it: its id, the method, what that takes. Messages are tuples, since they are
 * copied from thread to thread, and an object is copied with the names of its properties.
 */
export type Call<M extends Method = Method> = {
  readonly [Each in M]: readonly [id: number, method: Each, ...args: Args[Each]];
}[M];

/** Those that do them. */
export type Methods = { readonly [M in Method]: (...args: Args[M]) => unknown };

/** What the worker is asked: a call; to wait; to wait no longer; to close the file. */
export type Request =
  | Call
  | readonly [id: number, method: "wait", ...args: Parameters<SqliteRuns["hasNews"]>]
  | readonly [id: number, method: "close" | "leave"];

/** What it answers to a request: its id, and what the method gave or why it failed. */
export type Answer = readonly [id: number, value: unknown, failure?: SqliteFailure];

/** An error of SQLite. As an `Error` it would lose its codes on the way. */
export interface SqliteFailure {
  readonly message: string;
  /** SQLite's extended result code; undefined for other errors. */
  readonly errcode: number | undefined;
}

/** Which file, and how it is opened. */
export interface SqliteFile {
  readonly path: string;
  readonly maxBytes: number;
  /** How long to wait for a lock of another process. */
  readonly lockTimeoutMs: number;
}
