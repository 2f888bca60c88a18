/// <reference lib="esnext.disposable" />
import type { UsageSource } from "../cost/usage.ts";
import {
  type MillraceError,
  StreamConsumedError,
  type StreamErrorContext,
  StreamNotConsumedError,
  StreamNotStartedError,
} from "../errors.ts";
import type { Native } from "../provider.ts";
import type { AnyTool, PairTool } from "../tool/tool.ts";
import { Attempt, type Outcome, type PreparedCall } from "./attempt.ts";
import type { CallResponse, ResponseParts } from "./response.ts";
import { type CallInfo, CallView, type RequestInfo, type Timings } from "./view.ts";

/** One event of the stream, and the tool that it completes, or null. */
export type Pair<N extends Native, T extends AnyTool> = [chunk: N["chunk"], tool: PairTool<T>];

/** A call that has not run yet. */
export interface StreamPlan<N extends Native> {
  readonly info: CallInfo<N>;
  readonly signal: AbortSignal | undefined;
  /** Runs the prompt function and encodes its prompt. */
  readonly prepare: () => Promise<PreparedCall<N> & { readonly request: RequestInfo<N> }>;
}

/** A read that waits. */
interface Waiter<R> {
  readonly promise: Promise<R>;
  readonly resolve: (result: R | Promise<R>) => void;
}

const noop = (): void => {};

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
  readonly #info: CallInfo<N>;
  readonly #attempt: Attempt<N>;
  #request: RequestInfo<N> | null = null;
  #owner: "none" | "iteration" | "response" = "none";
  #response: Promise<CallResponse<N, T>> | null = null;

  /** @internal */
  constructor(plan: StreamPlan<N>) {
    super();
    this.#info = plan.info;
    const prepare = async (): Promise<PreparedCall<N>> => {
      const prepared = await plan.prepare();
      this.#request = prepared.request;
      return prepared;
    };
    const { signal } = plan;
    this.#attempt = new Attempt(plan.info.provider, { signal, prepare }, () => this.#errorContext());
  }

  /** Makes this provider's response. @internal */
  protected abstract createResponse(parts: ResponseParts<N>): CallResponse<N, T>;

  /** `pending`, then exactly one of `complete`, `truncated`, `failed`, `aborted`. */
  get outcome(): Outcome {
    return this.#attempt.outcome;
  }

  /** What ended the stream, or null while it is pending or complete. */
  get error(): MillraceError | null {
    return this.#attempt.error;
  }

  override get message(): N["message"] | null {
    return this.#attempt.decoder.message;
  }

  override get messageParam(): N["messageParam"] | null {
    return this.#attempt.decoder.messageParam;
  }

  override get requestId(): string | null {
    return this.#attempt.requestId;
  }

  override get timings(): Timings {
    const { startTime, firstContentTime, endTime } = this.#attempt;
    return { start: startTime, firstChunk: firstContentTime, end: endTime };
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
      return handled(
        Promise.reject(new StreamConsumedError("The stream is being iterated: ask for its response after.")),
      );
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
    return this.createResponse({
      call: this.#info,
      request: this.request("constructCallResponse"),
      message: this.message,
      messageParam: this.messageParam,
      timings: this.timings,
      requestId: this.requestId,
    });
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

  protected override call(): CallInfo<N> {
    return this.#info;
  }

  protected override request(accessor: string): RequestInfo<N> {
    if (this.#request === null) throw new StreamNotStartedError(accessor);
    return this.#request;
  }

  protected override usageSource(): UsageSource {
    if (this.#attempt.decoder.stopped) return "reported";
    return this.outcome === "pending" ? "estimated" : "partial";
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

/** A hand-written iterator: an async generator would cost more than parsing does. */
class PairIterator<N extends Native, T extends AnyTool> implements AsyncIterableIterator<Pair<N, T>, undefined> {
  readonly #attempt: Attempt<N>;
  #waiters: Waiter<IteratorResult<Pair<N, T>, undefined>>[] = [];
  #left = false;

  constructor(attempt: Attempt<N>) {
    this.#attempt = attempt;
    attempt.onReady = () => this.#deliver();
  }

  next(): Promise<IteratorResult<Pair<N, T>, undefined>> {
    if (this.#waiters.length === 0) {
      const chunk = this.#left ? null : this.#attempt.take();
      if (chunk !== null) return Promise.resolve({ value: [chunk, null], done: false });
      if (this.#left || this.#attempt.outcome !== "pending") return this.#end();
    }
    const waiter = waitingRead<IteratorResult<Pair<N, T>, undefined>>();
    this.#waiters.push(waiter);
    return waiter.promise;
  }

  return(): Promise<IteratorResult<Pair<N, T>, undefined>> {
    this.#left = true;
    this.#attempt.abort();
    return Promise.resolve({ value: undefined, done: true });
  }

  throw(error?: unknown): Promise<IteratorResult<Pair<N, T>, undefined>> {
    this.#left = true;
    this.#attempt.abort(error);
    return handled(Promise.reject(error));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #deliver(): void {
    let waiter: Waiter<IteratorResult<Pair<N, T>, undefined>> | undefined;
    while ((waiter = this.#waiters[0]) !== undefined) {
      const chunk = this.#left ? null : this.#attempt.take();
      if (chunk === null && !this.#left && this.#attempt.outcome === "pending") return;
      this.#waiters.shift();
      if (chunk !== null) waiter.resolve({ value: [chunk, null], done: false });
      else {
        handled(waiter.promise);
        waiter.resolve(this.#end());
      }
    }
  }

  /** The end of the iteration: the stream's error the first time, and nothing more from then on. */
  #end(): Promise<IteratorResult<Pair<N, T>, undefined>> {
    const { error } = this.#attempt;
    if (error === null || this.#left) return Promise.resolve({ value: undefined, done: true });
    this.#left = true;
    return handled(Promise.reject(error));
  }
}

function waitingRead<R>(): Waiter<R> {
  let resolve: Waiter<R>["resolve"] = noop;
  const promise = new Promise<R>((settle) => (resolve = settle));
  return { promise, resolve };
}

/** The promise, which may be ignored without an unhandled rejection: its error is the stream's, and stays readable. */
function handled<R>(promise: Promise<R>): Promise<R> {
  promise.catch(noop);
  return promise;
}
