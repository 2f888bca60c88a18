import { StreamConsumedError } from "../errors.ts";
import { handled } from "../stream/leavable.ts";

type Result<V> = IteratorResult<V, undefined>;

/** Answers a read: as a method, since those who hand on values of any type do so alike. */
type Answer<V> = { answer(result: Result<V> | Promise<Result<V>>): void }["answer"];

const DONE = { value: undefined, done: true } as const;
/** Roughly so many characters wait for a reader: what it misses, it reads from the log. */
const FURTHEST_BEHIND = 256 * 1024;

/** What a live reader needs of its run. */
export interface LiveSource<V> {
  /** Whether the log has, or will have, what a reader misses. */
  readonly isLogged: () => boolean;
  /** The last position that the log has taken. */
  readonly written: () => number;
  /** The same from the log, after a position. */
  readonly rest: (after: number) => Promise<Rest<V>>;
}

/** What a reader missed, from the log. */
export interface Rest<V> {
  readonly iterator: AsyncIterator<V, undefined>;
  readonly run: { readonly position: number };
}

/** A value that waits for its reader. An event that completes several tools has several values, all at its position. */
interface Waiting<V> {
  readonly value: V;
  readonly position: number;
  readonly size: number;
}

/**
 * Hands on what a producer reads, at once. It holds up nobody: a reader that falls far behind reads what it misses from the
 * log, and one that leaves is forgotten.
 */
export class LiveReader<V> implements AsyncIterator<V, undefined> {
  /** The position of the last event that was handed out. */
  position = 0;
  /** Settles once the stream has ended: what is done before its reader learns of it may need its result. */
  readonly ended: Promise<void>;
  /** Settles once the run has ended here. */
  readonly closed: Promise<void>;
  readonly #source: LiveSource<V> | null;
  #tellEnded = (): void => {};
  #tellClosed = (): void => {};
  /** The latest values, without a gap. Those before them are in the log. */
  #waiting: Waiting<V>[] = [];
  #size = 0;
  /** How to answer the reads that wait. */
  readonly #reads: Answer<V>[] = [];
  readonly #wait = (answer: Answer<V>): void => void this.#reads.push(answer);
  /** The last event of which nothing waits any more, though it was not handed out, and how many values it has. */
  #missed: { position: number; values: number } | null = null;
  #rest: Promise<Rest<V>> | null = null;
  /** The last read of the log: those after it have to wait for it. */
  #fetching: Promise<Result<V>> | null = null;
  #isIterated = false;
  #hasBegun = false;
  #isOver = false;
  #error: unknown = null;
  /** The error that has ended the run here; null while it goes on, and if it is complete. */
  failure: unknown = null;
  #wanted: (() => void)[] = [];

  /** @param source - Null if only the last value counts: each replaces those that nobody has read. */
  constructor(source: LiveSource<V> | null) {
    this.#source = source;
    this.ended = new Promise((resolve) => (this.#tellEnded = resolve));
    this.closed = new Promise((resolve) => (this.#tellClosed = resolve));
  }

  /** The reader in this process, once: others read the log. @throws StreamConsumedError */
  iterate(): this {
    if (this.#isIterated) throw new StreamConsumedError();
    this.#isIterated = true;
    return this;
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
    if (this.#isOver) return;
    const answer = this.#reads.shift();
    if (answer !== undefined) {
      this.position = position;
      return answer({ value, done: false });
    }
    if (this.#source === null) this.#waiting = [];
    else if (this.#size >= FURTHEST_BEHIND) this.#forget(this.#source);
    this.#waiting.push({ value, position, size });
    this.#size += size;
  }

  /** The stream has ended. */
  end(error: unknown): void {
    this.failure = error;
    this.#tellEnded();
  }

  /** The run has ended here. */
  close(error: unknown): void {
    this.end(error);
    this.#tellClosed();
    if (this.#isOver) return;
    this.#isOver = true;
    this.#error = error;
    for (const answer of this.#reads.splice(0)) answer(this.#end());
  }

  next(): Promise<Result<V>> {
    this.#hasBegun = true;
    return this.#fetching === null ? this.#next() : this.#after(this.#fetching);
  }

  #after(read: Promise<Result<V>>): Promise<Result<V>> {
    const again = (): Promise<Result<V>> => this.#next();
    return (this.#fetching = handled(read.then(again, again)));
  }

  #next(): Promise<Result<V>> {
    if (this.#missed !== null && this.#source !== null) {
      return (this.#fetching = handled(this.#fromLog(this.#source)));
    }
    this.#fetching = null;
    const first = this.#take();
    if (first !== null) return Promise.resolve(first);
    if (this.#isOver) return this.#end();
    return new Promise(this.#wait);
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

  #take(): Result<V> | null {
    if (this.#wanted.length > 0) this.#want();
    const first = this.#waiting.shift();
    if (first === undefined) return null;
    this.#size -= first.size;
    this.position = first.position;
    return { value: first.value, done: false };
  }

  /** Forgets the oldest values that the log has. The rest of an event that was handed out in part stays. */
  #forget({ isLogged, written }: LiveSource<V>): void {
    // Nobody who has not begun to read holds up the run, even if it is logged no more.
    const last = this.#hasBegun || isLogged() ? written() : Infinity;
    let [first] = this.#waiting;
    while (first !== undefined && first.position <= last && first.position > this.position) {
      const { position } = first;
      const values = this.#missed?.position === position ? this.#missed.values + 1 : 1;
      this.#missed = { position, values };
      this.#size -= first.size;
      this.#waiting.shift();
      [first] = this.#waiting;
      if (first?.position !== position && this.#size < FURTHEST_BEHIND) break;
    }
  }

  /** What was missed, up to the values that wait. */
  async #fromLog({ rest }: LiveSource<V>): Promise<Result<V>> {
    this.#rest ??= rest(this.position);
    const { iterator, run } = await this.#rest;
    const result = await iterator.next();
    if (result.done === true) return DONE;
    const missed = this.#missed;
    this.position = run.position;
    if (missed !== null && run.position === missed.position) {
      missed.values -= 1;
      if (missed.values === 0) this.#caughtUp();
    }
    return result;
  }

  #caughtUp(): void {
    void this.#rest?.then(({ iterator }) => iterator.return?.());
    this.#rest = null;
    this.#missed = null;
  }

  #leave(): void {
    this.#caughtUp();
    this.#waiting = [];
    this.#size = 0;
    this.#isOver = true;
    this.#error = null;
    for (const answer of this.#reads.splice(0)) answer(DONE);
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
