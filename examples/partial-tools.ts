import { tool } from "millrace";
import { call } from "millrace/anthropic";
import * as z from "zod";

const saveReview = tool({
  name: "save_review",
  input: z.object({ title: z.string(), stars: z.number(), text: z.string() }),
  call: ({ title, stars }) => `Saved ${stars} stars for ${title}.`,
});
const options = { stream: { partialTools: true }, tools: [saveReview] } as const;
const review = call("claude-sonnet-5-5", options, (book: string) => `Review ${book}.`);

for await (const [, toolCall] of review("Mistborn")) {
  if (toolCall === null) continue;
  if (toolCall.delta !== null) console.log(toolCall.args.title ?? "…", toolCall.args.text?.length ?? 0); // a tool that still streams
  else console.log(toolCall.args.stars, await toolCall.call());
}
