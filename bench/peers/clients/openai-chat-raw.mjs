import OpenAI from "openai";

/** `chat.completions.create` with `stream: true`: the chunks, and nothing built from them. */
export async function run({ baseURL, key, model, take, signal, idleMs, firstMs = idleMs }, observation) {
  const client = new OpenAI({ apiKey: key, baseURL, ...(firstMs && { timeout: firstMs }) });
  const body = { model, messages: [{ role: "user", content: "Hello" }], stream_options: { include_usage: true } };
  for await (const { choices, usage } of await client.chat.completions.create({ ...body, stream: true }, { signal })) {
    if (usage) observation.usage = { input: usage.prompt_tokens, output: usage.completion_tokens };
    if (await take(choices[0]?.delta.content ?? "")) return;
  }
}
