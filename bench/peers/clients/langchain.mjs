import { ChatAnthropic } from "@langchain/anthropic";
import { tool } from "@langchain/core/tools";
import { deletion, MODEL } from "./shared.mjs";

/** `ChatAnthropic`, its chunks concatenated. */
export async function run({ baseURL, key, take, signal, tools, idleMs, firstMs = idleMs }, observation) {
  const model = new ChatAnthropic({ model: MODEL, apiKey: key, anthropicApiUrl: baseURL });
  const { name, description, inputSchema: schema } = deletion;
  const bound = tools ? model.bindTools([tool(() => "Done.", { name, description, schema })]) : model;
  let message;
  try {
    const stream = await bound.stream("Hello", { signal, ...(firstMs && { timeout: firstMs }) });
    for await (const chunk of stream) {
      message = message === undefined ? chunk : message.concat(chunk);
      if (await take(chunk.text)) return;
    }
    for (const { name: called, args } of message?.tool_calls ?? []) observation.tools.push({ name: called, args });
  } finally {
    const usage = message?.usage_metadata;
    if (usage !== undefined) observation.usage = { input: usage.input_tokens, output: usage.output_tokens };
  }
}
