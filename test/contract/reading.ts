import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect } from "vitest";
import type { CallOptions } from "../../src/call/options.ts";
import type { ResponseChunk } from "../../src/provider/chunk.ts";
import type { Stream } from "../../src/stream/stream.ts";
import type { StreamingToolCall, ToolCall } from "../../src/tool/tool-call.ts";
import type { Tool } from "../../src/tool/tool.ts";
import type { AnyNative, Beat, Script, ServedRequest, Server, Subject } from "./subject.ts";

export type Options = CallOptions<AnyNative>;
export type AnyStream = Stream<AnyNative, Tool>;
/** A pair, whatever its tools. */
export type Pair = readonly [chunk: ResponseChunk, tool: ToolCall | StreamingToolCall | null];

/** How fast a connection is closed: S5. */
const CLOSE_MS = 100;

/** A reply that is whole. */
export function reply(...texts: readonly string[]): Script {
  return { beats: [...texts.map((text) => ({ text })), { finish: "stop" }] };
}

/** A reply of these beats. */
export function beats(...list: readonly Beat[]): Script {
  return { beats: list };
}

/** The scripts, one for each request; the last one stays. */
export function inTurn(...scripts: readonly [Script, ...Script[]]): (request: ServedRequest) => Script {
  return ({ index }) => scripts[Math.min(index, scripts.length - 1)] ?? scripts[0];
}

/** A stream from a server. Requests are repeated quickly. */
export function open(
  subject: Subject,
  server: Pick<Server, "url">,
  options: Options = {},
  prompt: () => unknown = () => "Hello",
): AnyStream {
  const common = { client: subject.client(server.url), retry: { delay: 1 } };
  return subject.call(subject.models[0], { ...common, ...options, stream: true }, prompt)() as AnyStream;
}

/** What a reader got. */
export interface Read {
  readonly pairs: readonly Pair[];
  /** The text since the last restart. */
  readonly text: string;
  /** What was thrown; null if nothing was. */
  readonly error: unknown;
}

/** Reads a stream to its end. */
export async function read(stream: AsyncIterable<readonly [ResponseChunk, unknown, ...unknown[]]>): Promise<Read> {
  const pairs: Pair[] = [];
  let text = "";
  try {
    for await (const [chunk, tool] of stream) {
      pairs.push([chunk, tool as Pair[1]]);
      text = chunk.recovery?.type === "restart" ? "" : text + chunk.content;
    }
    return { pairs, text, error: null };
  } catch (error) {
    return { pairs, text, error };
  }
}

/** All values of an iteration. */
export async function all<V>(values: AsyncIterable<V>): Promise<V[]> {
  const list: V[] = [];
  for await (const value of values) list.push(value);
  return list;
}

/** What a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  const nothing = {};
  const error = await promise.then(
    () => nothing,
    (thrown: unknown) => thrown,
  );
  expect(error, "it should have failed").not.toBe(nothing);
  return error;
}

/** In how many steps time passes. */
const STEPS = 10;

/**
 * What a promise gives; fails if it does not settle in time. Time passes in steps, so that a process that was busy, or had no
 * processor, can still notice what has come meanwhile.
 */
export async function within<V>(ms: number, promise: Promise<V>, what: string): Promise<V> {
  const timer = new AbortController();
  const pass = async (): Promise<never> => {
    for (let step = 0; step < STEPS; step++) await delay(ms / STEPS, undefined, timer);
    throw new Error(`Not within ${ms} ms: ${what}.`);
  };
  const late = pass();
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}

/** Fails unless the client closes the connection of a request as fast as S5 says. */
export async function expectClosed(server: Server, index = 0): Promise<void> {
  const { closed } = await server.request(index);
  expect(await within(CLOSE_MS, closed, "the connection is closed"), "closed by the client").toBe(true);
}

/** Something to wait for. */
export interface Gate<V = void> {
  readonly opened: Promise<V>;
  open(value: V): void;
}

export function gate<V = void>(): Gate<V> {
  let resolve: (value: V) => void = () => {};
  const opened = new Promise<V>((settle) => (resolve = settle));
  return { opened, open: (value) => resolve(value) };
}

/** Lets everything happen that can happen without waiting. */
export async function quiet(turns = 5): Promise<void> {
  for (let left = turns; left > 0; left--) await turn();
}

/** Fails each test of a file during which a rejection was handled by nobody. */
export function expectHandledRejections(): void {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  beforeEach(() => void process.on("unhandledRejection", note));
  afterEach(async () => {
    await quiet(2);
    process.off("unhandledRejection", note);
    expect(unhandled.splice(0)).toEqual([]);
  });
}
