import {
  ApiError,
  MillraceError,
  type Phase,
  ProtocolError,
  StreamAbortedError,
  type StreamErrorContext,
  StreamTimeoutError,
  StreamTruncatedError,
} from "../errors.ts";
import type { Exchange } from "../http/request.ts";
import { defaultTimeout, StallTimer, startTimer, type TimeoutLimits } from "../http/timeout.ts";
import type { Decoder, EncodedPrompt, Native, Provider } from "../provider.ts";
import { checkResponse, type Limit, Reply } from "./reply.ts";

/** How a stream stands: `pending`, then exactly one of the others. */
export type Outcome = "pending" | "complete" | "truncated" | "failed" | "aborted";

/** A prompt function's result, encoded, with the settings that it may have changed. */
export interface PreparedCall<N extends Native> {
  readonly encoded: EncodedPrompt<N>;
  readonly timeout: TimeoutLimits;
  readonly limit: Limit;
  /** A signal beside that of the call: the prompt function may give one. */
  readonly signal: AbortSignal | undefined;
}

/** A call that has not run yet. */
export interface AttemptPlan<N extends Native> {
  readonly signal: AbortSignal | undefined;
  /** Runs the prompt function and encodes its prompt; called once, at the first read. */
  readonly prepare: () => Promise<PreparedCall<N>>;
}

/** How long a stream may go on after its stop reason. */
const AFTER_STOP_MS = 2_000;
const noop = (): void => {};

/**
 * One request and its reply: the only place that decides how a stream ends. Pulled by {@link take}; everything else is
 * told through {@link onReady}.
 */
export class Attempt<N extends Native> {
  outcome: Outcome = "pending";
  /** What ended it, unless it is complete. */
  error: MillraceError | null = null;
  requestId: string | null = null;
  /** Milliseconds since the epoch; null where it has not come to that. */
  startTime: number | null = null;
  firstContentTime: number | null = null;
  endTime: number | null = null;
  /** Called when {@link take} may give more, or {@link outcome} has changed. */
  onReady: () => void = noop;
  readonly decoder: Decoder<N>;

  readonly #provider: Provider<N>;
  readonly #plan: AttemptPlan<N>;
  readonly #context: () => StreamErrorContext;
  #exchange: Exchange | null = null;
  #reply: Reply<N> | null = null;
  #timeout = defaultTimeout;
  readonly #stall = new StallTimer((limitMs) => this.#stalled(limitMs));
  #progress = 0;
  #stopSeen = false;
  /** Whoever takes sees the outcome for himself, and must not be told before he has his chunk. */
  #taking = false;
  #cleanups: (() => void)[] = [];

  /** @param context - What errors of this stream carry. */
  constructor(provider: Provider<N>, plan: AttemptPlan<N>, context: () => StreamErrorContext) {
    this.#provider = provider;
    this.decoder = provider.createDecoder();
    this.#plan = plan;
    this.#context = context;
  }

  /** The next chunk, or null: none has arrived, or none will (see {@link outcome}). The first call sends the request. */
  take(): N["chunk"] | null {
    if (this.outcome !== "pending") return null;
    return this.decoder.takeReady() ?? this.#takeMore();
  }

  #takeMore(): N["chunk"] | null {
    const reply = this.#reply;
    if (reply === null) {
      if (this.startTime === null) void this.#start();
      return null;
    }
    let chunk: N["chunk"] | null = null;
    this.#taking = true;
    try {
      chunk = reply.take();
      this.#check(reply, chunk === null);
    } catch (error) {
      this.#fail(error);
    }
    this.#taking = false;
    return chunk;
  }

  /** Ends the stream now. */
  abort(reason?: unknown): void {
    this.#finish("aborted", new StreamAbortedError(reason));
  }

  get phase(): Phase {
    if (this.#reply === null) return "connect";
    return this.decoder.hasContent ? "streaming" : "first-content";
  }

  #check(reply: Reply<N>, isWaiting: boolean): void {
    if (this.firstContentTime === null && this.decoder.hasContent) this.firstContentTime = Date.now();
    if (this.decoder.done) this.#finish("complete", null);
    else if (isWaiting) this.#waitForMore(reply);
  }

  async #start(): Promise<void> {
    this.startTime = Date.now();
    try {
      this.#listen(this.#plan.signal);
      if (this.#isOver()) return;
      const prepared = await this.#plan.prepare();
      if (this.#isOver()) return;
      this.#listen(prepared.signal);
      this.#limitTime(prepared.timeout);
      if (this.#isOver()) return;
      const { transport, request } = prepared.encoded;
      this.#stall.wait(prepared.timeout.firstContent);
      this.#exchange = transport(request);
      const response = await this.#exchange.response;
      await checkResponse(this.#provider, response, request.accept);
      if (this.#isOver()) return;
      this.requestId = this.#provider.requestId(response.header);
      this.#reply = new Reply(response.body, this.decoder, prepared.limit);
      response.body.onReady = () => {
        this.#stall.resume();
        this.onReady();
      };
      response.body.onReady();
    } catch (error) {
      this.#fail(error);
    }
  }

  // A method, since the compiler takes a property that it saw compared for constant across calls.
  #isOver(): boolean {
    return this.outcome !== "pending";
  }

  #listen(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    if (signal.aborted) return this.abort(signal.reason);
    const onAbort = (): void => this.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#cleanups.push(() => signal.removeEventListener("abort", onAbort));
  }

  #limitTime(timeout: TimeoutLimits): void {
    this.#timeout = timeout;
    const { total } = timeout;
    const onEnd = (): void => this.#timedOut(new StreamTimeoutError("total", total, "the call took too long"));
    this.#cleanups.push(startTimer(total, onEnd));
  }

  #waitForMore(reply: Reply<N>): void {
    if (reply.hasEnded) return this.#bodyEnded(reply.body.failure);
    const { decoder } = this;
    if (decoder.progress !== this.#progress) {
      this.#progress = decoder.progress;
      this.#stall.progress();
    }
    if (decoder.stopped) return this.#waitForLastEvent();
    this.#stall.wait(decoder.hasContent ? this.#timeout.idle : this.#timeout.firstContent);
  }

  #waitForLastEvent(): void {
    if (this.#stopSeen) return;
    this.#stopSeen = true;
    this.#stall.stop();
    this.#cleanups.push(startTimer(AFTER_STOP_MS, () => this.#finish("complete", null)));
  }

  #bodyEnded(failure: unknown): void {
    if (failure instanceof ApiError) this.#finish("failed", failure);
    else this.#finish("truncated", new StreamTruncatedError({ cause: failure ?? undefined }));
  }

  #stalled(limitMs: number): void {
    const limit = this.decoder.hasContent ? "idle" : "firstContent";
    const what = this.decoder.hasContent ? "the message did not grow" : "no content came";
    this.#timedOut(new StreamTimeoutError(limit, limitMs, what));
  }

  #timedOut(error: StreamTimeoutError): void {
    this.#finish("failed", error);
  }

  #fail(error: unknown): void {
    // Anything else is a fault of ours, or of a client that was passed in; the reader gets it as an error all the same.
    this.#finish("failed", error instanceof MillraceError ? error : new ProtocolError(String(error), { cause: error }));
  }

  /** Ends the attempt, the first time it is called. */
  #finish(outcome: Outcome, error: MillraceError | null): void {
    if (this.outcome !== "pending") return;
    // With a stop reason the message is whole, whatever happens to the connection; not so if the events contradict it.
    const contradicted = error instanceof ApiError || error instanceof ProtocolError;
    const complete = this.decoder.stopped && !contradicted;
    this.error = complete ? null : error;
    error?.addContext({ phase: this.phase, requestId: this.requestId });
    this.outcome = complete ? "complete" : outcome;
    this.endTime = Date.now();
    this.#stall.stop();
    for (const cleanup of this.#cleanups) cleanup();
    this.#cleanups = [];
    if (this.decoder.done) this.#reply?.body.finish();
    else this.#exchange?.close();
    this.error?.addContext(this.#context());
    if (!this.#taking) this.onReady();
  }
}
