import { LONGEST_TIMER_MS } from "../http/timeout.ts";
import { type Ending, endingOf } from "./ending.ts";
import type { PairReader, ShownPair } from "./shown-pair.ts";

/** Nothing has come in time. */
export const LATE = "late";
/** There are no more pairs. */
export const END = "end";

type Item = ShownPair | typeof END;

/** The pairs of a stream for a reader that does not wait for ever. */
export class Feed {
  readonly #reader: PairReader;
  /** Those that came before the first content, and that. */
  readonly #ahead: Item[] = [];
  #reading: Promise<Item> | null = null;
  #failure: unknown = null;
  #hasLeft = false;

  constructor(reader: PairReader) {
    this.#reader = reader;
  }

  /**
   * Waits for the first content, the end, or so many milliseconds.
   *
   * @throws The error of the stream, if it has no content, unless somebody has stopped it.
   */
  async hasBegun(ms: number): Promise<void> {
    const deadline = performance.now() + ms;
    let item: Item | typeof LATE;
    do {
      item = await this.#read(deadline - performance.now());
      if (item !== LATE) this.#ahead.push(item);
    } while (item !== LATE && item !== END && !hasContent(item));
    if (item === END && this.#failure !== null && !this.ending.isStopped) throw this.#failure;
  }

  /** The next pair, if it comes within so many milliseconds. */
  async take(ms: number): Promise<Item | typeof LATE> {
    return this.#ahead.shift() ?? (await this.#read(ms));
  }

  /** How the stream has ended, after the last pair. */
  get ending(): Ending {
    return endingOf(this.#reader.stream, this.#failure);
  }

  get hasLeft(): boolean {
    return this.#hasLeft;
  }

  /** Stops reading. A read that waits ends. */
  leave(): void {
    this.#hasLeft = true;
    this.#reader.leave();
  }

  async #read(ms: number): Promise<Item | typeof LATE> {
    const reading = (this.#reading ??= this.#next());
    const item = ms > LONGEST_TIMER_MS ? await reading : await within(ms, reading);
    if (item !== LATE) this.#reading = null;
    return item;
  }

  async #next(): Promise<Item> {
    try {
      return (await this.#reader.next()) ?? END;
    } catch (error) {
      this.#failure = error;
      return END;
    }
  }
}

function hasContent({ chunk, content, tool }: ShownPair): boolean {
  return content !== "" || chunk.thinking !== "" || tool !== null || chunk.toolResult !== null;
}

async function within<V>(ms: number, promise: Promise<V>): Promise<V | typeof LATE> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<typeof LATE>((resolve) => (timer = setTimeout(() => resolve(LATE), Math.max(0, ms))));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
