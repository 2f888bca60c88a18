import { describe, expect, it } from "vitest";
import { MalformedFrameError } from "../../src/errors.ts";
import { StreamFrames } from "../../src/providers/openai/frames.ts";
import { seededRandom } from "../../src/testing/random.ts";
import { recordings } from "../corpus.ts";
import { isSweep } from "../sample.ts";
import { ByteDecoder } from "./steps.ts";

const CASES = isSweep ? 1_500 : 60;

/** Everything that can be seen of a reply, event by event. */
function decode(pieces: readonly Uint8Array[], runs: boolean): unknown {
  const bytes = new ByteDecoder(runs);
  const { decoder } = bytes;
  const seen: unknown[] = [];
  const read = (steps: ReturnType<ByteDecoder["push"]>): void => {
    for (const { chunk, tools } of steps) {
      const told = tools.map(({ input, fragment }) => [input.name, fragment]);
      // As text, too: the order of the keys counts.
      seen.push([chunk.chunk, JSON.stringify(chunk.chunk), chunk.content, chunk.thinking, chunk.refusal, told]);
      seen.push([decoder.progress, decoder.written, decoder.hasContent, decoder.isWhole, decoder.numbers.last]);
      // Not always: what waits to be joined must not be lost.
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
  ",",
  "}",
  ":",
  '","logprobs":[],"obfuscation":"',
  ',"sequence_number":',
  "\n\n",
  "data: ",
  "é",
  "😀",
  "\ud83d",
  "\u0001",
  "{}",
  "5",
  "\u2028",
  "delta",
  "logprobs",
];
const KINDS = [
  ["output_text", "content_index", 0],
  ["refusal", "content_index", 0],
  ["reasoning_text", "content_index", 1],
  ["reasoning_summary_text", "summary_index", 1],
  ["function_call_arguments", "", 2],
  ["custom_tool_call_input", "", 3],
  ["mcp_call_arguments", "", 4],
] as const;
const ITEMS = [
  { type: "message", id: "m", role: "assistant", content: [] },
  { type: "reasoning", id: "r", summary: [] },
  { type: "function_call", id: "f", call_id: "c", name: "look", arguments: "" },
  { type: "custom_tool_call", id: "t", call_id: "d", name: "write", input: "" },
  { type: "mcp_call", id: "p", name: "ask", arguments: "" },
];

type Fields = Record<string, unknown>;

/** What a server does now and then, while it writes events alike. */
function oddity(random: Random, event: Fields, number: number): Fields[] {
  switch (random.integer(22)) {
    case 0:
      return [{ ...event, item_id: pick(random, ["another", "é"]) }, event];
    case 1:
      return [{ ...event, output_index: random.integer(6) }];
    case 2:
      // Again, as after a resumption.
      return [event, event, { ...event, sequence_number: Math.max(0, number - 3) }];
    case 3:
      return [{ ...event, sequence_number: pick(random, [-1, 1.5, 1e21, null, "7", 999_999_999_999_999]) }];
    case 4:
      return [{ ...event, logprobs: [{ token: "a", logprob: -1 }] }];
    case 5:
      return [{ ...event, delta: pick(random, [null, 5, { text: "a" }]) }];
    case 6:
      return [{ type: "response.output_item.done", output_index: 1, item: { ...ITEMS[1], status: "completed" } }];
    case 7:
      return [{ type: "response.output_item.added", output_index: 0, item: { ...ITEMS[0], id: "n" } }, event];
    case 8:
      return [{ type: "response.output_text.done", output_index: 0, content_index: 0, text: "abc" }, event];
    case 9:
      return [{ type: "keepalive", sequence_number: number }, event];
    case 10:
      return [{ ...event, content_index: 1 }];
    case 11:
      return [{ ...event, type: "response.output_text.delta.more" }];
    default:
      return [event];
  }
}

function shuffled(random: Random, fields: Fields): string[] {
  const keys = Object.keys(fields);
  for (let at = keys.length - 1; at > 0; at--) {
    const other = random.integer(at + 1);
    [keys[at], keys[other]] = [keys[other] as string, keys[at] as string];
  }
  return keys;
}

/** The events of a server that writes them alike, with a few that are not. */
function stream(random: Random): string {
  const isNamed = random.integer(4) > 0;
  const isNumbered = random.integer(5) > 0;
  const isPadded = random.integer(2) === 0;
  const id = pick(random, ["msg_1", 'm"1', "Ã©", "a,b", ","]);
  const more: Fields = pick(random, [{}, { logprobs: [] }, { logprobs: null, ",": { delta: "x", ",": "," } }]);
  const events: Fields[] = ITEMS.map((item, output_index) => ({
    type: "response.output_item.added",
    output_index,
    item,
  }));
  let kind = pick(random, KINDS);
  let [order, number] = [0, 0];
  const orders = Array.from({ length: 2 }, () =>
    shuffled(random, { type: 0, delta: 0, sequence_number: 0, item_id: 0, output_index: 0, place: 0, more: 0, pad: 0 }),
  );
  for (let count = 0; count < 60; count++) {
    if (random.integer(10) === 0) kind = pick(random, KINDS);
    if (random.integer(30) === 0) order = 1 - order;
    number += random.integer(12) === 0 ? 2 : 1;
    const fields: Record<string, Fields> = {
      type: { type: `response.${kind[0]}.delta` },
      delta: { delta: pick(random, TEXTS) },
      sequence_number: isNumbered ? { sequence_number: number } : {},
      item_id: { item_id: id },
      output_index: { output_index: KINDS.indexOf(kind) < 2 ? 0 : Math.max(1, KINDS.indexOf(kind) - 2) },
      place: kind[1] === "" ? {} : { [kind[1]]: 0 },
      more,
      pad: isPadded ? { obfuscation: pick(random, TEXTS) } : {},
    };
    const event: Fields = Object.assign({}, ...(orders[order] ?? []).map((key) => fields[key]));
    events.push(...oddity(random, event, number));
  }
  events.push({ type: "response.completed", response: { id: "resp", status: "completed", output: [] } });
  return events
    .map((event) => {
      const name = isNamed ? `event: ${String(event["type"])}\n` : "";
      return `${name}data: ${JSON.stringify(event)}\n\n${random.integer(20) === 0 ? ": comment\n\n" : ""}`;
    })
    .join("");
}

function pieces(text: string, random: Random): Uint8Array[] {
  const bytes = new TextEncoder().encode(text);
  const cuts = Array.from({ length: random.integer(6) }, () => random.integer(bytes.length)).toSorted((a, b) => a - b);
  return [...cuts, bytes.length].map((end, place) => bytes.subarray(place === 0 ? 0 : cuts[place - 1], end));
}

describe("like events of the Responses API that are read together", () => {
  it("come to what the plain way gives", () => {
    for (let seed = 1; seed <= CASES; seed++) {
      const random = seededRandom(seed);
      const given = pieces(stream(random), random);
      expect([seed, decode(given, true)]).toEqual([seed, decode(given, false)]);
    }
  });

  it("come to what the plain way gives, of all recordings", () => {
    for (const { file, bytes } of recordings("openai", "responses"))
      expect([file, decode([bytes], true)]).toEqual([file, decode([bytes], false)]);
  });

  it.each<[string, (delta: string, sequence_number: number) => object]>([
    [
      "text, as OpenAI writes it",
      (delta, sequence_number) => ({
        type: "response.output_text.delta",
        sequence_number,
        item_id: "msg_1",
        output_index: 0,
        content_index: 0,
        delta,
        logprobs: [],
        obfuscation: "x".repeat(sequence_number % 9),
      }),
    ],
    [
      "text, in the order of the alphabet",
      (delta, sequence_number) => ({
        type: "response.output_text.delta",
        content_index: 0,
        delta,
        item_id: "msg_1",
        logprobs: [],
        obfuscation: "abc",
        output_index: 0,
        sequence_number,
      }),
    ],
    [
      "text, its type last",
      (delta, sequence_number) => ({
        content_index: 1,
        delta,
        output_index: 1,
        sequence_number,
        type: "response.output_text.delta",
      }),
    ],
    [
      "a summary",
      (delta, sequence_number) => ({
        sequence_number,
        type: "response.reasoning_summary_text.delta",
        delta,
        item_id: "rs_1",
        output_index: 0,
        summary_index: 0,
      }),
    ],
    [
      "the input of a tool, without numbers",
      (delta) => ({ type: "response.function_call_arguments.delta", delta, item_id: "fc_1", output_index: 0 }),
    ],
  ])("are most of them: %s", (_, event) => {
    const frames = new StreamFrames(Infinity, (text) => new MalformedFrameError(text));
    const words = Array.from({ length: 100 }, (_word, place) => `word ${place} `);
    const texts = words.map((word, place) => `data: ${JSON.stringify(event(word, place))}\n\n`);
    frames.push(new TextEncoder().encode(texts.join("")));
    const found = Array.from({ length: 3 }, () => frames.next());
    expect(found.map((frame) => (frame === null ? null : Object.keys(frame)[0]))).toEqual(["type", "run", null]);
  });
});
