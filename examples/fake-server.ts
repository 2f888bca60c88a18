import { call, client } from "millrace/anthropic";
import { fakeAnthropic } from "millrace/testing";

const server = await fakeAnthropic({ replies: "The Name of the Wind" });
const ask = call("claude-sonnet-5-5", { stream: true }, () => "Recommend a fantasy book");

const stream = ask.with({ client: client({ apiKey: "any", baseURL: server.url }) })();
for await (const text of stream.textStream()) process.stdout.write(text);
console.log(stream.outcome, server.requests.length);
await server.close();
