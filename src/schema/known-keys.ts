import { InvalidOptionError } from "../errors.ts";
import type { JsonObject } from "../json/object.ts";

/**
 * Refuses keys that mean nothing: an option that is misspelt would be ignored in silence. Keys without a value may stay.
 *
 * @param place - What stands before the key in the error: `"timeout."`, for example.
 * @param advice - For keys that other libraries have: what to write instead.
 * @throws InvalidOptionError
 */
export function checkKeys(
  options: object,
  known: readonly string[],
  place = "",
  advice: Readonly<Record<string, string>> = {},
): void {
  const key = Object.keys(options).find((key) => (options as JsonObject)[key] !== undefined && !known.includes(key));
  if (key === undefined) return;
  const similar = similarTo(key, known);
  const help = Object.hasOwn(advice, key)
    ? `Use ${advice[key]}.`
    : similar === undefined
      ? `Use one of ${known.join(", ")}.`
      : `Did you mean ${similar}?`;
  throw new InvalidOptionError(place + key, `there is no such option. ${help}`);
}

/** The known key that is most like a misspelt one; undefined if none is. */
function similarTo(key: string, known: readonly string[]): string | undefined {
  const distances = known.map((name) => ({ name, distance: distance(plain(key), plain(name)) }));
  const [nearest] = distances.toSorted((one, other) => one.distance - other.distance);
  // Half of a short name may be wrong: two letters that changed places are two edits.
  return nearest !== undefined && nearest.distance * 2 <= key.length ? nearest.name : undefined;
}

const plain = (name: string): string => name.slice(0, 40).replace(/[-_]/g, "").toLowerCase();

/** The edits that turn one name into the other (Levenshtein). */
function distance(one: string, other: string): number {
  let row = [...other, ""].map((_, at) => at);
  for (const character of one) {
    let diagonal = 0;
    let left = 0;
    row = row.map((above, at) => {
      left = at === 0 ? above + 1 : Math.min(left + 1, above + 1, diagonal + (other[at - 1] === character ? 0 : 1));
      diagonal = above;
      return left;
    });
  }
  return row.at(-1) ?? 0;
}
