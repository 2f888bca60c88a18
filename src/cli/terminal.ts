const DIM = "\u001b[2m";
const NOT_DIM = "\u001b[22m";

/** What the command needs of a stream it writes to. */
export interface Output {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

/**
 * Writes a model's words. On a terminal nothing in them is obeyed: escape sequences and other control characters are
 * taken out, since they could rewrite the screen, or the clipboard.
 */
export class ModelOutput {
  readonly #output: Output;
  readonly #isTerminal: boolean;
  /** The first half of a character whose second half comes with the next piece. */
  #half = "";
  #lineIsOpen = false;
  #dim = false;

  constructor(output: Output) {
    this.#output = output;
    this.#isTerminal = output.isTTY === true;
  }

  write(text: string, { dim = false } = {}): void {
    if (text === "") return;
    const whole = this.#half + text;
    this.#half = /[\ud800-\udbff]$/.exec(whole)?.[0] ?? "";
    const ready = this.#half === "" ? whole : whole.slice(0, -1);
    const shown = this.#isTerminal ? withoutControls(ready) : ready;
    if (shown === "") return;
    this.#setDim(dim);
    this.#output.write(shown);
    this.#lineIsOpen = !shown.endsWith("\n");
  }

  /** Ends the line, if it is not. */
  end(): void {
    this.#setDim(false);
    if (this.#half !== "") this.#output.write(this.#half);
    this.#half = "";
    if (this.#lineIsOpen) this.#output.write("\n");
    this.#lineIsOpen = false;
  }

  #setDim(dim: boolean): void {
    if (dim === this.#dim) return;
    this.#dim = dim;
    if (!dim && this.#lineIsOpen) this.#output.write("\n");
    this.#lineIsOpen = false;
    if (this.#isTerminal) this.#output.write(dim ? DIM : NOT_DIM);
  }
}

/** The text without control characters, but for tabs and line feeds. */
export function withoutControls(text: string): string {
  // The escape character goes, so that what follows it is only text.
  // eslint-disable-next-line no-control-regex
  return text.replace(/\r\n/g, "\n").replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "");
}
