import Anthropic from "@anthropic-ai/sdk";
import { deletion } from "./shared.mjs";

/** `messages.stream`, the helper that builds the message. */
export async function run({ baseURL, key, model, take, signal, tools, idleMs, firstMs = idleMs }, observation) {
  const client = new Anthropic({ apiKey: key, baseURL, ...(firstMs && { timeout: firstMs }) });
  const { name, description, inputSchema } = deletion;
  const body = { model, max_tokens: 1024, messages: [{ role: "user", content: "Hello" }] };
  if (tools) body.tools = [{ name, description, input_schema: inputSchema }];
  const stream = client.messages.stream(body, { signal });
  let usage;
  try {
    for await (const event of stream) {
      usage = stream.currentMessage?.usage ?? usage;
      if (event.type !== "content_block_delta" || event.delta.type !== "text_delta") continue;
      if (await take(event.delta.text)) return;
    }
    const message = await stream.finalMessage();
    usage = message.usage;
    for (const block of message.content) {
      if (block.type === "tool_use") observation.tools.push({ name: block.name, args: block.input });
    }
  } finally {
    if (usage !== undefined) observation.usage = { input: usage.input_tokens, output: usage.output_tokens };
  }
}
