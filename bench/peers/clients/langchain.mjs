import { tool } from "@langchain/core/tools";
import { deletion } from "./shared.mjs";

/** The model of each API. A provider is loaded when it is used. */
const MODELS = {
  async anthropic({ baseURL, key, model }) {
    const { ChatAnthropic } = await import("@langchain/anthropic");
    return new ChatAnthropic({ model, apiKey: key, anthropicApiUrl: baseURL });
  },
  chat: (job) => openai(job, false),
  responses: (job) => openai(job, true),
};

async function openai({ baseURL, key, model }, useResponsesApi) {
  const { ChatOpenAI } = await import("@langchain/openai");
  return new ChatOpenAI({ model, apiKey: key, useResponsesApi, configuration: { baseURL } });
}

/** `ChatAnthropic` or `ChatOpenAI`, its chunks concatenated. */
export async function run(job, observation) {
  const { api, take, signal, tools, idleMs, firstMs = idleMs } = job;
  const model = await MODELS[api](job);
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
