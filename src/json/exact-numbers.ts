import { wellFormed } from "./well-formed.ts";
import { writer } from "./stringify.ts";

/** The texts of values that are to be written as they came. */
const texts = new WeakMap<object, string>();

/**
 * Lets a value that was parsed from a text be written as that text from now on, if the text has numbers that JavaScript
 * cannot hold: `9007199254740993` would go back as `9007199254740992`, and `1e999` as `null`.
 *
 * @param text - JSON.
 * @internal
 */
export function keepNumbers(value: object, text: string): void {
  if (!hasInexactNumber(text)) return;
  texts.set(value, text);
  writer.write = writeExactly;
}

function writeExactly(value: unknown): string {
  // New each time, so that no text can hold it.
  const mark = `exact-${Math.random().toString(36).slice(2)}-`;
  const kept: string[] = [];
  const json = JSON.stringify(value, (_, part: unknown) => {
    const text = typeof part === "object" && part !== null ? texts.get(part) : undefined;
    return text === undefined ? part : mark + (kept.push(decoded(text)) - 1);
  });
  if (kept.length === 0) return json;
  return json.replace(new RegExp(`"${mark}(\\d+)"`, "g"), (_, place: string) => kept[Number(place)] ?? "");
}

/** The text with escaped surrogate pairs as characters, and with U+FFFD for each half of one. */
function decoded(text: string): string {
  // Escaped backslashes are matched too, or the second half of one would be taken for the start of an escape.
  const characters = text.replace(/\\\\|(?:\\ud[89a-f]..)+/gi, (found) =>
    found === "\\\\" ? found : (JSON.parse(`"${found}"`) as string),
  );
  return wellFormed(characters);
}

/** Whether JSON has a number that `JSON.stringify` may write otherwise. */
function hasInexactNumber(text: string): boolean {
  // Nearly every text passes the first test, and needs no second look.
  if (!/[\d.]{16}|\d[eE]|-0/.test(text)) return false;
  const token = /"|-?\d[\d.eE+-]*/g;
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    if (found[0] === '"') token.lastIndex = endOfString(text, token.lastIndex);
    else if (!isExact(found[0])) return true;
  }
  return false;
}

/** Every number of at most 15 digits is exact, except for a negative zero, whose sign would be lost. */
function isExact(number: string): boolean {
  return /^(?!-0[.0]*$)-?[\d.]{1,15}$/.test(number) || String(Number(number)) === number;
}

/** The position after the quote that ends a string. */
function endOfString(text: string, start: number): number {
  for (let at = start; ; at++) {
    at = text.indexOf('"', at);
    if (at < 0) return text.length;
    let before = at;
    while (text[before - 1] === "\\") before--;
    if ((at - before) % 2 === 0) return at + 1;
  }
}
