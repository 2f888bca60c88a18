/**
 * The text of the provider is made of numbered words, so that a reader can be asked what it lost and what it got twice:
 * `0.17` is the 17th word of the reply to the first request, counted from 1.
 */

export const PACE_MS = 20;

export const wordsFrom = (request, first, last) =>
  Array.from({ length: last - first + 1 }, (_, nth) => `${request}.${first + nth} `);

/** What became of words of one reply: the numbers that are missing up to the last one, and those that came again or late. */
export function tally(words) {
  const numbers = words.map((word) => Number(word.split(".")[1]));
  const last = Math.max(0, ...numbers);
  const seen = new Set(numbers);
  const lost = Array.from({ length: last }, (_, nth) => nth + 1).filter((number) => !seen.has(number)).length;
  return {
    last,
    lost,
    doubled: numbers.length - seen.size,
    inOrder: numbers.every((one, nth) => nth === 0 || one > (numbers[nth - 1] ?? 0)),
  };
}

/** The requests that the words are replies to. */
export const repliesIn = (words) => [...new Set(words.map((word) => word.split(".")[0]))];

/** What is wrong with words of which the first `total` should be there, each once; null if nothing is. */
export function wrongWith(words, total) {
  const { last, lost, doubled, inOrder } = tally(words);
  if (repliesIn(words).length > 1) return "two replies mixed";
  const missing = lost + Math.max(0, total - last);
  if (missing > 0) return `${missing} of ${total} lost`;
  if (doubled > 0) return `${doubled} doubled`;
  return inOrder ? null : "out of order";
}
