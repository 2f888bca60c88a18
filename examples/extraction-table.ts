import { call } from "millrace/anthropic/structured";
import * as z from "zod";

const Books = z.array(z.object({ title: z.string(), author: z.string(), year: z.int() }));
const listBooks = call("claude-sonnet-5-5", { stream: true, responseModel: Books }, (text: string) => `List: ${text}`);

const row = (...cells: readonly unknown[]): void => {
  console.log(cells.map((cell) => String(cell ?? "").padEnd(22)).join("| "));
};

const extraction = listBooks("The Name of the Wind (Patrick Rothfuss, 2007), Mistborn (Brandon Sanderson, 2006)");
row("Title", "Author", "Year");
for await (const { title, author, year } of extraction.elements()) row(title, author, year); // each once it is whole
console.log(`${extraction.constructedResponseModel.length} books, ${extraction.usage.output_tokens} tokens`);
