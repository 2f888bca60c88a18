import OpenAI from "openai";

/** `responses.create` with `stream: true`: the events, and nothing built from them. */
export async function run({ baseURL, key, model, take, signal, idleMs, firstMs = idleMs }, observation) {
  const client = new OpenAI({ apiKey: key, baseURL, ...(firstMs && { timeout: firstMs }) });
  for await (const event of await client.responses.create({ model, input: "Hello", stream: true }, { signal })) {
    const usage = event.response?.usage;
    if (usage) observation.usage = { input: usage.input_tokens, output: usage.output_tokens };
    if (event.type === "response.output_text.delta" && (await take(event.delta))) return;
  }
}
