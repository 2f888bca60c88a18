/// <reference lib="esnext.disposable" />
import type { Outcome } from "../attempt/lifecycle.ts";
import { type MillraceError, StreamConsumedError, type StreamErrorContext, StreamNotConsumedError } from "../errors.ts";
import type { Native } from "../provider/native.ts";
import type { CallPlan } from "../recovery/plan.ts";
import { Reply } from "../recovery/reply.ts";
import type { PairTypes } from "../tool/pair.ts";
import { isToBeAnswered } from "./history.ts";
import { handled } from "./leavable.ts";
import { PairSource } from "./pair-source.ts";
import type { CallResponse } from "./response.ts";
import { CallView } from "./view.ts";

/** What all streams share, whatever their iteration gives: one owner, one outcome and one response. */
export abstract class CallStream<out N extends Native, out T extends PairTypes = PairTypes>
  extends CallView<N, T>
  implements AsyncDisposable
{
  // One of them is the owner.
  #isIterated = false;
  #response: Promise<CallResponse<N, T>> | null = null;
  #started: Promise<void> | null = null;
  #origin: Error | null = null;

  /** @internal */
  constructor(plan: CallPlan<N>) {
    super(new Reply(plan, () => this.#errorContext()));
  }

  /** Makes this provider's response. @internal */
  protected abstract "~respond"(reply: Reply<N>): CallResponse<N, T>;

  /** Makes an iteration the owner. @internal */
  protected "~own"(): Reply<N> {
    if (this.#isOwned) throw new StreamConsumedError();
    this.#isIterated = true;
    this.#origin = new Error();
    return this["~reply"];
  }

  get #isOwned(): boolean {
    return this.#isIterated || this.#response !== null;
  }

  /** `pending`, then exactly one of `complete`, `truncated`, `failed`, `aborted`. */
  get outcome(): Outcome {
    return this["~reply"].outcome;
  }

  /** Whether the prompt function has run and its prompt was encoded: the accessors of the request can be read. */
  get hasRequest(): boolean {
    return this["~reply"].prepared !== null;
  }

  /** Whether the answer contains calls of tools, which the next request has to answer. */
  get asksForTools(): boolean {
    const { decoder } = this["~reply"].shown;
    return decoder.toolInputs.some(isToBeAnswered) && decoder.items().length > 0;
  }

  /** The error that ended the stream; null while it is pending, and if it is complete. */
  get error(): MillraceError | null {
    return this["~reply"].error;
  }

  /**
   * Reads the stream to its end and returns the response; after an iteration, the response that it came to. It always
   * returns the same promise.
   *
   * @throws StreamConsumedError while an iteration is under way; the stream's own error unless it is complete.
   */
  response(): Promise<CallResponse<N, T>> {
    if (this.#isIterated && this.outcome === "pending") {
      return handled(Promise.reject(new StreamConsumedError()));
    }
    this.#response ??= handled(this.#drain());
    return this.#response;
  }

  /**
   * Starts the stream and waits for its first content, so that a failure before it can still become an HTTP status. It
   * does not own the stream: read it afterwards. Close a stream that is not read after all: {@link abort}.
   *
   * @returns A promise that settles with the first content, or once the message is complete without any. It rejects with
   *   the stream's error if there is none.
   * @example
   * ```ts
   * import { call } from "millrace/anthropic";
   *
   * const stream = call("claude-sonnet-5-5", { stream: true }, (genre: string) => `Recommend a ${genre} book`)("fantasy");
   * await stream.started(); // throws an ApiError with status 401, 429, …
   * for await (const [chunk] of stream) process.stdout.write(chunk.content);
   * ```
   */
  started(): Promise<void> {
    const reply = this["~reply"];
    this.#started ??= handled(
      new Promise((resolve, reject) => {
        reply.onStarted = () =>
          reply.firstContentTime === null && reply.error !== null ? reject(reply.error) : resolve();
        this.#origin ??= new Error();
        if (this.outcome !== "pending") reply.onStarted();
        else reply.takeAhead();
      }),
    );
    return this.#started;
  }

  /**
   * The response of a stream that was read to its end.
   *
   * @throws StreamNotConsumedError while the stream is pending; the stream's own error unless it is complete.
   */
  constructCallResponse(): CallResponse<N, T> {
    if (this.outcome === "pending") throw new StreamNotConsumedError();
    if (this.error !== null) throw this.error;
    return this["~respond"](this["~reply"]);
  }

  /**
   * Closes the connection at once. A read that waits rejects with StreamAbortedError, whose cause is the reason.
   *
   * @param reason - Becomes the `cause` of the error.
   */
  abort(reason?: unknown): void {
    this["~reply"].abort(reason);
  }

  /** Closes the connection, if the stream is still pending. Waits until the provider has been told to stop, if it needs that. */
  async [Symbol.asyncDispose](): Promise<void> {
    this["~reply"].abort();
    await this["~reply"].cancelled;
  }

  override toJSON(): object {
    const { id, model, outcome, content, tools, error } = this;
    return { id, model, outcome, content, tools, ...this["~figures"], ...(error && { error: String(error) }) };
  }

  /** @internal */
  protected get "~figures"(): object {
    return { usage: ifKnown(() => this.usage), cost: ifKnown(() => this.cost) };
  }

  async #drain(): Promise<CallResponse<N, T>> {
    const reply = this["~reply"];
    this.#origin ??= new Error();
    const source = new PairSource<N, T>(reply);
    await new Promise<void>((resolve) => {
      reply.onReady = () => {
        try {
          while (source.take() !== null);
        } catch (error) {
          reply.fail(error);
        }
        if (source.isOver) resolve();
      };
      reply.onReady();
    });
    return this.constructCallResponse();
  }

  #errorContext(): StreamErrorContext {
    const { content, thinking, message, id, model } = this;
    return {
      usage: ifKnown(() => this.usage),
      partial: { content, thinking, message, id, model },
      origin: this.#origin,
    };
  }
}

/** Prices are the user's own and may throw; so does usage, while the code of a provider is not loaded. */
function ifKnown<V>(read: () => V): V | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
