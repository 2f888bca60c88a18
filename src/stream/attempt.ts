import type { CostMetadata } from "../cost/price.ts";
import type { Usage, UsageSource } from "../cost/usage.ts";
import {
  ApiError,
  ContentTypeError,
  LimitExceededError,
  MillraceError,
  ProtocolError,
  StreamTimeoutError,
  StreamTruncatedError,
} from "../errors.ts";
import { type Body, type Exchange, type HttpResponse, readText } from "../http/request.ts";
import { defaultTimeout, StallTimer, startTimer } from "../http/timeout.ts";
import type { Decoder, Native } from "../provider.ts";
import { SseReader } from "../frame/sse-reader.ts";
import type { AnyToolCall } from "../tool/pair.ts";
import type { CallPlan, Cut, PreparedCall, Target } from "./plan.ts";

/** How a stream stands: `pending`, then exactly one of the others. */
export type Outcome = "pending" | "complete" | "truncated" | "failed" | "aborted";

/** Who asked for an attempt. */
export interface AttemptOwner {
  /** The attempt is over: told at once, whoever is reading. */
  ended(): void;
  /** {@link Attempt.take} may give more, or nothing more. Not told to whoever is just taking. */
  ready(): void;
}

const ERROR_BODY_LIMIT = 64 * 1024;
/** How long a stream may go on after its stop reason. */
const AFTER_STOP_MS = 2_000;

/** One request and its reply: the only place that decides how that ends. Pulled by {@link take}. */
export class Attempt<N extends Native> {
  outcome: Outcome = "pending";
  /** What ended it, unless it is complete. */
  error: MillraceError | null = null;
  requestId: string | null = null;
  /** Milliseconds since the epoch; null where it has not come to that. */
  startTime: number | null = null;
  firstContentTime: number | null = null;
  endTime: number | null = null;
  readonly plan: CallPlan<N>;
  readonly target: Target<N>;
  readonly decoder: Decoder<N>;
  /** What the call is; null until the prompt function has run. */
  prepared: PreparedCall<N> | null = null;
  /** How much of its first text repeats what was cut. */
  repeated = 0;

  readonly #owner: AttemptOwner;
  readonly #cut: Cut<N> | null;
  #leaveLimiter = (): void => {};
  #cancelAfterStop = (): void => {};
  readonly #stall = new StallTimer((limitMs) => {
    const { hasContent } = this.decoder;
    const what = hasContent ? "the message did not grow" : "no content came";
    this.#fail(new StreamTimeoutError(hasContent ? "idle" : "firstContent", limitMs, what));
  });
  #exchange: Exchange | null = null;
  #body: Body | null = null;
  readonly #reader: SseReader;
  readonly #limitBytes: number;
  #timeout = defaultTimeout;
  #bytes = 0;
  #hasEnded = false;
  #progress = 0;
  #isStopSeen = false;
  /** Whoever takes sees the outcome for himself, and must not be told before he has his chunk. */
  #isTaking = false;

  constructor(plan: CallPlan<N>, target: Target<N>, owner: AttemptOwner, cut: Cut<N> | null = null) {
    this.plan = plan;
    this.target = target;
    this.#owner = owner;
    this.#cut = cut;
    this.decoder = plan.provider.createDecoder();
    const { frame, response = Infinity } = plan.limit;
    this.#reader = new SseReader({ frameLimit: frame });
    this.#limitBytes = response;
  }

  /** Its message, with what it goes on from; null before its first event. */
  get message(): N["message"] | null {
    const { message } = this.decoder;
    const before = this.#cut?.kept ?? null;
    return message === null || before === null ? message : this.plan.provider.join(before, message, this.repeated);
  }

  /** What stays of {@link message}, or null where nothing does. */
  get kept(): N["messageParam"] | null {
    const { decoder, repeated } = this;
    const { join, views } = this.plan.provider;
    const before = this.#cut?.kept ?? null;
    if (before === null) return decoder.kept;
    if (views.commonFinishReasons(decoder.message).includes("content_filter")) return null;
    return decoder.kept === null ? before : join(before, decoder.kept, repeated);
  }

  /** {@link message} as it may be sent back, or null where it may not. */
  get messageParam(): N["messageParam"] | null {
    const { kept } = this;
    return kept === null ? null : this.plan.provider.turn(kept);
  }

  /** The calls of declared tools so far, whatever has become of them. */
  get toolCalls(): readonly AnyToolCall[] {
    return this.prepared?.tools?.calls(this.decoder.toolInputs, this.#isOver()) ?? [];
  }

  get usage(): N["usage"] {
    return this.plan.provider.views.usage(this.decoder, this.usageSource);
  }

  get commonUsage(): Usage {
    return this.plan.provider.views.commonUsage(this.decoder, this.usageSource);
  }

  get costMetadata(): CostMetadata | null {
    return this.plan.provider.views.cost(this.decoder, this.target.model, this.usageSource, this.plan.prices);
  }

  get usageSource(): UsageSource {
    if (this.decoder.stopped) return "reported";
    return this.#isOver() ? "partial" : "estimated";
  }

  /** The next chunk, or null: none has arrived, or none will (see {@link outcome}). */
  take(): N["chunk"] | null {
    const body = this.#body;
    if (body === null || this.outcome !== "pending") return null;
    this.#isTaking = true;
    let chunk: N["chunk"] | null = null;
    try {
      do chunk = this.decoder.take(this.#reader);
      while (chunk === null && !this.decoder.done && this.#readMore(body));
      if (this.firstContentTime === null && this.decoder.hasContent) this.firstContentTime = Date.now();
      if (this.decoder.done) {
        // Its end alone does not make a message whole.
        if (!this.decoder.stopped) throw new StreamTruncatedError();
        this.end("complete", null);
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#isTaking = false;
    return chunk;
  }

  /** Gives the reader what came next. False: nothing has, and there is nothing to do but wait. */
  #readMore(body: Body): boolean {
    const bytes = body.take();
    if (bytes !== null) {
      this.#bytes += bytes.length;
      if (this.#bytes > this.#limitBytes) throw new LimitExceededError("response", this.#limitBytes);
      this.#reader.push(bytes);
      return true;
    }
    if (!body.ended) {
      this.#wait();
      return false;
    }
    if (this.#hasEnded) {
      if (body.failure instanceof ApiError) throw body.failure;
      throw new StreamTruncatedError({ cause: body.failure ?? undefined });
    }
    this.#hasEnded = true;
    this.#reader.end();
    return true;
  }

  /** Sends the request, once `prepare` has made it. */
  async send(prepare: () => Promise<PreparedCall<N>>): Promise<void> {
    this.startTime = Date.now();
    const { provider, limiter } = this.plan;
    try {
      const prepared = await prepare();
      const { encoded, timeout } = prepared;
      this.prepared = this.#cut?.prepared ?? prepared;
      if (limiter !== undefined && !this.#isOver()) {
        const { ready, leave } = limiter.enter();
        this.#leaveLimiter = leave;
        await ready;
      }
      if (this.#isOver()) return;
      this.#timeout = timeout;
      this.#stall.wait(timeout.firstContent);
      this.#exchange = encoded.transport(encoded.request);
      const response = await this.#exchange.response;
      limiter?.observe(response.status, response.header);
      this.requestId = provider.requestId(response.header);
      const { accept } = encoded.request;
      if (!isExpected(response, accept)) throw await this.#refusal(response, accept);
      if (this.#isOver()) return;
      this.#body = response.body;
      response.body.onReady = () => {
        this.#stall.resume();
        this.#owner.ready();
      };
      // The wait for the headers counts as well.
      response.body.onReady();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #refusal({ status, header, body }: HttpResponse, accept: string): Promise<MillraceError> {
    const text = await readText(body, ERROR_BODY_LIMIT);
    return (
      this.plan.provider.errorFromResponse(status, header, text) ??
      new ContentTypeError(contentType(header), accept, text, { status, phase: "first-content" })
    );
  }

  // A method, since the compiler takes a property that it saw compared for constant across calls.
  #isOver(): boolean {
    return this.outcome !== "pending";
  }

  #wait(): void {
    const { stopped, progress, hasContent } = this.decoder;
    if (!stopped) {
      if (progress !== this.#progress) this.#stall.progress();
      this.#progress = progress;
      this.#stall.wait(hasContent ? this.#timeout.idle : this.#timeout.firstContent);
    } else if (!this.#isStopSeen) {
      this.#isStopSeen = true;
      this.#stall.stop();
      this.#cancelAfterStop = startTimer(AFTER_STOP_MS, () => this.end("complete", null));
    }
  }

  #fail(error: unknown): void {
    // Anything else is a fault of ours, or of a client that was passed in; the reader gets it as an error all the same.
    const known =
      error instanceof MillraceError ? error : new ProtocolError(String(error), { cause: error, retryable: false });
    this.end(known instanceof StreamTruncatedError ? "truncated" : "failed", known);
  }

  /** Ends the attempt, the first time it is called. */
  end(outcome: Outcome, error: MillraceError | null): void {
    if (this.#isOver()) return;
    const { decoder, requestId } = this;
    // With a stop reason the message is whole, whatever happens to the connection; not so if the events contradict it.
    const isComplete = decoder.stopped && !(error instanceof ApiError || error instanceof ProtocolError);
    const phase = this.#body === null ? "connect" : decoder.hasContent ? "streaming" : "first-content";
    error?.addContext({ phase, requestId });
    this.error = isComplete ? null : error;
    this.outcome = isComplete ? "complete" : outcome;
    this.endTime = Date.now();
    this.#stall.stop();
    this.#cancelAfterStop();
    this.#leaveLimiter();
    if (decoder.done) this.#body?.finish();
    else this.#exchange?.close();
    this.#owner.ended();
    if (!this.#isTaking) this.#owner.ready();
  }
}

/** A response that names no type is believed: the decoder will tell. */
function isExpected({ status, header }: HttpResponse, accept: string): boolean {
  return status < 400 && (contentType(header) || accept).toLowerCase().startsWith(accept);
}

function contentType(header: HttpResponse["header"]): string {
  return header("content-type") ?? "";
}
