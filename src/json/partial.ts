import type { Container } from "./frame.ts";
import { endText, IN_STRING, isInString, read, Scan } from "./scan.ts";

/** Settings of {@link incrementalJson}. */
export interface IncrementalJsonOptions {
  /** How deep arrays and objects may be nested. Default 1000. */
  readonly maxDepth?: number | undefined;
}

/** Longer texts are read in copied pieces of this length: else one short string of a text would keep all of it. */
const PIECE = 1024;
/** Open containers up to this weight are copied at every snapshot. */
const FREE_WEIGHT = 128;
/** Copies of heavier ones are too large for the memory that V8 uses again at once: fresh memory costs more. */
const CHEAP_WEIGHT = 16_384;

/** A JSON document that is still being read: see {@link incrementalJson}. */
export class IncrementalJson {
  readonly #scan: Scan;
  #snapshot: unknown;
  #snapshotOffset = 0;

  /** @internal */
  constructor(maxDepth: number) {
    this.#scan = new Scan(maxDepth);
  }

  /**
   * Reads the next part of the text, however it was split.
   *
   * @param text - The next part, of any length.
   * @throws {@link JsonSyntaxError} where the text cannot be JSON; and the same one at every later call.
   */
  push(text: string): void {
    const scan = this.#scan;
    if (scan.error !== null) throw scan.error;
    if (text.length > PIECE) {
      for (let at = 0; at < text.length; at += PIECE) read(scan, copied(text.slice(at, at + PIECE)));
    } else if (scan.expected === IN_STRING && scan.carry === "" && isInString(text)) {
      scan.token += text;
      scan.offset += text.length;
      scan.show();
    } else {
      read(scan, text);
    }
  }

  /**
   * The value so far; undefined before anything is certain. It is live: its open arrays and objects grow with the
   * text. For reading only.
   */
  get value(): unknown {
    return this.#scan.document[0];
  }

  /** Rises when the value has changed, and then only: the same version, the same value. */
  get version(): number {
    return this.#scan.version;
  }

  /** Whether a whole document was read. A number alone is whole at the {@link end}, since digits could follow. */
  get complete(): boolean {
    return this.#scan.expected === 0 && this.#scan.error === null;
  }

  /**
   * A copy of the value so far, which never changes. Parts that are the same as in an earlier snapshot are the same
   * objects. While an array of more than about 120 elements, or an object of more than 40 keys, is open, the copy may
   * lag behind: by a character for each element beyond that, and by two beyond 16,000. A key counts as three elements.
   */
  snapshot(): unknown {
    const scan = this.#scan;
    if (scan.copied === scan.version) return this.#snapshot;
    scan.isLate = scan.offset - this.#snapshotOffset < delay(scan.weight);
    if (scan.isLate) return this.#snapshot;
    scan.copied = scan.version;
    this.#snapshotOffset = scan.offset;
    let inner: Container | null = null;
    for (let frame = scan.top; frame.depth > 0; frame = frame.outer) inner = frame.copy(inner);
    return (this.#snapshot = inner ?? this.value);
  }

  /**
   * Whether the value at a path is complete; `[]` is the whole value. False if nothing is there.
   *
   * @param path - Keys and indices that lead to the value.
   * @example
   * ```ts
   * import { incrementalJson } from "millrace/json";
   *
   * const json = incrementalJson();
   * json.push('{"title": "Mistborn", "author": "Bran');
   * json.isComplete(["title"]); // true
   * json.isComplete(["author"]); // false
   * ```
   */
  isComplete(path: readonly (string | number)[] = []): boolean {
    let { value } = this;
    if (value === undefined) return false;
    for (const key of path) {
      if (typeof value !== "object" || value === null) return false;
      const property = Object.getOwnPropertyDescriptor(value, key);
      if (property?.enumerable !== true) return false;
      value = property.value;
    }
    return !this.#isOpen(path);
  }

  #isOpen(path: readonly (string | number)[]): boolean {
    const { top, expected } = this.#scan;
    let isOpen = path.length < top.depth || (path.length === top.depth && expected === IN_STRING);
    for (let frame = top; isOpen && frame.depth > 0; frame = frame.outer) {
      const place = frame.list === null ? frame.key : frame.index;
      isOpen = frame.depth > path.length || String(path[frame.depth - 1]) === String(place);
    }
    return isOpen;
  }

  /**
   * Says that no more text comes, and returns the value.
   *
   * @throws {@link JsonSyntaxError} if the document is not whole.
   */
  end(): unknown {
    const scan = this.#scan;
    if (scan.error !== null) throw scan.error;
    endText(scan);
    return this.value;
  }
}

/** How many characters must come between two snapshots, so that all copies together cost but a share of the reading. */
function delay(weight: number): number {
  return weight - FREE_WEIGHT + Math.max(0, weight - CHEAP_WEIGHT);
}

function copied(text: string): string {
  return JSON.parse(JSON.stringify(text));
}

/**
 * Reads a JSON document while it arrives, in time linear in its length, and has a value to show after every fragment.
 * It accepts what `JSON.parse` accepts, up to a depth, and ends with the same value.
 *
 * Strings grow as they arrive; numbers, `true`, `false` and `null` appear when they are certain, keys with their value.
 *
 * @param options - `maxDepth`: how deep arrays and objects may be nested. Default 1,000.
 * @example
 * ```ts
 * import { incrementalJson } from "millrace/json";
 *
 * const json = incrementalJson();
 * for (const fragment of ['{"title": "Mist', 'born"}']) {
 *   json.push(fragment);
 *   console.log(json.snapshot()); // { title: "Mist" }, then { title: "Mistborn" }
 * }
 * const value = json.end();
 * ```
 */
export function incrementalJson(options: IncrementalJsonOptions = {}): IncrementalJson {
  return new IncrementalJson(options.maxDepth ?? 1000);
}
