import { system, user } from "millrace";
import { call } from "millrace/anthropic";

const recommendBook = call("claude-sonnet-5-5", { stream: true }, async (genre: string, brief: boolean) => ({
  messages: [system("You are a librarian."), user(`Recommend a ${genre} book`)],
  callParams: { max_tokens: brief ? 256 : 4096 },
  metadata: { genre },
}));

const stream = recommendBook("fantasy", true);
console.log((await stream.response()).content, stream.metadata, stream.callKwargs.max_tokens);
