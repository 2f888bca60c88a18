import { startTimer } from "../http/timeout.ts";
import { whenAborted } from "./abort-signal.ts";

/** What a watch tells. */
interface Watcher {
  onAbort(reason: unknown): void;
  /** @param ms - How long the call was allowed to take. */
  onTimeout(ms: number): void;
}

/** Watches the signals of a call, and its time. */
export class Watch {
  readonly #watcher: Watcher;
  readonly #signals: AbortSignal[] = [];
  #totalMs = Infinity;
  /** When the time is over: milliseconds since the epoch. */
  #deadline = Infinity;
  #closedAt = 0;
  readonly #cleanups: (() => void)[] = [];
  #cancelTotal = (): void => {};

  constructor(watcher: Watcher) {
    this.#watcher = watcher;
  }

  /** Tells when a signal is aborted: at once, if it is. */
  listen(signal: AbortSignal | undefined): void {
    if (signal === undefined) return;
    this.#signals.push(signal);
    this.#listen(signal);
  }

  /** Tells when the time is over. Replaces an earlier limit. */
  limit(ms: number, since: number): void {
    this.#totalMs = ms;
    this.#deadline = since + ms;
    this.#startTotal();
  }

  /** Calls back after so many milliseconds. */
  wait(ms: number, callback: () => void): void {
    this.#cleanups.push(startTimer(ms, callback));
  }

  /** Leaves no timer and no listener behind. */
  close(): void {
    this.#closedAt = Date.now();
    this.#cancelTotal();
    for (const cleanup of this.#cleanups.splice(0)) cleanup();
  }

  /** Watches again, after {@link close}. The time in between does not count. */
  open(): void {
    for (const signal of this.#signals) this.#listen(signal);
    this.#deadline += Date.now() - this.#closedAt;
    this.#startTotal();
  }

  #startTotal(): void {
    this.#cancelTotal();
    const ms = this.#totalMs;
    this.#cancelTotal = startTimer(Math.max(0, this.#deadline - Date.now()), () => this.#watcher.onTimeout(ms));
  }

  #listen(signal: AbortSignal): void {
    const onAbort = (): void => this.#watcher.onAbort(signal.reason);
    if (signal.aborted) onAbort();
    else this.#cleanups.push(whenAborted(signal, onAbort));
  }
}
