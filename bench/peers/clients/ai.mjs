import { createAnthropic } from "@ai-sdk/anthropic";
import { jsonSchema, streamText, tool } from "ai";
import { deletion, MODEL, settled } from "./shared.mjs";

/** `streamText`, with everything that it says: `fullStream`. */
export async function run({ take, ...job }, observation) {
  const result = open(job, observation);
  for await (const part of result.fullStream) {
    if (part.type === "error") observation.error ??= part.error;
    if (part.type === "abort") observation.error ??= new Error(part.reason ?? "abort");
    if (part.type === "tool-call" && !part.invalid) observation.tools.push({ name: part.toolName, args: part.input });
    if (part.type === "text-delta" && (await take(part.text))) return;
  }
  await readUsage(result, observation);
}

export function open({ baseURL, key, signal, tools, idleMs, firstMs }, observation) {
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
    model: createAnthropic({ apiKey: key, baseURL: `${baseURL}/v1` })(MODEL),
    prompt: "Hello",
    abortSignal: signal,
    ...(idleMs && { timeout: { chunkMs: idleMs } }),
    // The limit between chunks begins with the first one.
    ...(firstMs && { timeout: { stepMs: firstMs } }),
    ...(tools && { tools: { [name]: remove } }),
  });
}

export async function readUsage(result, observation) {
  const usage = await settled(result.usage);
  if (usage?.inputTokens === undefined) return;
  observation.usage = { input: usage.inputTokens, output: usage.outputTokens };
}
