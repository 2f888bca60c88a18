import { type MillraceError, StreamAbortedError, type StreamErrorContext, StreamTimeoutError } from "../errors.ts";
import { type CostMetadata, joinCosts } from "../cost/price.ts";
import { startTimer } from "../http/timeout.ts";
import type { Decoder, Native } from "../provider.ts";
import { whenAborted } from "./abort-signal.ts";
import { Attempt, type AttemptOwner, type Outcome } from "./attempt.ts";
import { type Budget, BudgetExceededError } from "./budget.ts";
import { Overlap } from "./overlap.ts";
import type { CallPlan, Cut, PreparedCall, Target } from "./plan.ts";
import { nextTry, type RecoveryEvent } from "./recovery.ts";

/** What another attempt recovers from. */
interface Recovery<N extends Native> {
  readonly type: RecoveryEvent["type"];
  readonly cause: MillraceError;
  /** The reply that is to go on. */
  readonly cut: Cut<N> | null;
}

/**
 * All state of a call: its attempts, and which of them its stream shows. The only place that decides how a call ends.
 * Pulled by {@link take}; everything else is told through {@link onReady}.
 */
export class CallState<N extends Native> implements AttemptOwner {
  outcome: Outcome = "pending";
  /** What ended it, unless it is complete. */
  error: MillraceError | null = null;
  /** Milliseconds since the epoch; null where it has not come to that. */
  startTime: number | null = null;
  endTime: number | null = null;
  /** Called when {@link take} may give more, or {@link outcome} has changed. */
  onReady: () => void = () => {};
  readonly plan: CallPlan<N>;
  /** The attempts that have begun. */
  readonly attempts: Attempt<N>[] = [];
  /** The attempt that the stream shows: the latest, unless that recovers from an earlier one and has no content yet. */
  shown: Attempt<N>;
  /** Where chunks may be taken that came together with the last one, if nothing else has to be done for each. */
  atOnce: Pick<Decoder<N>, "takeReady"> | null = null;
  /** False once something was handed out that cannot be taken back. */
  mayRestart = true;

  readonly #context: () => StreamErrorContext;
  readonly #cleanups: (() => void)[] = [];
  #latest: Attempt<N>;
  /** Whether chunks are held until there is content: a retry must leave no trace. */
  #isHolding: boolean;
  #held: N["chunk"][] = [];
  #recovery: Recovery<N> | null = null;
  #overlap: Overlap | null = null;
  /** Whoever takes sees the outcome for himself. */
  #isTaking = false;

  /** @param context - What errors of this stream carry. */
  constructor(plan: CallPlan<N>, context: () => StreamErrorContext) {
    this.plan = plan;
    this.#context = context;
    this.#isHolding = plan.retry.isOn;
    this.shown = this.#latest = new Attempt(plan, plan.targets[0], this);
  }

  /** What the call is; null until the prompt function has run. */
  get prepared(): PreparedCall<N> | null {
    return this.shown.prepared;
  }

  /** When the first content came, of whichever attempt. */
  get firstContentTime(): number | null {
    return this.attempts.find(({ firstContentTime }) => firstContentTime !== null)?.firstContentTime ?? null;
  }

  /** What all attempts cost so far; null where that is not known. */
  get costMetadata(): CostMetadata | null {
    const charged = this.attempts.filter(({ decoder }) => decoder.message !== null);
    return joinCosts((charged.length > 0 ? charged : [this.shown]).map(({ costMetadata }) => costMetadata));
  }

  /** The next chunk, or null: none has arrived, or none will (see {@link outcome}). The first call sends the request. */
  take(): N["chunk"] | null {
    if (this.#isHolding) this.#hold();
    if (this.#isHolding) return null;
    if (this.#held.length > 0) return this.#held.shift() ?? null;
    const chunk = this.#pull();
    const isOpen = this.outcome === "pending" && !this.#isHolding;
    const isSimple = this.plan.budget === undefined && this.prepared?.tools === null;
    this.atOnce = isOpen && isSimple ? this.#latest.decoder : null;
    return chunk;
  }

  #pull(): N["chunk"] | null {
    if (this.startTime === null) this.#start();
    const chunk = this.#latest.take();
    if (chunk !== null && this.plan.budget !== undefined) this.#checkBudget(this.plan.budget);
    return chunk;
  }

  /** Takes chunks until there is content to show with them, or nothing to take. */
  #hold(): void {
    for (let chunk = this.#pull(); chunk !== null; chunk = this.#pull()) {
      this.#held.push(chunk);
      const { stopped, hasContent } = this.#latest.decoder;
      if ((hasContent || stopped) && this.#isOverlapKnown(chunk, stopped)) return this.#show();
    }
  }

  #isOverlapKnown({ content }: N["chunk"], isLast: boolean): boolean {
    if (this.#overlap === null) return true;
    const length = (content === "" ? null : this.#overlap.push(content)) ?? (isLast ? this.#overlap.end() : null);
    this.#latest.repeated = length ?? 0;
    return length !== null;
  }

  /** From now on the stream shows the latest attempt. */
  #show(): void {
    if (this.#recovery !== null) {
      const { createChunk } = this.plan.provider;
      let { repeated } = this.#latest;
      this.#held = this.#held.map((held) => {
        const { chunk, content } = held;
        if (repeated === 0 || content === "") return held;
        const rest = createChunk(chunk, content.slice(repeated));
        repeated -= Math.min(repeated, content.length);
        return rest;
      });
      const { type, cause } = this.#recovery;
      this.#held.unshift(createChunk({ type, attempt: this.attempts.length - 1, cause }, ""));
    }
    this.#recovery = this.#overlap = null;
    this.#isHolding = false;
    this.shown = this.#latest;
  }

  /** Ends the call now. */
  abort(reason?: unknown): void {
    this.#held = [];
    this.#stop("aborted", new StreamAbortedError(reason));
  }

  #stop(outcome: Outcome, error: MillraceError): void {
    this.#latest.end(outcome, error);
    // Between two attempts none is under way.
    if (this.outcome !== "pending") return;
    this.#finish(outcome, error);
    this.ready();
  }

  #checkBudget({ outputTokens = Infinity, cost = Infinity }: Budget): void {
    const written = this.attempts.reduce((sum, { commonUsage }) => sum + commonUsage.outputTokens, 0);
    const spent = cost === Infinity ? 0 : (this.costMetadata?.cost ?? 0);
    if (written <= outputTokens && spent <= cost) return;
    this.#isTaking = true;
    const isWritten = written > outputTokens;
    const error = isWritten
      ? new BudgetExceededError("outputTokens", outputTokens, written)
      : new BudgetExceededError("cost", cost, spent);
    this.#stop("aborted", error);
    this.#isTaking = false;
  }

  #start(): void {
    if (this.outcome !== "pending") return;
    const { plan } = this;
    this.startTime = Date.now();
    this.#listen(plan.signal);
    if (this.outcome === "pending") this.#begin(plan.targets[0]);
  }

  /** Asks. */
  #begin(target: Target<N>): void {
    const { plan } = this;
    const { cut = null } = this.#recovery ?? {};
    const isFirst = this.attempts.length === 0;
    const attempt = isFirst ? this.#latest : new Attempt(plan, target, this, cut);
    this.#latest = attempt;
    this.attempts.push(attempt);
    if (this.#recovery === null) this.shown = attempt;
    void attempt.send(async () => {
      const prepared = await plan.prepare(target, this.#rest(cut, target.model));
      if (isFirst && this.outcome === "pending") this.#watch(prepared);
      return prepared;
    });
  }

  /** The messages that ask for the rest of a reply. */
  #rest(cut: Cut<N> | null, model: string): readonly N["messageParam"][] {
    const { provider, onInterrupt } = this.plan;
    this.#overlap = null;
    if (cut === null || cut.kept === null) return [];
    const words = typeof onInterrupt === "string" ? null : onInterrupt.continueWith;
    const { body } = cut.prepared.encoded;
    const { messages, withheld } = provider.continuation({ kept: cut.kept, body, model, words });
    this.#overlap = new Overlap(provider.views.content(this.shown.message), withheld);
    return messages;
  }

  #watch({ dynamicConfig, timeout: { total } }: PreparedCall<N>): void {
    this.#listen(dynamicConfig?.signal);
    const late = (): void => this.#stop("failed", new StreamTimeoutError("total", total, "the call took long"));
    if (this.outcome === "pending") this.#cleanups.push(startTimer(total, late));
  }

  #listen(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    if (signal.aborted) this.abort(signal.reason);
    else this.#cleanups.push(whenAborted(signal, () => this.abort(signal.reason)));
  }

  ready(): void {
    if (!this.#isTaking) this.onReady();
  }

  ended(): void {
    this.atOnce = null;
    const { outcome, error } = this.#latest;
    const next = error === null || outcome === "aborted" ? null : this.#next(error);
    if (next === null) return this.#finish(outcome, error);
    this.#held = [];
    this.#isHolding = true;
    this.#cleanups.push(startTimer(next.waitMs, () => this.#begin(next.target)));
  }

  /** Whom to ask next, and when; null where the error stands. */
  #next(error: MillraceError): ReturnType<typeof nextTry<N>> {
    const { plan } = this;
    const next = nextTry(
      plan,
      this.attempts.map(({ target }) => target),
      error,
    );
    // What is held was not shown: nobody will notice.
    if (next === null || this.#isHolding) return next;
    const { decoder, kept, prepared } = this.#latest;
    const { onInterrupt } = plan;
    if (!decoder.hasContent || onInterrupt === "fail") return null;
    if (onInterrupt === "restart") {
      if (!this.mayRestart) return null;
      this.#recovery = { type: "restart", cause: error, cut: null };
    } else {
      if (!decoder.canContinue || prepared === null) return null;
      this.#recovery = { type: "continue", cause: error, cut: { kept, prepared } };
    }
    return next;
  }

  #finish(outcome: Outcome, error: MillraceError | null): void {
    if (this.outcome !== "pending") return;
    // What was held of an attempt that was to recover from another is not shown.
    if (this.#recovery !== null) this.#held = [];
    this.#isHolding = false;
    this.outcome = outcome;
    this.error = error;
    this.endTime = Date.now();
    for (const cleanup of this.#cleanups) cleanup();
    error?.addContext(this.#context());
  }
}
