/** Replies that outlive their connection and their server. */

import { AgentRun } from "./agent/run.ts";
import { InvalidOptionError } from "./errors.ts";
import { memoryLog, type MemoryLogOptions } from "./log/memory-log.ts";
import { loadProvider, type NeutralNative } from "./neutral-provider.ts";
import type { Log } from "./log/log.ts";
import { redisLog, type RedisLog, type RedisLogOptions } from "./log/redis-log.ts";
import { sqliteLog, type SqliteLog, type SqliteLogOptions } from "./log/sqlite-log.ts";
import type { Keepable, KeepOptions } from "./resume/keep.ts";
import type { Kept, KeptLog } from "./resume/kept.ts";
import { keepAgent } from "./resume/kept-agent.ts";
import { keepStream } from "./resume/kept-stream.ts";
import { type Alike, type Logged, type ReadAs, type ReadOptions, readRun } from "./resume/read.ts";
import { CallStream } from "./stream/call-stream.ts";
import type { Stream } from "./stream/stream.ts";

export type { BeginOptions, Holding, Log, LogEntry, LogRead, RunKey, RunState, Seen } from "./log/log.ts";
export type { LogState } from "./resume/log-writer.ts";
export { PlaceOccupiedError } from "./resume/place-occupied-error.ts";
export { remove, type RunStatus, status, stop } from "./resume/run-status.ts";
export {
  type Alike,
  type Keepable,
  type KeepOptions,
  type Kept,
  type KeptLog,
  type Logged,
  memoryLog,
  redisLog,
  type RedisLog,
  type RedisLogOptions,
  sqliteLog,
  type SqliteLog,
  type SqliteLogOptions,
  type MemoryLogOptions,
  type ReadOptions,
};

/**
 * Keeps a stream in a log, where anybody can read it: it is started at once, and goes on when its readers leave. Only
 * `abort()`, its signal and {@link stop} end it.
 *
 * @param stream - A stream that nobody reads yet.
 * @param options - The log, the place that the run belongs to, and more: see {@link KeepOptions}.
 * @returns The same stream. What is read from it comes at once; the log is written behind.
 * @throws InvalidOptionError if the stream is being read, or an option cannot work.
 * @example
 * ```ts
 * import { call } from "millrace/anthropic";
 * import { keep, memoryLog } from "millrace/resume";
 *
 * const log = memoryLog();
 * const answer = call("claude-sonnet-5-5", { stream: true }, (question: string) => question);
 * const stream = keep(answer("Why is the sky blue?"), { log, id: "chat-1" });
 * for await (const [chunk] of stream) process.stdout.write(chunk.content);
 * console.log(stream.run, stream.position, stream.log.state);
 * ```
 */
export function keep<S extends Keepable>(stream: S, options: KeepOptions): S & Kept {
  if (stream instanceof CallStream) keepStream(loadProvider, stream, options);
  else if (stream instanceof AgentRun) keepAgent(loadProvider, stream, options);
  else throw new InvalidOptionError("stream", "it must be what a call with stream: true gives, or a run of an agent.");
  // It has the properties of a kept stream now.
  return stream as S & Kept;
}

/** A call that gives a stream, or an agent. */
export type StreamedCall<S extends Keepable> = ((...args: never) => S) &
  ({ readonly "~call": object } | { readonly "~agent": object });

/** A stream that is read from a log without the call that it belongs to: of any provider, whose tools are only data. */
export type LoggedStream = Stream<NeutralNative> & Logged;

/**
 * A stream like `S` that is read from a log. Written so that `S` is not inferred from the place that the result of
 * {@link read} is used in; `NoInfer` would stay in the types that users see.
 */
export type ReadAgain<S extends Keepable> = [S & Logged][S extends Keepable ? 0 : never];

/**
 * Reads a run, from any position, while it goes on or after its end: here, or where its producer never was. It gives the
 * same events, and comes to the same outcome.
 *
 * @param log - The log.
 * @param id - The place.
 * @param options - Which run, from where on, and as which call: see {@link ReadOptions}. `of`: the call that was kept,
 *   for the functions of its tools and for its response model; without it, tools are data. The run of an agent is read
 *   with the agent.
 * @returns A stream of the run; null if the log has none in this place.
 * @throws InvalidOptionError if an option cannot work, or `of` is a call for a run of an agent, or the reverse, or a stream
 *   in place of its call.
 * @example
 * ```ts
 * import { memoryLog, read } from "millrace/resume";
 *
 * const log = memoryLog();
 * const reply = await read(log, "chat-1", { after: 17 });
 * if (reply === null) console.log("There is nothing to resume.");
 * else for await (const [chunk] of reply) process.stdout.write(`${reply.position}: ${chunk.content}`);
 * ```
 */
export async function read<S extends Keepable = LoggedStream>(
  log: Log,
  id: string,
  // Not `| undefined`: what it gives would have the type of the call, and not be of it.
  options: ReadOptions<Alike<S>> & { readonly of?: StreamedCall<S> } = {},
): Promise<ReadAgain<S> | null> {
  // Made by `call` or `agent`.
  const found = await readRun(loadProvider, log, id, options as ReadOptions & { readonly of?: ReadAs });
  if (options.of === undefined && found instanceof AgentRun)
    throw new InvalidOptionError("of", "the run is one of an agent: pass the agent.");
  // What is read with a call is a stream of that call.
  return found as ReadAgain<S> | null;
}
