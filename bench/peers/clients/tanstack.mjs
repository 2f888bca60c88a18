import { chat, toolDefinition } from "@tanstack/ai";
import { createAnthropicChat } from "@tanstack/ai-anthropic";
import { deletion, MODEL } from "./shared.mjs";

/** `chat`, its events; it runs tools by itself. */
export async function run({ baseURL, key, take, signal, tools, idleMs }, observation) {
  const remove = toolDefinition(deletion).server((args) => {
    observation.tools.push({ name: deletion.name, args });
    observation.toolsRan++;
    return "Done.";
  });
  const abortController = new AbortController();
  signal.addEventListener("abort", () => abortController.abort());
  const stream = chat({
    adapter: createAnthropicChat(MODEL, key, { baseURL, ...(idleMs && { timeout: idleMs }) }),
    messages: [{ role: "user", content: "Hello" }],
    abortController,
    ...(tools && { tools: [remove] }),
  });
  let isFinished = false;
  for await (const event of stream) {
    if (event.type === "RUN_ERROR") observation.error ??= new Error(event.message ?? event.error?.message);
    if (event.type === "RUN_FINISHED") {
      isFinished = true;
      const { usage } = event;
      if (usage) observation.usage = { input: usage.promptTokens, output: usage.completionTokens };
    }
    if (event.type === "TEXT_MESSAGE_CONTENT" && (await take(event.delta))) return;
  }
  if (!isFinished && observation.error === null) observation.notes.push("no last event");
}
