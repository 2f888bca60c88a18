import { tool } from "millrace";
import { call } from "millrace/anthropic";
import structured = require("millrace/anthropic/structured");
import json = require("millrace/json");
import mcp = require("millrace/mcp");
import testing = require("millrace/testing");

async function main(): Promise<void> {
  const ask = call("claude-sonnet-5-5", { stream: true }, (genre: string) => `Recommend a ${genre} book`);
  const stream = ask("fantasy");
  let answer: string = "";
  for await (const [chunk] of stream) answer += chunk.content;
  console.log(answer);
}

for (const name of [tool, structured.call, json.incrementalJson, mcp.mcpTools, testing.fakeAnthropic]) {
  if (typeof name !== "function") throw new Error(`An entry lacks a function: ${typeof name}`);
}
void main();
