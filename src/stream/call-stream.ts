/// <reference lib="esnext.disposable" />
import { type MillraceError, StreamConsumedError, type StreamErrorContext, StreamNotConsumedError } from "../errors.ts";
import type { Native } from "../provider.ts";
import type { PairTypes } from "../tool/pair.ts";
import type { Outcome } from "./attempt.ts";
import { CallState } from "./call-state.ts";
import type { CallPlan } from "./plan.ts";
import { handled, PairSource } from "./pair-source.ts";
import type { CallResponse } from "./response.ts";
import { CallView } from "./view.ts";

/** What every stream is, whatever its iteration gives: it has one owner, one outcome and one response. */
export abstract class CallStream<out N extends Native, out T extends PairTypes = PairTypes>
  extends CallView<N, T>
  implements AsyncDisposable
{
  #owner: "none" | "iteration" | "response" = "none";
  #response: Promise<CallResponse<N, T>> | null = null;

  /** @internal */
  constructor(plan: CallPlan<N>) {
    super(new CallState(plan, () => this.#errorContext()));
  }

  /** Makes this provider's response. @internal */
  protected abstract createResponse(state: CallState<N>): CallResponse<N, T>;

  /** Makes an iteration the owner. @internal */
  protected iterate(): PairSource<N, T> {
    if (this.#owner !== "none") throw new StreamConsumedError();
    this.#owner = "iteration";
    return new PairSource<N, T>(this.state);
  }

  /** `pending`, then exactly one of `complete`, `truncated`, `failed`, `aborted`. */
  get outcome(): Outcome {
    return this.state.outcome;
  }

  /** The answer has calls of tools, which the next request has to answer. */
  get asksForTools(): boolean {
    const { decoder } = this.state.shown;
    return decoder.kept !== null && decoder.toolInputs.some(({ state }) => state !== "streaming");
  }

  /** What ended the stream, or null while it is pending or complete. */
  get error(): MillraceError | null {
    return this.state.error;
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
    return this.createResponse(this.state);
  }

  /** Closes the connection at once. A read that waits rejects with StreamAbortedError, whose cause is the reason. */
  abort(reason?: unknown): void {
    this.state.abort(reason);
  }

  /** Closes the connection, if the stream is not over. */
  [Symbol.asyncDispose](): Promise<void> {
    this.state.abort();
    return Promise.resolve();
  }

  #drain(): Promise<CallResponse<N, T>> {
    this.#owner = "response";
    const { state } = this;
    const source = new PairSource<N, T>(state);
    const pending: Promise<unknown>[] = [];
    return new Promise<void>((resolve) => {
      state.onReady = () => {
        for (let pair = source.take(); pair !== null; pair = source.take()) {
          if (!Array.isArray(pair)) pending.push(pair);
        }
        if (state.outcome !== "pending") resolve();
      };
      state.onReady();
    })
      .then(() => Promise.all(this.state.error === null ? pending : []))
      .then(() => this.constructCallResponse());
  }

  #errorContext(): StreamErrorContext {
    const { content, thinking, message, id, model, usage } = this;
    return { usage, partial: { content, thinking, message, id, model } };
  }
}
