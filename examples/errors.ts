import { MillraceError } from "millrace";
import { call } from "millrace/anthropic";

const ask = call("claude-unknown", { stream: true, timeout: { idle: 60_000 } }, () => "Hello");

const stream = ask();
try {
  for await (const [chunk] of stream) process.stdout.write(chunk.content);
} catch (error) {
  if (!(error instanceof MillraceError)) throw error;
  console.log(error.code, error.status, error.phase, error.retryable, error.requestId);
  console.log(stream.outcome, stream.content, stream.usage); // nothing received is lost
}
