import Anthropic from "@anthropic-ai/sdk";

/** `messages.create` with `stream: true`: the events, and nothing built from them. */
export async function run({ baseURL, key, model, take, signal, idleMs, firstMs = idleMs }, observation) {
  const client = new Anthropic({ apiKey: key, baseURL, ...(firstMs && { timeout: firstMs }) });
  const body = { model, max_tokens: 1024, messages: [{ role: "user", content: "Hello" }], stream: true };
  for await (const event of await client.messages.create(body, { signal })) {
    if (event.type === "message_start") observation.usage = usageOf(event.message.usage);
    if (event.type === "message_delta") observation.usage.output = event.usage.output_tokens;
    if (event.type !== "content_block_delta" || event.delta.type !== "text_delta") continue;
    if (await take(event.delta.text)) return;
  }
}

const usageOf = (usage) => ({ input: usage.input_tokens, output: usage.output_tokens });
