import { readFileSync } from "node:fs";
import { MockLanguageModelV3, simulateReadableStream } from "ai/test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { reply, type Replies, text, thinking, toolUse } from "millrace/testing";
import { printedBy } from "../printed.ts";
import { snippets } from "../snippet.ts";

const MISTBORN = { title: "Mistborn", author: "Brandon Sanderson" };
const asked = reply("Let me see. ", toolUse("get_book_author", { title: "Mistborn" }));
const askedAgent = [reply("Let me see. ", toolUse("get_author", { title: "Mistborn" })), "Brandon Sanderson."];
const model = reply(text(JSON.stringify(MISTBORN)), { usage: { output_tokens: 21 } });
const recommendation = reply("Try Mistborn.", { usage: { output_tokens: 7 } });

/** For each program of these pages: what the server answers, and what the program must print. */
const expectations: Readonly<Record<string, readonly [replies: Replies, output: RegExp, ofOpenAI?: Replies]>> = {
  "docs/migration/mirascope.md 1": [asked, /^Let me see\. Brandon Sanderson\n0\.00\d+\n$/],
  "docs/migration/mirascope.md 2": [
    recommendation,
    /^\[[^]*You are a librarian\.[^]*fantasy book for adults\.[^]*\]\nTry Mistborn\.\n$/,
  ],
  "docs/migration/mirascope.md 3": [
    model,
    /^\{ genre: 'fantasy', title: 'Mistborn', author: 'Brandon Sanderson' \}\n$/,
  ],
  "docs/migration/mirascope.md 4": [model, /^Mistborn \{.*output_tokens: 21.*\} 0\.000\d+ msg_\w+\n$/],
  "docs/migration/mirascope.md 5": [recommendation, /^Try Mistborn\.\nTry Mistborn\.\n$/],
  "docs/migration/mirascope.md 6": [["Science fiction", "Urban fantasy", "Fantasy"], /^Fantasy\n$/],
  "docs/migration/mirascope.md 7": [recommendation, /^claude-haiku-5-5 Try Mistborn\.\n$/],
  "docs/migration/mirascope.md 8": [
    recommendation,
    /^Try Mistborn\.\{ name: 'recommend', outcome: 'complete', model: 'claude-sonnet-5-5', outputTokens: 7, cost: 0\.0/,
  ],
  "docs/migration/ai-sdk.md 1": ["never sent", /^Brandon Sanderson\.4\n$/],
  "docs/migration/ai-sdk.md 2": [askedAgent, /^Let me see\. Brandon Sanderson\.\d+\n$/],
  "docs/migration/anthropic-sdk.md 1": [recommendation, /^Try Mistborn\.end_turn 7\n$/],
  "docs/migration/anthropic-sdk.md 2": [recommendation, /^Try Mistborn\.end_turn 7\n$/],
  "docs/migration/anthropic-sdk.md 3": [recommendation, /^Try Mistborn\.$/],
  "docs/thinking.md 1": [
    reply(thinking("Two, three, five …"), "25."),
    // oxlint-disable-next-line no-control-regex
    /^(\x1b\[2m[^\x1b]+\x1b\[22m)+25\.18 (null|\d+)\n$/,
  ],
  // The server refuses thinking that was changed.
  "docs/thinking.md 2": [
    [reply(thinking("A tool will know."), toolUse("count_primes", { below: 100 })), "There are 25."],
    /^There are 25\.\n$/,
  ],
  "docs/thinking.md 3": ["never sent", /^Two, three, five …25\.\d+\n$/, reply(thinking("Two, three, five …"), "25.")],
  "docs/resume.md 1": [
    "Because of the air, which scatters blue light most.",
    /^Because of the air, which scatters blue light most\.$/,
  ],
  "docs/resume.md 2": ["Because of the air.", /^true\n\{[^]*state: '\w+'[^]*\}\n$/],
  "docs/resume.md 3": [[reply(toolUse("clock", {})), "It is late."], /^0 \d{4}-\d\d-\d\dT.*Z\n$/],
  "docs/resume.md 4": ["It is late.", /^It is late\.$/],
};
const programs = snippets()
  .filter(({ name }) => /^docs\/(migration\/|thinking|resume)/.test(name))
  .map(({ name, path }) => [name, path] as const);

afterEach(() => vi.unstubAllGlobals());

describe("the programs of the pages", () => {
  it.each(programs)("%s runs, and prints what it is about", async (name, path) => {
    const [replies, expected, ofOpenAI] = expectations[name] ?? ["", /has an expectation in this test/];
    vi.stubGlobal("AI_SDK_DEFAULT_PROVIDER", { languageModel: () => aiSdkModel });
    expect(await printedBy(() => import(path), replies, ofOpenAI)).toMatch(expected);
  });
});

it("the hook that the page shows is that of the example", () => {
  const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
  const [shown = ""] = /(?<=```ts\n)[^`]*export function useReply[^`]*(?=```)/.exec(read("docs/browser.md")) ?? [];
  expect(shown).toContain("useSyncExternalStore");
  expect(read("examples/react/use-reply.ts")).toContain(shown);
});

const AI_SDK_USAGE = {
  inputTokens: { total: 3, noCache: 3, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 4, text: 4, reasoning: undefined },
};

/** What the AI SDK's own half of the comparison asks. */
const aiSdkModel = new MockLanguageModelV3({
  doStream: async () => ({
    stream: simulateReadableStream({
      chunks: [
        { type: "text-start", id: "1" },
        { type: "text-delta", id: "1", delta: "Brandon Sanderson." },
        { type: "text-end", id: "1" },
        { type: "finish", finishReason: { unified: "stop", raw: undefined }, usage: AI_SDK_USAGE },
      ],
    }),
  }),
});
