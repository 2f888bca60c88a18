import OpenAI6 from "openai";
import OpenAI7 from "openai-7";
import { describe, expect, it } from "vitest";
import { hasCorpus, recordings } from "../corpus.ts";
import { ByteDecoder } from "./steps.ts";

/** What the official accumulator cannot read, and why. Whatever it reads, it gives as we do. */
const REFUSED: Readonly<Record<string, string>> = {
  "openai-responses/error-then-failed.jsonl": "an error event fails here and there",
  "openai-responses/shell-container.jsonl": "it knows no events of shells",
  "openai-responses/apply-patch.jsonl": "it knows no events of patches",
  "openai-responses/bedrock-mantle-gpt-oss.sse": "it knows no events of parts of reasoning",
  "openai-responses/background-resume-starting-after-0.sse": "it needs response.created first",
};
/** The same for version 7, which knows shells, and takes another id for another response. */
const { "openai-responses/shell-container.jsonl": _, ...others } = REFUSED;
const REFUSED_BY_7 = {
  ...others,
  "openai-responses/id-rotation-copilot.jsonl": "another id is another response there",
};

/** What the SDK adds: keys of its own. */
const SDK_KEYS = new Set(["output_text", "output_parsed", "parsed", "parsed_arguments", "_request_id"]);

function differences(ours: unknown, theirs: unknown, path = ""): string[] {
  if (typeof ours !== "object" || typeof theirs !== "object" || ours === null || theirs === null) {
    return Object.is(ours, theirs) ? [] : [path];
  }
  return [...new Set([...Object.keys(ours), ...Object.keys(theirs)])]
    .filter((key) => !SDK_KEYS.has(key))
    .flatMap((key) =>
      differences(Reflect.get(ours, key), Reflect.get(theirs, key), path === "" ? key : `${path}.${key}`),
    );
}

type Sdk = typeof OpenAI6;

async function sdkResponse(Sdk: Sdk, bytes: Uint8Array): Promise<unknown> {
  const fetch = (): Promise<Response> =>
    Promise.resolve(new Response(bytes.slice(), { headers: { "content-type": "text/event-stream" } }));
  const sdk = new Sdk({ apiKey: "sk-test", fetch, maxRetries: 0 });
  return sdk.responses.stream({ model: "m", input: "?" }).finalResponse();
}

const sdks = [
  ["openai 6", OpenAI6, REFUSED],
  ["openai 7", OpenAI7 as unknown as Sdk, REFUSED_BY_7],
] as const;

describe.runIf(hasCorpus).each(sdks)("the official accumulator (%s)", (_, Sdk, refused) => {
  it.each(recordings("openai", "responses").map((recording) => [recording.file, recording] as const))(
    "gives the same for %s",
    async (file, { bytes }) => {
      const decoder = new ByteDecoder();
      try {
        for (const _ of decoder.push(bytes));
        for (const _ of decoder.end());
      } catch {
        // It failed: what came before counts.
      }
      const expected = await sdkResponse(Sdk, bytes).catch(String);
      expect([file, typeof expected === "string"]).toEqual([file, file in refused]);
      if (typeof expected !== "string") expect(differences(decoder.decoder.message, expected)).toEqual([]);
    },
  );
});
