import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { apiError, reply, type Replies, text, toolUse } from "millrace/testing";
import { printedBy } from "./printed.ts";

const folder = new URL("../examples/", import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith(".ts"));

const TEXT = "Try The Name of the Wind, by Patrick Rothfuss.";
const recommendation = reply(TEXT, { usage: { input_tokens: 12, output_tokens: 15 } });

const WIND = { title: "The Name of the Wind", author: "Patrick Rothfuss" };
const MISTBORN = { title: "Mistborn", author: "Brandon Sanderson" };
const BOOKS = JSON.stringify({
  value: [
    { ...WIND, year: 2007 },
    { ...MISTBORN, year: 2006 },
  ],
});

/** For each example: what the server answers, and what the example must print. */
const expectations: Readonly<Record<string, readonly [replies: Replies, output: readonly (string | RegExp)[]]>> = {
  "recommend-book.ts": [recommendation, [TEXT, "output_tokens: 15", "cost:", /0\.000\d+\n$/]],
  "not-streamed.ts": [recommendation, [`${TEXT} [ 'end_turn' ] 12 0.000`]],
  "live-cost.ts": [recommendation, [/^Try \d+ estimated 0\.0/m, "firstChunk:", /cost: 0\.0/]],
  "prompt-template.ts": [recommendation, [TEXT, "You are a librarian.", "Recommend a fantasy book"]],
  "dynamic-config.ts": [recommendation, [`${TEXT} { genre: 'fantasy' } 256\n`]],
  "conversation.ts": [[reply("First."), reply("Second.")], ["First.Second.\n6 messages\n"]],
  "errors.ts": ["never sent", [/^api_error 404 connect false req_\w+\nfailed {2}/]],
  "recovery.ts": [
    [apiError(529), reply(TEXT, { disconnectAfter: -3 }), recommendation],
    [` (interrupted, once more)\n${TEXT}`, "sonnet-5-5: failed\n", "sonnet-5-5: truncated\n", "sonnet-5-5: complete\n"],
  ],
  "fake-server.ts": ["never sent", ["The Name of the Windcomplete 1\n"]],
  "sdk-client.ts": [recommendation, [TEXT]],
  "tools.ts": [
    reply("Two books. ", ...[WIND, MISTBORN].map(({ title }) => toolUse("get_book_author", { title }))),
    ["Two books. get_book_author The Name of the Wind Patrick Rothfuss\nget_book_author Mistborn Unknown\n"],
  ],
  "partial-tools.ts": [
    reply(toolUse("save_review", { title: "Mistborn", stars: 5, text: "A heist, and a good one." }, { fragments: 9 })),
    [/^… 0\n/, /^Mist\w* 0$/m, /^Mistborn \d+$/m, /\n5 Saved 5 stars for Mistborn\.\n$/],
  ],
  "structured.ts": [
    reply(text(JSON.stringify({ ...WIND, published: "2007-03-27" }).match(/.{1,9}/g) ?? [])),
    [
      /^The Na\w* … \n/m,
      "The Name of the Wind (whole) \n",
      "The Name of the Wind (whole) Patrick R",
      / Rothfuss 2007\n$/,
    ],
  ],
  "extraction-table.ts": [
    reply(text(BOOKS.match(/.{1,9}/g) ?? []), { usage: { output_tokens: 48 } }),
    [
      /^Title {17}\| Author {16}\| Year +\nThe Name of the Wind {2}\| Patrick Rothfuss {6}\| 2007 +\nMistborn +\| /,
      "2 books, 48 tokens\n",
    ],
  ],
  "librarian.ts": [
    [
      reply("Let me see.", toolUse("is_on_shelf", { title: "Mistborn" })),
      reply(toolUse("is_on_shelf", WIND), toolUse("reserve", WIND)),
      "Your book waits for you.",
    ],
    [
      "Let me see.\n0: is_on_shelf Mistborn\n",
      "0: is_on_shelf gave false\n\n1: is_on_shelf The Name of the Wind\n",
      "1: reserve The Name of the Wind\n",
      "1: reserve gave The Name of the Wind is reserved.\nYour book waits for you.\n",
      /answer after 3 turns, \d+ tokens, \$0\.0\d+\n$/,
    ],
  ],
  "stop-early.ts": [reply(TEXT, { pace: 5 }), [/^Try The Name of the[^.]*aborted partial 1\n$/]],
};

describe("the examples", () => {
  it.each(names)("%s runs, and prints what it is about", async (name) => {
    const [replies, expected] = expectations[name] ?? ["", [`${name} has no expectation in this test`]];
    const output = await printedBy(() => import(new URL(name, folder).href), replies);
    for (const text of expected) {
      expect(output).toMatch(typeof text === "string" ? new RegExp(escaped(text)) : text);
    }
    expect(readFileSync(new URL(name, folder), "utf8").split("\n").length).toBeLessThan(25);
  });
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
