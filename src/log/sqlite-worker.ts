/** The worker of a log in SQLite, whose calls block: it has the file open, and does what `sqlite-connection.ts` asks. */

import { field } from "../json/object.ts";
import type { Answer, Call, Method, Methods, Request, SqliteFile } from "./sqlite-call.ts";
import { type Database, errcodeOf, isBusy, openDatabase } from "./sqlite-database.ts";
import { SqliteRuns } from "./sqlite-runs.ts";

type Wait = Extract<Request, readonly [number, "wait", ...unknown[]]>;

/** How soon what other processes write is noticed, while somebody waits for it. */
const POLL_MS = 50;

// Node would warn each program that has such a log that its SQLite is experimental.
process.removeAllListeners("warning");

const { parentPort: port, workerData } = process.getBuiltinModule("node:worker_threads");
const file = workerData as SqliteFile;

let open: { readonly database: Database; readonly runs: SqliteRuns } | null = null;
let inbox: Request[] = [];
/** Those that wait, by their id. */
const waits = new Map<number, Wait>();
/** The version of the file when all of them were last looked at; null if they were not. */
let version: number | null = null;
let poll: NodeJS.Timeout | null = null;

port?.on("message", (requests: readonly Request[]) => {
  // After all messages that have arrived: they share a transaction, and so a commit.
  if (inbox.length === 0) setImmediate(work);
  inbox.push(...requests);
});

function work(): void {
  const requests = inbox;
  inbox = [];
  const calls = requests.filter(isCall);
  const isRead = ([, method]: Call): boolean => method === "read" || method === "latest";
  const writes = calls.filter((call) => !isRead(call));
  // Writes come first, so that reads see them. Reads have a transaction that does not wait for other processes.
  const answers = [...perform(writes, "IMMEDIATE"), ...perform(calls.filter(isRead), "DEFERRED")];
  const changed = new Set<unknown>(writes.map(([, , at]) => (typeof at === "string" ? at : field(at, "place"))));
  for (const request of requests) {
    if (request[1] === "leave") waits.delete(request[0]);
    if (request[1] !== "wait") continue;
    waits.set(request[0], request);
    changed.add(request[2].place);
  }
  answers.push(...look((place) => changed.has(place)));
  for (const [id, method] of requests) if (method === "close") answers.push(closed(id));
  send(answers);
  pollLater();
}

function isCall(request: Request): request is Call {
  return request[1] !== "wait" && request[1] !== "leave" && request[1] !== "close";
}

/** Does calls in one transaction or, if that fails, each in its own: one that fails does not fail the others. */
function perform(calls: readonly Call[], kind: "DEFERRED" | "IMMEDIATE"): Answer[] {
  if (calls.length === 0) return [];
  const all = attempt(calls, kind);
  if (Array.isArray(all)) return all;
  // If another process has the file locked, each alone would wait for it again.
  if (calls.length === 1 || isBusy(all.error)) return calls.map(([id]) => failure(id, all.error));
  return calls.flatMap((call) => perform([call], kind));
}

function attempt(calls: readonly Call[], kind: "DEFERRED" | "IMMEDIATE"): Answer[] | { readonly error: unknown } {
  try {
    const { runs } = opened();
    return runs.all(kind, () => calls.map((call): Answer => [call[0], invoke(runs, call)]));
  } catch (error) {
    closeFailed(error);
    return { error };
  }
}

function invoke<M extends Method>(runs: Methods, [, method, ...args]: Call<M>): unknown {
  return runs[method](...args);
}

/** Settles the waits in some places for which there is something. */
function look(concerns: (place: string) => boolean): Answer[] {
  const due = [...waits.values()].filter(([, , { place }]) => concerns(place));
  if (due.length === 0) return [];
  try {
    const { runs } = opened();
    const news = due.filter(([, , key, seen]) => runs.hasNews(key, seen));
    for (const [id] of news) waits.delete(id);
    return news.map(([id]) => [id, undefined]);
  } catch (error) {
    closeFailed(error);
    for (const [id] of due) waits.delete(id);
    return due.map(([id]) => failure(id, error));
  }
}

function pollLater(): void {
  if (waits.size === 0) version = null;
  if (waits.size > 0) poll ??= setTimeout(pollNow, POLL_MS);
}

function pollNow(): void {
  poll = null;
  if (waits.size > 0) send(look(isChanged() ? () => true : () => false));
  pollLater();
}

/** Whether another process has written since this was last asked. In doubt it has. */
function isChanged(): boolean {
  const before = version;
  try {
    version = opened().runs.version();
  } catch {
    // Those that wait will meet the same error.
    version = null;
  }
  return version === null || version !== before;
}

function opened(): NonNullable<typeof open> {
  if (open === null) {
    const database = openDatabase(file);
    open = { database, runs: new SqliteRuns(database) };
  }
  return open;
}

/** A file that failed is opened anew for the next calls, unless it was only locked, or the error is not SQLite's. */
function closeFailed(error: unknown): void {
  if (errcodeOf(error) !== undefined && !isBusy(error)) close();
}

function close(): void {
  const database = open?.database;
  open = null;
  // The next connection counts anew.
  version = null;
  try {
    database?.close();
  } catch {
    // There is nothing more to be done with it.
  }
}

function closed(id: number): Answer {
  close();
  return [id, undefined];
}

function failure(id: number, error: unknown): Answer {
  const message = error instanceof Error ? error.message : String(error);
  return [id, undefined, { message, errcode: errcodeOf(error) }];
}

function send(answers: readonly Answer[]): void {
  if (answers.length > 0) port?.postMessage(answers);
}
