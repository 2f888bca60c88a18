import { expect, it } from "vitest";
import { MillraceError } from "../../src/errors.ts";
import { getOwn, setOwn } from "../../src/json/own.ts";
import { dialectNamed, UNKNOWN } from "../../src/providers/openai-chat/dialects.ts";
import { openAIChat } from "../../src/providers/openai-chat/provider.ts";
import { seededRandom } from "../../src/testing/random.ts";
import { isSweep } from "../sample.ts";
import { chatProblems } from "./chat-problems.ts";
import { chatRecordings } from "./chat-recordings.ts";
import { ChatBytes } from "./chat-steps.ts";

const CASES = isSweep ? 20_000 : Number(process.env["MILLRACE_HOSTILE_CASES"] ?? 120);
const LIMIT_MS = isSweep ? 300_000 : 60_000;
const ANYTHING: readonly unknown[] = [
  null,
  {},
  [],
  [null],
  [{}],
  [[]],
  -1,
  0,
  1e308,
  true,
  "",
  "x",
  "\ud83d",
  { toString: 1 },
  JSON.parse('{"__proto__":{"x":1},"constructor":1,"index":0}'),
  [{ index: 0, id: "a", function: { name: "f", arguments: "{}" } }],
  [{ index: { toString: 1 }, id: 5, type: "custom", custom: [] }],
  [{ index: 0, id: "a", type: "custom", custom: { name: "sh", input: "ls" } }],
  [{ index: 0, type: "function", function: { name: "f", arguments: "{}" }, custom: { input: "ls" } }],
  { content: 1, tool_calls: [{ function: 1 }], audio: { data: "!" } },
  { prompt_tokens: -1, completion_tokens: {}, total_tokens: "9" },
];

type Random = ReturnType<typeof seededRandom>;

/** A value with a part of it replaced, at any depth. */
function broken(value: unknown, random: Random): unknown {
  const keys = typeof value === "object" && value !== null ? Object.keys(value) : [];
  if (keys.length === 0 || random.integer(5) === 0) return ANYTHING[random.integer(ANYTHING.length)];
  const key = keys[random.integer(keys.length)] ?? "";
  if (Array.isArray(value)) return value.with(Number(key), broken(value[Number(key)], random));
  const copy = { ...(value as Record<string, unknown>) };
  const place = random.integer(12) === 0 ? "__proto__" : key;
  setOwn(copy, place, broken(getOwn(copy, key), random));
  return copy;
}

it("a hostile reply gives our own errors, no others, and a history that can be sent", { timeout: LIMIT_MS }, () => {
  const recordings = chatRecordings();
  for (let seed = 1; seed <= CASES; seed++) {
    const random = seededRandom(seed);
    const { events = [{ choices: [{ index: 0, delta: { content: "Hi" } }] }] } =
      recordings[random.integer(recordings.length || 1)] ?? {};
    const start = random.integer(events.length);
    const played = events
      .slice(start, start + 12)
      .map((event) => (random.integer(3) === 0 ? broken(event, random) : event));
    const bytes = new ChatBytes(random.integer(2) === 0 ? UNKNOWN : dialectNamed("openrouter"));
    let [content, thinking] = ["", ""];
    const read = (steps: ReturnType<ChatBytes["push"]>): void => {
      for (const { chunk } of steps) {
        content += chunk.content;
        thinking += chunk.thinking;
        JSON.stringify([chunk, chunk.commonUsage, chunk.costMetadata, chunk.refusal, chunk.id, chunk.model]);
        look();
      }
    };
    const look = (): void => {
      const { decoder } = bytes;
      const { views } = openAIChat;
      const { message } = decoder;
      JSON.stringify([
        message,
        openAIChat.accessors(message).refusal,
        views.finishReasons(message),
        views.commonFinishReasons(message),
      ]);
      JSON.stringify([
        views.usage(decoder, "partial"),
        views.commonUsage(decoder, "reported"),
        views.cost(decoder, "m", "estimated", undefined),
      ]);
      expect([seed, views.content(message)]).toEqual([seed, content]);
      const items = openAIChat.sendable(decoder.items(new Set(decoder.toolInputs.map(({ block }) => block))));
      JSON.stringify(openAIChat.common(items));
      const results = decoder.toolInputs.map(({ id }) => ({ id, content: "done", isError: false }));
      const calls = items.flatMap((item) => ("tool_calls" in item ? (item.tool_calls ?? []) : []));
      const answers = calls.length === 0 ? [] : openAIChat.toolResults(results);
      const body = JSON.parse(
        JSON.stringify({ model: "m", messages: [{ role: "user", content: "x" }, ...items, ...answers] }, wellFormed),
      );
      const problems = chatProblems(body).filter((problem) => !/unknown field reasoning_details/.test(problem));
      expect([seed, problems]).toEqual([seed, []]);
    };
    try {
      for (const event of played) read(bytes.push(new TextEncoder().encode(`data: ${JSON.stringify(event)}\n\n`)));
      read(bytes.push(new TextEncoder().encode("data: [DONE]\n\n")));
      read(bytes.end());
    } catch (error) {
      if (!(error instanceof MillraceError)) throw new Error(`seed ${seed}`, { cause: error });
    }
    look();
  }
});

function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === "string" ? value.replace(/\p{Surrogate}/gu, "\ufffd") : value;
}
