import { InvalidOptionError, messageOf } from "../errors.ts";

/** How values are written as JSON. {@link keepNumbers} replaces it once there is a value that has to be written otherwise. */
export const writer: { write(value: unknown): string } = { write: JSON.stringify };

/**
 * Writes a request's body as JSON.
 *
 * @param place - Where the value stands in the body: `messages.3`.
 * @param levels - How far to look for a culprit. The input of a message's block is five levels down.
 * @throws InvalidOptionError if part of it has no JSON form: it is nested too deeply, contains itself, or holds a
 * BigInt. The error names that part: `messages.3.content.0.input`.
 */
export function stringify(value: unknown, place = "", levels = 5): string {
  try {
    return writer.write(value);
  } catch (cause) {
    // A culprit further down throws an error that says more.
    for (const [key, part] of levels > 0 ? Object.entries(value ?? {}) : []) {
      stringify(part, place === "" ? key : `${place}.${key}`, levels - 1);
    }
    const reason =
      cause instanceof RangeError ? "it is nested too deeply, or too long" : messageOf(cause).split("\n")[0];
    throw new InvalidOptionError(place || "prompt", `it cannot be sent as JSON: ${reason}.`, { cause });
  }
}

/**
 * Replaces halves of surrogate pairs by U+FFFD. `JSON.stringify` writes them as escapes, which many servers refuse.
 *
 * @param json - The output of `JSON.stringify`, in which such an escape can only be half a pair.
 */
export function wellFormedJson(json: string): string {
  // Escaped backslashes are matched too, or the second half of one would be taken for the start of an escape.
  return json.includes("\\ud")
    ? json.replace(/\\(?:\\|ud...)/g, (found) => (found === "\\\\" ? found : "\ufffd"))
    : json;
}
