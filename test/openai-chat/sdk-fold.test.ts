import { describe, expect, it } from "vitest";
import { hasCorpus } from "../corpus.ts";
import { foldChat } from "./chat-fold.ts";
import { type ChatRecording, chatRecordings } from "./chat-recordings.ts";

const sdk = await import("openai").catch(() => null);
if (sdk === null) console.warn("\n*** The package openai is not installed: its fold is NOT COMPARED with ours. ***\n");

/** What its helper makes of a recording. */
async function theirs({ bytes }: ChatRecording): Promise<unknown> {
  if (sdk === null) return undefined;
  const fetch = (): Promise<Response> =>
    Promise.resolve(new Response(bytes.slice(), { headers: { "content-type": "text/event-stream" } }));
  const client = new sdk.OpenAI({ apiKey: "sk-test", maxRetries: 0, fetch });
  const reply = await client.chat.completions.stream({ model: "m", messages: [] }).finalChatCompletion();
  return JSON.parse(JSON.stringify(reply));
}

/** Where the SDK's fold differs from ours, and why we do. */
const DIFFERENCES: readonly (readonly [paths: RegExp, reason: string])[] = [
  [/^obfuscation$/, "padding is no part of a reply"],
  [/message\.parsed$/, "a key of the SDK's own"],
  [/message\.refusal$|choices\.\d\.logprobs$/, "the SDK adds nulls for keys that never came"],
  [/^system_fingerprint$/, "the SDK drops a null"],
  [/tool_calls\.\d\.index$/, "the SDK drops the index, which need not be the place in the list"],
  [/message\.content$/, "the SDK gives null for an empty text, and joins parts of a content as `[object Object]`"],
  [/message\.reasoning(_content)?$/, "the SDK keeps the last delta of a text that it does not know"],
  [/message\.reasoning_details\.\d\.text$/, "the SDK keeps the last delta of a list that it does not know"],
  [/native_finish_reason$/, "the SDK lets a null of the usage chunk replace it"],
  [/content_filter_results\.\w+$/, "the SDK lets the empty results of the last chunk replace them"],
  [/message\.tool_calls\.\d$/, "the SDK loses calls without an index"],
  [/^usage$/, "the SDK lets a later null replace it, and does not look into x_groq"],
  [/^x_groq\.seed$/, "the SDK lets the later x_groq replace the earlier one"],
];

/** Where the SDK's helper throws, and why we do not. */
const REFUSED: Readonly<Record<string, RegExp>> = {
  // It is complete: `[DONE]` is the only sign that this server gives.
  "openai-chat/openrouter-kimi-tool-variant-a.sse": /missing finish_reason/,
  "openai-chat/openrouter-kimi-tool-variant-b.sse": /missing finish_reason/,
  // Truncated for us as well, with all that came.
  "openai-chat/snowflake-claude-reasoning-details.sse": /missing finish_reason/,
  // The index of a call need not be its place.
  "openai-chat/tool-index-starts-at-1.sse": /Cannot read properties of undefined/,
  // A role that never came is the assistant's.
  "openai-chat/gpustack-llama-box-qwen3-reasoning.sse": /missing role/,
  "openai-chat/mistral-incremental-args.jsonl": /missing role/,
  // An error inside the reply fails here and there.
  "openai-chat/groq-midstream-error.sse": /Tool call validation failed/,
};

/** The paths at which two values differ. */
function differences(ours: unknown, other: unknown, path = ""): string[] {
  if (typeof ours !== "object" || typeof other !== "object" || ours === null || other === null) {
    return Object.is(ours, other) ? [] : [path];
  }
  const keys = new Set([...Object.keys(ours), ...Object.keys(other)]);
  return [...keys].flatMap((key) =>
    differences(Reflect.get(ours, key), Reflect.get(other, key), path === "" ? key : `${path}.${key}`),
  );
}

describe.runIf(hasCorpus && sdk !== null)("the fold of the official SDK", () => {
  it.each(chatRecordings().map((recording) => [recording.file, recording] as const))(
    "%s: is ours, but where a reason is known",
    async (file, recording) => {
      const refusal = REFUSED[file];
      if (refusal !== undefined) return expect(theirs(recording)).rejects.toThrow(refusal);
      const found = differences(foldChat(recording.events), await theirs(recording));
      expect(found.filter((path) => !DIFFERENCES.some(([paths]) => paths.test(path)))).toEqual([]);
    },
  );
});
