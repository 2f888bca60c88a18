import type { UsageSource } from "../cost/usage.ts";
import {
  ApiError,
  ContentTypeError,
  isMillraceError,
  messageOf,
  type MillraceError,
  type Phase,
  ProtocolError,
  StreamTimeoutError,
  StreamTruncatedError,
} from "../errors.ts";
import { DEFAULT_FRAME_LIMIT } from "../frame/frame-reader.ts";
import type { Secrets } from "../http/redaction.ts";
import { type Exchange, type HttpRequest, type HttpResponse, readText } from "../http/request.ts";
import { StallTimer, startTimer, type TimeoutLimits } from "../http/timeout.ts";
import type { Blocks, Decoder, Step } from "../provider/decoder.ts";
import type { Native } from "../provider/native.ts";
import type { CountedReply, Provider, Request } from "../provider/provider.ts";
import type { AnyToolCall } from "../tool/pair.ts";
import { Intake } from "./intake.ts";
import {
  after,
  type AttemptEvent,
  type AttemptState,
  attemptTransitions,
  type Outcome,
  outcomeOf,
} from "./lifecycle.ts";
import type { Limit } from "./limit.ts";
import type { Limiter } from "./limiter.ts";
import type { Prepared, PreparedCall } from "./prepared.ts";

/** The settings that all attempts of a call share. */
export interface AttemptSettings<N extends Native> {
  readonly timeout: TimeoutLimits;
  readonly limit: Limit;
  readonly limiter?: Limiter | undefined;
  readonly prices?: N["prices"] | undefined;
}

/** An interrupted reply that an attempt goes on from. */
export interface Cut<N extends Native> {
  /** The items of the reply, with all of its text. */
  readonly items: readonly N["item"][];
  readonly prepared: PreparedCall<N>;
}

/** Stands for the decoder until the request is prepared. */
export const UNREAD: Decoder<never> = {
  decode: () => null,
  next: () => null,
  end: () => null,
  dropText() {},
  message: null,
  items: () => [],
  toolInputs: [],
  isWhole: false,
  isOver: false,
  hasContent: false,
  progress: 0,
  canContinue: false,
  estimatedTokens: 0,
  hasUsage: false,
};

/** Where the stream was in a state; in any other it was connecting. */
const PHASES: { readonly [State in AttemptState]?: Phase } = {
  waiting: "first-content",
  streaming: "streaming",
  whole: "streaming",
};
const ERROR_BODY_LIMIT = 64 * 1024;
/** How long a stream may stay silent once its message is complete. */
const LINGER_MS = 2_000;

/**
 * One request and its reply. Its state changes by {@link attemptTransitions} alone.
 *
 * The owner pulls steps with {@link next} and reads {@link outcome}. It is woken when there may be something to pull or
 * the outcome has changed without being pulled, and never during a call of its own.
 */
export class Attempt<N extends Native> {
  /** Which of the call's targets is asked. */
  readonly target: number;
  readonly model: string;
  readonly provider: Provider<N>;
  readonly settings: AttemptSettings<N>;
  decoder: Decoder<N> = UNREAD;
  state: AttemptState = "idle";
  /** The error that ended it; null while it is pending, and if it is complete. */
  error: MillraceError | null = null;
  requestId: string | null = null;
  /** Milliseconds since the epoch. */
  readonly times: { start: number | null; firstContent: number | null; end: number | null } = {
    start: null,
    firstContent: null,
    end: null,
  };
  /** The call as it was sent; null until the prompt function has run. */
  prepared: PreparedCall<N> | null = null;
  request: Request<N> | null = null;
  /** The reply that this one continues. */
  readonly cut: Cut<N> | null;

  /** Those of all attempts of the call: what one server sends may be in the error of another. */
  readonly secrets: Secrets;
  readonly #wake: () => void;
  #exchange: Exchange | null = null;
  #intake: Intake<N["frame"]> | null = null;
  #progress = 0;
  #leaveLimiter = (): void => {};
  readonly #stall = new StallTimer((limitMs) => {
    const { hasContent, isWhole } = this.decoder;
    const problem = hasContent ? "the message did not grow" : "no content came";
    if (isWhole) this.move("lastEvent");
    else this.fail(new StreamTimeoutError(hasContent ? "idle" : "firstContent", limitMs, problem));
    this.#wake();
  });

  constructor(
    settings: AttemptSettings<N>,
    target: number,
    { model, provider }: { readonly model: string; readonly provider: Provider<N> },
    cut: Cut<N> | null,
    secrets: Secrets,
    wake: () => void,
  ) {
    this.settings = settings;
    this.secrets = secrets;
    this.target = target;
    this.model = model;
    this.provider = provider;
    this.cut = cut;
    this.#wake = wake;
  }

  get outcome(): Outcome {
    return outcomeOf(this.state);
  }

  /** How many bytes of the response have come. */
  get bytes(): number {
    return this.#intake?.bytes ?? 0;
  }

  /** The items that may be sent back, of the reply and of the one that it continues. */
  sendableItems(answered?: Blocks): readonly N["item"][] {
    return this.provider.sendable(this.decoder.items(answered));
  }

  /** The calls of declared tools so far, whatever has become of them. */
  get toolCalls(): readonly AnyToolCall[] {
    return this.prepared?.tools?.calls(this.decoder.toolInputs, this.outcome !== "pending") ?? [];
  }

  get usageSource(): UsageSource {
    const { hasUsage, isWhole, message } = this.decoder;
    if (!hasUsage && message !== null) return "estimated";
    if (isWhole) return "reported";
    return this.outcome === "pending" ? "estimated" : "partial";
  }

  /** What its usage is read from. A request that was not answered took nothing. */
  get reply(): CountedReply<N> {
    const { message, estimatedTokens } = this.decoder;
    return { message, estimatedTokens, body: message === null ? null : this.prepared?.body };
  }

  get usage(): N["usage"] {
    return this.provider.views.usage(this.reply, this.usageSource);
  }

  get commonUsage(): N["commonUsage"] {
    return this.provider.views.commonUsage(this.reply, this.usageSource);
  }

  get costMetadata(): N["costMetadata"] | null {
    return this.costFor(this.usageSource);
  }

  /** What the reply costs if its usage is taken for so far-reaching. */
  costFor(source: UsageSource): N["costMetadata"] | null {
    return this.provider.views.cost(this.reply, this.model, source, this.settings.prices);
  }

  /** Sends the request that `prepare` makes. Never rejects. */
  async send(prepare: () => Promise<Prepared<N>>): Promise<void> {
    this.times.start = Date.now();
    this.move("start");
    try {
      const { call, request } = await prepare();
      if (!this.#isIn("preparing")) return;
      // Unless it goes on with the very same reply.
      if (this.decoder === UNREAD) this.decoder = this.provider.createDecoder(this.cut?.items ?? []);
      this.prepared = call;
      this.request = request;
      this.secrets.add(request.http.secrets);
      if (call.tools !== null) call.tools.onFailure = (error) => this.secrets.redact(error);
      this.move("prepared");
      await this.#admit();
      if (!this.#isIn("queued")) return;
      this.move("admitted");
      await this.#receive(request);
    } catch (error) {
      this.fail(error);
    }
    this.#wake();
  }

  /** The next step, or null: none has arrived, or none will (see {@link outcome}). */
  next(): Step<N> | null {
    const intake = this.#intake;
    if (intake === null || this.outcome !== "pending") return null;
    let step: Step<N> | null = null;
    try {
      step = this.#pull(intake);
      if (this.state !== "streaming" || this.decoder.isWhole || this.decoder.isOver) this.#observe();
    } catch (error) {
      this.fail(error);
    }
    return step;
  }

  /** Ends the attempt with an error of any kind. */
  fail(thrown: unknown): void {
    const error = asMillraceError(thrown);
    if (error instanceof ApiError || error instanceof ProtocolError) this.move("refutation", error);
    else if (error instanceof StreamTruncatedError) this.move("bodyEnd", error);
    else this.move("fault", error);
  }

  /** Stops the reply at the provider, too. Takes no longer than a connection may. Never rejects. */
  async cancel(): Promise<void> {
    let cancelTimer = (): void => {};
    const timeout = new Promise<void>((resolve) => (cancelTimer = startTimer(this.settings.timeout.connect, resolve)));
    try {
      await Promise.race([this.request?.cancel?.(this.decoder.message), timeout]);
    } catch {
      // The provider stops by itself at some time; the reader has left.
    }
    cancelTimer();
  }

  // A method, since the compiler takes a property that it saw compared for constant across calls.
  #isIn(state: AttemptState): boolean {
    return this.state === state;
  }

  async #admit(): Promise<void> {
    const { provider } = this;
    const { limiter } = this.settings;
    if (limiter === undefined) return;
    const admission = limiter.enter(`${provider.name}/${provider.limitGroup(this.model)}`);
    this.#leaveLimiter = admission.leave;
    await admission.ready;
  }

  async #receive(request: Request<N>): Promise<void> {
    const { timeout, limit } = this.settings;
    this.#stall.wait(timeout.firstContent);
    this.#exchange = request.transport(request.http);
    const response = await this.#exchange.response;
    if (!this.#isIn("connecting")) return response.body.close();
    this.requestId = this.#ownRequestId(this.provider.requestId(response.header), request.http);
    const refuse = (text: string): MillraceError => this.#refusal(response, text);
    const { status, header } = response;
    const frames = status < 400 ? request.createFrames(limit.frame ?? DEFAULT_FRAME_LIMIT, refuse, header) : null;
    if (frames === null) throw refuse(await readText(response.body, 2 * ERROR_BODY_LIMIT, timeout.connect));
    this.#learn(response, null);
    this.#intake = new Intake(response.body, frames, limit.response ?? Infinity);
    this.move("headers");
    response.body.onReady = () => {
      this.#stall.resume();
      this.#wake();
    };
    // The wait for the headers counts as well.
    this.#stall.resume();
  }

  /** The error that a response stands for. */
  #refusal(response: HttpResponse, received: string): MillraceError {
    const { status, header } = response;
    const text = received.slice(0, ERROR_BODY_LIMIT);
    const error =
      response.error ??
      this.provider.errorFromResponse(status, header, text) ??
      new ContentTypeError(header("content-type") ?? "", text, { status });
    this.#learn(response, error instanceof ApiError ? error.body : text);
    return error;
  }

  /** The provider's id of a request, without a secret that a server has put there. */
  #ownRequestId(id: string | null, { headers }: HttpRequest): string | null {
    if (id === null) return null;
    // Rare, and looking for all secrets takes longer than the rest of a response's headers.
    const isEcho = Object.values(headers).some((value) => value.includes(id) || id.includes(value));
    return isEcho ? this.secrets.cut(id) : id;
  }

  /** Tells the limiter what a response says of the provider's limits. */
  #learn({ status, header }: HttpResponse, body: unknown): void {
    const { provider } = this;
    const { limiter } = this.settings;
    if (limiter === undefined) return;
    const limit = provider.rateLimit({ model: this.model, status, header, body });
    if (limit !== null) limiter.observe({ ...limit, group: `${provider.name}/${limit.group}` });
  }

  #pull(intake: Intake<N["frame"]>): Step<N> | null {
    const { decoder } = this;
    let step = decoder.next();
    while (step === null && !decoder.isOver) {
      const frame = intake.next();
      if (frame !== null) {
        step = decoder.decode(frame);
      } else if (!intake.isOver) {
        this.#wait();
        break;
      } else {
        step = this.#endBody(intake.body.failure);
      }
    }
    return step;
  }

  /** The body has ended: the decoder may have something to say on that. */
  #endBody(failure: unknown): Step<N> {
    const step = failure === null ? this.decoder.end() : null;
    if (step !== null) return step;
    this.#observe();
    throw isMillraceError(failure) && failure instanceof ApiError
      ? failure
      : new StreamTruncatedError({ cause: failure ?? undefined });
  }

  /** Brings the state up to date with the message. @throws StreamTruncatedError if nothing more can follow, and it is not whole. */
  #observe(): void {
    const { decoder, times } = this;
    if (decoder.hasContent) {
      times.firstContent ??= Date.now();
      this.move("content");
    }
    if (decoder.isWhole) this.move("wholeMessage");
    // The end alone does not make a message complete.
    else if (decoder.isOver) throw new StreamTruncatedError();
    if (decoder.isOver) this.move("lastEvent");
  }

  /** A read has to wait for the network. */
  #wait(): void {
    const { isWhole, hasContent, progress } = this.decoder;
    const { timeout } = this.settings;
    // Before the first content nothing but content counts.
    if (progress !== this.#progress && hasContent) this.#stall.progress();
    this.#progress = progress;
    this.#stall.wait(isWhole ? LINGER_MS : hasContent ? timeout.idle : timeout.firstContent);
  }

  /** The only place that changes the state, and that ends an attempt. The state decides whether the event means anything. */
  move(event: AttemptEvent, error: MillraceError | null = null): void {
    const before = this.state;
    this.state = after(attemptTransitions, before, event);
    if (this.state === before || this.outcome === "pending") return;
    this.times.end = Date.now();
    this.#release();
    const { request } = this;
    if (!request?.resume && !request?.cancel) this.request = null;
    if (this.outcome === "complete" || error === null) return;
    // What is known may be anything that the server sent.
    error.addContext({ phase: PHASES[before] ?? "connect", requestId: this.requestId });
    this.secrets.redact(error);
    this.error = error;
  }

  #release(): void {
    this.#stall.stop();
    this.#leaveLimiter();
    if (this.outcome === "complete" && this.decoder.isOver) this.#intake?.body.finish();
    else this.#exchange?.close();
    // An agent keeps its turns: the bodies of their requests, each with the whole conversation, must not stay with them.
    this.#intake = this.#exchange = null;
  }
}

/** Anything else is a fault of the library or of a client that was passed in, and the reader gets it as an error too. */
export function asMillraceError(thrown: unknown): MillraceError {
  if (isMillraceError(thrown)) return thrown;
  return new ProtocolError(messageOf(thrown), { cause: thrown, retryable: false });
}
