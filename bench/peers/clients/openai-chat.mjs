import OpenAI from "openai";
import { deletion } from "./shared.mjs";

/** `chat.completions.stream`, the helper that builds the message. */
export async function run({ baseURL, key, model, take, signal, tools, idleMs, firstMs = idleMs }, observation) {
  const client = new OpenAI({ apiKey: key, baseURL, ...(firstMs && { timeout: firstMs }) });
  const { name, description, inputSchema: parameters } = deletion;
  const body = { model, messages: [{ role: "user", content: "Hello" }], stream_options: { include_usage: true } };
  if (tools) body.tools = [{ type: "function", function: { name, description, parameters } }];
  const stream = client.chat.completions.stream(body, { signal });
  let usage;
  try {
    for await (const chunk of stream) {
      usage = chunk.usage ?? usage;
      if (await take(chunk.choices[0]?.delta.content ?? "")) return;
    }
    const { choices } = await stream.finalChatCompletion();
    for (const { function: called } of choices[0].message.tool_calls ?? []) {
      observation.tools.push({ name: called.name, args: JSON.parse(called.arguments || "{}") });
    }
  } finally {
    if (usage !== undefined) observation.usage = { input: usage.prompt_tokens, output: usage.completion_tokens };
  }
}
