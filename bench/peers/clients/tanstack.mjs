import { chat, toolDefinition } from "@tanstack/ai";
import { deletion } from "./shared.mjs";

/** The adapter of each API. A provider is loaded when it is used. */
const ADAPTERS = {
  async anthropic(model, key, options) {
    const { createAnthropicChat } = await import("@tanstack/ai-anthropic");
    return createAnthropicChat(model, key, options);
  },
  async chat(model, key, options) {
    const { createOpenaiChatCompletions } = await import("@tanstack/ai-openai");
    return createOpenaiChatCompletions(model, key, options);
  },
  async responses(model, key, options) {
    const { createOpenaiChat } = await import("@tanstack/ai-openai");
    return createOpenaiChat(model, key, options);
  },
};

/** `chat`, its events; it runs tools by itself. */
export async function run(job, observation) {
  const { api, model, baseURL, key, take, controller, tools, idleMs, firstMs = idleMs } = job;
  const remove = toolDefinition(deletion).server((args) => {
    observation.tools.push({ name: deletion.name, args });
    observation.toolsRan++;
    return "Done.";
  });
  const stream = chat({
    adapter: await ADAPTERS[api](model, key, { baseURL, ...(firstMs && { timeout: firstMs }) }),
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
