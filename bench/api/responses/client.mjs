// What the bench knows of the clients of the Responses API, before one of them is loaded.
import { loadSdk } from "../openai.mjs";

export { sdk } from "../openai.mjs";

/** What a program imports to use a client. */
export const packages = { bare: () => {}, sdk: loadSdk, millrace: () => import("millrace/openai") };

/** What a message has of what was streamed. */
export function summary({ status, output, usage }) {
  const parts = output.flatMap((item) => item.content ?? []);
  const text = parts.map((part) => part.text).join("");
  return { text, isComplete: status === "completed" && usage.output_tokens > 0 };
}
