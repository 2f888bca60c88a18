/**
 * The text with U+FFFD for each half of a surrogate pair. UTF-8 has no form for half a pair, so providers refuse it.
 *
 * @internal
 */
export function wellFormed(text: string): string {
  // The first test is several times faster, and nearly every text passes it. `toWellFormed` is not everywhere yet.
  return /[\ud800-\udfff]/.test(text) ? text.replace(/\p{Surrogate}/gu, "\ufffd") : text;
}
