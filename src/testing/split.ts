/** The API sends tool input in pieces of about this many characters. */
const FRAGMENT_LENGTH = 12;

/**
 * Splits a text into words, each with the white space before it; JSON, which may have none, as tool input is split. Joined,
 * they are the text again.
 */
export function splitWords(text: string): string[] {
  if (/^\s*[[{]/.test(text)) return splitEvenly(text);
  return text.match(/\s*\S+\s*$|\s*\S+|\s+$/g) ?? [];
}

/** Splits a text into at most `count` pieces of about equal length, without splitting surrogate pairs. */
export function splitEvenly(text: string, count = Math.ceil(text.length / FRAGMENT_LENGTH)): string[] {
  const characters = Array.from(text);
  const length = Math.max(1, Math.ceil(characters.length / Math.max(1, count)));
  const pieces: string[] = [];
  for (let start = 0; start < characters.length; start += length) {
    pieces.push(characters.slice(start, start + length).join(""));
  }
  return pieces;
}
