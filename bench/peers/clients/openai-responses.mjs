import OpenAI from "openai";
import { deletion } from "./shared.mjs";

/** `responses.stream`, the helper that builds the response. */
export async function run({ baseURL, key, model, take, signal, tools, idleMs, firstMs = idleMs }, observation) {
  const client = new OpenAI({ apiKey: key, baseURL, ...(firstMs && { timeout: firstMs }) });
  const { name, description, inputSchema: parameters } = deletion;
  const body = { model, input: "Hello" };
  if (tools) body.tools = [{ type: "function", name, description, parameters, strict: false }];
  const stream = client.responses.stream(body, { signal });
  for await (const event of stream) {
    if (event.type === "response.output_text.delta" && (await take(event.delta))) return;
  }
  const { output, usage } = await stream.finalResponse();
  for (const item of output) {
    if (item.type === "function_call")
      observation.tools.push({ name: item.name, args: JSON.parse(item.arguments || "{}") });
  }
  if (usage) observation.usage = { input: usage.input_tokens, output: usage.output_tokens };
}
