import { seededRandom } from "../src/testing/random.ts";

/** Tests run every case that they can enumerate (`npm run sweep`), rather than a sample. */
export const isSweep = process.env["MILLRACE_SWEEP"] === "1";

/** The seed of all samples of this run. `vitest.config.ts` draws and prints one, unless `MILLRACE_SEED` is set. */
const seed = Number(process.env["MILLRACE_SEED"] ?? 1);

/**
 * The cases that a test runs, in their order: all of them in a sweep, else `count` drawn by the seed.
 *
 * @param label - Names the sample. Samples with different labels are drawn independently of each other, so that a test
 *   draws the same cases when it runs alone.
 */
export function sample<T>(cases: readonly T[], count: number, label: string): readonly T[] {
  if (isSweep || cases.length <= count) return cases;
  const random = seededRandom(seed + hash(label));
  const drawn = new Set<number>();
  while (drawn.size < count) drawn.add(random.integer(cases.length));
  return cases.filter((_, place) => drawn.has(place));
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let result = 0x811c9dc5;
  for (const character of text) result = Math.imul(result ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return result >>> 0;
}
