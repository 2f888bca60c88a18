import type { MillraceError } from "../errors.ts";

/** What a secret is replaced with. */
const MARK = "[redacted]";
/** Headers whose values anybody may see, whoever the provider is. */
const PUBLIC_HEADER = /^(accept(-encoding)?|content-(length|type)|host|user-agent)$/i;
/** Fields of an error that hold the library's own words. A header may hold the same word by chance. */
const OWN_WORDS = /^(code|limit|name|phase)$/;
/** Too short to be a secret, or too ordinary: cutting these out would spoil other words. */
const ORDINARY = /^(.{0,3}|true|false|null|undefined)$/is;
/** A search gives up after this many values; what it searched then counts as holding a secret. */
const SEARCH_LIMIT = 10_000;
/** How many causes of causes are copied. */
const CAUSE_LIMIT = 10;

/**
 * The values of a request that no error may show: those of its headers, except for the public ones, and the credentials
 * and query values of its URL.
 *
 * @param publicHeaders - Matches the names of the provider's own headers whose values anybody may see.
 */
export function secretsOf(
  headers: Readonly<Record<string, unknown>>,
  url: unknown,
  publicHeaders?: RegExp,
): readonly string[] {
  const secrets: string[] = [];
  const addPair = (pair: string): void => void secrets.push(pair, ...pair.split(/:(.*)/s));
  for (const [name, sent] of Object.entries(headers)) {
    if (PUBLIC_HEADER.test(name) || publicHeaders?.test(name)) continue;
    const value = String(sent);
    const credentials = value.replace(/^\w+ +/, "");
    secrets.push(value, credentials);
    if (/^basic /i.test(value)) addPair(orElse(() => atob(credentials), ""));
  }
  const address = String(url);
  if (URL.canParse(address)) {
    const { username, password, searchParams } = new URL(address);
    const pair = `${username}:${password}`;
    addPair(orElse(() => decodeURIComponent(pair), pair));
    secrets.push(...searchParams.values());
  }
  return secrets;
}

/**
 * Cuts secrets out of all that can be reached from an error, in place: as they are, percent-encoded, escaped for JSON,
 * and in base64. A `cause` that holds one is replaced with a plain Error of the same name, message, code and stack; a
 * cause that holds none stays the object that it is. Secrets of fewer than four characters are not searched for. Never
 * throws.
 */
export function redactError(error: MillraceError, secrets: readonly string[]): void {
  const cut = cutterOf(secrets);
  if (cut === null) return;
  for (const key of Reflect.ownKeys(error)) {
    if (OWN_WORDS.test(String(key))) continue;
    const value = read(error, key);
    if (holdsSecret(value, cut)) Reflect.defineProperty(error, key, { value: redacted(value, cut) });
  }
}

/** Cuts secrets out of a text. */
export function redactText(text: string, secrets: readonly string[]): string {
  return cutterOf(secrets)?.(text) ?? text;
}

type Cut = (text: string) => string;

/** Finds all secrets in one pass; null where there are none. */
function cutterOf(secrets: readonly string[]): Cut | null {
  const patterns = secrets
    .map((secret) => secret.trim())
    .filter((secret) => !ORDINARY.test(secret))
    .flatMap((secret) => [secret, orElse(() => btoa(secret).replace(/=+$/, ""), secret)])
    // The longest first: a secret may begin with another.
    .sort((a, b) => b.length - a.length)
    .map(patternOf);
  const found = new RegExp(patterns.join("|"), "gi");
  return patterns.length === 0 ? null : (text) => text.replace(found, MARK);
}

/**
 * Matches a text whichever of its special characters are escaped, for JSON, a URL or HTML, or for several of them; `-` and
 * `_` stand for those of base64 in URLs.
 */
function patternOf(text: string): string {
  return text.replace(/[^\w-]/g, (unit) => {
    const code = unit.charCodeAt(0);
    const hex = `u${code.toString(16).padStart(4, "0")}`;
    const bytes = code < 0x80 ? 1 : code < 0x800 || code >> 11 === 27 ? 2 : 3;
    return `(?:\\\\{0,7}[\\${hex}_+-]|\\\\(?:${hex}|[bfnrt])|(?:%(?:25){0,3}..){${bytes}}|&#?\\w{1,6};)`;
  });
}

/** A copy without secrets: of an Error a plain Error, of anything else what JSON has of it. */
function redacted(value: unknown, cut: Cut, depth = 0): unknown {
  if (typeof value === "string") return cut(value);
  if (!(value instanceof Error)) {
    return orElse((): unknown => JSON.parse(JSON.stringify(value).replace(/"(?:[^"\\]+|\\.)*"/g, cut)), MARK);
  }
  if (depth > CAUSE_LIMIT) return MARK;
  const copy = new Error();
  for (const key of ["name", "message", "code", "stack", "cause"]) {
    const field = read(value, key);
    const redactedField = holdsSecret(field, cut) ? redacted(field, cut, depth + 1) : field;
    Object.defineProperty(copy, key, { value: redactedField, enumerable: key === "code", configurable: true });
  }
  return copy;
}

/** Whether a secret can be reached from a value, or may be, since that cannot be found out. */
function holdsSecret(root: unknown, cut: Cut): boolean {
  const reached = new Set([root]);
  const add = (value: unknown): void => {
    if (reached.add(value).size > SEARCH_LIMIT) throw reached;
  };
  return orElse(() => {
    // Iterating a set also gives what is added meanwhile.
    for (const value of reached) {
      if (ArrayBuffer.isView(value)) {
        add(new TextDecoder().decode(value));
      } else if (isObject(value)) {
        if (isCollection(value)) for (const entry of value) add(entry);
        for (const key of Reflect.ownKeys(value)) {
          add(key);
          add(read(value, key));
        }
        // Getters of a prototype, such as `Request.headers`.
        for (const key in value) add(read(value, key));
      } else if (typeof value !== "number") {
        // Numbers are sizes, times and counts: not even one that a header has as well is a secret.
        const text = String(value);
        if (cut(text) !== text) return true;
      }
    }
    return false;
  }, true);
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

function orElse<T>(run: () => T, fallback: T): T {
  try {
    return run();
  } catch {
    return fallback;
  }
}
