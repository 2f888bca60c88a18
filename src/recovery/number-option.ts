import { InvalidOptionError } from "../errors.ts";

/** The values that an option may have. */
export interface NumberRange {
  readonly name: string;
  holds(value: number): boolean;
}

export const positive: NumberRange = { name: "a number greater than 0", holds: (value) => value > 0 };

export const notNegative: NumberRange = { name: "a number of at least 0", holds: (value) => value >= 0 };

/** `Infinity` counts as whole. */
export function wholeFrom(least: number): NumberRange {
  return {
    name: `a whole number of at least ${least}`,
    holds: (value) => value >= least && (Number.isInteger(value) || value === Infinity),
  };
}

/**
 * Refuses a number with which an option could not do its work. Leaving it out is allowed.
 *
 * @param option - The option's name as the caller wrote it.
 * @throws InvalidOptionError
 */
export function checkNumber(option: string, value: unknown, range: NumberRange): void {
  const isNumber = typeof value === "number";
  if (value === undefined || (isNumber && range.holds(value))) return;
  throw new InvalidOptionError(option, `it must be ${range.name}, not ${isNumber ? value : typeof value}.`);
}
