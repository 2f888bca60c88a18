/** What is secret in a request, and how it is found in a text. */

/** What a secret is replaced with. */
export const MARK = "[redacted]";
/** Headers whose values anybody may see, at any provider. */
const PUBLIC_HEADER = /^(accept(-encoding)?|content-(length|type)|host|user-agent)$/i;
/** Too short to be a secret, or too ordinary: cutting these out would spoil other words. */
const ORDINARY = /^(.{0,3}|true|false|null|undefined|redacted)$/is;

/** So much of a secret is cut wherever it is. That bounds what is compared in vain. */
const TELLING_LENGTH = 64;
/** So much of a secret is cut where a text was shortened. */
const SHORTEST_BEGINNING = 8;
/** How often a text is decoded. */
const DECODINGS = 3;
/** What follows where a text was shortened, perhaps within an escape. */
const SHORTENED = /^([\\%&]#?\w{0,6})?([…\n]|$)/;
/** What JSON, URLs and HTML have in place of a character. */
const ESCAPE = /\\(?:u([\da-f]{4})|([^]))|(?:%[\da-f]{2})+|&(?:#(\d{1,7}|x[\da-f]{1,6})|(amp|lt|gt|quot|apos));/gi;
const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

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
    const value = orElse(() => String(sent), "");
    const credentials = value.replace(/^\w+ +/, "");
    secrets.push(value, credentials);
    if (/^basic /i.test(value)) addPair(orElse(() => atob(credentials), ""));
  }
  const address = orElse(() => String(url), "");
  if (URL.canParse(address)) {
    const { username, password, searchParams } = new URL(address);
    const pair = `${username}:${password}`;
    addPair(orElse(() => decodeURIComponent(pair), pair));
    secrets.push(...searchParams.values());
  }
  return secrets;
}

/** Cuts secrets out of a text. Never throws. */
export type Cut = (text: string) => string;

/**
 * Finds secrets as they are, in base64 and in hex, also where that was escaped, up to three times. It takes time in
 * proportion to the text, for each secret. Null where there are none.
 */
export function cutterOf(secrets: readonly string[]): Cut | null {
  const needles = needlesOf(secrets);
  if (needles.length === 0) return null;
  const beginnings = new RegExp(needles.map(beginningPattern).join("|"), "i");
  // Nearly all texts hold none: that is found out without another copy of them.
  return (text) => unescapedCut(text, (part) => (beginnings.test(part) ? withoutNeedles(part, needles) : part));
}

/** Matches the beginning of a needle in a text that was not folded. */
function beginningPattern(needle: string): string {
  const beginning = needle.slice(0, SHORTEST_BEGINNING);
  return beginning.replace(/\W/g, (unit) =>
    unit === "+" ? "[-+ ]" : unit === "/" ? "[_/]" : `\\u${hexOf(unit.charCodeAt(0), 4)}`,
  );
}

function hexOf(code: number, digits: number): string {
  return code.toString(16).padStart(digits, "0");
}

/** What to search a text for. */
function needlesOf(secrets: readonly string[]): readonly string[] {
  const known = new Set<string>();
  for (const given of secrets) {
    let secret = given.trim();
    // Decoded as texts will be: parts of a secret may look like escapes.
    for (let times = 0; times <= DECODINGS && !known.has(secret) && !ORDINARY.test(secret); times++) {
      known.add(secret);
      secret = unescaped(secret);
    }
  }
  return [...new Set([...known].flatMap(formsOf).map(folded))];
}

/** A secret as it is, its bytes, and what hex and base64 have of them. */
function formsOf(secret: string): readonly string[] {
  let binary = "";
  let hex = "";
  for (const byte of new TextEncoder().encode(secret)) {
    binary += String.fromCharCode(byte);
    hex += hexOf(byte, 2);
  }
  const base64 = [0, 1, 2].flatMap((before) => {
    // Without the characters that depend on the bytes before it or, in the second form, after it.
    const text = btoa("\0".repeat(before) + binary).slice(before && before + 1);
    return [text.replace(/=+$/, ""), text.replace(/.=+$/, "")];
  });
  return [secret, binary, hex, ...base64];
}

/** What a text is searched as, unit by unit: in one case, and with the characters of one alphabet of base64. */
function folded(text: string): string {
  const lower = text.replace(/[A-Z]+/g, (found) => found.toLowerCase());
  // A query has "+" for a space.
  return lower.replaceAll("-", "+").replaceAll(" ", "+").replaceAll("_", "/");
}

function withoutNeedles(text: string, needles: readonly string[]): string {
  const searched = folded(text);
  const found = needles.flatMap((needle) => placesOf(needle, searched)).sort(([a], [b]) => a - b);
  let kept = "";
  let end = 0;
  for (const [from, to] of found) {
    if (from >= end) kept += text.slice(end, from) + MARK;
    end = Math.max(end, to);
  }
  return kept + text.slice(end);
}

/** Where a text has a needle, much of a long one, or its beginning before "…" or the end. */
function placesOf(needle: string, text: string): (readonly [from: number, to: number])[] {
  const places: (readonly [number, number])[] = [];
  const head = needle.slice(0, SHORTEST_BEGINNING);
  for (let from = text.indexOf(head), to; from >= 0; from = text.indexOf(head, to)) {
    to = from + head.length;
    while (to - from < needle.length && text[to] === needle[to - from]) to++;
    const isTelling = to - from >= Math.min(needle.length, TELLING_LENGTH);
    if (isTelling || SHORTENED.test(text.slice(to, to + 9))) places.push([from, to]);
    else to = from + 1;
  }
  return places;
}

/** Cuts secrets out of a text or, if it has them only once it is decoded, out of the decoded text. */
function unescapedCut(text: string, find: Cut, times = DECODINGS): string {
  const found = find(text);
  const decoded = unescaped(found);
  if (times === 0 || decoded === found) return found;
  const inner = unescapedCut(decoded, find, times - 1);
  return inner === decoded ? found : inner;
}

function unescaped(text: string): string {
  return text.replace(ESCAPE, (found, unit?: string, char?: string, code?: string, name?: string) => {
    if (unit !== undefined) return String.fromCharCode(parseInt(unit, 16));
    if (char !== undefined) return "\b\f\n\r\t"["bfnrt".indexOf(char)] ?? char;
    if (name !== undefined) return NAMED[name.toLowerCase()] ?? found;
    if (code !== undefined) return orElse(() => String.fromCodePoint(Number(`0${code}`)), found);
    return orElse(() => decodeURIComponent(found), found);
  });
}

/** The result of a function, or something else if it throws. */
export function orElse<T>(run: () => T, fallback: T): T {
  try {
    return run();
  } catch {
    return fallback;
  }
}
