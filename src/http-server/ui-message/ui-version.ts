import type { Form } from "../../schema/option-form.ts";

/** The major version of the AI SDK that reads a stream, or messages. */
export type UIVersion = 5 | 6 | 7;

export const aVersion: Form = { words: "5, 6 or 7", holds: (value) => value === 5 || value === 6 || value === 7 };

/** Whether it shows that a call was denied, as such. Where the version is not known, only what all of them know is sent. */
export function hasDenied(version: UIVersion | undefined): boolean {
  return version !== undefined && version >= 6;
}
