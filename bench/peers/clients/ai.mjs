import { jsonSchema, streamText, tool } from "ai";
import { deletion, settled } from "./shared.mjs";

/** The model of each API. A provider is loaded when it is used. */
const MODELS = {
  async anthropic({ baseURL, key, model }) {
    const { createAnthropic } = await import("@ai-sdk/anthropic");
    return createAnthropic({ apiKey: key, baseURL: `${baseURL}/v1` })(model);
  },
  chat: async (job) => (await openai(job)).chat(job.model),
  responses: async (job) => (await openai(job)).responses(job.model),
};

async function openai({ baseURL, key }) {
  const { createOpenAI } = await import("@ai-sdk/openai");
  return createOpenAI({ apiKey: key, baseURL });
}

/** `streamText`, with everything that it says: `stream`. */
export async function run({ take, ...job }, observation) {
  const result = await open(job, observation);
  for await (const part of result.stream) {
    if (part.type === "error") observation.error ??= part.error;
    if (part.type === "abort") observation.error ??= new Error(part.reason ?? "abort");
    if (part.type === "tool-call" && !part.invalid) observation.tools.push({ name: part.toolName, args: part.input });
    if (part.type === "text-delta" && (await take(part.text))) return;
  }
  await readUsage(result, observation);
}

export async function open(job, observation) {
  const { api, signal, tools, idleMs, firstMs } = job;
  const { name, description, inputSchema } = deletion;
  const remove = tool({
    description,
    inputSchema: jsonSchema(inputSchema),
    execute: () => {
      observation.toolsRan++;
      return "Done.";
    },
  });
  return streamText({
    model: await MODELS[api](job),
    prompt: "Hello",
    abortSignal: signal,
    ...(idleMs && { timeout: { chunkMs: idleMs } }),
    // `firstChunkMs` does not count the time before the headers.
    ...(firstMs && { timeout: { stepMs: firstMs } }),
    ...(tools && { tools: { [name]: remove } }),
  });
}

export async function readUsage(result, observation) {
  const usage = await settled(result.usage);
  if (usage?.inputTokens === undefined) return;
  observation.usage = { input: usage.inputTokens, output: usage.outputTokens };
}
