import { normalizeContext } from "@earendil-works/pi-ai";
import { getBuiltinModel } from "@earendil-works/pi-ai/providers/all";
import { deletion } from "./shared.mjs";

const APIS = {
  anthropic: { provider: "anthropic", api: "anthropic-messages" },
  chat: { provider: "openai", api: "openai-completions" },
  responses: { provider: "openai", api: "openai-responses" },
};

/** `stream` of an API's module, its events. */
export async function run(job, observation) {
  const { baseURL, key, take, signal, tools, idleMs, firstMs = idleMs } = job;
  const { provider, api } = APIS[job.api];
  const { stream: open } = await import(`@earendil-works/pi-ai/api/${api}`);
  const { name, description, inputSchema: parameters } = deletion;
  const context = { messages: [{ role: "user", content: "Hello", timestamp: Date.now() }] };
  if (tools) context.tools = [{ name, description, parameters }];
  const model = { ...getBuiltinModel(provider, job.model), api, baseUrl: baseURL };
  const options = { apiKey: key, signal, ...(firstMs && { timeoutMs: firstMs }) };
  for await (const event of open(model, normalizeContext(context), options)) {
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
