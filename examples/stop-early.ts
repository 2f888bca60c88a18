import { call } from "millrace/anthropic";

const tell = call("claude-sonnet-5-5", { stream: true }, () => "Recommend a fantasy book");

const stream = tell();
for await (const [chunk] of stream) {
  process.stdout.write(chunk.content);
  if (stream.content.length > 20) break; // closes the connection: no more is generated, or billed
}
console.log(stream.outcome, stream.usage.source, stream.message?.content.length);
