import * as z from "zod";
import { agent } from "../../src/agent/agent.ts";
import type { Outcome } from "../../src/attempt/lifecycle.ts";
import type { MillraceError } from "../../src/errors.ts";
import { open, type Options, quiet } from "./reading.ts";
import type { Server, Subject } from "./subject.ts";

/** An iterator that the library hands out, and what it belongs to. */
export interface Reading extends AsyncDisposable {
  readonly iterator: AsyncIterator<unknown> & AsyncIterable<unknown>;
  /** The stream that is read. */
  stream(): { readonly outcome: Outcome; readonly error: MillraceError | null };
  abort(reason?: unknown): void;
}

/** With tools, a structured call gives pairs. */
type ReadingOptions = Omit<Options, "tools" | "toolChoice">;
type OpenReading = (subject: Subject, server: Server, options?: ReadingOptions) => Reading;

/** Every iterator that the library hands out. All of them can read {@link list}. */
export const iterators: readonly (readonly [name: string, open: OpenReading])[] = [
  ["pairs", (...args) => readingOf(open(...args), (stream) => stream[Symbol.asyncIterator]())],
  ["text", (...args) => readingOf(open(...args), (stream) => stream.textStream())],
  ["structured", (...args) => readingOf(openList(...args), (stream) => stream[Symbol.asyncIterator]())],
  ["elements", (...args) => readingOf(openList(...args), (stream) => stream.elements())],
  [
    "agent",
    (subject, server, options) => {
      const common = { client: subject.client(server.url), retry: { delay: 1 }, ...options, stream: true } as const;
      const run = agent(subject.call(subject.models[0], common, () => "Hello"))();
      return {
        iterator: run[Symbol.asyncIterator](),
        stream: () => run.turns.at(-1)?.stream ?? { outcome: "pending", error: null },
        abort: (reason) => run.abort(reason),
        [Symbol.asyncDispose]: () => run[Symbol.asyncDispose](),
      };
    },
  ],
];

/** The beginning of a reply that every iterator makes something of, and what ends it. */
export const list = {
  start: '{"value":["one",',
  item: '"another",',
  end: '"last"]}',
} as const;

function openList(subject: Subject, server: Server, options: ReadingOptions = {}) {
  const common = { client: subject.client(server.url), retry: { delay: 1 }, responseModel: z.array(z.string()) };
  return subject.structuredCall(subject.models[0], { ...common, ...options, stream: true }, () => "Hello")();
}

type Streamed = AsyncDisposable & {
  readonly outcome: Outcome;
  readonly error: MillraceError | null;
  abort(reason?: unknown): void;
};

function readingOf<S extends Streamed>(stream: S, iterate: (stream: S) => Reading["iterator"]): Reading {
  return {
    iterator: iterate(stream),
    stream: () => stream,
    abort: (reason) => stream.abort(reason),
    [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose](),
  };
}

/** A read that waits. */
export interface Waiting {
  readonly read: Promise<IteratorResult<unknown>>;
}

/**
 * Reads all that has come to the first request of a server. Gives the read that waits for more, or has found the end.
 */
export async function readToWait<V>(
  server: Server,
  iterator: AsyncIterator<V>,
  onValue: (value: V) => void = () => {},
): Promise<Waiting> {
  for (;;) {
    const read = iterator.next();
    const settled = read.then(
      (result) => result,
      () => null,
    );
    // A request may be signed, and its signature checked.
    const isQuiet = server.request(0).then(() => quiet(20));
    const result = await Promise.race([settled, isQuiet.then(() => null)]);
    if (result === null || result.done) return { read };
    onValue(result.value);
  }
}
