/** Text that is short enough to be parsed again after each piece. */
const SHORT = 4096;
/** Longer text is parsed again once that many times as long has passed as it took. */
const REST = 8;

/**
 * A JSON document that arrives in pieces. To show what there is of it, it is closed where it is open, and parsed. The
 * parser of `millrace/json` gives the same without reading anything twice; it would be half of what a page has to load.
 */
export class ArrivingJson {
  #text = "";
  /** How much of the text was looked at. */
  #at = 0;
  /** Up to here, and with its brackets closed, the text is a document. */
  #whole = 0;
  /** What closes the brackets that are open. */
  #closers = "";
  /** Where a string, number or word begins that is not over; else -1. */
  #token = -1;
  #isInString = false;
  /** Whether a string is, or would be, a key. */
  #isKey = false;
  /** Where the last escape begins. */
  #escape = -2;
  #value: unknown;
  #restUntil = 0;

  push(text: string): void {
    this.#text += text;
  }

  /** The value so far; undefined before there is one. Strings grow, and all else appears once it is certain. */
  read(): unknown {
    const text = this.#text;
    const start = performance.now();
    if (this.#at === text.length || (text.length > SHORT && start < this.#restUntil)) return this.#value;
    for (; this.#at < text.length; this.#at++) this.#step(text.charAt(this.#at));
    try {
      const shown = this.#shown();
      if (shown !== "") this.#value = JSON.parse(shown + this.#closers);
    } catch {
      // It is not JSON. What there was stays.
    }
    const end = performance.now();
    this.#restUntil = end + (end - start) * REST;
    return this.#value;
  }

  #shown(): string {
    const text = this.#text;
    const escape = this.#escape;
    if (this.#isInString && !this.#isKey) {
      const isCut = text.length - escape < (text[escape + 1] === "u" ? 6 : 2);
      return `${isCut ? text.slice(0, escape) : text}"`;
    }
    const isWord = this.#token >= 0 && /^(true|false|null)$/.test(text.slice(this.#token));
    return isWord ? text : text.slice(0, this.#whole);
  }

  #step(character: string): void {
    const at = this.#at;
    if (this.#isInString) {
      if (at === this.#escape + 1) return;
      if (character === "\\") this.#escape = at;
      if (character !== '"') return;
      this.#isInString = false;
      if (!this.#isKey) this.#whole = at + 1;
    } else if (/[\s",:[\]{}]/.test(character)) {
      if (this.#token >= 0) this.#whole = at;
      this.#token = -1;
      this.#isInString = character === '"';
      if (character === ":") this.#isKey = false;
      if (character === ",") this.#isKey = this.#closers.startsWith("}");
      if (/[[{]/.test(character)) this.#open(character === "{");
      if (/[\]}]/.test(character)) this.#close();
    } else if (this.#token < 0) {
      this.#token = at;
    }
  }

  #open(isObject: boolean): void {
    this.#closers = (isObject ? "}" : "]") + this.#closers;
    this.#isKey = isObject;
    this.#whole = this.#at + 1;
  }

  #close(): void {
    this.#closers = this.#closers.slice(1);
    this.#whole = this.#at + 1;
  }
}
