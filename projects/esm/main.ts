import { tool } from "millrace";
import { call } from "millrace/anthropic";
import { call as structuredCall } from "millrace/anthropic/structured";
import { incrementalJson } from "millrace/json";
import { mcpTools } from "millrace/mcp";
import { fakeAnthropic } from "millrace/testing";

const ask = call("claude-sonnet-5-5", { stream: true }, (genre: string) => `Recommend a ${genre} book`);
const stream = ask("fantasy");
let answer: string = "";
for await (const [chunk] of stream) answer += chunk.content;
console.log(answer);

for (const name of [tool, structuredCall, incrementalJson, mcpTools, fakeAnthropic]) {
  if (typeof name !== "function") throw new Error(`An entry lacks a function: ${typeof name}`);
}
