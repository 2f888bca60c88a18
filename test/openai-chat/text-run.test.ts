import { describe, expect, it } from "vitest";
import { ChatFrames } from "../../src/providers/openai-chat/frames.ts";
import { UNKNOWN } from "../../src/providers/openai-chat/dialects.ts";
import { MalformedFrameError } from "../../src/errors.ts";
import { seededRandom } from "../../src/testing/random.ts";
import { isSweep } from "../sample.ts";
import { chatRecordings } from "./chat-recordings.ts";
import { ChatBytes } from "./chat-steps.ts";

const CASES = isSweep ? 5_000 : 150;

/** Everything that can be seen of a reply, event by event. */
function decode(pieces: readonly Uint8Array[], runs: boolean): unknown {
  const bytes = new ChatBytes(UNKNOWN, 1, runs);
  const { decoder } = bytes;
  const seen: unknown[] = [];
  const read = (steps: ReturnType<ChatBytes["push"]>): void => {
    for (const { chunk, tools } of steps) {
      const told = tools.map(({ input, fragment }) => [input.name, fragment]);
      seen.push([chunk.chunk, chunk.content, chunk.thinking, chunk.finishReasons, chunk.usage, told]);
      seen.push([decoder.progress, decoder.written, decoder.hasContent, decoder.isWhole]);
      // Not always: texts that wait to be joined must not be lost.
      if (seen.length % 14 === 0) seen.push(JSON.stringify(decoder.message));
    }
  };
  try {
    for (const piece of pieces) read(bytes.push(piece));
    read(bytes.end());
  } catch (error) {
    seen.push(String(error));
  }
  return [seen, decoder.message, decoder.toolInputs.map(({ name, text, state }) => [name, text, state])];
}

type Random = ReturnType<typeof seededRandom>;
const pick = <T>(random: Random, values: readonly T[]): T => values[random.integer(values.length)] as T;

const TEXTS = [
  "a",
  " the",
  "",
  '"',
  "\\",
  '"}',
  '"},"logprobs":null',
  "},",
  "\n\n",
  "data: ",
  "é",
  "😀",
  "\ud83d",
  "\u0001",
  "{}",
  "5",
  "\u2028",
];
const WORDS = ["gpt-6-sol", "m", 'm"odel', "mödel"];

/** The events of a server that writes them alike, with a few that are not. */
function stream(random: Random): string {
  const model = pick(random, WORDS);
  const isPadded = random.integer(2) === 0;
  const more = pick(random, [{}, { service_tier: "default", system_fingerprint: null }, { usage: null }]);
  const beside = pick(random, [
    {},
    { logprobs: null, finish_reason: null },
    { content_filter_results: { hate: { filtered: false } } },
  ]);
  let out = "";
  let field = "content";
  for (let count = 0; count < 40; count++) {
    if (random.integer(8) === 0) field = pick(random, ["content", "reasoning", "reasoning_content", "arguments"]);
    const text = pick(random, TEXTS);
    const delta =
      field === "arguments"
        ? { tool_calls: [{ index: 0, function: { arguments: text } }] }
        : { ...pick(random, [{}, {}, {}, { role: "assistant" }]), [field]: text };
    const event: Record<string, unknown> = { id: "c", model, ...more, choices: [{ index: 0, delta, ...beside }] };
    if (isPadded) event["obfuscation"] = pick(random, TEXTS);
    switch (random.integer(30)) {
      case 0:
        event["id"] = "another";
        break;
      case 1:
        event["choices"] = [{ index: 0, delta, ...beside, finish_reason: "stop" }];
        break;
      case 2:
        event["usage"] = { prompt_tokens: 1, completion_tokens: count };
        break;
      case 3:
        event["choices"] = [{ index: 1, delta }];
        break;
      case 4:
        event["choices"] = [
          { index: 0, delta: { tool_calls: [{ index: 0, id: "a", function: { name: "f", arguments: "" } }] } },
        ];
        break;
      case 5:
        event["choices"] = [{ index: 0, delta: { content: [{ type: "reference" }] } }];
        break;
    }
    out += `data: ${JSON.stringify(event)}\n\n${random.integer(20) === 0 ? ": comment\n\n" : ""}`;
  }
  return `${out}data: [DONE]\n\n`;
}

function pieces(text: string, random: Random): Uint8Array[] {
  const bytes = new TextEncoder().encode(text);
  const cuts = Array.from({ length: random.integer(6) }, () => random.integer(bytes.length)).toSorted((a, b) => a - b);
  return [...cuts, bytes.length].map((end, place) => bytes.subarray(place === 0 ? 0 : cuts[place - 1], end));
}

describe("like events that are read together", () => {
  it("come to what the plain way gives", () => {
    for (let seed = 1; seed <= CASES; seed++) {
      const random = seededRandom(seed);
      const given = pieces(stream(random), random);
      expect([seed, decode(given, true)]).toEqual([seed, decode(given, false)]);
    }
  });

  it("come to what the plain way gives, of all recordings", () => {
    for (const { file, bytes } of chatRecordings())
      expect([file, decode([bytes], true)]).toEqual([file, decode([bytes], false)]);
  });

  it("change nothing but a text, after many that were expected in vain", () => {
    const events = ["a", "b", "c", "d", "e", "f", "g", "f"].map((id) => ({
      id,
      choices: [{ index: 0, delta: { content: "x" } }],
    }));
    const given = [new TextEncoder().encode(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(""))];
    expect(decode(given, true)).toEqual(decode(given, false));
    expect(decode(given, true)).toMatchObject([expect.anything(), { id: "f" }, []]);
  });

  it.each<[string, (text: string, place: number) => object]>([
    [
      "text, with padding",
      (content, place) => ({
        id: "c",
        choices: [{ index: 0, delta: { content }, finish_reason: null }],
        usage: null,
        obfuscation: "x".repeat(place % 9),
      }),
    ],
    [
      "text",
      (content) => ({ id: "c", choices: [{ index: 0, delta: { content }, logprobs: null, finish_reason: null }] }),
    ],
    [
      "reasoning beside an empty text",
      (reasoning) => ({ choices: [{ delta: { content: "", reasoning }, index: 0 }], created: 5 }),
    ],
    [
      "the input of a tool",
      (text) => ({
        id: "c",
        choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: text } }] } }],
      }),
    ],
  ])("are most of them: %s", (_, event) => {
    const frames = new ChatFrames(Infinity, (text) => new MalformedFrameError(text), { choices: 1, dialect: UNKNOWN });
    const words = Array.from({ length: 100 }, (_word, place) => `word ${place} `);
    frames.push(
      new TextEncoder().encode(words.map((word, place) => `data: ${JSON.stringify(event(word, place))}\n\n`).join("")),
    );
    const found = Array.from({ length: 4 }, () => frames.next());
    expect(found.map((frame) => (frame === null ? null : Object.keys(frame)[0]))).toEqual([
      "expected",
      "event",
      "run",
      null,
    ]);
  });
});
