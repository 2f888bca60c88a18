import { asMillraceError, Attempt, type Cut } from "../attempt/attempt.ts";
import {
  after,
  type CallEvent,
  type CallState,
  callTransitions,
  type FinalState,
  type Outcome,
  outcomeOf,
} from "../attempt/lifecycle.ts";
import type { Prepared, PreparedCall } from "../attempt/prepared.ts";
import { type MillraceError, StreamAbortedError, type StreamErrorContext, StreamTimeoutError } from "../errors.ts";
import { Secrets } from "../http/redaction.ts";
import type { Recovery } from "../provider/chunk.ts";
import type { Decoder, Step } from "../provider/decoder.ts";
import type { Native } from "../provider/native.ts";
import { excess } from "./budget.ts";
import { costOf, spendingOf } from "./charge.ts";
import { Overlap, withoutBeginning } from "./overlap.ts";
import type { CallPlan } from "./plan.ts";
import { type NextTry, nextTry } from "./policy.ts";
import { Watch } from "./watch.ts";

/** The most pairs, and bytes, that are held for content. Beyond them they are shown, and a failure is too. */
const MOST_HELD = 1_000;
const MOST_HELD_BYTES = 4 * 1024 * 1024;

/** What the latest attempt recovers from. */
interface Interrupted<N extends Native> {
  readonly type: Recovery["type"];
  readonly cause: MillraceError;
  /** The attempt that was interrupted. */
  readonly attempt: Attempt<N>;
  /** Its reply, if another is to go on with it. */
  readonly cut: Cut<N> | null;
}

/**
 * The reply to a call: one attempt after another, until one of them is complete or none may follow. Its state changes by
 * {@link callTransitions} alone.
 *
 * A reader pulls steps with {@link next}; {@link onReady} tells it when there may be something to pull, or the outcome
 * has changed. Nothing else calls back.
 */
export class Reply<N extends Native> {
  readonly plan: CallPlan<N>;
  state: CallState = "idle";
  /** The error that ended it; null while it is pending, and if it is complete. */
  error: MillraceError | null = null;
  /** Milliseconds since the epoch. */
  readonly times: { start: number | null; end: number | null } = { start: null, end: null };
  onReady: () => void = () => {};
  /** Told once there is content, or the call has ended without any. */
  onStarted: (() => void) | null = null;
  /** The attempts that have begun. */
  readonly attempts: Attempt<N>[] = [];
  /** The attempt that is shown: the latest, unless that recovers from an earlier one and has no content yet. */
  shown: Attempt<N>;
  /** Further steps may be taken here, past {@link next}, while nothing else has to be done for each of them. */
  fast: Pick<Decoder<N>, "next"> | null = null;
  /** False once something was handed out that cannot be taken back. */
  mayRestart = true;
  /** It was ended from outside: nothing that is still being prepared for the reader will be handed out. */
  isStopped = false;
  /** Settles once the provider has been told to stop; see {@link Request.cancel}. */
  cancelled: Promise<unknown> = Promise.resolve();

  readonly #context: () => StreamErrorContext;
  readonly #watch = new Watch({
    onAbort: (reason) => this.abort(reason),
    onTimeout: (ms) => {
      this.#stop("fault", new StreamTimeoutError("total", ms, "the call took too long"));
      this.onReady();
    },
  });
  #latest: Attempt<N>;
  #held: Step<N>[] = [];
  #interrupted: Interrupted<N> | null = null;
  #overlap: Overlap | null = null;
  /** How many characters of the latest attempt's text repeat the one that it continues. */
  #repeated = 0;
  /** The replies that the provider was told to stop, by their decoders: several attempts may be at one and the same. */
  readonly #stopped = new Set<Decoder<N>>();
  /** The work on a reply that is stopped together with it, even if the reply itself is complete. */
  readonly #guards = new Set<(error: MillraceError) => void>();

  /** @param context - Gives what the stream's errors carry. */
  constructor(plan: CallPlan<N>, context: () => StreamErrorContext) {
    this.plan = plan;
    this.#context = context;
    this.shown = this.#latest = this.#attempt(0, null, new Secrets());
  }

  get outcome(): Outcome {
    return outcomeOf(this.state);
  }

  /** The call as it was sent; null until the prompt function has run. */
  get prepared(): PreparedCall<N> | null {
    return this.shown.prepared;
  }

  /** When the first content of any attempt came: milliseconds since the epoch. */
  get firstContentTime(): number | null {
    return this.attempts.map(({ times }) => times.firstContent).find((time) => time !== null) ?? null;
  }

  /** All that were made for the result, those of earlier calls included. */
  get allAttempts(): readonly Attempt<N>[] {
    return [...this.plan.earlier, ...this.attempts];
  }

  /** What all attempts cost so far; null if that is not known. */
  get costMetadata(): N["costMetadata"] | null {
    return costOf(this.allAttempts, this.shown);
  }

  /** The next step, or null: none has arrived, or none will (see {@link outcome}). The first call sends the request. */
  next(): Step<N> | null {
    this.fast = null;
    try {
      return this.#next();
    } catch (error) {
      this.#stop("fault", asMillraceError(error));
      return null;
    } finally {
      if (this.onStarted !== null && this.#hasStarted()) this.#tellStarted();
    }
  }

  /** Takes steps until there is content, and keeps them for the reader. */
  takeAhead(): void {
    // What is kept comes first.
    this.fast = null;
    try {
      if (this.state === "idle") this.#start();
      if (this.state === "holding") this.#hold();
      while (this.#isIn("showing") && !this.#hasStarted()) {
        const step = this.#pull();
        this.#settle();
        if (step === null) break;
        this.#held.push(step);
      }
    } catch (error) {
      this.#stop("fault", asMillraceError(error));
    }
    if (this.#hasStarted()) this.#tellStarted();
  }

  #wake(): void {
    if (this.onStarted !== null) this.takeAhead();
    this.onReady();
  }

  #hasStarted(): boolean {
    return this.#isIn("showing") && (this.#latest.decoder.hasContent || this.#held.length >= MOST_HELD);
  }

  #tellStarted(): void {
    this.onStarted?.();
    this.onStarted = null;
  }

  #next(): Step<N> | null {
    if (this.state === "idle") this.#start();
    if (this.state === "holding") this.#hold();
    if (this.#isIn("holding") || this.#isIn("pausing")) return null;
    const held = this.#held.shift();
    if (held !== undefined) return held;
    if (!this.#isIn("showing")) return null;
    const step = this.#pull();
    this.#settle();
    const isSimple = this.plan.budget === undefined && this.prepared?.tools === null;
    if (isSimple && this.#isIn("showing")) this.fast = this.#latest.decoder;
    return step;
  }

  /** Ends the call now. */
  abort(reason?: unknown): void {
    this.#interrupt("abort", new StreamAbortedError(reason));
  }

  /** Ends the call with an error of any kind that was thrown while its steps were taken. */
  fail(thrown: unknown): void {
    this.#interrupt("fault", asMillraceError(thrown));
  }

  #interrupt(event: "abort" | "fault", error: MillraceError): void {
    this.#stop(event, error);
    if (this.isStopped) this.#held = [];
    this.onReady();
  }

  // A method, since the compiler takes a property that it saw compared for constant across calls.
  #isIn(state: CallState): boolean {
    return this.state === state;
  }

  #move(event: CallEvent): void {
    this.state = after(callTransitions, this.state, event);
  }

  #attempt(target: number, cut: Cut<N> | null, secrets: Secrets): Attempt<N> {
    const { plan } = this;
    return new Attempt(plan, target, plan.targets[target] ?? plan.targets[0], cut, secrets, () => this.#wake());
  }

  #start(): void {
    const { plan } = this;
    this.times.start = Date.now();
    this.#move("start");
    if (!plan.retry.isOn) this.#move("show");
    this.#watch.listen(plan.signal);
    if (this.outcome !== "pending") return;
    this.#limitTotal(plan.timeout.total);
    this.#begin();
  }

  /**
   * Has work on the reply stopped together with the call, when it is aborted or takes too long.
   *
   * @param stop - May be called at once.
   * @returns What ends the guard, once the work is done.
   */
  guard(stop: (error: MillraceError) => void): () => void {
    this.#guards.add(stop);
    // A reply that has ended is watched only while there are guards.
    if (this.outcome !== "pending" && this.#guards.size === 1) this.#watch.open();
    return () => {
      this.#guards.delete(stop);
      if (this.outcome !== "pending" && this.#guards.size === 0) this.#watch.close();
    };
  }

  #limitTotal(ms: number): void {
    this.#watch.limit(ms, this.plan.earlier[0]?.times.start ?? this.times.start ?? Date.now());
  }

  /** Sends the request of the latest attempt. */
  #begin(): void {
    const attempt = this.#latest;
    this.attempts.push(attempt);
    if (this.#interrupted === null) this.shown = attempt;
    void attempt.send(() => this.#prepare(attempt));
  }

  async #prepare(attempt: Attempt<N>): Promise<Prepared<N>> {
    const { plan } = this;
    const interrupted = this.#interrupted;
    this.#overlap = null;
    const resumed = interrupted?.cut ? await this.#resume(attempt, interrupted) : null;
    this.#cancelExcept(attempt.decoder);
    if (resumed !== null) return resumed;
    const target = plan.targets[attempt.target] ?? plan.targets[0];
    const prepared = await plan.prepare(target, this.#rest(attempt));
    if (this.outcome === "pending") {
      if (prepared.totalTimeoutMs !== undefined) this.#limitTotal(prepared.totalTimeoutMs);
      // The prompt function has run once, whichever attempt was the first that could be prepared.
      const isFirst = this.attempts.every((one) => one.prepared === null);
      if (isFirst) this.#watch.listen(prepared.call.dynamicConfig?.signal);
    }
    return attempt.cut === null ? prepared : { ...prepared, call: attempt.cut.prepared };
  }

  /** Goes on with the very same reply, if the provider can. */
  async #resume(attempt: Attempt<N>, { attempt: before, cause, cut }: Interrupted<N>): Promise<Prepared<N> | null> {
    const request = attempt.target === before.target ? await before.request?.resume?.(before.decoder.message) : null;
    // Aborted meanwhile: the decoder stays as it was.
    if (attempt.outcome !== "pending") throw cause;
    if (request == null || before.prepared === null) {
      if (this.#mayContinue(before)) return null;
      this.#giveUp(before);
      throw cause;
    }
    attempt.decoder = before.decoder;
    attempt.decoder.resume?.();
    return { call: cut?.prepared ?? before.prepared, request, totalTimeoutMs: undefined };
  }

  /** The reply cannot go on: the call ends as the attempt that was interrupted has ended, and none followed it. */
  #giveUp(interrupted: Attempt<N>): void {
    const { outcome, error } = interrupted;
    this.attempts.pop();
    this.#latest = interrupted;
    if (outcome !== "pending") this.#finish(outcome, error);
  }

  /** The items that ask for the rest of a reply. */
  #rest({ cut, model, provider }: Attempt<N>): readonly N["item"][] {
    if (cut === null || cut.items.length === 0) return [];
    const { onInterrupt } = this.plan;
    const words = typeof onInterrupt === "string" ? null : onInterrupt.continueWith;
    const { items, withheld } = provider.continuation({ items: cut.items, body: cut.prepared.body, model, words });
    this.#overlap = new Overlap(provider.views.content(this.shown.decoder.message), withheld);
    return items;
  }

  #pull(): Step<N> | null {
    const step = this.#latest.next();
    if (step !== null) this.#charge();
    return step;
  }

  /** Ends the call if its budget is spent. */
  #charge(): void {
    const { budget } = this.plan;
    const error = budget === undefined ? null : excess(budget, spendingOf(budget, this.allAttempts));
    if (error !== null) this.#stop("abort", error);
  }

  /** Takes steps until there is content to show with them, or nothing to take. */
  #hold(): void {
    while (this.#isIn("holding")) {
      const step = this.#latest.next();
      if (step === null) break;
      this.#held.push(step);
      const { hasContent, isWhole } = this.#latest.decoder;
      const isLong = this.#held.length >= MOST_HELD && this.#overlap === null;
      const isFull = isLong || this.#latest.bytes >= MOST_HELD_BYTES;
      if ((hasContent || isWhole || isFull) && this.#knowsRepetition(step.chunk, isWhole || isFull)) this.#show();
      // Afterwards, so that the step is shown or not together with those before it.
      this.#charge();
    }
    this.#settle();
  }

  #knowsRepetition({ content }: N["chunk"], isLast: boolean): boolean {
    const length = this.#overlap === null ? 0 : this.#overlap.push(content, isLast);
    this.#repeated = length ?? 0;
    return length !== null;
  }

  /** From now on the latest attempt is the one that is shown. */
  #show(): void {
    const { provider } = this.#latest;
    if (this.#interrupted !== null) {
      this.#latest.decoder.dropText(this.#repeated);
      this.#held = withoutBeginning(this.#held, this.#repeated, provider);
      const { type, cause } = this.#interrupted;
      const recovery: Recovery = { type, attempt: this.allAttempts.length - 1, cause };
      this.#held.unshift({
        chunk: provider.createChunk({ event: null, content: "", thinking: "", recovery }),
        tools: [],
        repeated: this.#repeated,
      });
    }
    this.#interrupted = this.#overlap = null;
    this.#repeated = 0;
    this.shown = this.#latest;
    this.#move("show");
  }

  /** If the latest attempt has ended, decides what follows. */
  #settle(): void {
    const { outcome, error } = this.#latest;
    if (outcome === "pending" || this.outcome !== "pending" || this.state === "pausing") return;
    const next = error === null || outcome === "aborted" ? null : this.#nextTry(error);
    // A fallback's `when` may have aborted it.
    if (this.outcome !== "pending") return;
    if (next === null) return this.#finish(outcome, error);
    this.#held = [];
    this.#move("recover");
    this.#watch.wait(next.waitMs, () => this.#retry(next.target));
  }

  #retry(target: number): void {
    this.#move("retry");
    this.#latest = this.#attempt(target, this.#interrupted?.cut ?? null, this.#latest.secrets);
    this.#begin();
  }

  /** The next request, or null if the error stands. */
  #nextTry(error: MillraceError): NextTry | null {
    const { retry, targets, onInterrupt } = this.plan;
    const next = nextTry(
      retry,
      targets,
      this.attempts.map(({ target }) => target),
      error,
    );
    // The pairs that are held were not shown: nobody will notice.
    if (next === null || this.#isIn("holding")) return next;
    const attempt = this.#latest;
    const { decoder, prepared } = attempt;
    if (!decoder.hasContent || prepared === null || onInterrupt === "fail") return null;
    const isRestart = onInterrupt === "restart";
    // Another provider cannot go on with it.
    if (!isRestart && targets[next.target]?.provider !== attempt.provider) return null;
    if (!(isRestart ? this.mayRestart : this.#mayContinue(attempt) || attempt.request?.resume)) return null;
    const cut = isRestart ? null : { items: decoder.items(), prepared };
    this.#interrupted = { type: isRestart ? "restart" : "continue", cause: error, attempt, cut };
    return next;
  }

  /** Whether another reply may continue this one. */
  #mayContinue({ decoder }: Attempt<N>): boolean {
    return decoder.canContinue && !this.plan.resumesOnly;
  }

  /** Tells the provider to stop the replies that nobody will go on with. */
  #cancelExcept(kept: Decoder<N> | null): void {
    for (const attempt of this.attempts.toReversed()) {
      const { decoder } = attempt;
      if (decoder === kept || !attempt.request?.cancel || this.#stopped.has(decoder)) continue;
      this.#stopped.add(decoder);
      this.cancelled = Promise.all([this.cancelled, attempt.cancel()]);
    }
  }

  /** Ends the call from outside. If its message is complete already, it stays so. */
  #stop(event: "abort" | "fault", error: MillraceError): void {
    if (this.outcome === "pending") this.#end(event, error);
    for (const stop of this.#guards) stop(error);
    this.#guards.clear();
    if (this.outcome !== "pending") this.#watch.close();
  }

  #end(event: "abort" | "fault", error: MillraceError): void {
    const latest = this.#latest;
    // Between two attempts the latest one has ended with an error of its own.
    if (latest.error !== null) this.#finish(event === "abort" ? "aborted" : "failed", error);
    latest.move(event, error);
    if (this.outcome === "pending" && latest.outcome !== "pending") this.#finish(latest.outcome, latest.error);
    // What has come of a complete reply is still handed out.
    this.isStopped = this.outcome !== "complete";
  }

  #finish(outcome: FinalState, error: MillraceError | null): void {
    // A budget may end a complete reply whose pairs are held still.
    if (outcome === "complete" && this.#isIn("holding")) {
      this.#repeated = this.#overlap?.push("", true) ?? 0;
      this.#show();
    }
    // The held pairs of an attempt that was to recover from another are not shown.
    if (this.#interrupted !== null) this.#held = [];
    this.fast = null;
    this.#move(outcome);
    this.error = error;
    this.times.end = Date.now();
    this.#cancelExcept(outcome === "complete" ? this.#latest.decoder : null);
    if (this.#guards.size === 0) this.#watch.close();
    if (error !== null) this.#describe(error);
    this.#tellStarted();
  }

  #describe(error: MillraceError): void {
    try {
      error.addContext(this.#context());
    } catch {
      // Prices and clients are the user's own, and may throw: this error is the one that matters.
    }
    this.#latest.secrets.redact(error);
  }
}
