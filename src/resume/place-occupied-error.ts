import { MillraceError } from "../errors.ts";

/**
 * Another run goes on in the place, and was not to be replaced. Nothing was sent.
 *
 * @example
 * ```ts
 * import { PlaceOccupiedError } from "millrace/resume";
 *
 * function report(error: unknown): void {
 *   if (error instanceof PlaceOccupiedError) console.error(error.place, error.run);
 * }
 * ```
 */
export class PlaceOccupiedError extends MillraceError {
  readonly code = "place_occupied";
  /** The place. */
  declare readonly place: string;
  /** The run that goes on there. */
  declare readonly run: string;
  constructor(place: string, run: string) {
    super(`The run ${run} goes on in this place: stop it, or keep the next one with replace: true.`, { place, run });
  }
}
