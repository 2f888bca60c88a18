// What the bench knows of the clients of Chat Completions, before one of them is loaded.
import { loadSdk } from "../openai.mjs";

export { sdk } from "../openai.mjs";

/** What a program imports to use a client. */
export const packages = { bare: () => {}, sdk: loadSdk, millrace: () => import("millrace/openai/chat") };

/** What a message has of what was streamed. */
export function summary({ choices: [choice], usage }) {
  const isComplete = choice.finish_reason === "stop" && usage.completion_tokens > 0;
  return { text: choice.message.content, isComplete };
}
