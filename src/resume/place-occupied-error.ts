import { MillraceError } from "../errors.ts";

/**
 * Another run goes on in the place, and was not to be replaced; or one has the same name, whether it goes on or has ended.
 * Nothing was sent.
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
  /** The run that is there. */
  declare readonly run: string;
  /** @param isNamesake - Whether the run that is there is in the way because of its name. */
  constructor(place: string, run: string, isNamesake: boolean) {
    const problem = isNamesake
      ? `The place has a run of that name already, ${run}: read that one, or keep this one by another name.`
      : `The run ${run} goes on in this place: stop it, or keep the next one with replace: true.`;
    super(problem, { place, run });
  }
}
