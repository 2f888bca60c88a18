import { open, readUsage } from "./ai.mjs";

/** `streamText`, with the text alone: `textStream`. */
export async function run({ take, ...job }, observation) {
  const result = await open(job, observation);
  for await (const text of result.textStream) if (await take(text)) return;
  await readUsage(result, observation);
}
