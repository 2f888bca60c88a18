import { existsSync, readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Dialect, fakeOpenAI } from "millrace/testing";
import { corpusFolder, hasCorpus } from "../corpus.ts";
import { chat, chatTools, responses, responsesTools, send } from "./openai-client.ts";

const APIS = [
  ["openai-chat", "/chat/completions"],
  ["openai-responses", "/responses"],
] as const;

const read = (file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;

/** The server that a recording is from, as far as its requests go. */
function dialectOf(file: string): Dialect {
  const name = /openrouter|groq|mistral|xai|ollama|llama-cpp|azure/.exec(file)?.[0];
  if (name === "llama-cpp") return "llamacpp";
  return /gpustack|hf-router|perplexity|snowflake|vercel/.test(file) ? "lmstudio" : ((name ?? "openai") as Dialect);
}

describe.skipIf(!hasCorpus).each(APIS)("recorded requests to %s", (api, path) => {
  const folder = `${corpusFolder}/${api}`;
  const requests = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith(".request.json")) : [];
  const isRefused = (file: string): boolean => /error-4\d\d/.test(file) && !/429|groq/.test(file);

  it("are answered as they were: accepted, or refused with the same words", async () => {
    for (const dialect of new Set(requests.map(dialectOf))) {
      const files = requests.filter((file) => dialectOf(file) === dialect);
      const models = ["openai.gpt-oss-20b", "grok-4.3"];
      await using server = await fakeOpenAI({ dialect, models, apiKey: "right", replies: "Hi" });
      for (const file of files) {
        const key = file.includes("401") ? "invalid-key-12345" : "right";
        const got = await send(server, path, read(`${folder}/${file}`), {
          headers: { authorization: `Bearer ${key}` },
        });
        if (!isRefused(file)) {
          expect([file, got.status, got.json["error"] ?? null]).toEqual([file, 200, null]);
          continue;
        }
        const recorded = read(`${folder}/${file.replace(".request.", ".response.")}`) as unknown as Refusal;
        const { error } = recorded.body;
        expect([file, got.status], JSON.stringify(got.json)).toEqual([file, recorded.status]);
        // The recording hides the key in another way.
        const hidden = { ...error, message: expect.stringMatching(/^Incorrect API key provided: \S+\*+2345\. /) };
        expect(got.json["error"], file).toEqual(file.includes("401") ? hidden : error);
      }
    }
  });
});

interface Refusal {
  readonly status: number;
  readonly body: { readonly error: object };
}

describe("odd requests to the fake of OpenAI", () => {
  it("are answered, and never end in an error of the fake itself", async () => {
    await using server = await fakeOpenAI({ replies: "Hi" });
    const odd = fc.oneof(
      fc.constantFrom<unknown>(
        null,
        -1,
        "",
        "x",
        1e308,
        [],
        {},
        [null],
        [[]],
        true,
        { type: 1 },
        [{ type: "function" }],
        { role: "user" },
      ),
      fc.array(
        fc.record(
          {
            role: fc.constantFrom("user", "assistant", "tool", 5),
            content: fc.jsonValue(),
            tool_calls: fc.jsonValue(),
            type: fc.constantFrom("message", "reasoning", "function_call", null),
            id: fc.jsonValue(),
            summary: fc.jsonValue(),
          },
          { requiredKeys: [] },
        ),
      ),
      fc.jsonValue(),
    );
    const names =
      "model messages input tools tool_choice response_format text stream stream_options n include reasoning max_output_tokens background store previous_response_id instructions parallel_tool_calls".split(
        " ",
      );
    const change = fc.tuple(fc.constantFrom(...names), odd);
    const bodies = fc.tuple(
      fc.constantFrom(...APIS.map(([, path]) => path), "/responses/input_tokens"),
      fc.array(change, { minLength: 1, maxLength: 3 }),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async ([path, changes]) => {
        const base = path.startsWith("/chat") ? { ...chat, ...chatTools } : { ...responses, ...responsesTools };
        const { status, text } = await send(server, path, { ...base, ...Object.fromEntries(changes) });
        expect(status, text).toBeLessThan(500);
      }),
      { numRuns: 60 },
    );
  });
});
