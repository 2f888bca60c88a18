import { handled } from "../stream/leavable.ts";

type Result<V> = IteratorResult<V, undefined>;

const DONE = { value: undefined, done: true } as const;
/** Roughly so many characters wait for a reader: the rest it reads from the log. */
const FURTHEST_BEHIND = 256 * 1024;

/** What a live reader needs of its run. */
export interface LiveSource<V> {
  /** Whether the log has what a reader misses. */
  readonly isLogged: () => boolean;
  /** The same from the log, after a position. */
  readonly rest: (after: number) => Promise<Rest<V>>;
}

/** What a reader missed, from the log. */
export interface Rest<V> {
  readonly iterator: AsyncIterator<V, undefined>;
  readonly run: { readonly position: number };
}

/**
 * Hands on what a producer reads, at once. It holds up nobody: a reader that falls far behind goes on from the log, and
 * one that leaves is forgotten.
 */
export class LiveReader<V> implements AsyncIterator<V, undefined> {
  /** The position of the last event that was handed out. */
  position = 0;
  /** Settles once the run has ended here. */
  readonly closed: Promise<void>;
  readonly #source: LiveSource<V> | null;
  #tellClosed = (): void => {};
  #waiting: { readonly value: V; readonly position: number; readonly size: number }[] = [];
  #size = 0;
  #reads: { resolve(result: Result<V> | Promise<Result<V>>): void }[] = [];
  /** The position after which it has to read from the log; null as long as it has all. */
  #missesAfter: number | null = null;
  #rest: Promise<Rest<V>> | null = null;
  #hasBegun = false;
  #isOver = false;
  #error: unknown = null;
  /** The error that has ended the run here; null while it goes on, and if it is complete. */
  failure: unknown = null;
  #wanted: (() => void)[] = [];

  /** @param source - Null if only the last value counts: each replaces those that nobody has read. */
  constructor(source: LiveSource<V> | null) {
    this.#source = source;
    this.closed = new Promise((resolve) => (this.#tellClosed = resolve));
  }

  /** Whether the reader waits for the producer. */
  get isWaiting(): boolean {
    return this.#reads.length > 0;
  }

  /** Whether the producer had better wait for the reader: what that misses is not in the log. */
  get isFull(): boolean {
    return this.#hasBegun && this.#size >= FURTHEST_BEHIND && this.#source?.isLogged() !== true;
  }

  /** Waits until the reader takes something, or leaves. */
  wanted(): Promise<void> {
    return new Promise((resolve) => this.#wanted.push(resolve));
  }

  push(value: V, position: number, size: number): void {
    if (this.#isOver || this.#missesAfter !== null) return;
    const read = this.#reads.shift();
    if (read !== undefined) {
      this.position = position;
      return read.resolve({ value, done: false });
    }
    if (this.#source === null) this.#waiting = [];
    // Nobody who has not begun to read holds up the run, even if it is logged no more.
    if (this.#size >= FURTHEST_BEHIND && (this.#source?.isLogged() === true || !this.#hasBegun)) {
      this.#missesAfter = this.#waiting.at(-1)?.position ?? this.position;
      return;
    }
    this.#waiting.push({ value, position, size });
    this.#size += size;
  }

  /** The run has ended here. */
  close(error: unknown): void {
    this.failure = error;
    this.#tellClosed();
    if (this.#isOver) return;
    this.#isOver = true;
    this.#error = error;
    for (const { resolve } of this.#reads.splice(0)) resolve(this.#end());
  }

  next(): Promise<Result<V>> {
    this.#hasBegun = true;
    const first = this.#waiting.shift();
    this.#want();
    if (first !== undefined) {
      this.#size -= first.size;
      this.position = first.position;
      return Promise.resolve({ value: first.value, done: false });
    }
    if (this.#missesAfter !== null && this.#source !== null) {
      return handled(this.#fromLog(this.#source, this.#missesAfter));
    }
    if (this.#isOver) return this.#end();
    return new Promise((resolve) => this.#reads.push({ resolve }));
  }

  return(): Promise<Result<V>> {
    this.#leave();
    return Promise.resolve(DONE);
  }

  throw(error?: unknown): Promise<Result<V>> {
    this.#leave();
    return handled(Promise.reject(error));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #fromLog({ rest }: LiveSource<V>, after: number): Promise<Result<V>> {
    this.#rest ??= rest(after);
    const { iterator, run } = await this.#rest;
    const result = await iterator.next();
    this.position = run.position;
    return result.done === true ? DONE : result;
  }

  #leave(): void {
    void this.#rest?.then(({ iterator }) => iterator.return?.());
    this.#waiting = [];
    this.#size = 0;
    this.#missesAfter = null;
    this.#isOver = true;
    this.#error = null;
    for (const { resolve } of this.#reads.splice(0)) resolve(DONE);
    this.#want();
  }

  #want(): void {
    for (const resolve of this.#wanted.splice(0)) resolve();
  }

  /** The error the first time, and nothing more from then on. */
  #end(): Promise<Result<V>> {
    const error = this.#error;
    this.#error = null;
    return error === null ? Promise.resolve(DONE) : handled(Promise.reject(error));
  }
}
