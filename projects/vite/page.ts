import { tool } from "millrace";
import { call, client } from "millrace/anthropic";

const local = client({ apiKey: "any", baseURL: "/", dangerouslyAllowBrowser: true });
const findBook = tool({ name: "find_book", inputSchema: { type: "object" }, call: () => "Mistborn" });
const ask = call(
  "claude-sonnet-5-5",
  { stream: true, client: local, tools: [findBook] },
  (genre: string) => `Recommend a ${genre} book`,
);

for await (const [chunk] of ask("fantasy")) document.body.append(chunk.content);
