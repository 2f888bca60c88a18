import type { Step } from "../provider/decoder.ts";
import type { Native } from "../provider/native.ts";
import type { Provider } from "../provider/provider.ts";

/** A shorter repetition may be a coincidence. */
const SHORTEST_REPETITION = 16;

/**
 * Finds out how much of a continuation repeats the end of the text that it continues: only what is equal to the
 * character, and at least 16 characters long.
 *
 * It searches the text before for the beginning of the continuation, as Knuth, Morris and Pratt do, except that the
 * pattern is still growing: the search stops where it needs more of it. Linear in both texts.
 */
export class Overlap {
  readonly #before: string;
  readonly #withheld: number;
  /** The continuation, as UTF-16 units: a string would be copied each time that it has grown and is read. */
  readonly #text: number[] = [];
  /** Of each beginning of the continuation, by its length: the longest shorter one that it ends with. */
  readonly #borders = [0, 0];
  /** How far the search has come in the text before, and how much of the continuation matches there. */
  #at = 0;
  #matched = 0;

  /** @param withheld - How many characters at the end the model was not shown: they count, although they are few. */
  constructor(before: string, withheld: number) {
    this.#before = before;
    this.#withheld = withheld;
  }

  /**
   * Takes the next text. Gives the length of the repetition, or null if it takes more text to tell.
   *
   * @param isWhole - Whether this is the last text: then the answer is a length.
   */
  push(text: string, isWhole = false): number | null {
    for (let at = 0; at < text.length; at++) this.#text.push(text.charCodeAt(at));
    const before = this.#before;
    while (this.#at < before.length) {
      if (before.charCodeAt(this.#at) === this.#text[this.#matched]) {
        this.#matched++;
        this.#at++;
      } else if (this.#matched === this.#text.length && !isWhole) {
        return null;
      } else if (this.#matched > 0) {
        this.#matched = this.#borderOf(this.#matched);
      } else {
        this.#at++;
      }
    }
    for (let length = this.#matched; length > 0; length = this.#borderOf(length)) {
      if (length >= SHORTEST_REPETITION || length === this.#withheld) return length;
    }
    return 0;
  }

  #borderOf(length: number): number {
    const borders = this.#borders;
    const text = this.#text;
    for (let known = borders.length - 1; known < length; known++) {
      let border = borders[known] ?? 0;
      while (border > 0 && text[border] !== text[known]) border = borders[border] ?? 0;
      borders.push(text[border] === text[known] ? border + 1 : 0);
    }
    return borders[length] ?? 0;
  }
}

/** The same steps without the first characters of their content. */
export function withoutBeginning<N extends Native>(
  steps: readonly Step<N>[],
  length: number,
  { createChunk }: Provider<N>,
): Step<N>[] {
  let left = length;
  return steps.map((step) => {
    const { chunk: event, content, thinking } = step.chunk;
    if (left === 0 || content === "") return step;
    const dropped = Math.min(left, content.length);
    left -= dropped;
    return { ...step, chunk: createChunk({ event, content: content.slice(dropped), thinking, recovery: null }) };
  });
}
