import { JsonSyntaxError } from "./syntax-error.ts";
import { copyPath, Frame } from "./frame.ts";
import { endNumber, IN_NUMBER, IN_STRING, read, Scan } from "./scan.ts";

export interface IncrementalJsonOptions {
  readonly maxDepth?: number | undefined;
}

export class IncrementalJson {
  readonly #scan: Scan;
  #error: JsonSyntaxError | null = null;
  #offset = 0;
  #copiedAt = 0;

  constructor(options: IncrementalJsonOptions = {}) {
    this.#scan = new Scan(options.maxDepth ?? 1000);
  }

  get value(): unknown {
    return this.#scan.root.list?.[0];
  }

  get version(): number {
    return this.#scan.version;
  }

  get complete(): boolean {
    return this.#scan.expected === 0 && this.#error === null;
  }

  push(text: string): void {
    if (this.#error !== null) throw this.#error;
    const scan = this.#scan;
    if (text.length <= 1024) read(scan, scan.carry + text);
    else
      for (let at = 0; at < text.length; at += 1024)
        read(scan, scan.carry + JSON.parse(JSON.stringify(text.slice(at, at + 1024))));
    this.#offset += text.length;
    if (scan.expected === IN_STRING && scan.shown !== scan.token.length) {
      scan.put(scan.token);
      scan.shown = scan.token.length;
    }
  }

  end(): unknown {
    if (this.#error !== null) throw this.#error;
    const scan = this.#scan;
    if (scan.expected === IN_NUMBER && scan.top === scan.root) endNumber(scan, "", 0);
    if (scan.expected !== 0) this.#fail("", 0);
    return this.value;
  }

  snapshot(): unknown {
    const scan = this.#scan;
    if (scan.copied !== scan.version) {
      scan.isLate = scan.weight > 512 && (this.#offset - this.#copiedAt) * 8 < scan.weight;
      if (!scan.isLate) {
        scan.copied = scan.version;
        this.#copiedAt = this.#offset;
        copyPath(scan.top);
      }
    }
    return scan.root.listCopy?.[0];
  }

  #fail(text: string, at: number, reason = "unexpected", shift = 0): never {
    this.#error = new JsonSyntaxError(reason, this.#offset + at + shift, text.charAt(at), this.value);
    throw this.#error;
  }
}

export function incrementalJson(options?: IncrementalJsonOptions): IncrementalJson {
  return new IncrementalJson(options);
}
