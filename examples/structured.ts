import { call } from "millrace/anthropic/structured";
import * as z from "zod";

const Book = z.object({
  title: z.string(),
  author: z.string(),
  published: z.iso.date().transform((date) => new Date(date)),
});
const extractBook = call(
  "claude-sonnet-5-5",
  { stream: true, responseModel: Book },
  (text: string) => `Extract: ${text}`,
);

const extraction = extractBook(
  "The Name of the Wind came out on 27 March 2007. It was Patrick Rothfuss's first novel.",
);
for await (const partial of extraction) {
  console.log(partial.title ?? "", extraction.isComplete(["title"]) ? "(whole)" : "…", partial.author ?? "");
}
const book = extraction.constructedResponseModel; // validated: any part may have been missing before
console.log(book.title, book.author, book.published.getFullYear());
