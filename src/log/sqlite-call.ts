import type { SqliteRuns } from "./sqlite-runs.ts";

/** The methods that run in the worker, each in a transaction. */
export type Method = "append" | "begin" | "end" | "latest" | "read" | "remove" | "stop" | "take";

/** What each of them takes. */
type Args = { readonly [M in Method]: Parameters<SqliteRuns[M]> };

/** A call of one of them, as the worker gets it. */
export type Call<M extends Method = Method> = {
  readonly [Each in M]: { readonly id: number; readonly method: Each; readonly args: Args[Each] };
}[M];

/** Those that do them. */
export type Methods = { readonly [M in Method]: (...args: Args[M]) => unknown };

/** What the worker is asked: a call; to wait; to wait no longer; to close the file. */
export type Request =
  | Call
  | { readonly id: number; readonly method: "wait"; readonly args: Parameters<SqliteRuns["hasNews"]> }
  | { readonly id: number; readonly method: "close" | "leave" };

/** What it answers. */
export type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly failure: SqliteFailure });

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
