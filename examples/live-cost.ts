import { call } from "millrace/anthropic";

const recommendBook = call("claude-sonnet-5-5", { stream: true }, (genre: string) => `Recommend a ${genre} book`);

const stream = recommendBook("fantasy");
for await (const [chunk] of stream) {
  if (chunk.content !== "") console.log(chunk.content, stream.outputTokens, stream.usage.source, stream.cost);
}
console.log(stream.timings, stream.tokensPerSecond, stream.costMetadata);
