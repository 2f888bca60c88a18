import { readdirSync, readFileSync } from "node:fs";
import { formatWithOptions } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type FakeAnthropic, fakeAnthropic, reply, type Replies } from "millrace/testing";

const folder = new URL("../examples/", import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith(".ts"));

const TEXT = "Try The Name of the Wind, by Patrick Rothfuss.";
const recommendation = reply(TEXT, { usage: { input_tokens: 12, output_tokens: 15 } });

/** For each example: what the server answers, and what the example must print. */
const expectations: Readonly<Record<string, readonly [replies: Replies, output: readonly (string | RegExp)[]]>> = {
  "recommend-book.ts": [recommendation, [TEXT, "output_tokens: 15", "cost:", /0\.000\d+\n$/]],
  "not-streamed.ts": [recommendation, [`${TEXT} [ 'end_turn' ] 12 0.000`]],
  "live-cost.ts": [recommendation, [/^Try \d+ estimated 0\.0/m, "firstChunk:", /cost: 0\.0/]],
  "prompt-template.ts": [recommendation, [TEXT, "You are a librarian.", "Recommend a fantasy book"]],
  "dynamic-config.ts": [recommendation, [`${TEXT} { genre: 'fantasy' } 256\n`]],
  "conversation.ts": [[reply("First."), reply("Second.")], ["First.Second.\n6 messages\n"]],
  "errors.ts": ["never sent", [/^api_error 404 connect false req_\w+\nfailed {2}/]],
  "fake-server.ts": ["never sent", ["The Name of the Windcomplete 1\n"]],
  "sdk-client.ts": [recommendation, [TEXT]],
  "stop-early.ts": [reply(TEXT, { pace: 5 }), [/^Try The Name of the[^.]*aborted partial 1\n$/]],
};

let server: FakeAnthropic;
let output: string;

beforeEach(() => {
  output = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    output += String(text);
    return true;
  });
  vi.spyOn(console, "log").mockImplementation((...items: unknown[]) => {
    output += `${formatWithOptions({ breakLength: Infinity }, ...items)}\n`;
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  await server.close();
});

describe("the examples", () => {
  it.each(names)("%s runs, and prints what it is about", async (name) => {
    const [replies, expected] = expectations[name] ?? ["", [`${name} has no expectation in this test`]];
    server = await fakeAnthropic({ replies, apiKey: "sk-example" });
    vi.stubEnv("ANTHROPIC_BASE_URL", server.url);
    vi.stubEnv("ANTHROPIC_API_KEY", "sk-example");
    vi.stubEnv("ANTHROPIC_AUTH_TOKEN", undefined);
    await import(new URL(name, folder).href);
    for (const text of expected) {
      expect(output).toMatch(typeof text === "string" ? new RegExp(escaped(text)) : text);
    }
    expect(readFileSync(new URL(name, folder), "utf8").split("\n").length).toBeLessThan(25);
  });
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
