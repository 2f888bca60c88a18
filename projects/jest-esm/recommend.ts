import { call } from "millrace/anthropic";

const ask = call("claude-sonnet-5-5", { stream: true }, (genre: string) => `Recommend a ${genre} book`);

export async function recommend(genre: string): Promise<string> {
  return (await ask(genre).response()).content;
}
