/** How much of the end of a cut reply the model is reminded of. */
const REMINDER_LENGTH = 100;

/**
 * What the user says to a model that is to go on with a reply, where it cannot go on by itself.
 *
 * @param text - The end of the reply, at least.
 */
export function reminderOf(text: string): string {
  // It does not begin with half a character.
  const end = text.slice(-REMINDER_LENGTH).replace(/^[\udc00-\udfff]/, "");
  return `Your reply was interrupted. It ended with: ${end}\n\nGo on exactly there, and repeat nothing.`;
}
