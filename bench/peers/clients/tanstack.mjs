import { chat, toolDefinition } from "@tanstack/ai";
import { createAnthropicChat } from "@tanstack/ai-anthropic";
import { deletion, MODEL } from "./shared.mjs";

/** `chat`, its events; it runs tools by itself. */
export async function run({ baseURL, key, take, controller, tools, idleMs, firstMs = idleMs }, observation) {
  const remove = toolDefinition(deletion).server((args) => {
    observation.tools.push({ name: deletion.name, args });
    observation.toolsRan++;
    return "Done.";
  });
  const stream = chat({
    adapter: createAnthropicChat(MODEL, key, { baseURL, ...(firstMs && { timeout: firstMs }) }),
    messages: [{ role: "user", content: "Hello" }],
    abortController: controller,
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
