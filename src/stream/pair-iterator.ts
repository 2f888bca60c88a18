import { field } from "../json/object.ts";
import type { Native } from "../provider.ts";
import type { PairTypes } from "../tool/pair.ts";
import { handled, type Pair, type PairSource } from "./pair-source.ts";

type Result<N extends Native, T extends PairTypes> = IteratorResult<Pair<N, T>, undefined>;
type Answer<N extends Native, T extends PairTypes> = (result: Result<N, T> | Promise<Result<N, T>>) => void;

const DONE = { value: undefined, done: true } as const;

/** A hand-written iterator: an async generator would cost more than parsing does. */
export class PairIterator<N extends Native, T extends PairTypes> implements AsyncIterableIterator<
  Pair<N, T>,
  undefined
> {
  readonly #source: PairSource<N, T>;
  // Reads that wait, and how to answer them; usually there is one.
  readonly #reads: Promise<Result<N, T>>[] = [];
  readonly #answers: Answer<N, T>[] = [];
  readonly #wait = (answer: Answer<N, T>): void => void this.#answers.push(answer);
  #hasLeft = false;
  /** Answers the read whose tool is being validated, as that may take for ever. */
  #interrupt = (): void => {};

  constructor(source: PairSource<N, T>) {
    this.#source = source;
    source.state.onReady = () => {
      if (source.state.error !== null) this.#interrupt();
      this.#answer();
    };
  }

  next(): Promise<Result<N, T>> {
    // This is where most of the time goes: between a chunk and whoever waits for it stands nothing else.
    const { atOnce } = this.#source.state;
    const ready = atOnce === null || this.#reads.length > 0 || this.#hasLeft ? null : atOnce.takeReady();
    return ready === null ? this.#next() : Promise.resolve({ value: [ready, null], done: false });
  }

  #next(): Promise<Result<N, T>> {
    const result = this.#reads.length > 0 ? null : this.#take();
    if (result !== null) return Promise.resolve(result);
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

  #take(): Result<N, T> | Promise<Result<N, T>> | null {
    const { state } = this.#source;
    if (!this.#hasLeft) {
      // Without tools there is nothing between a chunk and its pair.
      if (state.prepared !== null && state.prepared.tools !== null) {
        const pair = this.#source.take();
        if (pair !== null) {
          // Whoever has a tool may run it.
          if (!Array.isArray(pair) || field(pair[1], "state") === "complete") state.mayRestart = false;
          return Array.isArray(pair) ? { value: pair, done: false } : this.#validated(pair);
        }
      } else {
        const chunk = state.take();
        if (chunk !== null) return { value: [chunk, null], done: false };
      }
      if (state.outcome === "pending") return null;
    }
    return this.#end();
  }

  #validated(pair: Promise<Pair<N, T>>): Promise<Result<N, T>> {
    const result = new Promise<Result<N, T>>((resolve) => {
      this.#interrupt = () => resolve(this.#end());
      void pair.then((value) => {
        this.#interrupt = () => {};
        resolve({ value, done: false });
      });
    });
    return handled(result);
  }

  /** The stream's error the first time, and nothing more from then on. */
  #end(): Result<N, T> | Promise<Result<N, T>> {
    const { error } = this.#source.state;
    if (error === null || this.#hasLeft) return DONE;
    this.#hasLeft = true;
    return handled(Promise.reject(error));
  }

  #leave(reason?: unknown): void {
    this.#hasLeft = true;
    this.#source.state.abort(reason);
  }

  #answer(): void {
    while (this.#reads.length > 0) {
      const result = this.#take();
      if (result === null) return;
      const read = this.#reads.shift();
      if (read !== undefined && "then" in result) handled(read);
      this.#answers.shift()?.(result);
    }
  }
}
