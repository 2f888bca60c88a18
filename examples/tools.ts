import { tool } from "millrace";
import { call } from "millrace/anthropic";
import * as z from "zod";

const getBookAuthor = tool({
  name: "get_book_author",
  description: "Returns the author of the book with the given title.",
  input: z.object({ title: z.string().describe("The title of the book.") }),
  call: ({ title }) => (title === "The Name of the Wind" ? "Patrick Rothfuss" : "Unknown"),
});

const recommendBook = call("claude-sonnet-5-5", { stream: true, tools: [getBookAuthor] }, (genre: string) => {
  return `Recommend two ${genre} books, and look up who wrote them.`;
});

for await (const [chunk, toolCall] of recommendBook("fantasy")) {
  if (toolCall) console.log(toolCall.name, toolCall.args.title, await toolCall.call());
  else process.stdout.write(chunk.content);
}
