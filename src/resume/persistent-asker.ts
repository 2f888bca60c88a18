import { InvalidOptionError } from "../errors.ts";

/** Something that a log is asked to do. It may answer at once. */
export interface Task<A> {
  readonly ask: () => Promise<A> | A;
  readonly done: (answer: A) => void;
}

/** How a log is asked. */
export interface AskerOptions {
  readonly leaseMs: number;
  /** The log has refused something, or has not answered. It is asked again. */
  readonly onError: (error: unknown) => void;
  /** It is not asked any more. @param isRefused - It would say so each time. */
  readonly onGivenUp: (error: unknown, isRefused: boolean) => void;
}

const LEASES_UNTIL_GIVEN_UP = 3;
const [FIRST_RETRY_MS, LONGEST_RETRY_MS] = [50, 1_000];

/**
 * Asks a log to do one thing after another, each again and again until the log has done it or is given up. By callbacks: a
 * log is asked something for each batch of each run.
 */
export class PersistentAsker {
  readonly #options: AskerOptions;
  #task: Task<unknown> | null = null;
  /** Counts what the log was asked, so that late answers are recognised. */
  #asked = 0;
  /** Since when it has not answered; null while it is not asked. */
  #askedAt: number | null = null;
  #retryMs = FIRST_RETRY_MS;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #lastSuccess = performance.now();
  #isOver = false;

  constructor(options: AskerOptions) {
    this.#options = options;
  }

  /** Whether the log has something to do. */
  get isBusy(): boolean {
    return this.#task !== null;
  }

  /** Asks for something. What was asked for before has to be done. */
  ask<A>(task: Task<A>): void {
    if (this.#isOver) return;
    this.#task = task as Task<unknown>;
    this.#askedAt = performance.now();
    this.#asked += 1;
    const number = this.#asked;
    let answer: Promise<A> | A;
    try {
      answer = task.ask();
    } catch (error) {
      return this.#failed(number, error);
    }
    if (!(answer instanceof Promise)) return this.#answered(number, task, answer);
    answer.then(
      (later) => this.#answered(number, task, later),
      (error: unknown) => this.#failed(number, error),
    );
  }

  /** Waits no longer for an answer that takes longer than a lease. */
  check(): void {
    const { leaseMs } = this.#options;
    if (this.#askedAt === null || performance.now() - this.#askedAt < leaseMs) return;
    this.#failed(this.#asked, new Error(`The log has not answered within ${leaseMs} ms.`));
  }

  /** Asks for nothing more. */
  end(): void {
    this.#isOver = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#task = null;
  }

  #answered<A>(number: number, task: Task<A>, answer: A): void {
    if (number !== this.#asked || this.#isOver) return;
    this.#task = this.#askedAt = null;
    this.#retryMs = FIRST_RETRY_MS;
    this.#lastSuccess = performance.now();
    try {
      task.done(answer);
    } catch (error) {
      // Not asked again: it has done it.
      this.#options.onError(error);
      this.#options.onGivenUp(error, false);
    }
  }

  #failed(number: number, error: unknown): void {
    const { leaseMs, onError, onGivenUp } = this.#options;
    const task = this.#task;
    if (number !== this.#asked || this.#isOver || task === null) return;
    // It is asked again: an answer that still comes would end the task before that, and the next one be taken for it.
    this.#asked += 1;
    this.#askedAt = null;
    onError(error);
    // It will say so each time.
    if (error instanceof InvalidOptionError) return onGivenUp(error, true);
    // Asked again at least once: this process may have been frozen while the answer came.
    const isAgain = this.#retryMs > FIRST_RETRY_MS;
    const silentMs = performance.now() - this.#lastSuccess;
    if (isAgain && silentMs > LEASES_UNTIL_GIVEN_UP * leaseMs) return onGivenUp(error, false);
    this.#retry = setTimeout(() => this.ask(task), this.#retryMs);
    this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY_MS);
  }
}
