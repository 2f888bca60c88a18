import { agent, tool } from "millrace";
import { call } from "millrace/anthropic";
import * as z from "zod";

const input = z.object({ title: z.string() });
const isOnShelf = tool({ name: "is_on_shelf", input, runEarly: true, call: ({ title }) => title !== "Mistborn" });
const reserve = tool({ name: "reserve", input, call: ({ title }) => `${title} is reserved.` });

const librarian = agent(
  call("claude-sonnet-5-5", { stream: true, tools: [isOnShelf, reserve] }, (wish: string) => `You lend books. ${wish}`),
  { maxTurns: 5, maxCost: 0.5, approve: ({ name, args }) => name !== "reserve" || args.title.length > 0 },
);

const run = librarian("I would like Mistborn, or something like it.");
for await (const [chunk, toolCall, turn] of run) {
  if (toolCall) console.log(`\n${turn.index}: ${toolCall.name} ${toolCall.args.title}`);
  else if (chunk.toolResult)
    console.log(`${turn.index}: ${chunk.toolResult.name} gave ${String(chunk.toolResult.output)}`);
  else process.stdout.write(chunk.content);
}
console.log(
  `\n${run.stopReason} after ${run.turns.length} turns, ${run.outputTokens} tokens, $${run.cost?.toFixed(4)}`,
);
