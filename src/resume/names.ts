import { wellFormed } from "../json/well-formed.ts";
import { aText, type Form } from "../schema/option-form.ts";

/**
 * The name of a place, or of a run in it. Logs that are written in UTF-8 cannot tell names with half a surrogate pair apart:
 * one run would be read in the place of another.
 */
export const aName: Form = {
  words: "a string without half a surrogate pair (UTF-8 has no form for it)",
  holds: (value) => aText.holds(value) && wellFormed(value as string) === value,
};
