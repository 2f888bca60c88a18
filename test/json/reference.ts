/** A place in a value. */
export type Path = readonly (string | number)[];

/** What a prefix of a JSON document shows. */
export interface Prefix {
  /** The value so far, undefined before anything is certain. */
  readonly value: unknown;
  /** What is still open in it, from the outside in: each a longer path. Empty for what is whole. */
  readonly open: readonly Path[];
}

/**
 * The value of a prefix of a valid document, by plain recursion over the whole prefix: slow, and nothing in it that the
 * library has. Escapes and numbers are read by `JSON.parse`.
 */
export function prefixOf(text: string): Prefix {
  const open: Path[] = [];
  let at = 0;

  const skipSpace = (): void => {
    while (" \t\n\r".includes(text[at] ?? "x")) at++;
  };

  const string = (): { text: string; isOpen: boolean } => {
    let units = "";
    for (at++; at < text.length;) {
      if (text[at] === '"') {
        at++;
        return { text: JSON.parse(`"${units}"`) as string, isOpen: false };
      }
      const length = text[at] !== "\\" ? 1 : text[at + 1] !== "u" ? 2 : 6;
      if (at + length > text.length) break;
      units += text.slice(at, at + length);
      at += length;
    }
    at = text.length;
    return { text: JSON.parse(`"${units}"`) as string, isOpen: true };
  };

  const scalar = (): unknown => {
    const start = at;
    while (at < text.length && /[-+.\w]/.test(text[at] ?? "")) at++;
    const token = text.slice(start, at);
    const isCertain = ["true", "false", "null"].includes(token) || at < text.length;
    return isCertain ? JSON.parse(token) : undefined;
  };

  const value = (path: Path): unknown => {
    skipSpace();
    if (at === text.length) return undefined;
    if (text[at] === "[") return list(path);
    if (text[at] === "{") return object(path);
    if (text[at] !== '"') return scalar();
    const place = open.length;
    const read = string();
    if (read.isOpen) open.splice(place, 0, path);
    return read.text;
  };

  const list = (path: Path): unknown[] => {
    const found: unknown[] = [];
    const place = open.length;
    for (at++; ; at++) {
      skipSpace();
      if (text[at] !== "]") {
        const element = value([...path, found.length]);
        if (element !== undefined) found.push(element);
        skipSpace();
      }
      if (at === text.length) {
        open.splice(place, 0, path);
        return found;
      }
      if (text[at] === "]") break;
    }
    at++;
    return found;
  };

  const object = (path: Path): object => {
    const found = {};
    const place = open.length;
    for (at++; ; at++) {
      skipSpace();
      if (text[at] === '"') {
        const key = string();
        skipSpace();
        if (at < text.length) at++; // The colon.
        const member = key.isOpen || at === text.length ? undefined : value([...path, key.text]);
        if (member !== undefined) {
          const isKept = { writable: true, enumerable: true, configurable: true };
          Object.defineProperty(found, key.text, { value: member, ...isKept });
        }
        skipSpace();
      }
      if (at === text.length) {
        open.splice(place, 0, path);
        return found;
      }
      if (text[at] === "}") break;
    }
    at++;
    return found;
  };

  return { value: value([]), open };
}

/** Every place of a value, its own first. */
export function places(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Object.entries(value).flatMap(([key, child]) =>
    places(child, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return [path, ...inner];
}

/** Whether an object of the document has a key twice: the text has more colons than the value has keys. */
export function hasDuplicateKeys(text: string): boolean {
  const marks = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, "");
  const keys = places(JSON.parse(text)).filter((path) => typeof path.at(-1) === "string");
  return marks.split(":").length - 1 > keys.length;
}

/**
 * Where two JSON values differ, or null: they are the same to the last bit, with the order of keys, `-0`, own
 * properties called `__proto__`, and the prototypes.
 */
export function difference(left: unknown, right: unknown, path = "$"): string | null {
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) {
    return Object.is(left, right) ? null : `${path}: ${shown(left)} is not ${shown(right)}`;
  }
  if (Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return `${path}: the prototypes differ`;
  const [keys, others] = [Reflect.ownKeys(left), Reflect.ownKeys(right)];
  if (keys.length !== others.length || keys.some((key, i) => key !== others[i])) {
    return `${path}: the keys ${shown(keys)} are not ${shown(others)}`;
  }
  for (const key of keys) {
    const [own, other] = [Object.getOwnPropertyDescriptor(left, key), Object.getOwnPropertyDescriptor(right, key)];
    if (own?.enumerable !== other?.enumerable) return `${path}.${String(key)} is not enumerable`;
    const found = difference(own?.value, other?.value, `${path}.${String(key)}`);
    if (found !== null) return found;
  }
  return null;
}

function shown(value: unknown): string {
  return Object.is(value, -0) ? "-0" : (JSON.stringify(value) ?? "undefined");
}
