/** Pieces of about this many characters are what the API sends of a tool's input. */
const FRAGMENT_LENGTH = 12;

/** The words of a text, each with the white space before it: joined, they are the text. */
export function splitWords(text: string): string[] {
  return text.match(/\s*\S+\s*$|\s*\S+|\s+$/g) ?? [];
}

/** The text in pieces of about equal length, at most `count`: joined, they are the text. No character is halved. */
export function splitEvenly(text: string, count = Math.ceil(text.length / FRAGMENT_LENGTH)): string[] {
  const characters = Array.from(text);
  const length = Math.max(1, Math.ceil(characters.length / Math.max(1, count)));
  const pieces: string[] = [];
  for (let start = 0; start < characters.length; start += length) {
    pieces.push(characters.slice(start, start + length).join(""));
  }
  return pieces;
}
