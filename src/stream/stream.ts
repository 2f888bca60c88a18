/// <reference lib="esnext.disposable" />
import { type MillraceError, StreamConsumedError, type StreamErrorContext, StreamNotConsumedError } from "../errors.ts";
import type { Native } from "../provider.ts";
import type { AnyTool, PairTool } from "../tool/tool.ts";
import { Attempt, type CallPlan, type Outcome } from "./attempt.ts";
import type { CallResponse } from "./response.ts";
import { CallView } from "./view.ts";

/** One event of the stream, and the tool that it completes, or null. */
export type Pair<N extends Native, T extends AnyTool> = [chunk: N["chunk"], tool: PairTool<T>];

/**
 * The reply to a call, while it comes: an iterable of `[chunk, tool]` pairs, and views of everything received so far.
 *
 * Nothing is sent before the first read. It can be read once: iterate it, or `await` {@link response}. Leaving the
 * iteration closes the connection.
 */
export abstract class Stream<out N extends Native, out T extends AnyTool = AnyTool>
  extends CallView<N>
  implements AsyncIterable<Pair<N, T>>, AsyncDisposable
{
  readonly #attempt: Attempt<N>;
  #owner: "none" | "iteration" | "response" = "none";
  #response: Promise<CallResponse<N, T>> | null = null;

  /** @internal */
  constructor(plan: CallPlan<N>) {
    const attempt = new Attempt(plan, () => this.#errorContext());
    super(attempt);
    this.#attempt = attempt;
  }

  /** Makes this provider's response. @internal */
  protected abstract createResponse(attempt: Attempt<N>): CallResponse<N, T>;

  /** `pending`, then exactly one of `complete`, `truncated`, `failed`, `aborted`. */
  get outcome(): Outcome {
    return this.#attempt.outcome;
  }

  /** What ended the stream, or null while it is pending or complete. */
  get error(): MillraceError | null {
    return this.#attempt.error;
  }

  /** @throws StreamConsumedError if the stream has an owner already. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Pair<N, T>, undefined> {
    if (this.#owner !== "none") throw new StreamConsumedError();
    this.#owner = "iteration";
    return new PairIterator<N, T>(this.#attempt);
  }

  /**
   * The text alone, a piece at a time. It owns the stream as an iteration does.
   *
   * @example
   * ```ts
   * for await (const text of stream.textStream()) process.stdout.write(text);
   * ```
   */
  async *textStream(): AsyncGenerator<string, void, undefined> {
    for await (const [chunk] of this) {
      if (chunk.content !== "") yield chunk.content;
    }
  }

  /**
   * Reads the stream to its end and gives the response; after an iteration, what that came to. The same promise each
   * time.
   *
   * @throws StreamConsumedError while an iteration is under way; the stream's own error unless it is complete.
   */
  response(): Promise<CallResponse<N, T>> {
    if (this.#owner === "iteration" && this.outcome === "pending") {
      return handled(Promise.reject(new StreamConsumedError()));
    }
    this.#response ??= handled(this.#drain());
    return this.#response;
  }

  /**
   * The response of a stream that was read to its end.
   *
   * @throws StreamNotConsumedError while the stream is pending; the stream's own error unless it is complete.
   */
  constructCallResponse(): CallResponse<N, T> {
    if (this.outcome === "pending") throw new StreamNotConsumedError();
    if (this.error !== null) throw this.error;
    return this.createResponse(this.#attempt);
  }

  /** Closes the connection at once. A read that waits rejects with StreamAbortedError, whose cause is the reason. */
  abort(reason?: unknown): void {
    this.#attempt.abort(reason);
  }

  /** Closes the connection, if the stream is not over. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#attempt.abort();
    return Promise.resolve();
  }

  #drain(): Promise<CallResponse<N, T>> {
    this.#owner = "response";
    const attempt = this.#attempt;
    return new Promise<void>((resolve) => {
      attempt.onReady = () => {
        while (attempt.take() !== null);
        if (attempt.outcome !== "pending") resolve();
      };
      attempt.onReady();
    }).then(() => this.constructCallResponse());
  }

  #errorContext(): StreamErrorContext {
    const { content, thinking, message, id, model, usage } = this;
    return { usage, partial: { content, thinking, message, id, model } };
  }
}

type Result<N extends Native, T extends AnyTool> = IteratorResult<Pair<N, T>, undefined>;

const DONE = { value: undefined, done: true } as const;

/** A hand-written iterator: an async generator would cost more than parsing does. */
class PairIterator<N extends Native, T extends AnyTool> implements AsyncIterableIterator<Pair<N, T>, undefined> {
  readonly #attempt: Attempt<N>;
  // Reads that wait, and how to answer them; usually there is one.
  readonly #reads: Promise<Result<N, T>>[] = [];
  readonly #answers: ((result: Result<N, T> | Promise<Result<N, T>>) => void)[] = [];
  readonly #wait = (answer: (result: Result<N, T> | Promise<Result<N, T>>) => void): void =>
    void this.#answers.push(answer);
  #hasLeft = false;

  constructor(attempt: Attempt<N>) {
    this.#attempt = attempt;
    attempt.onReady = () => this.#answer();
  }

  next(): Promise<Result<N, T>> {
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

  [Symbol.asyncDispose](): Promise<void> {
    this.#leave();
    return Promise.resolve();
  }

  #take(): Result<N, T> | Promise<Result<N, T>> | null {
    const chunk = this.#hasLeft ? null : this.#attempt.take();
    if (chunk !== null) return { value: [chunk, null], done: false };
    return this.#hasLeft || this.#attempt.outcome !== "pending" ? this.#end() : null;
  }

  /** The stream's error the first time, and nothing more from then on. */
  #end(): Result<N, T> | Promise<Result<N, T>> {
    const { error } = this.#attempt;
    if (error === null || this.#hasLeft) return DONE;
    this.#hasLeft = true;
    return handled(Promise.reject(error));
  }

  #leave(reason?: unknown): void {
    this.#hasLeft = true;
    this.#attempt.abort(reason);
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

/** The promise, which may be ignored without an unhandled rejection: its error is the stream's, and stays readable. */
function handled<R>(promise: Promise<R>): Promise<R> {
  promise.catch(() => {});
  return promise;
}
