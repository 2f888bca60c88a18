/** How many pieces are kept apart: a string of its own takes some 30 bytes more than its characters. */
const MOST_APART = 1024;

/** A text that arrives in pieces. However small they are, it takes about as much memory as its characters. */
export class Pieces {
  /** The length of the whole text. */
  length = 0;
  #joined = "";
  #apart: string[] = [];

  add(piece: string): void {
    this.length += piece.length;
    if (this.#apart.push(piece) === MOST_APART) this.#join();
  }

  /** Gives the whole text, and begins a new one. */
  take(): string {
    if (this.length === 0) return "";
    this.#join();
    const text = this.#joined;
    this.#joined = "";
    this.length = 0;
    return text;
  }

  #join(): void {
    this.#joined += this.#apart.join("");
    this.#apart = [];
  }
}
