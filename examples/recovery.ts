import { call } from "millrace/anthropic";

const recommend = call(
  "claude-sonnet-5-5",
  { stream: true, retry: { delay: 10 }, onInterrupt: "restart", fallback: "claude-haiku-5-5" },
  (genre: string) => `Recommend a ${genre} book`,
);

const stream = recommend("fantasy");
for await (const [chunk] of stream) {
  if (chunk.recovery?.type === "restart") console.log(" (interrupted, once more)");
  else process.stdout.write(chunk.content);
}
for (const { model, outcome } of stream.attempts) console.log(`\n${model}: ${outcome}`);
