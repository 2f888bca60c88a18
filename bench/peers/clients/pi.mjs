import { getModel, stream as open } from "@earendil-works/pi-ai";
import { deletion, MODEL } from "./shared.mjs";

/** `stream`, its events. */
export async function run({ baseURL, key, take, signal, tools, idleMs, firstMs = idleMs }, observation) {
  const { name, description, inputSchema: parameters } = deletion;
  const context = { messages: [{ role: "user", content: "Hello", timestamp: Date.now() }] };
  if (tools) context.tools = [{ name, description, parameters }];
  const model = { ...getModel("anthropic", MODEL), baseUrl: baseURL };
  const options = { apiKey: key, signal, ...(firstMs && { timeoutMs: firstMs }) };
  for await (const event of open(model, context, options)) {
    if (event.type === "toolcall_end") {
      observation.tools.push({ name: event.toolCall.name, args: event.toolCall.arguments });
    }
    if (event.type === "error") observation.error ??= new Error(event.error.errorMessage);
    const message = event.type === "done" ? event.message : event.type === "error" ? event.error : undefined;
    if (message) {
      const source = ["aborted", "error"].includes(message.stopReason) ? "partial" : "reported";
      observation.usage = { source, input: message.usage.input, output: message.usage.output };
    }
    if (event.type === "text_delta" && (await take(event.delta))) return;
  }
}
