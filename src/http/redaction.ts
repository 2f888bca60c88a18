import type { MillraceError } from "../errors.ts";
import { DEEPEST } from "../json/depth.ts";
import { type Cut, cutterOf, MARK, orElse } from "./secrets.ts";

/**
 * Fields of an error that hold the library's own words, which a header may hold as well by chance; and the response,
 * which keeps what it received unchanged.
 */
const KEPT_FIELDS = /^(code|limit|name|phase|response)$/;
/** What looks like the name of a field is not cut out of keys: a header may hold the same word by chance. */
const NAME = /^[a-z_]{1,19}$/i;
/** A search gives up after this many values; what it searched then counts as holding a secret. */
const SEARCH_LIMIT = 10_000;
/** How many values are copied. */
const COPY_LIMIT = 100_000;
/** How many causes of causes are copied. */
const CAUSE_LIMIT = 10;

/** The secrets of all requests of a call, which nothing that is shown of it may hold. */
export class Secrets {
  readonly #sources: (() => readonly string[])[] = [];
  /** Made once: errors of one call are many, its requests few. */
  #cuts: Cuts | null | undefined;

  /** Adds those of a request. They are asked for when something is to be shown. */
  add(source: () => readonly string[]): void {
    this.#sources.push(source);
    this.#cuts = undefined;
  }

  /** Cuts them out of a text. */
  cut(text: string): string {
    return this.#found?.text(text) ?? text;
  }

  /**
   * Cuts them out of all that can be reached from an error, in place, however {@link cutterOf} finds them. A `cause` that
   * holds one is replaced with a plain Error of the same name, message, code and stack; a cause that holds none stays the
   * object that it is. Secrets of fewer than four characters are not searched for. Never throws.
   */
  redact(error: MillraceError): void {
    const cuts = this.#found;
    if (cuts === null) return;
    for (const key of Reflect.ownKeys(error)) {
      if (KEPT_FIELDS.test(String(key))) continue;
      const value = read(error, key);
      if (holdsSecret(value, cuts)) Reflect.defineProperty(error, key, { value: redacted(value, cuts) });
    }
  }

  get #found(): Cuts | null {
    return (this.#cuts ??= cutsOf(this.#sources.flatMap((source) => orElse(source, []))));
  }
}

function cutsOf(secrets: readonly string[]): Cuts | null {
  const text = cutterOf(secrets);
  return text && { text, key: cutterOf(secrets.filter((secret) => !NAME.test(secret.trim()))) ?? String };
}

/** How secrets are cut out of texts, and out of the keys of objects. */
interface Cuts {
  readonly text: Cut;
  readonly key: Cut;
}

/**
 * A copy without secrets: of an Error a plain Error, of any other object its own fields. What cannot be searched, and
 * what is beyond the limits, is the mark.
 */
function redacted(root: unknown, cuts: Cuts): unknown {
  /** The objects that lead to the one that is copied. */
  const open = new Set<object>();
  let left = COPY_LIMIT;
  const copyError = (error: Error): Error => {
    const copy = new Error();
    for (const key of ["name", "message", "code", "stack", "cause"]) {
      const field = read(error, key);
      const value = holdsSecret(field, cuts) ? copyOf(field) : field;
      Object.defineProperty(copy, key, { value, enumerable: key === "code", configurable: true });
    }
    return copy;
  };
  const copyObject = (value: object): unknown => {
    if (value instanceof Error) return open.size > CAUSE_LIMIT ? MARK : copyError(value);
    if (value instanceof String) return cuts.text(`${value}`);
    if (ArrayBuffer.isView(value)) return MARK;
    if (!Array.isArray(value)) {
      return Object.fromEntries(Object.keys(value).map((key) => [cuts.key(key), copyOf(read(value, key))]));
    }
    return Array.from({ length: Math.min(value.length, left + 1) }, (_, place) => copyOf(read(value, place)));
  };
  const copyOf = (value: unknown): unknown => {
    if (typeof value === "string") return cuts.text(value);
    if (typeof value === "symbol" || --left < 0) return MARK;
    if (!isObject(value)) return value;
    if (open.has(value) || open.size > DEEPEST) return MARK;
    open.add(value);
    const copy = orElse(() => copyObject(value), MARK);
    open.delete(value);
    return copy;
  };
  return copyOf(root);
}

/** Whether a secret can be reached from a value, or may be, since that cannot be found out. */
function holdsSecret(root: unknown, cuts: Cuts): boolean {
  const reached = new Set([root]);
  const keys = new Set<string>();
  const add = (value: unknown): void => {
    if (reached.add(value).size + keys.size > SEARCH_LIMIT) throw reached;
  };
  const addField = (object: object, key: PropertyKey): void => {
    keys.add(String(key));
    add(read(object, key));
  };
  return orElse(() => {
    // Iterating a set also gives what is added meanwhile.
    for (const value of reached) {
      if (ArrayBuffer.isView(value)) {
        add(new TextDecoder().decode(value));
      } else if (value instanceof String) {
        add(`${value}`);
      } else if (isObject(value)) {
        if (isCollection(value)) for (const entry of value) add(entry);
        for (const key of Reflect.ownKeys(value)) addField(value, key);
        // Getters of a prototype, such as `Request.headers`.
        for (const key in value) addField(value, key);
      } else if (typeof value !== "number") {
        // Numbers are sizes, times and counts: not even one that a header has as well is a secret.
        if (isChanged(String(value), cuts.text)) return true;
      }
    }
    return [...keys].some((key) => isChanged(key, cuts.key));
  }, true);
}

function isChanged(text: string, cut: Cut): boolean {
  return cut(text) !== text;
}

function isObject(value: unknown): value is object {
  return Object(value) === value;
}

/** Whether a value is a Map, a Set, Headers, or the like. */
function isCollection(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value && "entries" in value;
}

/** A field; of one that cannot be read, what reading it throws. */
function read(object: object, key: PropertyKey): unknown {
  try {
    return Reflect.get(object, key);
  } catch (thrown) {
    return thrown;
  }
}
