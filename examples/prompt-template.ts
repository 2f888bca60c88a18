import { promptTemplate } from "millrace";
import { call } from "millrace/anthropic";

const prompt = promptTemplate(`
  SYSTEM: You are a librarian.
  MESSAGES: {history}
  USER: Recommend a {genre} book`);

const stream = call("claude-sonnet-5-5", { stream: true }, prompt)({ genre: "fantasy", history: [] });
for await (const text of stream.textStream()) process.stdout.write(text);
console.log(stream.callKwargs.system, stream.messages); // as they were sent
