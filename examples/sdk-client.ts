import Anthropic from "@anthropic-ai/sdk";
import { call } from "millrace/anthropic";

// An official SDK client brings its own authentication and transport: AnthropicBedrock and AnthropicVertex work alike.
const ask = call("claude-sonnet-5-5", { stream: true, client: new Anthropic() }, () => "Recommend a fantasy book");

for await (const text of ask().textStream()) process.stdout.write(text);
