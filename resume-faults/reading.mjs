/** What a reader in another process sees, as it tells it. */
export class Reading {
  run = null;
  words = [];
  /** When each of the words came. */
  times = [];
  firstAt = null;
  endedAt = null;
  /** `complete`, or how else it ended; null before. */
  outcome = null;
  error = null;
  #leave;
  #waiting = [];

  constructor(leave) {
    this.#leave = leave;
  }

  get hasEnded() {
    return this.endedAt !== null;
  }

  /** The longest time between two words. */
  get longestGapMs() {
    return Math.max(0, ...this.times.map((at, nth) => at - (this.times[nth - 1] ?? at)));
  }

  word({ word, isRestart, at }) {
    if (isRestart) this.words.length = this.times.length = 0;
    if (word === null) return;
    this.words.push(word);
    this.times.push(at);
    this.firstAt ??= at;
    this.#wake();
  }

  end({ outcome, error = null, at }) {
    Object.assign(this, { outcome, error, endedAt: at });
    this.#wake();
  }

  /** Its process is gone. */
  gone() {
    if (!this.hasEnded) this.end({ outcome: "gone", at: Date.now() });
  }

  /** Waits for so many words, or the end. */
  async reach(count, limitMs = 10_000) {
    return this.#until(() => this.words.length >= count || this.hasEnded, limitMs);
  }

  /** Waits for the end. False: it has not come in time. */
  async ended(limitMs) {
    return this.#until(() => this.hasEnded, limitMs);
  }

  /** Leaves. Gives where the next reader is to go on. */
  leave() {
    return this.#leave();
  }

  async #until(holds, limitMs) {
    const until = Date.now() + limitMs;
    while (!holds()) {
      const left = until - Date.now();
      if (left <= 0) return false;
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return true;
  }

  #wake() {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
