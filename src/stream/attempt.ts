import type { Prices } from "../cost/price.ts";
import type { UsageSource } from "../cost/usage.ts";
import {
  ApiError,
  ContentTypeError,
  LimitExceededError,
  MillraceError,
  ProtocolError,
  StreamAbortedError,
  type StreamErrorContext,
  StreamTimeoutError,
  StreamTruncatedError,
} from "../errors.ts";
import { type Body, type Exchange, type HttpResponse, readText } from "../http/request.ts";
import { defaultTimeout, StallTimer, startTimer, type TimeoutLimits } from "../http/timeout.ts";
import type { DynamicConfig } from "../prompt/dynamic-config.ts";
import type { Decoder, EncodedPrompt, Native, Provider } from "../provider.ts";
import { SseReader } from "../sse/reader.ts";
import type { AnyToolCall } from "../tool/pair.ts";
import type { AnyTool } from "../tool/tool.ts";
import type { ToolBox } from "../tool/tool-box.ts";

/** How a stream stands: `pending`, then exactly one of the others. */
export type Outcome = "pending" | "complete" | "truncated" | "failed" | "aborted";

/** Limits of what a response may hold, in bytes. Each has an error of its own: LimitExceededError. */
export interface Limit {
  /** One frame of the stream. Default 32 MiB. */
  readonly frame?: number | undefined;
  /** The whole body. Default: none. */
  readonly response?: number | undefined;
}

/** A call that has not run yet. */
export interface CallPlan<N extends Native> {
  readonly provider: Provider<N>;
  readonly model: string;
  readonly fnArgs: readonly unknown[];
  readonly promptTemplate: string | null;
  readonly prices: Prices | undefined;
  readonly signal: AbortSignal | undefined;
  /** Runs the prompt function, the first time, and encodes its prompt with the messages that have been added. */
  readonly prepare: () => Promise<PreparedCall<N>>;
  /** The same call with more messages. */
  extend(messages: readonly N["promptMessage"][]): CallPlan<N>;
}

/** The config object that a prompt function may return. */
export type NativeConfig<N extends Native> = DynamicConfig<
  N["promptMessage"],
  N["callParams"],
  N["client"],
  AnyTool | N["toolParam"]
>;

/** What a call is once its prompt function has run. */
export interface PreparedCall<N extends Native> {
  readonly encoded: EncodedPrompt<N>;
  readonly dynamicConfig: NativeConfig<N> | null;
  readonly callParams: N["callParams"] | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly tools: ToolBox | null;
  readonly timeout: TimeoutLimits;
  readonly limit: Limit;
}

const DEFAULT_FRAME_LIMIT = 32 * 1024 * 1024;
const ERROR_BODY_LIMIT = 64 * 1024;
/** How long a stream may go on after its stop reason. */
const AFTER_STOP_MS = 2_000;

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
  onReady: () => void = () => {};
  readonly decoder: Decoder<N>;
  readonly plan: CallPlan<N>;
  /** Null until the prompt function has run. */
  prepared: PreparedCall<N> | null = null;

  readonly #context: () => StreamErrorContext;
  readonly #cleanups: (() => void)[] = [];
  readonly #stall = new StallTimer((limitMs) => {
    const { hasContent } = this.decoder;
    const what = hasContent ? "the message did not grow" : "no content came";
    this.#fail(new StreamTimeoutError(hasContent ? "idle" : "firstContent", limitMs, what));
  });
  #exchange: Exchange | null = null;
  #body: Body | null = null;
  #reader = new SseReader();
  #timeout = defaultTimeout;
  #limitBytes = Infinity;
  #bytes = 0;
  #hasEnded = false;
  #progress = 0;
  #isStopSeen = false;
  /** Whoever takes sees the outcome for himself, and must not be told before he has his chunk. */
  #isTaking = false;

  /** @param context - What errors of this stream carry. */
  constructor(plan: CallPlan<N>, context: () => StreamErrorContext) {
    this.plan = plan;
    this.#context = context;
    this.decoder = plan.provider.createDecoder();
  }

  /** The next chunk, or null: none has arrived, or none will (see {@link outcome}). The first call sends the request. */
  take(): N["chunk"] | null {
    return this.outcome === "pending" ? (this.decoder.takeReady() ?? this.#takeMore()) : null;
  }

  #takeMore(): N["chunk"] | null {
    const body = this.#body;
    if (body === null) {
      if (this.startTime === null) void this.#start();
      return null;
    }
    this.#isTaking = true;
    let chunk: N["chunk"] | null = null;
    try {
      do chunk = this.decoder.take(this.#reader);
      while (chunk === null && !this.decoder.done && this.#readMore(body));
      if (this.firstContentTime === null && this.decoder.hasContent) this.firstContentTime = Date.now();
      if (this.decoder.done) this.#finish("complete", null);
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

  /** The calls of declared tools so far, whatever has become of them. */
  get toolCalls(): readonly AnyToolCall[] {
    return this.prepared?.tools?.calls(this.decoder.toolInputs, this.#isOver()) ?? [];
  }

  get usageSource(): UsageSource {
    if (this.decoder.stopped) return "reported";
    return this.#isOver() ? "partial" : "estimated";
  }

  /** Ends the stream now. */
  abort(reason?: unknown): void {
    this.#finish("aborted", new StreamAbortedError(reason));
  }

  async #start(): Promise<void> {
    this.startTime = Date.now();
    const { provider, signal, prepare } = this.plan;
    try {
      this.#listen(signal);
      if (this.#isOver()) return;
      const { encoded, dynamicConfig, limit, timeout } = (this.prepared = await prepare());
      if (this.#isOver()) return;
      this.#listen(dynamicConfig?.signal);
      this.#timeout = timeout;
      const late = (): void => this.#fail(new StreamTimeoutError("total", timeout.total, "the call took long"));
      this.#cleanups.push(startTimer(timeout.total, late));
      if (this.#isOver()) return;
      this.#limitBytes = limit.response ?? Infinity;
      this.#reader = new SseReader({ frameLimit: limit.frame ?? DEFAULT_FRAME_LIMIT });
      this.#stall.wait(timeout.firstContent);
      this.#exchange = encoded.transport(encoded.request);
      const response = await this.#exchange.response;
      if (!isExpected(response, encoded.request.accept)) await refuse(provider, response, encoded.request.accept);
      if (this.#isOver()) return;
      this.requestId = provider.requestId(response.header);
      this.#body = response.body;
      response.body.onReady = () => {
        this.#stall.resume();
        this.onReady();
      };
      this.onReady();
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
    const onAbort = (): void => this.abort(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort);
    this.#cleanups.push(() => signal.removeEventListener("abort", onAbort));
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
      this.#cleanups.push(startTimer(AFTER_STOP_MS, () => this.#finish("complete", null)));
    }
  }

  #fail(error: unknown): void {
    // Anything else is a fault of ours, or of a client that was passed in; the reader gets it as an error all the same.
    const known = error instanceof MillraceError ? error : new ProtocolError(String(error), { cause: error });
    this.#finish(known instanceof StreamTruncatedError ? "truncated" : "failed", known);
  }

  /** Ends the attempt, the first time it is called. */
  #finish(outcome: Outcome, error: MillraceError | null): void {
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
    for (const cleanup of this.#cleanups) cleanup();
    if (decoder.done) this.#body?.finish();
    else this.#exchange?.close();
    this.error?.addContext(this.#context());
    if (!this.#isTaking) this.onReady();
  }
}

async function refuse<N extends Native>(
  provider: Provider<N>,
  { status, header, body }: HttpResponse,
  accept: string,
): Promise<never> {
  const text = await readText(body, ERROR_BODY_LIMIT);
  if (status >= 400) throw provider.errorFromResponse(status, header, text);
  const requestId = provider.requestId(header);
  throw new ContentTypeError(contentType(header), accept, text, { status, requestId, phase: "first-content" });
}

/** A response that names no type is believed: the decoder will tell. */
function isExpected({ status, header }: HttpResponse, accept: string): boolean {
  return status < 400 && (contentType(header) || accept).toLowerCase().startsWith(accept);
}

function contentType(header: HttpResponse["header"]): string {
  return header("content-type") ?? "";
}
