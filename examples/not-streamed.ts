import { call } from "millrace/anthropic";

const recommendBook = call("claude-sonnet-5-5", (genre: string) => `Recommend a ${genre} book`);

const answer = await recommendBook("fantasy"); // a promise: it starts at once
console.log(answer.content, answer.finishReasons, answer.inputTokens, answer.cost);
