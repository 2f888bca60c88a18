import { InvalidOptionError } from "../errors.ts";

/** The values that an option may have. */
export interface NumberRange {
  /** The least value; with `isExclusive` the value must be greater. */
  readonly least: number;
  readonly isExclusive?: boolean;
  readonly isWhole?: boolean;
}

/**
 * Refuses a number with which an option could not do its work. `Infinity` is allowed, and so is leaving it out.
 *
 * @param option - The option's name as the caller wrote it.
 * @throws InvalidOptionError
 */
export function checkNumber(option: string, value: unknown, range: NumberRange): void {
  if (value === undefined) return;
  const { least, isExclusive = false, isWhole = false } = range;
  const isNumber = typeof value === "number" && (isExclusive ? value > least : value >= least);
  if (isNumber && (!isWhole || Number.isInteger(value) || value === Infinity)) return;
  const kind = isWhole ? "a whole number" : "a number";
  const bound = isExclusive ? `greater than ${least}` : `of at least ${least}`;
  throw new InvalidOptionError(
    option,
    `it must be ${kind} ${bound}, not ${typeof value === "number" ? value : typeof value}.`,
  );
}
