/** Less may be chance. */
const LEAST = 16;

/**
 * Finds out how much of a continuation repeats the end of what it continues: only what is the same to the character,
 * and 16 characters or more.
 */
export class Overlap {
  readonly #before: string;
  /** Where a repetition would begin. */
  #starts: number[] = [];
  #text = "";

  /** @param withheld - How many characters at the end the model was not shown: they count, although they are few. */
  constructor(before: string, withheld: number) {
    this.#before = before;
    for (let start = 0; start <= before.length - LEAST; start++) this.#starts.push(start);
    if (withheld > 0) this.#starts.push(before.length - withheld);
  }

  /** Takes the next text. The length of the repetition, or null: it takes more text to tell. */
  push(text: string): number | null {
    this.#text += text;
    this.#starts = this.#starts.filter((start) => this.#isRepeated(start));
    const isOpen = this.#starts.some((start) => this.#before.length - start > this.#text.length);
    return isOpen ? null : this.end();
  }

  /** The length of the repetition, now that there is no more text. */
  end(): number {
    const start = this.#starts.find((begin) => this.#before.length - begin <= this.#text.length);
    return start === undefined ? 0 : this.#before.length - start;
  }

  #isRepeated(start: number): boolean {
    const text = this.#text;
    return this.#before.length - start < text.length
      ? text.startsWith(this.#before.slice(start))
      : this.#before.startsWith(text, start);
  }
}
