import { field } from "../json/object.ts";
import type { Native } from "../provider/native.ts";
import type { Reply } from "../recovery/reply.ts";
import type { PairTypes } from "../tool/pair.ts";
import { handled } from "./leavable.ts";
import { type Pair, PairSource } from "./pair-source.ts";

type Result<N extends Native, T extends PairTypes> = IteratorResult<Pair<N, T>, undefined>;

type Answer<N extends Native, T extends PairTypes> = (result: Result<N, T> | Promise<Result<N, T>>) => void;

const DONE = { value: undefined, done: true } as const;

/** An iteration of pairs. Leaving it closes the connection. TypeScript before 5.6 knows no type of such an iterator. */
export interface PairIteration<N extends Native, T extends PairTypes> extends AsyncIterator<Pair<N, T>, undefined> {
  /** The iteration itself. */
  [Symbol.asyncIterator](): this;
}

/** A hand-written iterator: an async generator would cost more than parsing does. */
export class PairIterator<N extends Native, T extends PairTypes> implements PairIteration<N, T> {
  readonly #reply: Reply<N>;
  readonly #source: PairSource<N, T>;
  /** Reads that wait, and how to answer them; usually there is one at most. */
  readonly #reads: Promise<Result<N, T>>[] = [];
  readonly #answers: Answer<N, T>[] = [];
  readonly #wait = (answer: Answer<N, T>): void => void this.#answers.push(answer);
  #hasLeft = false;
  #isAnswering = false;

  constructor(reply: Reply<N>) {
    this.#reply = reply;
    this.#source = new PairSource(reply);
    reply.onReady = () => this.#answer();
  }

  next(): Promise<Result<N, T>> {
    // Most of the time goes here: nothing else stands between a chunk and the reader that waits for it.
    const { fast } = this.#reply;
    const step = fast === null || this.#reads.length > 0 ? null : fast.next();
    return step === null ? this.#next() : Promise.resolve({ value: [step.chunk, null], done: false });
  }

  #next(): Promise<Result<N, T>> {
    if (this.#reads.length === 0) {
      const result = this.#take();
      if (result !== null) return Promise.resolve(result);
      if (this.#isOver()) return this.#end();
    }
    const read = new Promise(this.#wait);
    this.#reads.push(read);
    return read;
  }

  return(): Promise<Result<N, T>> {
    this.#leave();
    return Promise.resolve(DONE);
  }

  throw(error?: unknown): Promise<Result<N, T>> {
    this.#leave(error);
    return handled(Promise.reject(error));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): Result<N, T> | null {
    if (this.#hasLeft) return null;
    try {
      const pair = this.#source.take();
      if (pair === null) return null;
      // The reader may run a complete tool.
      if (field(pair[1], "state") === "complete") this.#reply.mayRestart = false;
      return { value: pair, done: false };
    } catch (error) {
      this.#reply.fail(error);
      return null;
    }
  }

  #isOver(): boolean {
    return this.#hasLeft || this.#source.isOver;
  }

  /** The stream's error the first time, and nothing more from then on. */
  #end(): Promise<Result<N, T>> {
    const { error } = this.#reply;
    if (error === null || this.#hasLeft) return Promise.resolve(DONE);
    this.#hasLeft = true;
    return handled(Promise.reject(error));
  }

  #leave(reason?: unknown): void {
    this.#hasLeft = true;
    this.#reply.abort(reason);
  }

  #answer(): void {
    // A validator may abort the stream in which it is called.
    if (this.#isAnswering) return;
    this.#isAnswering = true;
    while (this.#reads.length > 0) {
      const result = this.#take();
      if (result === null && !this.#isOver()) break;
      const read = this.#reads.shift();
      // Only a read that may fail: this costs a promise more.
      if (result === null && read !== undefined) void handled(read);
      this.#answers.shift()?.(result ?? this.#end());
    }
    this.#isAnswering = false;
  }
}
