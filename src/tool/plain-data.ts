import { messageOf } from "../errors.ts";
import { wellFormed } from "../json/well-formed.ts";
import { base64 } from "../prompt/base64.ts";

/** How deep a value may be nested. What is deeper is left out: `JSON.stringify` recurses, and would overflow the stack. */
const DEEPEST = 1000;
/** How many values are copied. Objects that share parts can amount to more than memory holds once written out. */
const MOST_VALUES = 200_000;

/**
 * A copy of a value, made of what JSON can hold, and of bytes, which {@link plainText} writes as base64. Never throws.
 *
 * It follows `JSON.stringify`, and has a form for what that refuses or loses: a `bigint` becomes its digits, a `Set`, a
 * typed array or an iterator a list, a `Map` an object (a list of entries if a key is an object), an error its name and message. A part
 * that cannot be copied is replaced by a note in brackets, such as `[circular]`.
 *
 * @param ofBytes - Gives what bytes become instead.
 */
export function plainData(value: unknown, ofBytes = (bytes: Uint8Array): unknown => bytes): unknown {
  if (typeof value === "symbol") return String(value);
  return typeof value === "function" ? note("function") : new Copier(ofBytes).copy(value);
}

/** A value as `JSON.stringify` can write it: plain data, with bytes in base64. Never throws. */
export function jsonData(value: unknown): unknown {
  return plainData(value, base64);
}

/** Plain data as JSON, or, if it is text, the text itself. Never throws. */
export function plainText(plain: unknown): string {
  if (typeof plain === "string") return plain;
  try {
    const write = (_: string, value: unknown): unknown => (value instanceof Uint8Array ? base64(value) : value);
    return JSON.stringify(plain, write) ?? "";
  } catch (error) {
    // The JSON is longer than a string may be.
    return note(`cannot be written: ${messageOf(error)}`);
  }
}

/** Whether a value is an error, of this realm or another. Never throws. */
export function isError(value: unknown): value is Error {
  try {
    return value instanceof Error || Object.prototype.toString.call(value) === "[object Error]";
  } catch {
    return false;
  }
}

/** The bytes of a buffer, or of a view of bytes; null for anything else. Never throws. */
export function bytesOf(value: unknown): Uint8Array | null {
  try {
    if (value instanceof ArrayBuffer) return new Uint8Array(value);
    if (!ArrayBuffer.isView(value) || !/Uint8|DataView/.test(Object.prototype.toString.call(value))) return null;
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  } catch {
    return null;
  }
}

/** An array or object whose parts are being copied. */
interface Container {
  readonly original: object;
  /** What the parts are read from: the original, or a list or object that stands for it. */
  readonly source: object;
  /** The names of the parts; null for a list. */
  readonly keys: readonly string[] | null;
  readonly length: number;
  readonly copy: unknown[] | Record<string, unknown>;
  /** How many parts were copied. */
  done: number;
}

/** Goes through a value with a stack of its own: no depth overflows it. */
class Copier {
  readonly #open: Container[] = [];
  /** The originals of those that are open. */
  readonly #originals = new Set<object>();
  readonly #ofBytes: (bytes: Uint8Array) => unknown;
  #left = MOST_VALUES;

  constructor(ofBytes: (bytes: Uint8Array) => unknown) {
    this.#ofBytes = ofBytes;
  }

  copy(value: unknown): unknown {
    const whole = this.#begin(value);
    for (let last = this.#open.at(-1); last !== undefined; last = this.#open.at(-1)) this.#copyNext(last);
    return whole;
  }

  /** The copy of a value, still empty if that has parts; undefined for what JSON leaves out. */
  #begin(value: unknown): unknown {
    if (typeof value === "string") return wellFormed(value);
    if (typeof value === "number") return Number.isFinite(value) ? value : null;
    if (typeof value === "bigint") return String(value);
    if (typeof value === "boolean" || value === null) return value;
    if (typeof value !== "object") return undefined;
    if (this.#originals.has(value)) return note("circular");
    if (this.#open.length === DEEPEST) return note(`nested deeper than ${DEEPEST} levels`);
    const bytes = bytesOf(value);
    if (bytes !== null) return this.#ofBytes(bytes);
    try {
      const source = readable(value);
      return typeof source === "object" && source !== null ? this.#enter(value, source) : this.#begin(source);
    } catch (error) {
      return unreadable(error);
    }
  }

  #enter(original: object, source: object): unknown {
    const keys = Array.isArray(source) ? null : Object.keys(source);
    const { length }: { readonly length: number } = keys ?? Object(source);
    const copy = keys === null ? [] : {};
    this.#open.push({ original, source, keys, length, copy, done: 0 });
    this.#originals.add(original);
    return copy;
  }

  #copyNext(container: Container): void {
    const { source, keys, length, copy } = container;
    const at = container.done++;
    // Not "at === length": the length of a proxy may be anything.
    if (!(at < length)) {
      this.#open.pop();
      this.#originals.delete(container.original);
    } else if (this.#left-- > 0) {
      const key = keys === null ? at : (keys[at] ?? "");
      put(copy, key, this.#read(source, key));
    } else {
      put(copy, "…", note(`${length - at} more`));
      container.done = length;
    }
  }

  #read(source: object, key: PropertyKey): unknown {
    try {
      return this.#begin(Reflect.get(source, key));
    } catch (error) {
      return unreadable(error);
    }
  }
}

/** What JSON has in place of an object: a list, an object with the fields that are written, or a primitive. */
function readable(value: object): unknown {
  // Not by `toJSON`: that of some HTTP clients' errors shows the headers that were sent.
  if (isError(value)) return { name: value.name, message: value.message };
  const json: unknown = "toJSON" in value && typeof value.toJSON === "function" ? value.toJSON("") : value;
  if (isMap(json)) {
    const isRecord = [...json.keys()].every((key) => typeof key !== "object" || key === null);
    return isRecord ? Object.fromEntries(json) : [...json];
  }
  if (json instanceof String || json instanceof Number || json instanceof Boolean) return json.valueOf();
  if (isListed(json)) return listed(json);
  return ArrayBuffer.isView(json) ? Object.values(json) : json;
}

/** Whether a value is a map, of this realm or another. */
function isMap(value: unknown): value is Map<unknown, unknown> {
  return Object.prototype.toString.call(value) === "[object Map]";
}

/** Whether a value is a set, or an iterator such as a generator: an empty object to JSON. */
function isListed(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.iterator in value && ("next" in value || isSet(value));
}

function isSet(value: object): boolean {
  return Object.prototype.toString.call(value) === "[object Set]";
}

/** The values of an iterable. It may have no end. */
function listed(values: Iterable<unknown>): unknown[] {
  const list: unknown[] = [];
  for (const value of values) if (list.push(value) > MOST_VALUES) break;
  return list;
}

function put(copy: Container["copy"], key: number | string, value: unknown): void {
  if (Array.isArray(copy)) copy.push(value ?? null);
  // An assignment would set the prototype.
  else if (key === "__proto__") Object.defineProperty(copy, key, { value, enumerable: true });
  else if (value !== undefined) copy[key] = value;
}

function unreadable(error: unknown): string {
  return note(`cannot be read: ${messageOf(error)}`);
}

function note(text: string): string {
  return `[${wellFormed(text)}]`;
}
