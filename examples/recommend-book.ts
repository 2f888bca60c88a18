import { call } from "millrace/anthropic";

const recommendBook = call("claude-sonnet-5-5", { stream: true }, (genre: string) => `Recommend a ${genre} book`);

const stream = recommendBook("fantasy"); // the request goes out when it is first read
for await (const [chunk] of stream) process.stdout.write(chunk.content);

const response = stream.constructCallResponse(); // as if it had not been streamed
console.log(response.usage, stream.costMetadata, stream.cost);
