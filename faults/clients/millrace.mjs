import { tool } from "../../dist/index.js";
import { call, client } from "../../dist/anthropic.js";
import { MODEL } from "../wire.mjs";
import { deletion } from "../deletion.mjs";

export async function run({ baseURL, key, take, signal, tools, idleMs, firstMs, recover }, observation) {
  const remove = tool({
    ...deletion,
    call: () => {
      observation.toolsRan++;
      return "Done.";
    },
  });
  const ask = call(
    MODEL,
    {
      stream: true,
      client: client({ apiKey: key, baseURL }),
      signal,
      retry: { delay: 10 },
      ...(idleMs && { timeout: { idle: idleMs } }),
      ...(firstMs && { timeout: { firstContent: firstMs } }),
      ...(recover && { onInterrupt: "restart" }),
      ...(tools && { tools: [remove] }),
    },
    () => "Hello",
  );
  const stream = ask();
  try {
    for await (const [chunk, called] of stream) {
      if (called !== null) {
        observation.tools.push({ name: called.name, args: called.args });
        await called.call();
      }
      if (await take(chunk.content, chunk.chunk.type === "restart")) break;
    }
  } finally {
    const { source, input_tokens: input, output_tokens: output } = stream.usage;
    observation.usage = { source, input, output };
    observation.attempts = stream.attempts.length;
  }
}
